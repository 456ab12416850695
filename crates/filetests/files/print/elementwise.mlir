// test: print
module @elementwise {
  func.func public @main(%x: tensor<4xf32>, %y: tensor<4xf32> {jax.buffer_donor = true}) -> (tensor<4xf32> {jax.result_info = "result"}) {
    %a = "stablehlo.add"(%x, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %b = stablehlo.exponential %a {result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<HIGHEST>>} : tensor<4xf32>
    %c = stablehlo.compare  LT, %a, %b,  FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %d = stablehlo.select %c, %a, %b : tensor<4xi1>, tensor<4xf32>
    %e = chlo.erf %d : tensor<4xf32> -> tensor<4xf32>
    return %e : tensor<4xf32>
  }
}
// ---
// module @elementwise attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32> {jax.buffer_donor = true}) -> (tensor<4xf32> {jax.result_info = "result"}) {
//     %0 = stablehlo.add %arg0, %arg1 : tensor<4xf32>
//     %1 = stablehlo.exponential %0 {result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<HIGHEST>>} : tensor<4xf32>
//     %2 = stablehlo.compare LT, %0, %1, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
//     %3 = stablehlo.select %2, %0, %1 : tensor<4xi1>, tensor<4xf32>
//     %4 = chlo.erf %3 : tensor<4xf32> -> tensor<4xf32>
//     return %4 : tensor<4xf32>
//   }
// }
