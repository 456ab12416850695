// test: parse
func.func @main(%a: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = "stablehlo.transpose"(%a) : (tensor<2x3xf32>) -> tensor<3x2xf32> // error: op `transpose` lacks attribute `permutation`
  return %0 : tensor<3x2xf32>
}
