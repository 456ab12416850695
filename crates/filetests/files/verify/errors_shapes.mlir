// test: verify
func.func @main(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.reshape %a : (tensor<2x3xf32>) -> tensor<7xf32> // error: stablehlo.reshape: tensor<2x3xf32> and tensor<7xf32> differ in their number of elements (C2)
  %1 = stablehlo.transpose %b, dims = [1, 1] : (tensor<3x2xf32>) -> tensor<2x3xf32> // error: stablehlo.transpose: permutation has 1 twice (C2)
  return %1 : tensor<2x3xf32>
}
