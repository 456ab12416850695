// test: pass canonicalize
// A splat stays a splat through any move.
func.func public @main() -> tensor<512x1024xf32> {
  %c = stablehlo.constant dense<7.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f32>) -> tensor<1024x512xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<1024x512xf32>) -> tensor<512x1024xf32>
  %2 = stablehlo.reverse %1, dims = [0] : tensor<512x1024xf32>
  return %2 : tensor<512x1024xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main() -> tensor<512x1024xf32> {
//     %0 = stablehlo.constant dense<7.0> : tensor<512x1024xf32>
//     return %0 : tensor<512x1024xf32>
//   }
// }
