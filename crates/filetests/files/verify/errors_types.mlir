// test: verify
func.func @main(%x: tensor<4xf32>) {
  %0 = stablehlo.uniform_quantize %x : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>> // error: stablehlo.uniform_quantize: type tensor<4x!quant.uniform<i8:f32, 0.5>> is not supported (unsupported)
  %1 = stablehlo.custom_call @dynamic(%x) : (tensor<4xf32>) -> tensor<?xf32> // error: stablehlo.custom_call: type tensor<?xf32> is not supported (unsupported)
  return
}
