// test: plan
module @heads {
  func.func public @main(%q: tensor<2x16x4x8xf32>, %k: tensor<2x16x4x8xf32>) -> tensor<2x4x16x16xf32> {
    %qt = stablehlo.transpose %q, dims = [0, 2, 1, 3] : (tensor<2x16x4x8xf32>) -> tensor<2x4x16x8xf32>
    %kt = stablehlo.transpose %k, dims = [0, 2, 1, 3] : (tensor<2x16x4x8xf32>) -> tensor<2x4x16x8xf32>
    %s = stablehlo.dot_general %qt, %kt, batching_dims = [0, 1] x [0, 1], contracting_dims = [3] x [3] : (tensor<2x4x16x8xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x16xf32>
    return %s : tensor<2x4x16x16xf32>
  }
}
// ---
// plan heads (arena 0 bytes, about 600 ns)
//   s0: tensor<2x16x4x8xf32> argument 0
//   s1: tensor<2x16x4x8xf32> argument 1
//   s2: tensor<2x4x16x16xf32> result 0
//   s2 <- dot(s0, s1)  // stablehlo.dot_general at <text>:6
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [DotDim { size: 2, lhs: 512, rhs: 512, out: 1024 }, DotDim { size: 4, lhs: 8, rhs: 8, out: 256 }], m: DotDim { size: 16, lhs: 32, rhs: 0, out: 16 }, n: DotDim { size: 16, lhs: 0, rhs: 32, out: 1 }, k: DotDim { size: 8, lhs: 1, rhs: 1, out: 0 } })
