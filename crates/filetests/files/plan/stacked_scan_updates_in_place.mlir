// test: plan
module @scan {
  func.func public @main(%x: tensor<256xf32>) -> tensor<100x256xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %end = stablehlo.constant dense<100> : tensor<i32>
    %empty = stablehlo.constant dense<0.0> : tensor<100x256xf32>
    %r:3 = stablehlo.while(%i = %zero, %c = %x, %ys = %empty) : tensor<i32>, tensor<256xf32>, tensor<100x256xf32>
    cond {
      %more = stablehlo.compare LT, %i, %end, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %more : tensor<i1>
    } do {
      %y = stablehlo.sine %c : tensor<256xf32>
      %row = stablehlo.reshape %y : (tensor<256xf32>) -> tensor<1x256xf32>
      %stacked = stablehlo.dynamic_update_slice %ys, %row, %i, %zero : (tensor<100x256xf32>, tensor<1x256xf32>, tensor<i32>, tensor<i32>) -> tensor<100x256xf32>
      %next = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %next, %y, %stacked : tensor<i32>, tensor<256xf32>, tensor<100x256xf32>
    }
    return %r#2 : tensor<100x256xf32>
  }
}
// ---
// plan scan (arena 1152 bytes, about 86400 ns)
//   s0: tensor<256xf32> argument 0
//   s1: tensor<i32> arena 0
//   s2: tensor<256xf32> arena 64
//   s3: tensor<100x256xf32> result 0
//   s4: tensor<i1> arena 1088
//   s1 <- kernel()  // stablehlo.while at <text>:8
//     rows [1]
//     stage []
//       v0 = 0 : i32
//       out0[a0] = v0
//   s2 <- copy(s0)  // stablehlo.while at <text>:8
//   s3 <- kernel()  // stablehlo.while at <text>:8
//     rows [25600]
//     stage []
//       v0 = 0e0 : f32
//       out0[a0] = v0
//   s1, s2, s3, s4 <- while(s1, s2, s3, s4)  // stablehlo.while at <text>:8
//   while s4 (100 times)
//     s4 <- kernel(s1)  // stablehlo.compare at <text>:10
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 100 : i32
//         v2 = compare LT SIGNED v0, v1 : i1
//         out0[0] = v2
//   do
//     s2 <- kernel(s2)  // stablehlo.sine at <text>:13
//       rows [256]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = sine v0 : f32
//         out0[a0] = v1
//     s3 <- kernel(s2, s1, s3)  // stablehlo.dynamic_update_slice at <text>:15
//       rows [256]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = in1[0] : i32
//         v2 = 0 : i32
//         v3 = maximum v1, v2 : i32
//         v4 = 99 : i32
//         v5 = minimum v3, v4 : i32
//         out0[a0 + v5*256] = v0
//     s1 <- kernel(s1)  // stablehlo.add at <text>:16
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 1 : i32
//         v2 = add v0, v1 : i32
//         out0[0] = v2
