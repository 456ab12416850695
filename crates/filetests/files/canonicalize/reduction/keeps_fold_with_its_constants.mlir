// test: pass canonicalize
// Kept: a fold of several elements. Its combiner uses no constant from outside.
func.func public @main(%x: tensor<4x2xf32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %two = stablehlo.constant dense<2.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
   reducer(%a: tensor<f32>, %b: tensor<f32>)  {
    %1 = stablehlo.multiply %b, %two : tensor<f32>
    %2 = stablehlo.add %a, %1 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }
  return %0 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4x2xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.constant dense<0.0> : tensor<f32>
//     %1 = stablehlo.reduce(%arg0 init: %0) across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
//      reducer(%arg1: tensor<f32>, %arg2: tensor<f32>) {
//       %2 = stablehlo.constant dense<2.0> : tensor<f32>
//       %3 = stablehlo.multiply %arg2, %2 : tensor<f32>
//       %4 = stablehlo.add %arg1, %3 : tensor<f32>
//       stablehlo.return %4 : tensor<f32>
//     }
//     return %1 : tensor<4xf32>
//   }
// }
