// test: pass canonicalize
// Kept: -0 + 0 is 0, inf * 0 is NaN, NaN - NaN is NaN.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %0 = stablehlo.add %x, %zero : tensor<4xf32>
  %1 = stablehlo.multiply %x, %zero : tensor<4xf32>
  %2 = stablehlo.subtract %x, %x : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
//     %0 = stablehlo.constant dense<0.0> : tensor<4xf32>
//     %1 = stablehlo.add %arg0, %0 : tensor<4xf32>
//     %2 = stablehlo.multiply %arg0, %0 : tensor<4xf32>
//     %3 = stablehlo.subtract %arg0, %arg0 : tensor<4xf32>
//     return %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
//   }
// }
