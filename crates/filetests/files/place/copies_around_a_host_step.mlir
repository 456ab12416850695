// test: plan device tanh
// The value that the host reads is brought over once, its result goes back once.
module @middle {
  func.func public @main(%x: tensor<4x6xf32>, %w: tensor<6x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
    %a = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<4x6xf32>, tensor<6x6xf32>) -> tensor<4x6xf32>
    %t = stablehlo.tanh %a : tensor<4x6xf32>
    %b = stablehlo.dot_general %t, %w, contracting_dims = [1] x [0] : (tensor<4x6xf32>, tensor<6x6xf32>) -> tensor<4x6xf32>
    %c = stablehlo.dot_general %b, %t, contracting_dims = [0] x [0] : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<6x6xf32>
    %d = stablehlo.dot_general %b, %c, contracting_dims = [1] x [0] : (tensor<4x6xf32>, tensor<6x6xf32>) -> tensor<4x6xf32>
    return %b, %d : tensor<4x6xf32>, tensor<4x6xf32>
  }
}
// ---
// plan middle (arena 128 bytes, on the device 320, about 1600 ns)
//   s0: tensor<4x6xf32> device argument 0
//   s1: tensor<6x6xf32> device argument 1
//   s2: tensor<4x6xf32> device arena 0
//   s3: tensor<4x6xf32> arena 0
//   s4: tensor<4x6xf32> device result 0
//   s5: tensor<6x6xf32> device arena 128
//   s6: tensor<4x6xf32> device result 1
//   s7: tensor<4x6xf32> device arena 0
//   s2 <- dot(s0, s1)  // stablehlo.dot_general at <text>:5
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 6, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 6, lhs: 1, rhs: 6, out: 0 } })
//   s3 <- copy(s2)  // stablehlo.tanh at <text>:6
//   // on the host: the device has no tanh
//   s3 <- kernel(s3)  // stablehlo.tanh at <text>:6
//     rows [4, 6]
//     stage []
//       v0 = in0[a0*6 + a1] : f32
//       v1 = tanh v0 : f32
//       out0[a0*6 + a1] = v1
//   s7 <- copy(s3)  // stablehlo.dot_general at <text>:7
//   s4 <- dot(s7, s1)  // stablehlo.dot_general at <text>:7
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 6, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 6, lhs: 1, rhs: 6, out: 0 } })
//   s5 <- dot(s4, s7)  // stablehlo.dot_general at <text>:8
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 6, lhs: 1, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 4, lhs: 6, rhs: 6, out: 0 } })
//   s6 <- dot(s4, s5)  // stablehlo.dot_general at <text>:9
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 6, rhs: 0, out: 6 }, n: DotDim { size: 6, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 6, lhs: 1, rhs: 6, out: 0 } })
