// A fold along dimensions of size 1 is one step, or none.
func.func public @main(%x: tensor<4x1xf32>, %s: tensor<f32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x1xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<4x1xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = stablehlo.reduce(%x init: %s) applies stablehlo.add across dimensions = [1] : (tensor<4x1xf32>, tensor<f32>) -> tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<f32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.reshape %arg0 : (tensor<4x1xf32>) -> tensor<4xf32>
  %1 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %2 = stablehlo.add %0, %1 : tensor<4xf32>
  return %0, %0, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// -----
// Kept: a fold of several elements. Its combiner uses no constant from outside.
func.func public @main(%x: tensor<4x2xf32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %two = stablehlo.constant dense<2.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
   reducer(%a: tensor<f32>, %b: tensor<f32>)  {
    %1 = stablehlo.multiply %b, %two : tensor<f32>
    %2 = stablehlo.add %a, %1 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }
  return %0 : tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4x2xf32>) -> tensor<4xf32> {
  %0 = stablehlo.constant dense<0.0> : tensor<f32>
  %1 = stablehlo.reduce(%arg0 init: %0) across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
   reducer(%arg1: tensor<f32>, %arg2: tensor<f32>) {
    %2 = stablehlo.constant dense<2.0> : tensor<f32>
    %3 = stablehlo.multiply %arg2, %2 : tensor<f32>
    %4 = stablehlo.add %arg1, %3 : tensor<f32>
    stablehlo.return %4 : tensor<f32>
  }
  return %1 : tensor<4xf32>
}
// -----
// Folds over nothing, products over nothing, sorts of one.
func.func public @main(%x: tensor<4x0xf32>, %y: tensor<0x3xf32>, %z: tensor<4x1xf32>, %s: tensor<f32>) -> (tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
  %0 = stablehlo.reduce(%x init: %s) applies stablehlo.add across dimensions = [1] : (tensor<4x0xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<4x0xf32>, tensor<0x3xf32>) -> tensor<4x3xf32>
  %2 = "stablehlo.sort"(%z) <{dimension = 1 : i64, is_stable = true}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %3 = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %3 : tensor<i1>
  }) : (tensor<4x1xf32>) -> tensor<4x1xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>
}
// ==>
func.func public @main(%arg0: tensor<4x0xf32>, %arg1: tensor<0x3xf32>, %arg2: tensor<4x1xf32>, %arg3: tensor<f32>) -> (tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
  %0 = stablehlo.broadcast_in_dim %arg3, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.constant dense<0.0> : tensor<4x3xf32>
  return %0, %1, %arg2 : tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>
}
