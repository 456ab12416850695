// test: pass canonicalize
// Kept: a gather of two windows.
func.func public @main(%x: tensor<8x4xf32>) -> tensor<2x4xf32> {
  %i = stablehlo.constant dense<[[3], [5]]> : tensor<2x1xi32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<2x1xi32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x4xf32>) -> tensor<2x4xf32> {
//     %0 = stablehlo.constant dense<[[3], [5]]> : tensor<2x1xi32>
//     %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<2x1xi32>) -> tensor<2x4xf32>
//     return %1 : tensor<2x4xf32>
//   }
// }
