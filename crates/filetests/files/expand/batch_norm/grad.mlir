// test: pass expand
// The gradient.
func.func public @main(%x: tensor<8x3xf32>, %s: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>, %g: tensor<8x3xf32>) -> (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %0:3 = "stablehlo.batch_norm_grad"(%x, %s, %m, %v, %g) <{epsilon = 0.001 : f32, feature_index = 1 : i64}> : (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<8x3xf32>) -> (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %0#0, %0#1, %0#2 : tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<3xf32>, %arg3: tensor<3xf32>, %arg4: tensor<8x3xf32>) -> (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>) {
//     %0 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %1 = stablehlo.subtract %arg0, %0 : tensor<8x3xf32>
//     %2 = stablehlo.constant dense<0.001> : tensor<3xf32>
//     %3 = stablehlo.add %arg3, %2 : tensor<3xf32>
//     %4 = stablehlo.rsqrt %3 : tensor<3xf32>
//     %5 = stablehlo.multiply %arg4, %1 : tensor<8x3xf32>
//     %6 = stablehlo.constant dense<0.0> : tensor<f32>
//     %7 = stablehlo.reduce(%arg4 init: %6) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
//     %8 = stablehlo.constant dense<0.0> : tensor<f32>
//     %9 = stablehlo.reduce(%5 init: %8) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
//     %10 = stablehlo.multiply %9, %4 : tensor<3xf32>
//     %11 = stablehlo.constant dense<8.0> : tensor<3xf32>
//     %12 = stablehlo.divide %7, %11 : tensor<3xf32>
//     %13 = stablehlo.divide %9, %11 : tensor<3xf32>
//     %14 = stablehlo.multiply %13, %4 : tensor<3xf32>
//     %15 = stablehlo.multiply %14, %4 : tensor<3xf32>
//     %16 = stablehlo.broadcast_in_dim %12, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %17 = stablehlo.broadcast_in_dim %15, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %18 = stablehlo.multiply %1, %17 : tensor<8x3xf32>
//     %19 = stablehlo.subtract %arg4, %16 : tensor<8x3xf32>
//     %20 = stablehlo.subtract %19, %18 : tensor<8x3xf32>
//     %21 = stablehlo.multiply %arg1, %4 : tensor<3xf32>
//     %22 = stablehlo.broadcast_in_dim %21, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
//     %23 = stablehlo.multiply %20, %22 : tensor<8x3xf32>
//     return %23, %10, %7 : tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>
//   }
// }
