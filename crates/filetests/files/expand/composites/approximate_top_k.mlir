// test: pass expand
// An approximate top-k is exact: a stable sort and slices.
func.func private @gt(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>) -> tensor<i1> {
  %0 = stablehlo.compare GT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
  return %0 : tensor<i1>
}
func.func public @main(%x: tensor<16xf32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %i = stablehlo.iota dim = 0 : tensor<16xi32>
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %none = stablehlo.constant dense<-1> : tensor<i32>
  %0:2 = stablehlo.custom_call @ApproxTopK(%x, %i, %low, %none) {called_computations = [@gt], mhlo.backend_config = {aggregate_to_topk = true, is_fallback = true, recall_target = 0.95 : f32, reduction_dim = 0 : i64, top_k = 4 : i64}} : (tensor<16xf32>, tensor<16xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>)
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xi32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func private @gt(%arg0: tensor<f32>, %arg1: tensor<f32>, %arg2: tensor<i32>, %arg3: tensor<i32>) -> tensor<i1> {
//     %0 = stablehlo.compare GT, %arg0, %arg1 : (tensor<f32>, tensor<f32>) -> tensor<i1>
//     return %0 : tensor<i1>
//   }
//   func.func public @main(%arg0: tensor<16xf32>) -> (tensor<4xf32>, tensor<4xi32>) {
//     %0 = stablehlo.iota dim = 0 : tensor<16xi32>
//     %1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
//     %2 = stablehlo.constant dense<-1> : tensor<i32>
//     %3:2 = "stablehlo.sort"(%arg0, %0) <{dimension = 0 : i64, is_stable = true}> ({
//     ^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>, %arg3: tensor<i32>, %arg4: tensor<i32>):
//       %4 = stablehlo.compare GT, %arg1, %arg2, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
//       stablehlo.return %4 : tensor<i1>
//     }) : (tensor<16xf32>, tensor<16xi32>) -> (tensor<16xf32>, tensor<16xi32>)
//     %5 = stablehlo.slice %3#0 [0:4] : (tensor<16xf32>) -> tensor<4xf32>
//     %6 = stablehlo.slice %3#1 [0:4] : (tensor<16xi32>) -> tensor<4xi32>
//     return %5, %6 : tensor<4xf32>, tensor<4xi32>
//   }
// }
