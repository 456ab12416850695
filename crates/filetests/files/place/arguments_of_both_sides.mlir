// test: plan device tanh
// An argument that both sides read is wanted on the device, and brought to the host for its step.
module @both {
  func.func public @main(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8x8xf32>) {
    %t = stablehlo.tanh %x : tensor<8xf32>
    %d = stablehlo.dot_general %x, %x, contracting_dims = [] x [] : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
    return %t, %d : tensor<8xf32>, tensor<8x8xf32>
  }
}
// ---
// plan both (arena 0 bytes, on the device 0, about 700 ns)
//   s0: tensor<8xf32> device argument 0
//   s1: tensor<8xf32> result 0
//   s2: tensor<8x8xf32> device result 1
//   s1 <- copy(s0)  // stablehlo.tanh at <text>:5
//   // on the host: the device has no tanh
//   s1 <- kernel(s1)  // stablehlo.tanh at <text>:5
//     rows [8]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = tanh v0 : f32
//       out0[a0] = v1
//   s2 <- dot(s0, s0)  // stablehlo.dot_general at <text>:6
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 8, lhs: 1, rhs: 0, out: 8 }, n: DotDim { size: 8, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 1, lhs: 0, rhs: 0, out: 0 } })
