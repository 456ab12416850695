// test: pass expand
// Linear algebra has no step for narrow floats.
func.func public @main(%a: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
  %0 = stablehlo.cholesky %a, lower = true : tensor<4x4xbf16>
  return %0 : tensor<4x4xbf16>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
//     %0 = stablehlo.convert %arg0 : (tensor<4x4xbf16>) -> tensor<4x4xf32>
//     %1 = stablehlo.cholesky %0, lower = true : tensor<4x4xf32>
//     %2 = stablehlo.convert %1 : (tensor<4x4xf32>) -> tensor<4x4xbf16>
//     return %2 : tensor<4x4xbf16>
//   }
// }
