// test: pass canonicalize
// Nothing to pad, to join or to reverse.
func.func public @main(%x: tensor<1x4xf32>, %e: tensor<0x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.pad %x, %zero, low = [0, 0], high = [0, 0], interior = [3, 0] : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
  %1 = stablehlo.concatenate %e, %x, dim = 0 : (tensor<0x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = stablehlo.reverse %x, dims = [0] : tensor<1x4xf32>
  return %0, %1, %2 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<1x4xf32>, %arg1: tensor<0x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) {
//     return %arg0, %arg0, %arg0 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
//   }
// }
