// test: pass expand
// A sink only marks its operand as used.
func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  stablehlo.custom_call @dce_sink(%x) {api_version = 4 : i32, backend_config = {}, has_side_effect = true} : (tensor<3xf32>) -> ()
  return %x : tensor<3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<3xf32>) -> tensor<3xf32> {
//     return %arg0 : tensor<3xf32>
//   }
// }
