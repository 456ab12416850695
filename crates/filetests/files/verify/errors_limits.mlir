// test: verify
// Sizes that no machine holds are refused before anything multiplies them.
func.func @main(%x: tensor<4xf32>) {
  %0 = stablehlo.iota dim = 0 : tensor<9223372036854775807x2xf32> // error: tensor<9223372036854775807x2xf32> is too large
  %1 = stablehlo.constant dense<0.0> : tensor<4611686018427387904x4611686018427387904xf32>
  %2 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<4xf32>) -> tensor<281474976710656x4xf32>
  return
}
