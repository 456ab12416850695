// test: pass expand
// A running fold by several operations combines elements at distances 1, 2, 4, ...
func.func public @main(%x: tensor<20xf32>) -> tensor<20xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = "stablehlo.reduce_window"(%x, %zero) <{padding = dense<[[0, 19]]> : tensor<1x2xi64>, window_dimensions = array<i64: 20>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %1 = stablehlo.abs %b : tensor<f32>
    %2 = stablehlo.add %a, %1 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
  return %0 : tensor<20xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<20xf32>) -> tensor<20xf32> {
//     %0 = stablehlo.constant dense<0.0> : tensor<f32>
//     %1 = stablehlo.pad %arg0, %0, low = [-1], high = [1], interior = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
//     %2 = stablehlo.abs %1 : tensor<20xf32>
//     %3 = stablehlo.add %arg0, %2 : tensor<20xf32>
//     %4 = stablehlo.pad %3, %0, low = [-2], high = [2], interior = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
//     %5 = stablehlo.abs %4 : tensor<20xf32>
//     %6 = stablehlo.add %3, %5 : tensor<20xf32>
//     %7 = stablehlo.pad %6, %0, low = [-4], high = [4], interior = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
//     %8 = stablehlo.abs %7 : tensor<20xf32>
//     %9 = stablehlo.add %6, %8 : tensor<20xf32>
//     %10 = stablehlo.pad %9, %0, low = [-8], high = [8], interior = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
//     %11 = stablehlo.abs %10 : tensor<20xf32>
//     %12 = stablehlo.add %9, %11 : tensor<20xf32>
//     %13 = stablehlo.pad %12, %0, low = [-16], high = [16], interior = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32>
//     %14 = stablehlo.abs %13 : tensor<20xf32>
//     %15 = stablehlo.add %12, %14 : tensor<20xf32>
//     return %15 : tensor<20xf32>
//   }
// }
