// test: plan device
// The rows of the product would be two dimensions with the heads between them.
func.func public @main(%x: tensor<2x16x32xf32>, %w: tensor<32x32xf32>) -> tensor<2x4x16x8xf32> {
  %p = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0] : (tensor<2x16x32xf32>, tensor<32x32xf32>) -> tensor<2x16x32xf32>
  %h = stablehlo.reshape %p : (tensor<2x16x32xf32>) -> tensor<2x16x4x8xf32>
  %t = stablehlo.transpose %h, dims = [0, 2, 1, 3] : (tensor<2x16x4x8xf32>) -> tensor<2x4x16x8xf32>
  return %t : tensor<2x4x16x8xf32>
}
// ---
// plan  (arena 0 bytes, on the device 4096, about 1320 ns)
//   s0: tensor<2x16x32xf32> device argument 0
//   s1: tensor<32x32xf32> device argument 1
//   s2: tensor<2x16x32xf32> device arena 0
//   s3: tensor<2x4x16x8xf32> device result 0
//   s2 <- dot(s0, s1)  // stablehlo.dot_general at <text>:4
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 32, lhs: 32, rhs: 0, out: 32 }, n: DotDim { size: 32, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 32, lhs: 1, rhs: 32, out: 0 } })
//   s3 <- kernel(s2)  // stablehlo.transpose at <text>:6
//     rows [2, 4, 16, 8]
//     stage []
//       v0 = in0[a0*512 + a2*32 + a1*8 + a3] : f32
//       out0[a0*512 + a1*128 + a2*8 + a3] = v0
