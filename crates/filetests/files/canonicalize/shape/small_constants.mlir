// test: pass canonicalize
// Small constants are moved; equal elements become a splat.
func.func public @main() -> (tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>) {
  %c = stablehlo.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %d = stablehlo.constant dense<[7, 7]> : tensor<2xi32>
  %e = stablehlo.constant dense<[1, 2, 3]> : tensor<3xi32>
  %0 = stablehlo.transpose %c, dims = [1, 0] : (tensor<2x3xi32>) -> tensor<3x2xi32>
  %1 = stablehlo.reverse %c, dims = [0, 1] : tensor<2x3xi32>
  %2 = stablehlo.concatenate %d, %e, dim = 0 : (tensor<2xi32>, tensor<3xi32>) -> tensor<5xi32>
  return %0, %1, %2, %d : tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main() -> (tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>) {
//     %0 = stablehlo.constant dense<7> : tensor<2xi32>
//     %1 = stablehlo.constant dense<[[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
//     %2 = stablehlo.constant dense<[[6, 5, 4], [3, 2, 1]]> : tensor<2x3xi32>
//     %3 = stablehlo.constant dense<[7, 7, 1, 2, 3]> : tensor<5xi32>
//     return %1, %2, %3, %0 : tensor<3x2xi32>, tensor<2x3xi32>, tensor<5xi32>, tensor<2xi32>
//   }
// }
