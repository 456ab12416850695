// test: pass canonicalize
// Shapes as operands, where they are known.
func.func public @main(%x: tensor<6xf32>) -> (tensor<2x3xf32>, tensor<6xi32>, tensor<i32>) {
  %shape = stablehlo.constant dense<[2, 3]> : tensor<2xi32>
  %size = stablehlo.get_dimension_size %x, dim = 0 : (tensor<6xf32>) -> tensor<i32>
  %sizes = stablehlo.reshape %size : (tensor<i32>) -> tensor<1xi32>
  %0 = stablehlo.dynamic_reshape %x, %shape : (tensor<6xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %1 = stablehlo.dynamic_iota %sizes, dim = 0 : (tensor<1xi32>) -> tensor<6xi32>
  return %0, %1, %size : tensor<2x3xf32>, tensor<6xi32>, tensor<i32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<6xf32>) -> (tensor<2x3xf32>, tensor<6xi32>, tensor<i32>) {
//     %0 = stablehlo.constant dense<6> : tensor<i32>
//     %1 = stablehlo.reshape %arg0 : (tensor<6xf32>) -> tensor<2x3xf32>
//     %2 = stablehlo.iota dim = 0 : tensor<6xi32>
//     return %1, %2, %0 : tensor<2x3xf32>, tensor<6xi32>, tensor<i32>
//   }
// }
