// test: plan device
func.func public @main(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %a = stablehlo.tanh %x : tensor<4x4xf32>
  %p = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = stablehlo.exponential %p : tensor<4x4xf32>
  return %a, %p, %b : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 400 ns)
//   s0: tensor<4x4xf32> device argument 0
//   s1: tensor<4x4xf32> device result 0
//   s2: tensor<4x4xf32> device result 1
//   s3: tensor<4x4xf32> device result 2
//   s2 <- dot(s0, s0)  // stablehlo.dot_general at <text>:4
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 4, rhs: 0, out: 4 }, n: DotDim { size: 4, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 4, lhs: 1, rhs: 4, out: 0 } })
//   s1, s3 <- kernel(s0, s2)  // stablehlo.tanh at <text>:3
//     rows [16]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = tanh v0 : f32
//       v2 = in1[a0] : f32
//       v3 = exponential v2 : f32
//       out0[a0] = v1
//       out1[a0] = v3
