// test: plan device
// The product is a result of the program.
func.func public @main(%x: tensor<4x8xf32>, %w: tensor<8x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %o = stablehlo.tanh %p : tensor<4x6xf32>
  return %p, %o : tensor<4x6xf32>, tensor<4x6xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 400 ns)
//   s0: tensor<4x8xf32> device argument 0
//   s1: tensor<8x6xf32> device argument 1
//   s2: tensor<4x6xf32> device result 0
//   s3: tensor<4x6xf32> device result 1
//   s2 <- dot(s0, s1)  // stablehlo.dot_general at <text>:4
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 8, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 8, lhs: 1, rhs: 6, out: 0 } })
//   s3 <- kernel(s2)  // stablehlo.tanh at <text>:5
//     rows [4, 6]
//     stage []
//       v0 = in0[a0*6 + a1] : f32
//       v1 = tanh v0 : f32
//       out0[a0*6 + a1] = v1
