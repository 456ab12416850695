// test: pass expand
// Kept: a diagonal.
func.func public @main(%x: tensor<3x3xf32>) -> tensor<3xf32> {
  %0 = "stablehlo.unary_einsum"(%x) <{einsum_config = "aa->a"}> : (tensor<3x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<3x3xf32>) -> tensor<3xf32> {
//     %0 = stablehlo.unary_einsum %arg0, config = "aa->a" : (tensor<3x3xf32>) -> tensor<3xf32>
//     return %0 : tensor<3xf32>
//   }
// }
