// test: pass expand
// Kept: complex numbers go through the decomposition, as do composites of others.
func.func private @acos.impl(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  %0 = stablehlo.tanh %x : tensor<4xcomplex<f32>>
  return %0 : tensor<4xcomplex<f32>>
}
func.func public @main(%x: tensor<4xcomplex<f32>>) -> (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) {
  %0 = stablehlo.composite "chlo.acos" %x {decomposition = @acos.impl, version = 1 : i32} : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  %1 = stablehlo.composite "my.op" %x {decomposition = @acos.impl} : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  return %0, %1 : tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func private @acos.impl(%arg0: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
//     %0 = stablehlo.tanh %arg0 : tensor<4xcomplex<f32>>
//     return %0 : tensor<4xcomplex<f32>>
//   }
//   func.func public @main(%arg0: tensor<4xcomplex<f32>>) -> (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) {
//     %0 = stablehlo.composite "chlo.acos" %arg0 {decomposition = @acos.impl, version = 1 : i32} : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
//     %1 = stablehlo.composite "my.op" %arg0 {decomposition = @acos.impl} : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
//     return %0, %1 : tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>
//   }
// }
