// test: pass canonicalize
// Neutral elements of integers.
func.func public @main(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) {
  %zero = stablehlo.constant dense<0> : tensor<4xi32>
  %one = stablehlo.constant dense<1> : tensor<4xi32>
  %ones = stablehlo.constant dense<-1> : tensor<4xi32>
  %0 = stablehlo.add %zero, %x : tensor<4xi32>
  %1 = stablehlo.multiply %x, %one : tensor<4xi32>
  %2 = stablehlo.and %x, %ones : tensor<4xi32>
  %3 = stablehlo.shift_left %x, %zero : tensor<4xi32>
  return %0, %1, %2, %3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) {
//     return %arg0, %arg0, %arg0, %arg0 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
//   }
// }
