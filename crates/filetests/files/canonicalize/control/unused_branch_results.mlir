// test: pass canonicalize
// Branches lose results that nobody uses, and keep the rest.
func.func public @main(%x: tensor<4xf32>, %i: tensor<i32>) -> tensor<4xf32> {
  %0:2 = "stablehlo.case"(%i) ({
    %1 = stablehlo.sine %x : tensor<4xf32>
    stablehlo.return %1, %x : tensor<4xf32>, tensor<4xf32>
  }, {
    %1 = stablehlo.cosine %x : tensor<4xf32>
    stablehlo.return %x, %1 : tensor<4xf32>, tensor<4xf32>
  }) : (tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %0#0 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> tensor<4xf32> {
//     %0 = "stablehlo.case"(%arg1) ({
//       %1 = stablehlo.sine %arg0 : tensor<4xf32>
//       stablehlo.return %1 : tensor<4xf32>
//     }, {
//       stablehlo.return %arg0 : tensor<4xf32>
//     }) : (tensor<i32>) -> tensor<4xf32>
//     return %0 : tensor<4xf32>
//   }
// }
