// test: plan device tanh
// Three steps write one array: the host runs one of them, so it runs all.
module @parts {
  func.func public @main(%x: tensor<4xf32>, %at: tensor<i32>) -> tensor<12xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<12xf32>
    %n = stablehlo.negate %x : tensor<4xf32>
    %a = stablehlo.dynamic_update_slice %zero, %n, %at : (tensor<12xf32>, tensor<4xf32>, tensor<i32>) -> tensor<12xf32>
    %t = stablehlo.tanh %x : tensor<4xf32>
    %b = stablehlo.dynamic_update_slice %a, %t, %at : (tensor<12xf32>, tensor<4xf32>, tensor<i32>) -> tensor<12xf32>
    return %b : tensor<12xf32>
  }
}
// ---
// plan parts (arena 128 bytes, on the device 64, about 1500 ns)
//   s0: tensor<4xf32> device argument 0
//   s1: tensor<i32> device argument 1
//   s2: tensor<12xf32> device arena 0
//   s3: tensor<12xf32> result 0
//   s4: tensor<4xf32> arena 0
//   s5: tensor<i32> arena 64
//   s2 <- kernel()  // stablehlo.dynamic_update_slice at <text>:7
//     rows [12]
//     stage []
//       v0 = 0e0 : f32
//       out0[a0] = v0
//   s2 <- kernel(s0, s1, s2)  // stablehlo.dynamic_update_slice at <text>:7
//     rows [4]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = negate v0 : f32
//       v2 = in1[0] : i32
//       v3 = 0 : i32
//       v4 = maximum v2, v3 : i32
//       v5 = 8 : i32
//       v6 = minimum v4, v5 : i32
//       out0[a0 + v6*1] = v1
//   // on the host: the device has no tanh
//   s3 <- copy(s2)  // stablehlo.dynamic_update_slice at <text>:9
//   s4 <- copy(s0)  // stablehlo.dynamic_update_slice at <text>:9
//   s5 <- copy(s1)  // stablehlo.dynamic_update_slice at <text>:9
//   // on the host: the device has no tanh
//   s3 <- kernel(s4, s5, s3)  // stablehlo.dynamic_update_slice at <text>:9
//     rows [4]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = tanh v0 : f32
//       v2 = in1[0] : i32
//       v3 = 0 : i32
//       v4 = maximum v2, v3 : i32
//       v5 = 8 : i32
//       v6 = minimum v4, v5 : i32
//       out0[a0 + v6*1] = v1
