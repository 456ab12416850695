// test: pass canonicalize
// Constants of integer sums are joined.
func.func public @main(%x: tensor<4xi32>) -> tensor<4xi32> {
  %c = stablehlo.constant dense<3> : tensor<4xi32>
  %0 = stablehlo.add %c, %x : tensor<4xi32>
  %1 = stablehlo.add %0, %c : tensor<4xi32>
  return %1 : tensor<4xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xi32>) -> tensor<4xi32> {
//     %0 = stablehlo.constant dense<6> : tensor<4xi32>
//     %1 = stablehlo.add %arg0, %0 : tensor<4xi32>
//     return %1 : tensor<4xi32>
//   }
// }
