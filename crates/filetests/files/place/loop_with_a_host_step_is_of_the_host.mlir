// test: plan device tanh
module @loop {
  func.func public @main(%x: tensor<8xf32>, %n: tensor<i32>) -> tensor<8xf32> {
    %y = stablehlo.multiply %x, %x : tensor<8xf32>
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %r:2 = stablehlo.while(%i = %zero, %v = %y) : tensor<i32>, tensor<8xf32>
      cond {
        %go = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %go : tensor<i1>
      } do {
        %next = stablehlo.add %i, %one : tensor<i32>
        %t = stablehlo.tanh %v : tensor<8xf32>
        stablehlo.return %next, %t : tensor<i32>, tensor<8xf32>
      }
    %z = stablehlo.add %r#1, %y : tensor<8xf32>
    return %z : tensor<8xf32>
  }
}
// ---
// plan loop (arena 192 bytes, on the device 64, about 1002000 ns)
//   s0: tensor<8xf32> device argument 0
//   s1: tensor<i32> argument 1
//   s2: tensor<8xf32> device result 0
//   s3: tensor<i32> arena 0
//   s4: tensor<8xf32> arena 64
//   s5: tensor<i1> arena 128
//   s6: tensor<8xf32> device arena 0
//   s2 <- kernel(s0)  // stablehlo.multiply at <text>:4
//     rows [8]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = multiply v0, v0 : f32
//       out0[a0] = v1
//   // on the host: the device has no tanh
//   s3 <- kernel()  // stablehlo.while at <text>:7
//     rows [1]
//     stage []
//       v0 = 0 : i32
//       out0[a0] = v0
//   // on the host: the device has no tanh
//   s4 <- copy(s2)  // stablehlo.while at <text>:7
//   // on the host: the device has no tanh
//   s3, s4, s5 <- while(s1, s3, s4, s5)  // stablehlo.while at <text>:7
//   while s5
//     s5 <- kernel(s3, s1)  // stablehlo.compare at <text>:9
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = in1[0] : i32
//         v2 = compare LT NOTYPE v0, v1 : i1
//         out0[0] = v2
//   do
//     s3 <- kernel(s3)  // stablehlo.add at <text>:12
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 1 : i32
//         v2 = add v0, v1 : i32
//         out0[0] = v2
//     s4 <- kernel(s4)  // stablehlo.tanh at <text>:13
//       rows [8]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = tanh v0 : f32
//         out0[a0] = v1
//   s6 <- copy(s4)  // stablehlo.add at <text>:16
//   s2 <- kernel(s2, s6)  // stablehlo.add at <text>:16
//     rows [8]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = in1[a0] : f32
//       v2 = add v0, v1 : f32
//       out0[a0] = v2
