// test: pass expand
// A complex square is that of its parts: (a - b)(a + b), exactly 0 for finite |a| = |b|, and 2ab.
func.func @main(%x: tensor<3xf32>, %z: tensor<3xcomplex<f32>>) -> (tensor<3xf32>, tensor<3xcomplex<f32>>) {
  %0 = chlo.square %x : tensor<3xf32> -> tensor<3xf32>
  %1 = chlo.square %z : tensor<3xcomplex<f32>> -> tensor<3xcomplex<f32>>
  return %0, %1 : tensor<3xf32>, tensor<3xcomplex<f32>>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<3xcomplex<f32>>) -> (tensor<3xf32>, tensor<3xcomplex<f32>>) {
//     %0 = stablehlo.multiply %arg0, %arg0 : tensor<3xf32>
//     %1 = stablehlo.real %arg1 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
//     %2 = stablehlo.imag %arg1 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
//     %3 = stablehlo.subtract %1, %2 : tensor<3xf32>
//     %4 = stablehlo.add %1, %2 : tensor<3xf32>
//     %5 = stablehlo.multiply %3, %4 : tensor<3xf32>
//     %6 = stablehlo.abs %1 : tensor<3xf32>
//     %7 = stablehlo.abs %2 : tensor<3xf32>
//     %8 = stablehlo.compare EQ, %6, %7, FLOAT : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
//     %9 = stablehlo.is_finite %1 : (tensor<3xf32>) -> tensor<3xi1>
//     %10 = stablehlo.and %9, %8 : tensor<3xi1>
//     %11 = stablehlo.constant dense<0.0> : tensor<3xf32>
//     %12 = stablehlo.select %10, %11, %5 : tensor<3xi1>, tensor<3xf32>
//     %13 = stablehlo.multiply %1, %2 : tensor<3xf32>
//     %14 = stablehlo.add %13, %13 : tensor<3xf32>
//     %15 = stablehlo.complex %12, %14 : tensor<3xcomplex<f32>>
//     return %0, %15 : tensor<3xf32>, tensor<3xcomplex<f32>>
//   }
// }
