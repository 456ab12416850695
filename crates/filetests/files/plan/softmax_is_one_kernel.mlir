// test: plan
module @softmax {
  func.func public @main(%x: tensor<8x128xf32>) -> tensor<8x128xf32> {
    %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %max = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<8x128xf32>, tensor<f32>) -> tensor<8xf32>
    %max_b = stablehlo.broadcast_in_dim %max, dims = [0] : (tensor<8xf32>) -> tensor<8x128xf32>
    %shifted = stablehlo.subtract %x, %max_b : tensor<8x128xf32>
    %exp = stablehlo.exponential %shifted : tensor<8x128xf32>
    %sum = stablehlo.reduce(%exp init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<8x128xf32>, tensor<f32>) -> tensor<8xf32>
    %sum_b = stablehlo.broadcast_in_dim %sum, dims = [0] : (tensor<8xf32>) -> tensor<8x128xf32>
    %out = stablehlo.divide %exp, %sum_b : tensor<8x128xf32>
    return %out : tensor<8x128xf32>
  }
}
// ---
// plan softmax (arena 0 bytes, about 1520 ns)
//   s0: tensor<8x128xf32> argument 0
//   s1: tensor<8x128xf32> result 0
//   s1 <- kernel(s0)  // stablehlo.divide at <text>:12
//     rows [8]
//     stage [128]
//       v0 = in0[a0*128 + a1] : f32
//       v1 = -inf : f32
//       row0 = fold maximum(v0) from v1
//     stage [128]
//       v0 = in0[a0*128 + a1] : f32
//       v1 = row0 : f32
//       v2 = subtract v0, v1 : f32
//       v3 = exponential v2 : f32
//       v4 = 0e0 : f32
//       row1 = fold add(v3) from v4
//       scratch0 = v3
//     stage [128]
//       v0 = scratch0 : f32
//       v1 = row1 : f32
//       v2 = divide v0, v1 : f32
//       out0[a0*128 + a1] = v2
