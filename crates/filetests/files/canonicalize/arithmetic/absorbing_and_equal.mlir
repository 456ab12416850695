// test: pass canonicalize
// Absorbing elements and equal operands of integers.
func.func public @main(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>) {
  %zero = stablehlo.constant dense<0> : tensor<4xi32>
  %0 = stablehlo.multiply %x, %zero : tensor<4xi32>
  %1 = stablehlo.xor %x, %x : tensor<4xi32>
  %2 = stablehlo.maximum %x, %x : tensor<4xi32>
  %3 = stablehlo.compare LE, %x, %x : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
  return %0, %1, %2, %3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>) {
//     %0 = stablehlo.constant dense<0> : tensor<4xi32>
//     %1 = stablehlo.constant dense<true> : tensor<4xi1>
//     return %0, %0, %arg0, %1 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>
//   }
// }
