// test: pass canonicalize
// Operations that undo each other; parts of complex numbers.
func.func public @main(%x: tensor<4xf32>, %z: tensor<4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>) {
  %0 = stablehlo.negate %x : tensor<4xf32>
  %1 = stablehlo.negate %0 : tensor<4xf32>
  %2 = stablehlo.complex %x, %0 : tensor<4xcomplex<f32>>
  %3 = stablehlo.imag %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %4 = stablehlo.real %z : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %5 = stablehlo.imag %z : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %6 = stablehlo.complex %4, %5 : tensor<4xcomplex<f32>>
  return %1, %3, %6 : tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>) {
//     %0 = stablehlo.negate %arg0 : tensor<4xf32>
//     return %arg0, %0, %arg1 : tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>
//   }
// }
