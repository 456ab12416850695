// test: plan device
func.func public @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %0:2 = stablehlo.while(%i = %z, %c = %x) : tensor<i32>, tensor<4x8xf32>
  cond {
    %n = stablehlo.constant dense<5> : tensor<i32>
    %l = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %l : tensor<i1>
  } do {
    %p = stablehlo.dot_general %c, %w, contracting_dims = [1] x [0] : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %t = stablehlo.tanh %p : tensor<4x8xf32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %t : tensor<i32>, tensor<4x8xf32>
  }
  return %0#1 : tensor<4x8xf32>
}
// ---
// plan  (arena 0 bytes, on the device 192, about 4200 ns)
//   s0: tensor<8x8xf32> device argument 0
//   s1: tensor<4x8xf32> device argument 1
//   s2: tensor<i32> device arena 0
//   s3: tensor<4x8xf32> device result 0
//   s4: tensor<i1> device arena 64
//   s5: tensor<4x8xf32> device arena 64
//   s2 <- kernel()  // stablehlo.while at <text>:4
//     rows [1]
//     stage []
//       v0 = 0 : i32
//       out0[a0] = v0
//   s3 <- copy(s1)  // stablehlo.while at <text>:4
//   s2, s3, s4, s5 <- while(s0, s2, s3, s4, s5)  // stablehlo.while at <text>:4
//   while s4 (5 times)
//     s4 <- kernel(s2)  // stablehlo.compare at <text>:7
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 5 : i32
//         v2 = compare LT NOTYPE v0, v1 : i1
//         out0[0] = v2
//   do
//     s5 <- fused_dot(s3, s0)  // stablehlo.dot_general at <text>:10
//       Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 4, lhs: 8, rhs: 0, out: 8 }, n: DotDim { size: 8, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 8, lhs: 1, rhs: 8, out: 0 } })
//       rows [4, 8]
//       stage []
//         v0 = in0[a0*8 + a1] : f32
//         v1 = tanh v0 : f32
//         out0[a0*8 + a1] = v1
//     s2 <- kernel(s2)  // stablehlo.add at <text>:13
//       rows []
//       stage []
//         v0 = in0[0] : i32
//         v1 = 1 : i32
//         v2 = add v0, v1 : i32
//         out0[0] = v2
//     s3 <- copy(s5)  // stablehlo.while at <text>:4
