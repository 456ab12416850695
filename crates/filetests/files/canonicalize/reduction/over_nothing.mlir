// test: pass canonicalize
// Folds over nothing, products over nothing, sorts of one.
func.func public @main(%x: tensor<4x0xf32>, %y: tensor<0x3xf32>, %z: tensor<4x1xf32>, %s: tensor<f32>) -> (tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
  %0 = stablehlo.reduce(%x init: %s) applies stablehlo.add across dimensions = [1] : (tensor<4x0xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<4x0xf32>, tensor<0x3xf32>) -> tensor<4x3xf32>
  %2 = "stablehlo.sort"(%z) <{dimension = 1 : i64, is_stable = true}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %3 = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %3 : tensor<i1>
  }) : (tensor<4x1xf32>) -> tensor<4x1xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4x0xf32>, %arg1: tensor<0x3xf32>, %arg2: tensor<4x1xf32>, %arg3: tensor<f32>) -> (tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
//     %0 = stablehlo.broadcast_in_dim %arg3, dims = [] : (tensor<f32>) -> tensor<4xf32>
//     %1 = stablehlo.constant dense<0.0> : tensor<4x3xf32>
//     return %0, %1, %arg2 : tensor<4xf32>, tensor<4x3xf32>, tensor<4x1xf32>
//   }
// }
