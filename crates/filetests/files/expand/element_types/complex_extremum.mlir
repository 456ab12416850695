// test: pass expand
// Complex numbers are ordered by real parts, then by imaginary parts.
func.func public @main(%x: tensor<3xcomplex<f32>>, %y: tensor<3xcomplex<f32>>) -> tensor<3xcomplex<f32>> {
  %0 = stablehlo.maximum %x, %y : tensor<3xcomplex<f32>>
  return %0 : tensor<3xcomplex<f32>>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<3xcomplex<f32>>, %arg1: tensor<3xcomplex<f32>>) -> tensor<3xcomplex<f32>> {
//     %0 = stablehlo.real %arg0 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
//     %1 = stablehlo.real %arg1 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
//     %2 = stablehlo.imag %arg0 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
//     %3 = stablehlo.imag %arg1 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
//     %4 = stablehlo.compare GT, %0, %1, FLOAT : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
//     %5 = stablehlo.compare EQ, %0, %1, FLOAT : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
//     %6 = stablehlo.compare GT, %2, %3, FLOAT : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
//     %7 = stablehlo.and %5, %6 : tensor<3xi1>
//     %8 = stablehlo.or %4, %7 : tensor<3xi1>
//     %9 = stablehlo.select %8, %arg0, %arg1 : tensor<3xi1>, tensor<3xcomplex<f32>>
//     return %9 : tensor<3xcomplex<f32>>
//   }
// }
