// test: pass canonicalize
// A bool that is converted and compared with zero is itself.
func.func public @main(%p: tensor<i1>) -> (tensor<i1>, tensor<i1>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0 = stablehlo.convert %p : (tensor<i1>) -> tensor<i32>
  %1 = stablehlo.compare NE, %0, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %2 = stablehlo.compare EQ, %zero, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  return %1, %2 : tensor<i1>, tensor<i1>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<i1>) -> (tensor<i1>, tensor<i1>) {
//     %0 = stablehlo.not %arg0 : tensor<i1>
//     return %arg0, %0 : tensor<i1>, tensor<i1>
//   }
// }
