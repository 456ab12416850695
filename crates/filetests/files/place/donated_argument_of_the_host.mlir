// test: plan device tanh
module @donated {
  func.func public @main(%x: tensor<64xf32> {tf.aliasing_output = 0 : i32}) -> tensor<64xf32> {
    %t = stablehlo.tanh %x : tensor<64xf32>
    return %t : tensor<64xf32>
  }
}
// ---
// plan donated (arena 0 bytes, about 200 ns)
//   s0: tensor<64xf32> result 0
//   result 0 takes the buffer of argument 0
//   // on the host: the device has no tanh
//   s0 <- kernel(s0)  // stablehlo.tanh at <text>:4
//     rows [64]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = tanh v0 : f32
//       out0[a0] = v1
