// test: plan device f64
module @axpy {
  func.func public @main(%x: tensor<8xf64>, %y: tensor<8xf64>) -> tensor<8xf64> {
    %sum = stablehlo.add %x, %y : tensor<8xf64>
    return %sum : tensor<8xf64>
  }
}
// ---
// plan axpy (arena 0 bytes, about 200 ns)
//   s0: tensor<8xf64> argument 0
//   s1: tensor<8xf64> argument 1
//   s2: tensor<8xf64> result 0
//   // on the host: the device has no f64
//   s2 <- kernel(s0, s1)  // stablehlo.add at <text>:4
//     rows [8]
//     stage []
//       v0 = in0[a0] : f64
//       v1 = in1[a0] : f64
//       v2 = add v0, v1 : f64
//       out0[a0] = v2
