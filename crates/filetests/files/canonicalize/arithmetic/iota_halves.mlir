// test: pass canonicalize
// The high half of a 64-bit counter that stays below 2^32 is zero; the low half counts in 32 bits.
func.func public @main() -> (tensor<8xui32>, tensor<8xui32>) {
  %0 = stablehlo.iota dim = 0 : tensor<8xui64>
  %c = stablehlo.constant dense<32> : tensor<8xui64>
  %1 = stablehlo.shift_right_logical %0, %c : tensor<8xui64>
  %2 = stablehlo.convert %1 : (tensor<8xui64>) -> tensor<8xui32>
  %3 = stablehlo.convert %0 : (tensor<8xui64>) -> tensor<8xui32>
  return %2, %3 : tensor<8xui32>, tensor<8xui32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main() -> (tensor<8xui32>, tensor<8xui32>) {
//     %0 = stablehlo.constant dense<0> : tensor<8xui32>
//     %1 = stablehlo.iota dim = 0 : tensor<8xui32>
//     return %0, %1 : tensor<8xui32>, tensor<8xui32>
//   }
// }
