// test: plan
// Interior padding with edges that it does not divide: positions are divided, not computed by nodes.
func.func public @main(%x: tensor<4xf32>, %z: tensor<f32>) -> (tensor<9xf32>, tensor<12xf32>) {
  %0 = stablehlo.pad %x, %z, low = [1], high = [1], interior = [1] : (tensor<4xf32>, tensor<f32>) -> tensor<9xf32>
  %1 = stablehlo.pad %x, %z, low = [4], high = [-2], interior = [2] : (tensor<4xf32>, tensor<f32>) -> tensor<12xf32>
  return %0, %1 : tensor<9xf32>, tensor<12xf32>
}
// ---
// plan  (arena 0 bytes, about 400 ns)
//   s0: tensor<4xf32> argument 0
//   s1: tensor<f32> argument 1
//   s2: tensor<9xf32> result 0
//   s3: tensor<12xf32> result 1
//   s2 <- kernel(s1, s0)  // stablehlo.pad at <text>:4
//     rows [9]
//     stage []
//       v0 = in0[0] : f32
//       v1 = 0e0 : f32
//       v2 = in1[a0/2 if 0 <= a0 + -1 < 7 step 2] else v1 : f32
//       v3 = in1[a0/2 if 0 <= a0 + -1 < 7 step 2] else v0 : f32
//       out0[a0] = v3
//   s3 <- kernel(s1, s0)  // stablehlo.pad at <text>:5
//     rows [12]
//     stage []
//       v0 = in0[0] : f32
//       v1 = 0e0 : f32
//       v2 = in1[a0/3 + -1 if 0 <= a0 + -4 < 10 step 3] else v1 : f32
//       v3 = in1[a0/3 + -1 if 0 <= a0 + -4 < 10 step 3] else v0 : f32
//       out0[a0] = v3
