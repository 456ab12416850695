// test: plan device tanh
// Both sides get the constant with the plan; it is never copied from one to the other.
module @table {
  func.func public @main(%x: tensor<5xf32>) -> (tensor<5xf32>, tensor<5x5xf32>) {
    %c = stablehlo.constant dense<[1.0, 2.5, -3.0, 4.0, 9.0]> : tensor<5xf32>
    %d = stablehlo.dot_general %x, %c, contracting_dims = [] x [] : (tensor<5xf32>, tensor<5xf32>) -> tensor<5x5xf32>
    %s = stablehlo.multiply %x, %c : tensor<5xf32>
    %t = stablehlo.tanh %s : tensor<5xf32>
    return %t, %d : tensor<5xf32>, tensor<5x5xf32>
  }
}
// ---
// plan table (arena 0 bytes, on the device 0, about 700 ns)
//   s0: tensor<5xf32> device argument 0
//   s1: tensor<5xf32> device constant 0
//   s2: tensor<5x5xf32> device result 1
//   s3: tensor<5xf32> result 0
//   s4: tensor<5xf32> constant 0
//   s2 <- dot(s0, s1)  // stablehlo.dot_general at <text>:6
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 5, lhs: 1, rhs: 0, out: 5 }, n: DotDim { size: 5, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 1, lhs: 0, rhs: 0, out: 0 } })
//   s3 <- copy(s0)  // stablehlo.tanh at <text>:8
//   // on the host: the device has no tanh
//   s3 <- kernel(s3, s4)  // stablehlo.tanh at <text>:8
//     rows [5]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = in1[a0] : f32
//       v2 = multiply v0, v1 : f32
//       v3 = tanh v2 : f32
//       out0[a0] = v3
