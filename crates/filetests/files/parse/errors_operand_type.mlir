// test: parse
func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.sine %a : tensor<2xf64> // error: an operand has type tensor<2xf32>, but tensor<2xf64> is written
  return %0 : tensor<2xf64>
}
