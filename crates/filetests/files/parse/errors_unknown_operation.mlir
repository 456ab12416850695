// test: parse
func.func @main(%a: tensor<f32>) -> tensor<f32> {
  %0 = arith.addf %a, %a : tensor<f32> // error: unknown operation `arith.addf`
  %1 = stablehlo.negate %0 : tensor<f32>
  %2 = "my.op"(%1) : (tensor<f32>) -> tensor<f32> // error: unknown operation `my.op`
  return %2 : tensor<f32>
}
