// test: pass canonicalize
// Kept: a count of 200 wraps in i8.
func.func public @main() -> tensor<200xi8> {
  %0 = stablehlo.iota dim = 0 : tensor<200xi32>
  %1 = stablehlo.convert %0 : (tensor<200xi32>) -> tensor<200xi8>
  return %1 : tensor<200xi8>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main() -> tensor<200xi8> {
//     %0 = stablehlo.iota dim = 0 : tensor<200xi32>
//     %1 = stablehlo.convert %0 : (tensor<200xi32>) -> tensor<200xi8>
//     return %1 : tensor<200xi8>
//   }
// }
