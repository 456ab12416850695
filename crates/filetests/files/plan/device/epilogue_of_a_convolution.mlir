// test: plan device
func.func public @main(%x: tensor<2x5x5x3xf32>, %k: tensor<3x3x3x4xf32>, %b: tensor<4xf32>) -> tensor<2x5x5x4xf32> {
  %p = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x5x5x3xf32>, tensor<3x3x3x4xf32>) -> tensor<2x5x5x4xf32>
  %bb = stablehlo.broadcast_in_dim %b, dims = [3] : (tensor<4xf32>) -> tensor<2x5x5x4xf32>
  %s = stablehlo.add %p, %bb : tensor<2x5x5x4xf32>
  %z = stablehlo.constant dense<0.0> : tensor<2x5x5x4xf32>
  %o = stablehlo.maximum %s, %z : tensor<2x5x5x4xf32>
  return %o : tensor<2x5x5x4xf32>
}
// ---
// plan  (arena 0 bytes, on the device 0, about 200260 ns)
//   s0: tensor<2x5x5x3xf32> device argument 0
//   s1: tensor<3x3x3x4xf32> device argument 1
//   s2: tensor<4xf32> device argument 2
//   s3: tensor<2x5x5x4xf32> device result 0
//   s3 <- fused_convolution(s0, s1, s2)  // stablehlo.convolution at <text>:3
//     Convolution(Convolution { input: F32, kernel: F32, output: F32, batch: (2, 75), input_features: (3, 1), kernel_input_features: (3, 4), kernel_output_features: (4, 1), output_batch: (2, 100), output_features: (4, 1), feature_groups: 1, batch_groups: 1, spatial: [ConvolutionDim { input: 5, kernel: 3, output: 5, stride: 1, pad_low: 1, pad_high: 1, input_dilation: 1, kernel_dilation: 1, reverse: false, input_stride: 15, kernel_stride: 36, output_stride: 20 }, ConvolutionDim { input: 5, kernel: 3, output: 5, stride: 1, pad_low: 1, pad_high: 1, input_dilation: 1, kernel_dilation: 1, reverse: false, input_stride: 3, kernel_stride: 12, output_stride: 4 }] })
//     rows [2, 5, 5, 4]
//     stage []
//       v0 = in0[a0*100 + a1*20 + a2*4 + a3] : f32
//       v1 = in1[a3] : f32
//       v2 = add v0, v1 : f32
//       v3 = 0e0 : f32
//       v4 = maximum v2, v3 : f32
//       out0[a0*100 + a1*20 + a2*4 + a3] = v4
