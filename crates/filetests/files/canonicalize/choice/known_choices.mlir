// test: pass canonicalize
// Known and equal choices.
func.func public @main(%p: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %false = stablehlo.constant dense<false> : tensor<i1>
  %yes = stablehlo.constant dense<true> : tensor<4xi1>
  %no = stablehlo.constant dense<false> : tensor<4xi1>
  %0 = stablehlo.select %false, %a, %b : tensor<i1>, tensor<4xf32>
  %1 = stablehlo.select %p, %a, %a : tensor<4xi1>, tensor<4xf32>
  %np = stablehlo.not %p : tensor<4xi1>
  %2 = stablehlo.select %np, %a, %b : tensor<4xi1>, tensor<4xf32>
  %3 = stablehlo.select %p, %no, %yes : tensor<4xi1>, tensor<4xi1>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xi1>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
//     %0 = stablehlo.not %arg0 : tensor<4xi1>
//     %1 = stablehlo.select %arg0, %arg2, %arg1 : tensor<4xi1>, tensor<4xf32>
//     return %arg2, %arg1, %1, %0 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
//   }
// }
