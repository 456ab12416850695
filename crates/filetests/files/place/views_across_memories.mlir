// test: plan device sort
// A reshape of what was brought over is a view of the copy.
module @views {
  func.func public @main(%x: tensor<4x6xf32>) -> (tensor<24xf32>, tensor<2x12xf32>) {
    %y = stablehlo.tanh %x : tensor<4x6xf32>
    %flat = stablehlo.reshape %y : (tensor<4x6xf32>) -> tensor<24xf32>
    %wide = stablehlo.reshape %y : (tensor<4x6xf32>) -> tensor<2x12xf32>
    %s = "stablehlo.sort"(%flat) ({
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %less = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
        stablehlo.return %less : tensor<i1>
    }) {dimension = 0 : i64, is_stable = true} : (tensor<24xf32>) -> tensor<24xf32>
    %r = "stablehlo.sort"(%wide) ({
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %less = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
        stablehlo.return %less : tensor<i1>
    }) {dimension = 1 : i64, is_stable = true} : (tensor<2x12xf32>) -> tensor<2x12xf32>
    %back = stablehlo.reshape %r : (tensor<2x12xf32>) -> tensor<24xf32>
    %sum = stablehlo.add %s, %back : tensor<24xf32>
    return %sum, %wide : tensor<24xf32>, tensor<2x12xf32>
  }
}
// ---
// plan views (arena 384 bytes, on the device 128, about 401700 ns)
//   s0: tensor<4x6xf32> device argument 0
//   s1: tensor<4x6xf32> device result 1
//   s2: tensor<24xf32> device result 1
//   s3: tensor<2x12xf32> device result 1
//   s4: tensor<24xf32> arena 128
//   s5: tensor<2x12xf32> arena 256
//   s6: tensor<24xf32> device result 0
//   s7: tensor<4x6xf32> arena 0
//   s8: tensor<24xf32> arena 0
//   s9: tensor<2x12xf32> arena 0
//   s10: tensor<2x12xf32> device arena 0
//   s1 <- kernel(s0)  // stablehlo.tanh at <text>:5
//     rows [4, 6]
//     stage []
//       v0 = in0[a0*6 + a1] : f32
//       v1 = tanh v0 : f32
//       out0[a0*6 + a1] = v1
//   s7 <- copy(s1)  // stablehlo.sort at <text>:8
//   // on the host: the device has no sort
//   s4 <- sort(s8)  // stablehlo.sort at <text>:8
//     Sort(Sort { dtypes: [F32], outer: 1, size: 24, inner: 1, order: Keys([SortKey { array: 0, descending: false, total: false }]), stable: true })
//   // on the host: the device has no sort
//   s5 <- sort(s9)  // stablehlo.sort at <text>:13
//     Sort(Sort { dtypes: [F32], outer: 2, size: 12, inner: 1, order: Keys([SortKey { array: 0, descending: false, total: false }]), stable: true })
//   s6 <- copy(s4)  // stablehlo.add at <text>:19
//   s10 <- copy(s5)  // stablehlo.add at <text>:19
//   s6 <- kernel(s6, s10)  // stablehlo.add at <text>:19
//     rows [24]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = in1[a0] : f32
//       v2 = add v0, v1 : f32
//       out0[a0] = v2
