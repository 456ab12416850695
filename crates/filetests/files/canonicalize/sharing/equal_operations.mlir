// test: pass canonicalize
// Equal operations are computed once, operands of commutative ones in any order; unused ones not at all.
func.func public @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.add %x, %y : tensor<4xf32>
  %1 = stablehlo.add %y, %x : tensor<4xf32>
  %2 = stablehlo.exponential %0 : tensor<4xf32>
  %3 = stablehlo.exponential %1 : tensor<4xf32>
  %unused = stablehlo.sine %x : tensor<4xf32>
  return %2, %3 : tensor<4xf32>, tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
//     %0 = stablehlo.add %arg0, %arg1 : tensor<4xf32>
//     %1 = stablehlo.exponential %0 : tensor<4xf32>
//     return %1, %1 : tensor<4xf32>, tensor<4xf32>
//   }
// }
