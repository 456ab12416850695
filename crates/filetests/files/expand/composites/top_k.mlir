// test: pass expand
// Both forms of top_k.
func.func private @top_k.impl(%x: tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  %0 = stablehlo.slice %x [0:2, 0:3] : (tensor<2x8xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.constant dense<0> : tensor<2x3xi32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xi32>
}
func.func public @main(%x: tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>, tensor<2x3xi32>) {
  %0:2 = stablehlo.composite "chlo.top_k" %x {composite_attributes = {k = 3 : i64}, decomposition = @top_k.impl, version = 1 : i32} : (tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  %1:2 = stablehlo.custom_call @mhlo.topk(%x) {mhlo.attributes = {k = 3 : i64, largest = true}, mhlo.version = 1 : i64} : (tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  return %0#0, %0#1, %1#1 : tensor<2x3xf32>, tensor<2x3xi32>, tensor<2x3xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func private @top_k.impl(%arg0: tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
//     %0 = stablehlo.slice %arg0 [0:2, 0:3] : (tensor<2x8xf32>) -> tensor<2x3xf32>
//     %1 = stablehlo.constant dense<0> : tensor<2x3xi32>
//     return %0, %1 : tensor<2x3xf32>, tensor<2x3xi32>
//   }
//   func.func public @main(%arg0: tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>, tensor<2x3xi32>) {
//     %0:2 = stablehlo.custom_call @mps.top_k(%arg0) {api_version = 4 : i32, backend_config = {k = 3 : i64}} : (tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
//     %1:2 = stablehlo.custom_call @mps.top_k(%arg0) {api_version = 4 : i32, backend_config = {k = 3 : i64}} : (tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
//     return %0#0, %0#1, %1#1 : tensor<2x3xf32>, tensor<2x3xi32>, tensor<2x3xi32>
//   }
// }
