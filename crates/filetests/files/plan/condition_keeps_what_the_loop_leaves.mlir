// test: plan
module @until {
  func.func public @main(%x: tensor<f32>) -> (tensor<i1>, tensor<f32>) {
    %false = stablehlo.constant dense<false> : tensor<i1>
    %limit = stablehlo.constant dense<9.0> : tensor<f32>
    %r:2 = stablehlo.while(%done = %false, %c = %x) : tensor<i1>, tensor<f32>
    cond {
      %more = stablehlo.not %done : tensor<i1>
      stablehlo.return %more : tensor<i1>
    } do {
      %next = stablehlo.add %c, %c : tensor<f32>
      %large = stablehlo.compare GT, %next, %limit, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %large, %next : tensor<i1>, tensor<f32>
    }
    return %r#0, %r#1 : tensor<i1>, tensor<f32>
  }
}
// ---
// plan until (arena 64 bytes, about 1001100 ns)
//   s0: tensor<f32> argument 0
//   s1: tensor<i1> result 0
//   s2: tensor<f32> result 1
//   s3: tensor<i1> arena 0
//   s1 <- kernel()  // stablehlo.while at <text>:6
//     rows [1]
//     stage []
//       v0 = false : i1
//       out0[a0] = v0
//   s2 <- copy(s0)  // stablehlo.while at <text>:6
//   s1, s2, s3 <- while(s1, s2, s3)  // stablehlo.while at <text>:6
//   while s3
//     s3 <- kernel(s1)  // stablehlo.not at <text>:8
//       rows []
//       stage []
//         v0 = in0[0] : i1
//         v1 = not v0 : i1
//         out0[0] = v1
//   do
//     s2, s1 <- kernel(s2)  // stablehlo.compare at <text>:12
//       rows []
//       stage []
//         v0 = in0[0] : f32
//         v1 = add v0, v0 : f32
//         v2 = 9e0 : f32
//         v3 = compare GT FLOAT v1, v2 : i1
//         out0[0] = v1
//         out1[0] = v3
