// test: pass inline
// Each call becomes a copy of the body, also inside regions; other functions go away.
func.func private @twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.add %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @unused(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func public @main(%x: tensor<4xf32>, %i: tensor<i32>) -> tensor<4xf32> {
  %0 = func.call @twice(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "stablehlo.case"(%i) ({
    %2 = func.call @twice(%0) : (tensor<4xf32>) -> tensor<4xf32>
    stablehlo.return %2 : tensor<4xf32>
  }) : (tensor<i32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> tensor<4xf32> {
//     %0 = stablehlo.add %arg0, %arg0 : tensor<4xf32>
//     %1 = "stablehlo.case"(%arg1) ({
//       %2 = stablehlo.add %0, %0 : tensor<4xf32>
//       stablehlo.return %2 : tensor<4xf32>
//     }) : (tensor<i32>) -> tensor<4xf32>
//     return %1 : tensor<4xf32>
//   }
// }
