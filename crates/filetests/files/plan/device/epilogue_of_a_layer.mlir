// test: plan device
// Bias, activation, a residual of another shape and a conversion are stored by the product itself, where the residual was.
func.func public @main(%x: tensor<2x4x8xf32>, %w: tensor<8x6xf32>, %b: tensor<6xf32>, %r: tensor<8x6xf16> {tf.aliasing_output = 0 : i32}) -> tensor<8x6xf16> {
  %p = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0] : (tensor<2x4x8xf32>, tensor<8x6xf32>) -> tensor<2x4x6xf32>
  %f = stablehlo.reshape %p : (tensor<2x4x6xf32>) -> tensor<8x6xf32>
  %bb = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<6xf32>) -> tensor<8x6xf32>
  %s = stablehlo.add %f, %bb : tensor<8x6xf32>
  %t = stablehlo.tanh %s : tensor<8x6xf32>
  %c = stablehlo.convert %t : (tensor<8x6xf32>) -> tensor<8x6xf16>
  %o = stablehlo.add %c, %r : tensor<8x6xf16>
  return %o : tensor<8x6xf16>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 200 ns)
//   s0: tensor<2x4x8xf32> device argument 0
//   s1: tensor<8x6xf32> device argument 1
//   s2: tensor<6xf32> device argument 2
//   s3: tensor<8x6xf16> device result 0
//   result 0 takes the buffer of argument 3
//   s3 <- fused_dot(s0, s1, s3, s2)  // stablehlo.dot_general at <text>:4
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 8, lhs: 8, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 8, lhs: 1, rhs: 6, out: 0 } })
//     rows [8, 6]
//     stage []
//       v0 = in1[a0*6 + a1] : f16
//       v1 = in0[a0*6 + a1] : f32
//       v2 = in2[a1] : f32
//       v3 = add v1, v2 : f32
//       v4 = tanh v3 : f32
//       v5 = convert v4 : f16
//       v6 = add v0, v5 : f16
//       out0[a0*6 + a1] = v6
