// test: plan device
func.func public @main(%x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>) {
  %a = stablehlo.tanh %x : tensor<6xf32>
  %r = stablehlo.reverse %a, dims = [0] : tensor<6xf32>
  %b = stablehlo.exponential %r : tensor<6xf32>
  return %a, %b : tensor<6xf32>, tensor<6xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 400 ns)
//   s0: tensor<6xf32> device argument 0
//   s1: tensor<6xf32> device result 0
//   s2: tensor<6xf32> device result 1
//   s1 <- kernel(s0)  // stablehlo.tanh at <text>:3
//     rows [6]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = tanh v0 : f32
//       out0[a0] = v1
//   s2 <- kernel(s1)  // stablehlo.exponential at <text>:5
//     rows [6]
//     stage []
//       v0 = in0[a0*-1 + 5] : f32
//       v1 = exponential v0 : f32
//       out0[a0] = v1
