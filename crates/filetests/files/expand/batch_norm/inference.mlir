// test: pass expand
// Given statistics.
func.func public @main(%x: tensor<8x3xf32>, %s: tensor<3xf32>, %o: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<8x3xf32> {
  %0 = "stablehlo.batch_norm_inference"(%x, %s, %o, %m, %v) <{epsilon = 0.001 : f32, feature_index = 1 : i64}> : (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<8x3xf32>
  return %0 : tensor<8x3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<3xf32>, %arg3: tensor<3xf32>, %arg4: tensor<3xf32>) -> tensor<8x3xf32> {
//     %0 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %1 = stablehlo.subtract %arg0, %0 : tensor<8x3xf32>
//     %2 = stablehlo.constant dense<0.001> : tensor<3xf32>
//     %3 = stablehlo.add %arg4, %2 : tensor<3xf32>
//     %4 = stablehlo.rsqrt %3 : tensor<3xf32>
//     %5 = stablehlo.multiply %4, %arg1 : tensor<3xf32>
//     %6 = stablehlo.broadcast_in_dim %5, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %7 = stablehlo.multiply %1, %6 : tensor<8x3xf32>
//     %8 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %9 = stablehlo.add %7, %8 : tensor<8x3xf32>
//     return %9 : tensor<8x3xf32>
//   }
// }
