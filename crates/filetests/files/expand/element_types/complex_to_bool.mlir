// test: pass expand
// A complex number converts by its real part, also to a boolean.
func.func public @main(%x: tensor<3xcomplex<f64>>) -> (tensor<3xi1>, tensor<3xf32>) {
  %0 = stablehlo.convert %x : (tensor<3xcomplex<f64>>) -> tensor<3xi1>
  %1 = stablehlo.convert %x : (tensor<3xcomplex<f64>>) -> tensor<3xf32>
  return %0, %1 : tensor<3xi1>, tensor<3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<3xcomplex<f64>>) -> (tensor<3xi1>, tensor<3xf32>) {
//     %0 = stablehlo.real %arg0 : (tensor<3xcomplex<f64>>) -> tensor<3xf64>
//     %1 = stablehlo.convert %0 : (tensor<3xf64>) -> tensor<3xi1>
//     %2 = stablehlo.convert %arg0 : (tensor<3xcomplex<f64>>) -> tensor<3xf32>
//     return %1, %2 : tensor<3xi1>, tensor<3xf32>
//   }
// }
