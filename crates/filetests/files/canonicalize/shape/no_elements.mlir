// test: pass canonicalize
// Counting to one, and results without elements.
func.func public @main(%x: tensor<0x3xf32>) -> (tensor<1x3xi32>, tensor<0x3xf32>) {
  %0 = stablehlo.iota dim = 0 : tensor<1x3xi32>
  %1 = stablehlo.exponential %x : tensor<0x3xf32>
  return %0, %1 : tensor<1x3xi32>, tensor<0x3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<0x3xf32>) -> (tensor<1x3xi32>, tensor<0x3xf32>) {
//     %0 = stablehlo.constant dense<0> : tensor<1x3xi32>
//     %1 = stablehlo.constant dense<0.0> : tensor<0x3xf32>
//     return %0, %1 : tensor<1x3xi32>, tensor<0x3xf32>
//   }
// }
