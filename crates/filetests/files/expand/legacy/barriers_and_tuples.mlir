// test: pass expand
// Barriers and tuples let values through.
func.func public @main(%x: tensor<4xf32>, %y: tensor<i32>) -> (tensor<4xf32>, tensor<i32>) {
  %0:2 = stablehlo.optimization_barrier %x, %y : tensor<4xf32>, tensor<i32>
  %1 = stablehlo.tuple %0#0, %0#1 : tuple<tensor<4xf32>, tensor<i32>>
  %2 = stablehlo.get_tuple_element %1[1] : (tuple<tensor<4xf32>, tensor<i32>>) -> tensor<i32>
  return %0#0, %2 : tensor<4xf32>, tensor<i32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>, tensor<i32>) {
//     %0 = stablehlo.tuple %arg0, %arg1 : tuple<tensor<4xf32>, tensor<i32>>
//     return %arg0, %arg1 : tensor<4xf32>, tensor<i32>
//   }
// }
