// test: verify
func.func @main(%x: tensor<8x4xf32>, %i: tensor<3x1xi32>, %j: tensor<3x2xi32>, %f: tensor<3x1xf32>, %s: tensor<i32>, %t: tensor<i64>, %u: tensor<3x4xf32>, %w: tensor<3x5xf32>, %v: tensor<9x4xf32>) {
  %0 = "stablehlo.gather"(%x, %f) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32> // error: stablehlo.gather: start_indices is tensor<3x1xf32> (I2)
  %1 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: offset, collapsed and batching dimensions do not add up to rank 2 (C1)
  %2 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 3>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: index_vector_dim is 3 (C2)
  %3 = "stablehlo.gather"(%x, %j) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x2xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: start_index_map has 1 entries for index vectors of 2 (C3)
  %4 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: offset_dims has 2, which is not a dimension of rank 2 (C5)
  %5 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [2], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: collapsed_slice_dims has 2, which is not a dimension of rank 2 (C8)
  %6 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 2, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: a collapsed slice size is above 1 (C9)
  %7 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [-1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: start_index_map has -1, which is not a dimension of rank 2 (C19)
  %8 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: slice_sizes has 1 entries for tensor<8x4xf32> (C20)
  %9 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 5>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x5xf32> // error: stablehlo.gather: slice_sizes [1, 5] exceed tensor<8x4xf32> (C21)
  %10 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32> // error: stablehlo.gather: batching sizes of tensor<8x4xf32> and tensor<3x1xi32> differ (C17)
  %11 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<3x1xi32>) -> tensor<4x3xf32> // error: stablehlo.gather: result 0 is tensor<4x3xf32>, needs tensor<3x4xf32> (result type)
  %12 = stablehlo.dynamic_slice %x, %s, sizes = [2, 4] : (tensor<8x4xf32>, tensor<i32>) -> tensor<2x4xf32> // error: stablehlo.dynamic_slice: 1 start indices for rank 2 (C2)
  %13 = stablehlo.dynamic_slice %x, %s, %t, sizes = [2, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i64>) -> tensor<2x4xf32> // error: stablehlo.dynamic_slice: start index 1 is tensor<i64> (C3)
  %14 = stablehlo.dynamic_slice %x, %s, %s, sizes = [9, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<9x4xf32> // error: stablehlo.dynamic_slice: slice_sizes [9, 4] exceed tensor<8x4xf32> (C4)
  %15 = stablehlo.dynamic_update_slice %x, %v, %s, %s : (tensor<8x4xf32>, tensor<9x4xf32>, tensor<i32>, tensor<i32>) -> tensor<8x4xf32> // error: stablehlo.dynamic_update_slice: tensor<9x4xf32> is larger than tensor<8x4xf32> (C6)
  %16 = "stablehlo.scatter"(%x, %i, %w) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({ // error: stablehlo.scatter: windows of tensor<3x5xf32> exceed tensor<8x4xf32> (C4)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<8x4xf32>, tensor<3x1xi32>, tensor<3x5xf32>) -> tensor<8x4xf32>
  %17 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [2], index_vector_dim = 1>}> ({ // error: stablehlo.scatter: scatter_dims_to_operand_dims has 2, which is not a dimension of rank 2 (C21)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<8x4xf32>, tensor<3x1xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  %18 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [5], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({ // error: stablehlo.scatter: inserted_window_dims has 5, which is not a dimension of rank 2 (C11)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<8x4xf32>, tensor<3x1xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  %19 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({ // error: stablehlo.scatter: region argument 1 is tensor<i32>, needs tensor<f32> (C23)
  ^bb0(%a: tensor<f32>, %b: tensor<i32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<8x4xf32>, tensor<3x1xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return
}
