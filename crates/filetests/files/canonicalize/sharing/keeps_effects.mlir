// test: pass canonicalize
// Kept: calls with effects, and random numbers, are neither shared nor dropped.
func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.custom_call @log(%x) {has_side_effect = true} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = stablehlo.custom_call @log(%x) {has_side_effect = true} : (tensor<4xf32>) -> tensor<4xf32>
  return %x : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.custom_call @log(%arg0) {has_side_effect = true} : (tensor<4xf32>) -> tensor<4xf32>
//     %1 = stablehlo.custom_call @log(%arg0) {has_side_effect = true} : (tensor<4xf32>) -> tensor<4xf32>
//     return %arg0 : tensor<4xf32>
//   }
// }
