// Slices compose, and find their part of joined arrays.
func.func public @main(%x: tensor<20xf32>, %y: tensor<4xf32>) -> (tensor<3xf32>, tensor<4xf32>, tensor<20xf32>) {
  %0 = stablehlo.slice %x [2:18:2] : (tensor<20xf32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [1:8:3] : (tensor<8xf32>) -> tensor<3xf32>
  %2 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<20xf32>, tensor<4xf32>) -> tensor<24xf32>
  %3 = stablehlo.slice %2 [20:24] : (tensor<24xf32>) -> tensor<4xf32>
  %4 = stablehlo.slice %x [0:20] : (tensor<20xf32>) -> tensor<20xf32>
  return %1, %3, %4 : tensor<3xf32>, tensor<4xf32>, tensor<20xf32>
}
// ==>
func.func public @main(%arg0: tensor<20xf32>, %arg1: tensor<4xf32>) -> (tensor<3xf32>, tensor<4xf32>, tensor<20xf32>) {
  %0 = stablehlo.slice %arg0 [4:17:6] : (tensor<20xf32>) -> tensor<3xf32>
  return %0, %arg1, %arg0 : tensor<3xf32>, tensor<4xf32>, tensor<20xf32>
}
// -----
// Kept: a slice across the seam of joined arrays.
func.func public @main(%x: tensor<4xf32>) -> tensor<2xf32> {
  %0 = stablehlo.concatenate %x, %x, dim = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [3:5] : (tensor<8xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> tensor<2xf32> {
  %0 = stablehlo.concatenate %arg0, %arg0, dim = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [3:5] : (tensor<8xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
// -----
// A known start is clamped and sliced; dimensions taken whole need no start.
func.func public @main(%x: tensor<8x4xf32>, %i: tensor<i32>) -> (tensor<2x4xf32>, tensor<8x4xf32>) {
  %far = stablehlo.constant dense<100> : tensor<i32>
  %0 = stablehlo.dynamic_slice %x, %far, %i, sizes = [2, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  %1 = stablehlo.dynamic_slice %x, %i, %i, sizes = [8, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<8x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<8x4xf32>
}
// ==>
func.func public @main(%arg0: tensor<8x4xf32>, %arg1: tensor<i32>) -> (tensor<2x4xf32>, tensor<8x4xf32>) {
  %0 = stablehlo.slice %arg0 [6:8, 0:4] : (tensor<8x4xf32>) -> tensor<2x4xf32>
  return %0, %arg0 : tensor<2x4xf32>, tensor<8x4xf32>
}
// -----
// Kept: an unknown start. An update of the whole size replaces the whole.
func.func public @main(%x: tensor<8xf32>, %u: tensor<8xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<8xf32>) {
  %0 = stablehlo.dynamic_slice %x, %i, sizes = [2] : (tensor<8xf32>, tensor<i32>) -> tensor<2xf32>
  %1 = stablehlo.dynamic_update_slice %x, %u, %i : (tensor<8xf32>, tensor<8xf32>, tensor<i32>) -> tensor<8xf32>
  return %0, %1 : tensor<2xf32>, tensor<8xf32>
}
// ==>
func.func public @main(%arg0: tensor<8xf32>, %arg1: tensor<8xf32>, %arg2: tensor<i32>) -> (tensor<2xf32>, tensor<8xf32>) {
  %0 = stablehlo.dynamic_slice %arg0, %arg2, sizes = [2] : (tensor<8xf32>, tensor<i32>) -> tensor<2xf32>
  return %0, %arg1 : tensor<2xf32>, tensor<8xf32>
}
// -----
// A gather of one window at a known place is a slice.
func.func public @main(%x: tensor<8x4xf32>) -> tensor<4xf32> {
  %i = stablehlo.constant dense<[3]> : tensor<1xi32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [0], start_index_map = [0]>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<1xi32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<8x4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.slice %arg0 [3:4, 0:4] : (tensor<8x4xf32>) -> tensor<1x4xf32>
  %1 = stablehlo.reshape %0 : (tensor<1x4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// -----
// Kept: a gather of two windows.
func.func public @main(%x: tensor<8x4xf32>) -> tensor<2x4xf32> {
  %i = stablehlo.constant dense<[[3], [5]]> : tensor<2x1xi32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<2x1xi32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
// ==>
func.func public @main(%arg0: tensor<8x4xf32>) -> tensor<2x4xf32> {
  %0 = stablehlo.constant dense<[[3], [5]]> : tensor<2x1xi32>
  %1 = "stablehlo.gather"(%arg0, %0) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<8x4xf32>, tensor<2x1xi32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
