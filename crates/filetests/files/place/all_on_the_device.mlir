// test: plan device
module @axpy {
  func.func public @main(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
    %two = stablehlo.constant dense<2.0> : tensor<8xf32>
    %z = stablehlo.multiply %two, %x : tensor<8xf32>
    %sum = stablehlo.add %z, %y : tensor<8xf32>
    return %sum : tensor<8xf32>
  }
}
// ---
// plan axpy (arena 0 bytes, on the device 0, about 200 ns)
//   s0: tensor<8xf32> device argument 0
//   s1: tensor<8xf32> device argument 1
//   s2: tensor<8xf32> device result 0
//   s2 <- kernel(s1, s0)  // stablehlo.add at <text>:6
//     rows [8]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = in1[a0] : f32
//       v2 = 2e0 : f32
//       v3 = multiply v1, v2 : f32
//       v4 = add v0, v3 : f32
//       out0[a0] = v4
