// test: pass canonicalize
// Constants are evaluated in their type, splats of any size.
func.func public @main() -> (tensor<3xi8>, tensor<1000000xf32>) {
  %a = stablehlo.constant dense<[100, -100, 1]> : tensor<3xi8>
  %b = stablehlo.constant dense<2.0> : tensor<1000000xf32>
  %0 = stablehlo.add %a, %a : tensor<3xi8>
  %1 = stablehlo.sqrt %b : tensor<1000000xf32>
  return %0, %1 : tensor<3xi8>, tensor<1000000xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main() -> (tensor<3xi8>, tensor<1000000xf32>) {
//     %0 = stablehlo.constant dense<[-56, 56, 2]> : tensor<3xi8>
//     %1 = stablehlo.constant dense<1.4142135> : tensor<1000000xf32>
//     return %0, %1 : tensor<3xi8>, tensor<1000000xf32>
//   }
// }
