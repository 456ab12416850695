// test: plan device
func.func public @main(%x: tensor<2x3xf32>, %y: tensor<6xf32>) -> (tensor<3x2xf32>, tensor<6xf32>) {
  %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %a = stablehlo.tanh %t : tensor<3x2xf32>
  %b = stablehlo.exponential %y : tensor<6xf32>
  return %a, %b : tensor<3x2xf32>, tensor<6xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 200 ns)
//   s0: tensor<2x3xf32> device argument 0
//   s1: tensor<6xf32> device argument 1
//   s2: tensor<3x2xf32> device result 0
//   s3: tensor<6xf32> device result 1
//   s2, s3 <- kernel(s0, s1)  // stablehlo.tanh at <text>:4
//     rows [3, 2]
//     stage []
//       v0 = in0[a1*3 + a0] : f32
//       v1 = tanh v0 : f32
//       v2 = in1[a1 + a0*2] : f32
//       v3 = exponential v2 : f32
//       out0[a0*2 + a1] = v1
//       out1[a1 + a0*2] = v3
