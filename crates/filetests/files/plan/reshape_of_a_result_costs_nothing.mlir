// test: plan
module @pool {
  func.func public @main(%x: tensor<4x6xf32>) -> (tensor<24xf32>, tensor<2x12xf32>) {
    %y = stablehlo.tanh %x : tensor<4x6xf32>
    %flat = stablehlo.reshape %y : (tensor<4x6xf32>) -> tensor<24xf32>
    %wide = stablehlo.reshape %y : (tensor<4x6xf32>) -> tensor<2x12xf32>
    return %flat, %wide : tensor<24xf32>, tensor<2x12xf32>
  }
}
// ---
// plan pool (arena 0 bytes, about 500 ns)
//   s0: tensor<4x6xf32> argument 0
//   s1: tensor<4x6xf32> result 1
//   s2: tensor<2x12xf32> result 1
//   s3: tensor<24xf32> result 0
//   s1 <- kernel(s0)  // stablehlo.tanh at <text>:4
//     rows [4, 6]
//     stage []
//       v0 = in0[a0*6 + a1] : f32
//       v1 = tanh v0 : f32
//       out0[a0*6 + a1] = v1
//   s3 <- copy(s1)  // return
