// test: plan device sort
module @loop {
  func.func public @main(%x: tensor<8xf32>, %n: tensor<i32>) -> tensor<8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %r:2 = stablehlo.while(%i = %zero, %v = %x) : tensor<i32>, tensor<8xf32>
      cond {
        %go = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %go : tensor<i1>
      } do {
        %next = stablehlo.add %i, %one : tensor<i32>
        %t = stablehlo.tanh %v : tensor<8xf32>
        stablehlo.return %next, %t : tensor<i32>, tensor<8xf32>
      }
    return %r#1 : tensor<8xf32>
  }
}
// ---
// plan loop (arena 0 bytes, on the device 128, about 1001300 ns)
//   s0: tensor<8xf32> device argument 0
//   s1: tensor<i32> device argument 1
//   s2: tensor<i32> device arena 0
//   s3: tensor<8xf32> device result 0
//   s4: tensor<i1> device arena 64
//   s2 <- kernel()  // stablehlo.while at <text>:6
//     rows [1]
//     stage []
//       v0 = 0 : i32
//       out0[a0] = v0
//   s3 <- copy(s0)  // stablehlo.while at <text>:6
//   s2, s3, s4 <- while(s1, s2, s3, s4)  // stablehlo.while at <text>:6
//   while s4
//     s4 <- kernel(s2, s1)  // stablehlo.compare at <text>:8
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = in1[0] : i32
//         v2 = compare LT NOTYPE v0, v1 : i1
//         out0[0] = v2
//   do
//     s2 <- kernel(s2)  // stablehlo.add at <text>:11
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 1 : i32
//         v2 = add v0, v1 : i32
//         out0[0] = v2
//     s3 <- kernel(s3)  // stablehlo.tanh at <text>:12
//       rows [8]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = tanh v0 : f32
//         out0[a0] = v1
