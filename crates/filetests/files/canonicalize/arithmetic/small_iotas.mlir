// test: pass canonicalize
// What is computed from a few numbers in sequence is known; longer sequences are counted when they are needed.
func.func public @main(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<2x2xi1>, tensor<4xi32>, tensor<100xi32>) {
  %two = stablehlo.constant dense<2> : tensor<4xi32>
  %many = stablehlo.constant dense<2> : tensor<100xi32>
  %0 = stablehlo.iota dim = 0 : tensor<4xi32>
  %1 = stablehlo.multiply %0, %two : tensor<4xi32>
  %2 = stablehlo.iota dim = 0 : tensor<2x2xi32>
  %3 = stablehlo.iota dim = 1 : tensor<2x2xi32>
  %4 = stablehlo.compare GE, %2, %3 : (tensor<2x2xi32>, tensor<2x2xi32>) -> tensor<2x2xi1>
  %5 = stablehlo.add %x, %0 : tensor<4xi32>
  %6 = stablehlo.iota dim = 0 : tensor<100xi32>
  %7 = stablehlo.multiply %6, %many : tensor<100xi32>
  return %1, %4, %5, %7 : tensor<4xi32>, tensor<2x2xi1>, tensor<4xi32>, tensor<100xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>, tensor<2x2xi1>, tensor<4xi32>, tensor<100xi32>) {
//     %0 = stablehlo.constant dense<2> : tensor<100xi32>
//     %1 = stablehlo.iota dim = 0 : tensor<4xi32>
//     %2 = stablehlo.constant dense<[0, 2, 4, 6]> : tensor<4xi32>
//     %3 = stablehlo.constant dense<[[true, false], [true, true]]> : tensor<2x2xi1>
//     %4 = stablehlo.add %arg0, %1 : tensor<4xi32>
//     %5 = stablehlo.iota dim = 0 : tensor<100xi32>
//     %6 = stablehlo.multiply %5, %0 : tensor<100xi32>
//     return %2, %3, %4, %6 : tensor<4xi32>, tensor<2x2xi1>, tensor<4xi32>, tensor<100xi32>
//   }
// }
