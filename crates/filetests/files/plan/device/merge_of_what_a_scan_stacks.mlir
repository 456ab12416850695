// test: plan device
func.func public @main(%x: tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %f = stablehlo.constant dense<0.0> : tensor<4x8xf32>
  %0:4 = stablehlo.while(%i = %z, %c = %x, %a = %f, %b = %f) : tensor<i32>, tensor<8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
  cond {
    %n = stablehlo.constant dense<4> : tensor<i32>
    %l = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %l : tensor<i1>
  } do {
    %t = stablehlo.tanh %c : tensor<8xf32>
    %u = stablehlo.exponential %t : tensor<8xf32>
    %t1 = stablehlo.reshape %t : (tensor<8xf32>) -> tensor<1x8xf32>
    %u1 = stablehlo.reshape %u : (tensor<8xf32>) -> tensor<1x8xf32>
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %a1 = stablehlo.dynamic_update_slice %a, %t1, %i, %zero : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
    %b1 = stablehlo.dynamic_update_slice %b, %u1, %i, %zero : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %u, %a1, %b1 : tensor<i32>, tensor<8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
  }
  return %0#2, %0#3 : tensor<4x8xf32>, tensor<4x8xf32>
}
// ---
// plan  (arena 0 bytes, on the device 192, about 2500 ns)
//   s0: tensor<8xf32> device argument 0
//   s1: tensor<i32> device arena 0
//   s2: tensor<8xf32> device arena 64
//   s3: tensor<4x8xf32> device result 0
//   s4: tensor<4x8xf32> device result 1
//   s5: tensor<i1> device arena 128
//   s1 <- kernel()  // stablehlo.while at <text>:5
//     rows [1]
//     stage []
//       v0 = 0 : i32
//       out0[a0] = v0
//   s2 <- copy(s0)  // stablehlo.while at <text>:5
//   s3, s4 <- kernel()  // stablehlo.while at <text>:5
//     rows [32]
//     stage []
//       v0 = 0e0 : f32
//       out0[a0] = v0
//       out1[a0] = v0
//   s1, s2, s3, s4, s5 <- while(s1, s2, s3, s4, s5)  // stablehlo.while at <text>:5
//   while s5 (4 times)
//     s5 <- kernel(s1)  // stablehlo.compare at <text>:8
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 4 : i32
//         v2 = compare LT NOTYPE v0, v1 : i1
//         out0[0] = v2
//   do
//     s2, s3, s4 <- kernel(s2, s1, s3, s4)  // stablehlo.exponential at <text>:12
//       rows [8]
//       stage []
//         v0 = in0[a0] : f32
//         v1 = tanh v0 : f32
//         v2 = exponential v1 : f32
//         v3 = in1[0] : i32
//         v4 = 0 : i32
//         v5 = maximum v3, v4 : i32
//         v6 = 3 : i32
//         v7 = minimum v5, v6 : i32
//         out0[a0] = v2
//         out1[a0 + v7*8] = v1
//         out2[a0 + v7*8] = v2
//     s1 <- kernel(s1)  // stablehlo.add at <text>:19
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 1 : i32
//         v2 = add v0, v1 : i32
//         out0[0] = v2
