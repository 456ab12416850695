// test: plan
module @sgd {
  func.func public @main(%p: tensor<64x32xf32> {tf.aliasing_output = 0 : i32}, %g: tensor<64x32xf32>) -> tensor<64x32xf32> {
    %rate = stablehlo.constant dense<0.1> : tensor<64x32xf32>
    %step = stablehlo.multiply %rate, %g : tensor<64x32xf32>
    %new = stablehlo.subtract %p, %step : tensor<64x32xf32>
    return %new : tensor<64x32xf32>
  }
}
// ---
// plan sgd (arena 0 bytes, about 800 ns)
//   s0: tensor<64x32xf32> result 0
//   s1: tensor<64x32xf32> argument 1
//   result 0 takes the buffer of argument 0
//   s0 <- kernel(s0, s1)  // stablehlo.subtract at <text>:6
//     rows [64, 32]
//     stage []
//       v0 = in0[a0*32 + a1] : f32
//       v1 = in1[a0*32 + a1] : f32
//       v2 = 1.0000000149011612e-1 : f32
//       v3 = multiply v1, v2 : f32
//       v4 = subtract v0, v3 : f32
//       out0[a0*32 + a1] = v4
