// test: plan
// Between operations values keep the bits of f32. A result that is used as bits, or folded, is rounded.
func.func @main(%x: tensor<4x8xbf16>) -> (tensor<4x8xbf16>, tensor<4x8xi16>, tensor<4xbf16>, tensor<4x8xf32>) {
  %0 = stablehlo.tanh %x : tensor<4x8xbf16>
  %1 = stablehlo.multiply %0, %x : tensor<4x8xbf16>
  %2 = stablehlo.abs %1 : tensor<4x8xbf16>
  %3 = stablehlo.bitcast_convert %2 : (tensor<4x8xbf16>) -> tensor<4x8xi16>
  %z = stablehlo.constant dense<0.0> : tensor<bf16>
  %4 = stablehlo.reduce(%2 init: %z) applies stablehlo.add across dimensions = [1] : (tensor<4x8xbf16>, tensor<bf16>) -> tensor<4xbf16>
  %5 = stablehlo.convert %2 : (tensor<4x8xbf16>) -> tensor<4x8xf32>
  return %2, %3, %4, %5 : tensor<4x8xbf16>, tensor<4x8xi16>, tensor<4xbf16>, tensor<4x8xf32>
}
// ---
// plan  (arena 0 bytes, about 200 ns)
//   s0: tensor<4x8xbf16> argument 0
//   s1: tensor<4x8xbf16> result 0
//   s2: tensor<4x8xi16> result 1
//   s3: tensor<4x8xf32> result 3
//   s4: tensor<4xbf16> result 2
//   s1, s2, s3, s4 <- kernel(s0)  // stablehlo.convert at <text>:10
//     rows [4]
//     stage [8]
//       v0 = in0[a0*8 + a1] : bf16
//       v1 = convert v0 : f32
//       v2 = widened tanh v1 : f32
//       v3 = multiply v1, v2 : f32
//       v4 = abs v3 : f32
//       v5 = 0e0 : bf16
//       v6 = convert v4 : bf16
//       v7 = bitcast v6 : i16
//       v8 = convert v6 : f32
//       row0 = fold add(v6) from v5
//       out0[a0*8 + a1] = v6
//       out1[a0*8 + a1] = v7
//       out2[a0*8 + a1] = v8
//     stage []
//       v0 = row0 : bf16
//       out3[a0] = v0
