// test: pass canonicalize
// Kept: x = x is false for NaN, and an i32 is not a bool.
func.func public @main(%x: tensor<f32>, %i: tensor<i32>) -> (tensor<i1>, tensor<i1>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0 = stablehlo.compare EQ, %x, %x : (tensor<f32>, tensor<f32>) -> tensor<i1>
  %1 = stablehlo.compare NE, %i, %zero : (tensor<i32>, tensor<i32>) -> tensor<i1>
  return %0, %1 : tensor<i1>, tensor<i1>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<f32>, %arg1: tensor<i32>) -> (tensor<i1>, tensor<i1>) {
//     %0 = stablehlo.constant dense<0> : tensor<i32>
//     %1 = stablehlo.compare EQ, %arg0, %arg0 : (tensor<f32>, tensor<f32>) -> tensor<i1>
//     %2 = stablehlo.compare NE, %arg1, %0 : (tensor<i32>, tensor<i32>) -> tensor<i1>
//     return %1, %2 : tensor<i1>, tensor<i1>
//   }
// }
