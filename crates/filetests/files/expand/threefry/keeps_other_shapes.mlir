// test: pass +expand_threefry expand
// Operands are of the results' shape, or scalars.
func.func public @main(%a: tensor<1xui32>, %b: tensor<ui32>, %c: tensor<6xui32>, %d: tensor<6xui32>) -> (tensor<6xui32>, tensor<6xui32>) {
  %0:2 = stablehlo.custom_call @mps.threefry2x32(%a, %b, %c, %d) {api_version = 4 : i32, backend_config = {}} : (tensor<1xui32>, tensor<ui32>, tensor<6xui32>, tensor<6xui32>) -> (tensor<6xui32>, tensor<6xui32>)
  return %0#0, %0#1 : tensor<6xui32>, tensor<6xui32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<1xui32>, %arg1: tensor<ui32>, %arg2: tensor<6xui32>, %arg3: tensor<6xui32>) -> (tensor<6xui32>, tensor<6xui32>) {
//     %0:2 = stablehlo.custom_call @mps.threefry2x32(%arg0, %arg1, %arg2, %arg3) {api_version = 4 : i32, backend_config = {}} : (tensor<1xui32>, tensor<ui32>, tensor<6xui32>, tensor<6xui32>) -> (tensor<6xui32>, tensor<6xui32>)
//     return %0#0, %0#1 : tensor<6xui32>, tensor<6xui32>
//   }
// }
