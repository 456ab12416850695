// test: pass canonicalize
// A gather of one window at a known place is a slice.
func.func public @main(%x: tensor<8x4xf32>) -> tensor<4xf32> {
  %i = stablehlo.constant dense<[3]> : tensor<1xi32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [0], start_index_map = [0]>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<1xi32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.slice %arg0 [3:4, 0:4] : (tensor<8x4xf32>) -> tensor<1x4xf32>
//     %1 = stablehlo.reshape %0 : (tensor<1x4xf32>) -> tensor<4xf32>
//     return %1 : tensor<4xf32>
//   }
// }
