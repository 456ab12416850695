// test: pass expand
// Engines have running folds by one operation, and short windows are folded element by element.
func.func public @main(%x: tensor<20xf32>, %y: tensor<3xf32>) -> (tensor<20xf32>, tensor<3xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = "stablehlo.reduce_window"(%x, %zero) <{padding = dense<[[19, 0]]> : tensor<1x2xi64>, window_dimensions = array<i64: 20>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %2 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
  %1 = "stablehlo.reduce_window"(%y, %zero) <{padding = dense<[[2, 0]]> : tensor<1x2xi64>, window_dimensions = array<i64: 3>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %2 = stablehlo.abs %b : tensor<f32>
    %3 = stablehlo.add %a, %2 : tensor<f32>
    stablehlo.return %3 : tensor<f32>
  }) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0, %1 : tensor<20xf32>, tensor<3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<20xf32>, %arg1: tensor<3xf32>) -> (tensor<20xf32>, tensor<3xf32>) {
//     %0 = stablehlo.constant dense<0.0> : tensor<f32>
//     %1 = "stablehlo.reduce_window"(%arg0, %0) <{base_dilations = array<i64: 1>, padding = dense<[[19, 0]]> : tensor<1x2xi64>, window_dilations = array<i64: 1>, window_dimensions = array<i64: 20>, window_strides = array<i64: 1>}> ({
//     ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
//       %2 = stablehlo.add %arg2, %arg3 : tensor<f32>
//       stablehlo.return %2 : tensor<f32>
//     }) : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
//     %3 = "stablehlo.reduce_window"(%arg1, %0) <{base_dilations = array<i64: 1>, padding = dense<[[2, 0]]> : tensor<1x2xi64>, window_dilations = array<i64: 1>, window_dimensions = array<i64: 3>, window_strides = array<i64: 1>}> ({
//     ^bb0(%arg4: tensor<f32>, %arg5: tensor<f32>):
//       %4 = stablehlo.abs %arg5 : tensor<f32>
//       %5 = stablehlo.add %arg4, %4 : tensor<f32>
//       stablehlo.return %5 : tensor<f32>
//     }) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
//     return %1, %3 : tensor<20xf32>, tensor<3xf32>
//   }
// }
