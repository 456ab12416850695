// test: pass canonicalize
// A known start is clamped and sliced; dimensions taken whole need no start.
func.func public @main(%x: tensor<8x4xf32>, %i: tensor<i32>) -> (tensor<2x4xf32>, tensor<8x4xf32>) {
  %far = stablehlo.constant dense<100> : tensor<i32>
  %0 = stablehlo.dynamic_slice %x, %far, %i, sizes = [2, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  %1 = stablehlo.dynamic_slice %x, %i, %i, sizes = [8, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<8x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<8x4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x4xf32>, %arg1: tensor<i32>) -> (tensor<2x4xf32>, tensor<8x4xf32>) {
//     %0 = stablehlo.slice %arg0 [6:8, 0:4] : (tensor<8x4xf32>) -> tensor<2x4xf32>
//     return %0, %arg0 : tensor<2x4xf32>, tensor<8x4xf32>
//   }
// }
