// test: pass expand
// Statistics of the batch, summed in f32.
func.func public @main(%x: tensor<8x3xbf16>, %s: tensor<3xbf16>, %o: tensor<3xbf16>) -> (tensor<8x3xbf16>, tensor<3xbf16>, tensor<3xbf16>) {
  %0:3 = "stablehlo.batch_norm_training"(%x, %s, %o) <{epsilon = 0.001 : f32, feature_index = 1 : i64}> : (tensor<8x3xbf16>, tensor<3xbf16>, tensor<3xbf16>) -> (tensor<8x3xbf16>, tensor<3xbf16>, tensor<3xbf16>)
  return %0#0, %0#1, %0#2 : tensor<8x3xbf16>, tensor<3xbf16>, tensor<3xbf16>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x3xbf16>, %arg1: tensor<3xbf16>, %arg2: tensor<3xbf16>) -> (tensor<8x3xbf16>, tensor<3xbf16>, tensor<3xbf16>) {
//     %0 = stablehlo.convert %arg0 : (tensor<8x3xbf16>) -> tensor<8x3xf32>
//     %1 = stablehlo.convert %arg1 : (tensor<3xbf16>) -> tensor<3xf32>
//     %2 = stablehlo.convert %arg2 : (tensor<3xbf16>) -> tensor<3xf32>
//     %3 = stablehlo.constant dense<0.0> : tensor<f32>
//     %4 = stablehlo.reduce(%0 init: %3) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
//     %5 = stablehlo.constant dense<8.0> : tensor<3xf32>
//     %6 = stablehlo.divide %4, %5 : tensor<3xf32>
//     %7 = stablehlo.broadcast_in_dim %6, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %8 = stablehlo.subtract %0, %7 : tensor<8x3xf32>
//     %9 = stablehlo.multiply %8, %8 : tensor<8x3xf32>
//     %10 = stablehlo.constant dense<0.0> : tensor<f32>
//     %11 = stablehlo.reduce(%9 init: %10) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
//     %12 = stablehlo.constant dense<8.0> : tensor<3xf32>
//     %13 = stablehlo.divide %11, %12 : tensor<3xf32>
//     %14 = stablehlo.broadcast_in_dim %6, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %15 = stablehlo.subtract %0, %14 : tensor<8x3xf32>
//     %16 = stablehlo.constant dense<0.001> : tensor<3xf32>
//     %17 = stablehlo.add %13, %16 : tensor<3xf32>
//     %18 = stablehlo.rsqrt %17 : tensor<3xf32>
//     %19 = stablehlo.multiply %18, %1 : tensor<3xf32>
//     %20 = stablehlo.broadcast_in_dim %19, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %21 = stablehlo.multiply %15, %20 : tensor<8x3xf32>
//     %22 = stablehlo.broadcast_in_dim %2, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %23 = stablehlo.add %21, %22 : tensor<8x3xf32>
//     %24 = stablehlo.convert %23 : (tensor<8x3xf32>) -> tensor<8x3xbf16>
//     %25 = stablehlo.convert %6 : (tensor<3xf32>) -> tensor<3xbf16>
//     %26 = stablehlo.convert %13 : (tensor<3xf32>) -> tensor<3xbf16>
//     return %24, %25, %26 : tensor<8x3xbf16>, tensor<3xbf16>, tensor<3xbf16>
//   }
// }
