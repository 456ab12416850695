// test: plan device
// The update of the weights waits for the last product that reads them, and then takes their place.
func.func public @main(%w: tensor<8x6xf32> {tf.aliasing_output = 0 : i32}, %m: tensor<8x6xf32> {tf.aliasing_output = 1 : i32}, %x: tensor<4x8xf32>, %g: tensor<4x6xf32>, %lr: tensor<f32>) -> (tensor<8x6xf32>, tensor<8x6xf32>, tensor<4x8xf32>) {
  %d = stablehlo.dot_general %x, %g, contracting_dims = [0] x [0] : (tensor<4x8xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %dx = stablehlo.dot_general %g, %w, contracting_dims = [1] x [1] : (tensor<4x6xf32>, tensor<8x6xf32>) -> tensor<4x8xf32>
  %half = stablehlo.constant dense<0.5> : tensor<8x6xf32>
  %mh = stablehlo.multiply %m, %half : tensor<8x6xf32>
  %m1 = stablehlo.add %mh, %d : tensor<8x6xf32>
  %lrb = stablehlo.broadcast_in_dim %lr, dims = [] : (tensor<f32>) -> tensor<8x6xf32>
  %s = stablehlo.multiply %lrb, %m1 : tensor<8x6xf32>
  %w1 = stablehlo.subtract %w, %s : tensor<8x6xf32>
  return %w1, %m1, %dx : tensor<8x6xf32>, tensor<8x6xf32>, tensor<4x8xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 400 ns)
//   s0: tensor<8x6xf32> device result 0
//   s1: tensor<8x6xf32> device result 1
//   s2: tensor<4x8xf32> device argument 2
//   s3: tensor<4x6xf32> device argument 3
//   s4: tensor<f32> device argument 4
//   s5: tensor<4x8xf32> device result 2
//   result 0 takes the buffer of argument 0
//   result 1 takes the buffer of argument 1
//   s5 <- dot(s3, s0)  // stablehlo.dot_general at <text>:5
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 6, rhs: 0, out: 8 }, n: DotDim { size: 8, lhs: 0, rhs: 6, out: 1 }, k: DotDim { size: 6, lhs: 1, rhs: 1, out: 0 } })
//   s1, s0 <- fused_dot(s2, s3, s1, s0, s4)  // stablehlo.dot_general at <text>:4
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 8, lhs: 1, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 4, lhs: 8, rhs: 6, out: 0 } })
//     rows [8, 6]
//     stage []
//       v0 = in0[a0*6 + a1] : f32
//       v1 = in1[a0*6 + a1] : f32
//       v2 = 5e-1 : f32
//       v3 = multiply v1, v2 : f32
//       v4 = add v0, v3 : f32
//       v5 = in2[a0*6 + a1] : f32
//       v6 = in3[0] : f32
//       v7 = multiply v4, v6 : f32
//       v8 = subtract v5, v7 : f32
//       out0[a0*6 + a1] = v4
//       out1[a0*6 + a1] = v8
