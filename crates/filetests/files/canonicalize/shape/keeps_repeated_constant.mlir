// test: pass canonicalize
// Kept: repeating a constant that is no splat would make the program larger.
func.func public @main() -> tensor<1000x2xf32> {
  %c = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [1] : (tensor<2xf32>) -> tensor<1000x2xf32>
  return %0 : tensor<1000x2xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main() -> tensor<1000x2xf32> {
//     %0 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
//     %1 = stablehlo.broadcast_in_dim %0, dims = [1] : (tensor<2xf32>) -> tensor<1000x2xf32>
//     return %1 : tensor<1000x2xf32>
//   }
// }
