// test: pass expand
// Windows have full lists.
func.func public @main(%x: tensor<8xf32>) -> tensor<6xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = "stablehlo.reduce_window"(%x, %zero) <{window_dimensions = array<i64: 3>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %1 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %1 : tensor<f32>
  }) : (tensor<8xf32>, tensor<f32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8xf32>) -> tensor<6xf32> {
//     %0 = stablehlo.constant dense<0.0> : tensor<f32>
//     %1 = "stablehlo.reduce_window"(%arg0, %0) <{base_dilations = array<i64: 1>, padding = dense<[[0, 0]]> : tensor<1x2xi64>, window_dilations = array<i64: 1>, window_dimensions = array<i64: 3>, window_strides = array<i64: 1>}> ({
//     ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):
//       %2 = stablehlo.add %arg1, %arg2 : tensor<f32>
//       stablehlo.return %2 : tensor<f32>
//     }) : (tensor<8xf32>, tensor<f32>) -> tensor<6xf32>
//     return %1 : tensor<6xf32>
//   }
// }
