// test: pass inline
// Callees that call, results that are arguments.
func.func private @swap(%a: tensor<f32>, %b: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  return %b, %a : tensor<f32>, tensor<f32>
}
func.func private @again(%a: tensor<f32>, %b: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %0:2 = func.call @swap(%a, %b) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  %1:2 = func.call @swap(%0#0, %0#1) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %1#0, %1#1 : tensor<f32>, tensor<f32>
}
func.func public @main(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
  %0:2 = func.call @again(%a, %b) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  %1 = stablehlo.subtract %0#0, %0#1 : tensor<f32>
  return %1 : tensor<f32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<f32>, %arg1: tensor<f32>) -> tensor<f32> {
//     %0 = stablehlo.subtract %arg0, %arg1 : tensor<f32>
//     return %0 : tensor<f32>
//   }
// }
