// test: plan
// There is no rounding to save: each operation has what was given.
func.func @main(%x: tensor<5xbf16>, %y: tensor<5xbf16>) -> (tensor<5xbf16>, tensor<5xbf16>) {
  %0 = stablehlo.add %x, %y : tensor<5xbf16>
  %1 = stablehlo.maximum %x, %y : tensor<5xbf16>
  return %0, %1 : tensor<5xbf16>, tensor<5xbf16>
}
// ---
// plan  (arena 0 bytes, about 400 ns)
//   s0: tensor<5xbf16> argument 0
//   s1: tensor<5xbf16> argument 1
//   s2: tensor<5xbf16> result 0
//   s3: tensor<5xbf16> result 1
//   s2 <- kernel(s0, s1)  // stablehlo.add at <text>:4
//     rows [5]
//     stage []
//       v0 = in0[a0] : bf16
//       v1 = in1[a0] : bf16
//       v2 = add v0, v1 : bf16
//       out0[a0] = v2
//   s3 <- kernel(s0, s1)  // stablehlo.maximum at <text>:5
//     rows [5]
//     stage []
//       v0 = in0[a0] : bf16
//       v1 = in1[a0] : bf16
//       v2 = maximum v0, v1 : bf16
//       out0[a0] = v2
