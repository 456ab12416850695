// test: plan device
// Heads go back between the rows: strides of the product. With more to do they are those of a fused one.
func.func public @main(%a: tensor<2x4x16x16xf32>, %v: tensor<2x4x16x8xf32>, %r: tensor<2x16x32xf32>) -> (tensor<2x16x32xf32>, tensor<2x16x32xf32>) {
  %p = stablehlo.dot_general %a, %v, batching_dims = [0, 1] x [0, 1], contracting_dims = [3] x [2] : (tensor<2x4x16x16xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32>
  %t = stablehlo.transpose %p, dims = [0, 2, 1, 3] : (tensor<2x4x16x8xf32>) -> tensor<2x16x4x8xf32>
  %o = stablehlo.reshape %t : (tensor<2x16x4x8xf32>) -> tensor<2x16x32xf32>
  %p2 = stablehlo.dot_general %a, %v, batching_dims = [0, 1] x [0, 1], contracting_dims = [2] x [2] : (tensor<2x4x16x16xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32>
  %t2 = stablehlo.transpose %p2, dims = [0, 2, 1, 3] : (tensor<2x4x16x8xf32>) -> tensor<2x16x4x8xf32>
  %o2 = stablehlo.reshape %t2 : (tensor<2x16x4x8xf32>) -> tensor<2x16x32xf32>
  %u = stablehlo.add %o2, %r : tensor<2x16x32xf32>
  return %o, %u : tensor<2x16x32xf32>, tensor<2x16x32xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 1440 ns)
//   s0: tensor<2x4x16x16xf32> device argument 0
//   s1: tensor<2x4x16x8xf32> device argument 1
//   s2: tensor<2x16x32xf32> device argument 2
//   s3: tensor<2x16x4x8xf32> device result 0
//   s4: tensor<2x16x32xf32> device result 0
//   s5: tensor<2x16x32xf32> device result 1
//   s3 <- dot(s0, s1)  // stablehlo.dot_general at <text>:4
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [DotDim { size: 2, lhs: 1024, rhs: 512, out: 512 }, DotDim { size: 4, lhs: 256, rhs: 128, out: 8 }], m: DotDim { size: 16, lhs: 16, rhs: 0, out: 32 }, n: DotDim { size: 8, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 16, lhs: 1, rhs: 8, out: 0 } })
//   s5 <- fused_dot(s0, s1, s2)  // stablehlo.dot_general at <text>:7
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [DotDim { size: 2, lhs: 1024, rhs: 512, out: 512 }, DotDim { size: 4, lhs: 256, rhs: 128, out: 8 }], m: DotDim { size: 16, lhs: 1, rhs: 0, out: 32 }, n: DotDim { size: 8, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 16, lhs: 16, rhs: 8, out: 0 } })
//     rows [2, 16, 4, 8]
//     stage []
//       v0 = in1[a0*512 + a1*32 + a3 + a2*8] : f32
//       v1 = in0[a0*512 + a1*32 + a2*8 + a3] : f32
//       v2 = add v0, v1 : f32
//       out0[a0*512 + a1*32 + a3 + a2*8] = v2
