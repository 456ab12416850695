// test: pass expand
// `if` is a `case` whose branch 0 is false.
func.func public @main(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.if"(%p) ({
    %1 = stablehlo.sine %x : tensor<4xf32>
    stablehlo.return %1 : tensor<4xf32>
  }, {
    stablehlo.return %x : tensor<4xf32>
  }) : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<i1>, %arg1: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.convert %arg0 : (tensor<i1>) -> tensor<i32>
//     %1 = "stablehlo.case"(%0) ({
//       stablehlo.return %arg1 : tensor<4xf32>
//     }, {
//       %2 = stablehlo.sine %arg1 : tensor<4xf32>
//       stablehlo.return %2 : tensor<4xf32>
//     }) : (tensor<i32>) -> tensor<4xf32>
//     return %1 : tensor<4xf32>
//   }
// }
