// test: pass canonicalize
// Powers, and division by a power of two; division by three is kept.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %two = stablehlo.constant dense<2.0> : tensor<4xf32>
  %three = stablehlo.constant dense<3.0> : tensor<4xf32>
  %0 = stablehlo.power %x, %two : tensor<4xf32>
  %1 = stablehlo.divide %x, %two : tensor<4xf32>
  %2 = stablehlo.divide %x, %three : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
//     %0 = stablehlo.constant dense<3.0> : tensor<4xf32>
//     %1 = stablehlo.multiply %arg0, %arg0 : tensor<4xf32>
//     %2 = stablehlo.constant dense<0.5> : tensor<4xf32>
//     %3 = stablehlo.multiply %arg0, %2 : tensor<4xf32>
//     %4 = stablehlo.divide %arg0, %0 : tensor<4xf32>
//     return %1, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
//   }
// }
