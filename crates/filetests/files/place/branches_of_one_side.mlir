// test: plan device tanh
module @branches {
  func.func public @main(%i: tensor<i32>, %x: tensor<8xf32>) -> tensor<8xf32> {
    %r = "stablehlo.case"(%i) ({
      %a = stablehlo.tanh %x : tensor<8xf32>
      stablehlo.return %a : tensor<8xf32>
    }, {
      %b = stablehlo.negate %x : tensor<8xf32>
      stablehlo.return %b : tensor<8xf32>
    }) : (tensor<i32>) -> tensor<8xf32>
    %s = stablehlo.multiply %r, %r : tensor<8xf32>
    return %s : tensor<8xf32>
  }
}
// ---
// plan branches (arena 128 bytes, on the device 0, about 1200 ns)
//   s0: tensor<i32> argument 0
//   s1: tensor<8xf32> argument 1
//   s2: tensor<8xf32> arena 64
//   s3: tensor<8xf32> arena 0
//   s4: tensor<8xf32> arena 0
//   s5: tensor<8xf32> device result 0
//   // on the host: the device has no tanh
//   s2, s3, s4 <- case(s0, s1, s3, s4)  // stablehlo.case at <text>:4
//   case s0 = 0
//     s3 <- kernel(s1)  // stablehlo.tanh at <text>:5
//       rows [8]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = tanh v0 : f32
//         out0[a0] = v1
//     s2 <- copy(s3)  // stablehlo.case at <text>:4
//   case s0 = 1
//     s4 <- kernel(s1)  // stablehlo.negate at <text>:8
//       rows [8]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = negate v0 : f32
//         out0[a0] = v1
//     s2 <- copy(s4)  // stablehlo.case at <text>:4
//   s5 <- copy(s2)  // stablehlo.multiply at <text>:11
//   s5 <- kernel(s5)  // stablehlo.multiply at <text>:11
//     rows [8]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = multiply v0, v0 : f32
//       out0[a0] = v1
