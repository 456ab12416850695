// Transposes compose; those that move only dimensions of size 1 are reshapes.
func.func public @main(%x: tensor<2x3x4xf32>, %y: tensor<1x5xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>) {
  %0 = stablehlo.transpose %x, dims = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = stablehlo.transpose %0, dims = [2, 0, 1] : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.transpose %0, dims = [1, 2, 0] : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %3 = stablehlo.transpose %y, dims = [1, 0] : (tensor<1x5xf32>) -> tensor<5x1xf32>
  return %1, %2, %3 : tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>
}
// ==>
func.func public @main(%arg0: tensor<2x3x4xf32>, %arg1: tensor<1x5xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>) {
  %0 = stablehlo.transpose %arg0, dims = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %1 = stablehlo.reshape %arg1 : (tensor<1x5xf32>) -> tensor<5x1xf32>
  return %arg0, %0, %1 : tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>
}
// -----
// Reshapes compose.
func.func public @main(%x: tensor<2x6xf32>) -> (tensor<2x6xf32>, tensor<4x3xf32>) {
  %0 = stablehlo.reshape %x : (tensor<2x6xf32>) -> tensor<12xf32>
  %1 = stablehlo.reshape %0 : (tensor<12xf32>) -> tensor<2x6xf32>
  %2 = stablehlo.reshape %0 : (tensor<12xf32>) -> tensor<4x3xf32>
  return %1, %2 : tensor<2x6xf32>, tensor<4x3xf32>
}
// ==>
func.func public @main(%arg0: tensor<2x6xf32>) -> (tensor<2x6xf32>, tensor<4x3xf32>) {
  %0 = stablehlo.reshape %arg0 : (tensor<2x6xf32>) -> tensor<4x3xf32>
  return %arg0, %0 : tensor<2x6xf32>, tensor<4x3xf32>
}
// -----
// Broadcasts compose, also through a reshape that adds dimensions of size 1.
func.func public @main(%x: tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>) {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [1, 2] : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.reshape %x : (tensor<4xf32>) -> tensor<1x4xf32>
  %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x4xf32>) -> tensor<5x4xf32>
  return %1, %3, %2 : tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>) {
  %0 = stablehlo.broadcast_in_dim %arg0, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.reshape %arg0 : (tensor<4xf32>) -> tensor<1x4xf32>
  %2 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<4xf32>) -> tensor<5x4xf32>
  return %0, %2, %1 : tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>
}
// -----
// Kept: a broadcast that transposes, and a reshape that splits.
func.func public @main(%x: tensor<2x3xf32>, %y: tensor<6xf32>) -> (tensor<3x2xf32>, tensor<4x2x3xf32>) {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = stablehlo.reshape %y : (tensor<6xf32>) -> tensor<2x3xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [1, 2] : (tensor<2x3xf32>) -> tensor<4x2x3xf32>
  return %0, %2 : tensor<3x2xf32>, tensor<4x2x3xf32>
}
// ==>
func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<6xf32>) -> (tensor<3x2xf32>, tensor<4x2x3xf32>) {
  %0 = stablehlo.broadcast_in_dim %arg0, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = stablehlo.reshape %arg1 : (tensor<6xf32>) -> tensor<2x3xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [1, 2] : (tensor<2x3xf32>) -> tensor<4x2x3xf32>
  return %0, %2 : tensor<3x2xf32>, tensor<4x2x3xf32>
}
// -----
// A splat stays a splat through any move.
func.func public @main() -> tensor<512x1024xf32> {
  %c = stablehlo.constant dense<7.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f32>) -> tensor<1024x512xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<1024x512xf32>) -> tensor<512x1024xf32>
  %2 = stablehlo.reverse %1, dims = [0] : tensor<512x1024xf32>
  return %2 : tensor<512x1024xf32>
}
// ==>
func.func public @main() -> tensor<512x1024xf32> {
  %0 = stablehlo.constant dense<7.0> : tensor<512x1024xf32>
  return %0 : tensor<512x1024xf32>
}
// -----
// Small constants are moved; equal elements become a splat.
func.func public @main() -> (tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>) {
  %c = stablehlo.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %d = stablehlo.constant dense<[7, 7]> : tensor<2xi32>
  %e = stablehlo.constant dense<[1, 2, 3]> : tensor<3xi32>
  %0 = stablehlo.transpose %c, dims = [1, 0] : (tensor<2x3xi32>) -> tensor<3x2xi32>
  %1 = stablehlo.reverse %c, dims = [0, 1] : tensor<2x3xi32>
  %2 = stablehlo.concatenate %d, %e, dim = 0 : (tensor<2xi32>, tensor<3xi32>) -> tensor<5xi32>
  return %0, %1, %2, %d : tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>
}
// ==>
func.func public @main() -> (tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>) {
  %0 = stablehlo.constant dense<7> : tensor<2xi32>
  %1 = stablehlo.constant dense<[[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
  %2 = stablehlo.constant dense<[[6, 5, 4], [3, 2, 1]]> : tensor<2x3xi32>
  %3 = stablehlo.constant dense<[7, 7, 1, 2, 3]> : tensor<5xi32>
  return %1, %2, %3, %0 : tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>
}
// -----
// Kept: repeating a constant that is no splat would make the program larger.
func.func public @main() -> tensor<1000x2xf32> {
  %c = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [1] : (tensor<2xf32>) -> tensor<1000x2xf32>
  return %0 : tensor<1000x2xf32>
}
// ==>
func.func public @main() -> tensor<1000x2xf32> {
  %0 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [1] : (tensor<2xf32>) -> tensor<1000x2xf32>
  return %1 : tensor<1000x2xf32>
}
// -----
// Nothing to pad, to join or to reverse.
func.func public @main(%x: tensor<1x4xf32>, %e: tensor<0x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.pad %x, %zero, low = [0, 0], high = [0, 0], interior = [3, 0] : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
  %1 = stablehlo.concatenate %e, %x, dim = 0 : (tensor<0x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = stablehlo.reverse %x, dims = [0] : tensor<1x4xf32>
  return %0, %1, %2 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
}
// ==>
func.func public @main(%arg0: tensor<1x4xf32>, %arg1: tensor<0x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) {
  return %arg0, %arg0, %arg0 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
}
// -----
// Counting to one, and results without elements.
func.func public @main(%x: tensor<0x3xf32>) -> (tensor<1x3xi32>, tensor<0x3xf32>) {
  %0 = stablehlo.iota dim = 0 : tensor<1x3xi32>
  %1 = stablehlo.exponential %x : tensor<0x3xf32>
  return %0, %1 : tensor<1x3xi32>, tensor<0x3xf32>
}
// ==>
func.func public @main(%arg0: tensor<0x3xf32>) -> (tensor<1x3xi32>, tensor<0x3xf32>) {
  %0 = stablehlo.constant dense<0> : tensor<1x3xi32>
  %1 = stablehlo.constant dense<0.0> : tensor<0x3xf32>
  return %0, %1 : tensor<1x3xi32>, tensor<0x3xf32>
}
// -----
// Shapes as operands, where they are known.
func.func public @main(%x: tensor<6xf32>) -> (tensor<2x3xf32>, tensor<6xi32>, tensor<i32>) {
  %shape = stablehlo.constant dense<[2, 3]> : tensor<2xi32>
  %size = stablehlo.get_dimension_size %x, dim = 0 : (tensor<6xf32>) -> tensor<i32>
  %sizes = stablehlo.reshape %size : (tensor<i32>) -> tensor<1xi32>
  %0 = stablehlo.dynamic_reshape %x, %shape : (tensor<6xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %1 = stablehlo.dynamic_iota %sizes, dim = 0 : (tensor<1xi32>) -> tensor<6xi32>
  return %0, %1, %size : tensor<2x3xf32>, tensor<6xi32>, tensor<i32>
}
// ==>
func.func public @main(%arg0: tensor<6xf32>) -> (tensor<2x3xf32>, tensor<6xi32>, tensor<i32>) {
  %0 = stablehlo.constant dense<6> : tensor<i32>
  %1 = stablehlo.reshape %arg0 : (tensor<6xf32>) -> tensor<2x3xf32>
  %2 = stablehlo.iota dim = 0 : tensor<6xi32>
  return %1, %2, %0 : tensor<2x3xf32>, tensor<6xi32>, tensor<i32>
}
