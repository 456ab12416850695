// `if` is a `case` whose branch 0 is false.
func.func public @main(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.if"(%p) ({
    %1 = stablehlo.sine %x : tensor<4xf32>
    stablehlo.return %1 : tensor<4xf32>
  }, {
    stablehlo.return %x : tensor<4xf32>
  }) : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<i1>, %arg1: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.convert %arg0 : (tensor<i1>) -> tensor<i32>
  %1 = "stablehlo.case"(%0) ({
    stablehlo.return %arg1 : tensor<4xf32>
  }, {
    %2 = stablehlo.sine %arg1 : tensor<4xf32>
    stablehlo.return %2 : tensor<4xf32>
  }) : (tensor<i32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// -----
// Products.
func.func public @main(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>, %v: tensor<3xf32>) -> (tensor<2x4xf32>, tensor<2xf32>, tensor<4x2xf32>, tensor<3xf32>) {
  %0 = "stablehlo.dot"(%x, %y) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %1 = "stablehlo.dot"(%x, %v) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>
  %2 = "stablehlo.einsum"(%x, %y) <{einsum_config = "ab,bc->ca"}> : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<4x2xf32>
  %3 = "stablehlo.unary_einsum"(%x) <{einsum_config = "ab->b"}> : (tensor<2x3xf32>) -> tensor<3xf32>
  return %0, %1, %2, %3 : tensor<2x4xf32>, tensor<2xf32>, tensor<4x2xf32>, tensor<3xf32>
}
// ==>
func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<3x4xf32>, %arg2: tensor<3xf32>) -> (tensor<2x4xf32>, tensor<2xf32>, tensor<4x2xf32>, tensor<3xf32>) {
  %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %1 = stablehlo.dot_general %arg0, %arg2, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>
  %2 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %3 = stablehlo.transpose %2, dims = [1, 0] : (tensor<2x4xf32>) -> tensor<4x2xf32>
  %4 = stablehlo.constant dense<0.0> : tensor<f32>
  %5 = stablehlo.reduce(%arg0 init: %4) applies stablehlo.add across dimensions = [0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0, %1, %3, %5 : tensor<2x4xf32>, tensor<2xf32>, tensor<4x2xf32>, tensor<3xf32>
}
// -----
// Batches, and a letter of one operand alone.
func.func public @main(%x: tensor<5x2x3xf32>, %y: tensor<5x3x4xf32>) -> tensor<2x5xf32> {
  %0 = "stablehlo.einsum"(%x, %y) <{einsum_config = "zab,zbc->az"}> : (tensor<5x2x3xf32>, tensor<5x3x4xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}
// ==>
func.func public @main(%arg0: tensor<5x2x3xf32>, %arg1: tensor<5x3x4xf32>) -> tensor<2x5xf32> {
  %0 = stablehlo.constant dense<0.0> : tensor<f32>
  %1 = stablehlo.reduce(%arg1 init: %0) applies stablehlo.add across dimensions = [2] : (tensor<5x3x4xf32>, tensor<f32>) -> tensor<5x3xf32>
  %2 = stablehlo.dot_general %arg0, %1, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<5x2x3xf32>, tensor<5x3xf32>) -> tensor<5x2xf32>
  %3 = stablehlo.transpose %2, dims = [1, 0] : (tensor<5x2xf32>) -> tensor<2x5xf32>
  return %3 : tensor<2x5xf32>
}
// -----
// Kept: a diagonal.
func.func public @main(%x: tensor<3x3xf32>) -> tensor<3xf32> {
  %0 = "stablehlo.unary_einsum"(%x) <{einsum_config = "aa->a"}> : (tensor<3x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// ==>
func.func public @main(%arg0: tensor<3x3xf32>) -> tensor<3xf32> {
  %0 = stablehlo.unary_einsum %arg0, config = "aa->a" : (tensor<3x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// -----
// Indexing and leading dimensions.
func.func public @main(%x: tensor<2x5x3xf32>, %i: tensor<2x4xi32>) -> (tensor<2x4x3xf32>, tensor<7x2x4xi32>) {
  %0 = "stablehlo.torch_index_select"(%x, %i) <{batch_dims = 1 : i64, dim = 1 : i64}> : (tensor<2x5x3xf32>, tensor<2x4xi32>) -> tensor<2x4x3xf32>
  %1 = "stablehlo.broadcast"(%i) <{broadcast_sizes = array<i64: 7>}> : (tensor<2x4xi32>) -> tensor<7x2x4xi32>
  return %0, %1 : tensor<2x4x3xf32>, tensor<7x2x4xi32>
}
// ==>
func.func public @main(%arg0: tensor<2x5x3xf32>, %arg1: tensor<2x4xi32>) -> (tensor<2x4x3xf32>, tensor<7x2x4xi32>) {
  %0 = "stablehlo.gather"(%arg0, %arg1) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 2>, slice_sizes = array<i64: 1, 1, 3>}> : (tensor<2x5x3xf32>, tensor<2x4xi32>) -> tensor<2x4x3xf32>
  %1 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<2x4xi32>) -> tensor<7x2x4xi32>
  return %0, %1 : tensor<2x4x3xf32>, tensor<7x2x4xi32>
}
// -----
// A scalar function of arrays is a function of arrays.
func.func public @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.map"(%x, %y) <{dimensions = array<i64: 0>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %two = stablehlo.constant dense<2.0> : tensor<f32>
    %1 = stablehlo.multiply %a, %two : tensor<f32>
    %2 = stablehlo.add %1, %b : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.constant dense<2.0> : tensor<4xf32>
  %1 = stablehlo.multiply %arg0, %0 : tensor<4xf32>
  %2 = stablehlo.add %1, %arg1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
// -----
// Barriers and tuples let values through.
func.func public @main(%x: tensor<4xf32>, %y: tensor<i32>) -> (tensor<4xf32>, tensor<i32>) {
  %0:2 = stablehlo.optimization_barrier %x, %y : tensor<4xf32>, tensor<i32>
  %1 = stablehlo.tuple %0#0, %0#1 : tuple<tensor<4xf32>, tensor<i32>>
  %2 = stablehlo.get_tuple_element %1[1] : (tuple<tensor<4xf32>, tensor<i32>>) -> tensor<i32>
  return %0#0, %2 : tensor<4xf32>, tensor<i32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>, tensor<i32>) {
  %0 = stablehlo.tuple %arg0, %arg1 : tuple<tensor<4xf32>, tensor<i32>>
  return %arg0, %arg1 : tensor<4xf32>, tensor<i32>
}
// -----
// Windows have full lists.
func.func public @main(%x: tensor<8xf32>) -> tensor<6xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = "stablehlo.reduce_window"(%x, %zero) <{window_dimensions = array<i64: 3>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %1 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %1 : tensor<f32>
  }) : (tensor<8xf32>, tensor<f32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}
// ==>
func.func public @main(%arg0: tensor<8xf32>) -> tensor<6xf32> {
  %0 = stablehlo.constant dense<0.0> : tensor<f32>
  %1 = "stablehlo.reduce_window"(%arg0, %0) <{base_dilations = array<i64: 1>, padding = dense<[[0, 0]]> : tensor<1x2xi64>, window_dilations = array<i64: 1>, window_dimensions = array<i64: 3>, window_strides = array<i64: 1>}> ({
  ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
    %2 = stablehlo.add %arg1, %arg2 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<8xf32>, tensor<f32>) -> tensor<6xf32>
  return %1 : tensor<6xf32>
}
