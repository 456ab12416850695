// test: pass canonicalize
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %unused = stablehlo.add %x, %zero : tensor<4xf32>
  %0 = stablehlo.reshape %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = stablehlo.transpose %0, dims = [0] : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
//     return %arg0 : tensor<4xf32>
//   }
// }
