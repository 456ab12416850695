// test: pass expand
// Indexing and leading dimensions.
func.func public @main(%x: tensor<2x5x3xf32>, %i: tensor<2x4xi32>) -> (tensor<2x4x3xf32>, tensor<7x2x4xi32>) {
  %0 = "stablehlo.torch_index_select"(%x, %i) <{batch_dims = 1 : i64, dim = 1 : i64}> : (tensor<2x5x3xf32>, tensor<2x4xi32>) -> tensor<2x4x3xf32>
  %1 = "stablehlo.broadcast"(%i) <{broadcast_sizes = array<i64: 7>}> : (tensor<2x4xi32>) -> tensor<7x2x4xi32>
  return %0, %1 : tensor<2x4x3xf32>, tensor<7x2x4xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<2x5x3xf32>, %arg1: tensor<2x4xi32>) -> (tensor<2x4x3xf32>, tensor<7x2x4xi32>) {
//     %0 = "stablehlo.gather"(%arg0, %arg1) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 2>, slice_sizes = array<i64: 1, 1, 3>}> : (tensor<2x5x3xf32>, tensor<2x4xi32>) -> tensor<2x4x3xf32>
//     %1 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<2x4xi32>) -> tensor<7x2x4xi32>
//     return %0, %1 : tensor<2x4x3xf32>, tensor<7x2x4xi32>
//   }
// }
