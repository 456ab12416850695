// test: pass expand
// CHLO functions of floats are native.
func.func private @erf.impl(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.tanh %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.composite "chlo.erf" %x {decomposition = @erf.impl, version = 1 : i32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = stablehlo.custom_call @mhlo.acosh(%x) {mhlo.attributes = {}, mhlo.version = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func private @erf.impl(%arg0: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.tanh %arg0 : tensor<4xf32>
//     return %0 : tensor<4xf32>
//   }
//   func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
//     %0 = chlo.erf %arg0 : tensor<4xf32> -> tensor<4xf32>
//     %1 = chlo.acosh %arg0 : tensor<4xf32> -> tensor<4xf32>
//     return %0, %1 : tensor<4xf32>, tensor<4xf32>
//   }
// }
