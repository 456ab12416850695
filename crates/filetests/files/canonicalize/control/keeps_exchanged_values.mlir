// test: pass canonicalize
// Kept: values that loops exchange.
func.func public @main(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: tensor<i32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0:3 = stablehlo.while(%i = %zero, %a = %x, %b = %y) : tensor<i32>, tensor<4xf32>, tensor<4xf32>
  cond {
    %1 = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %2 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %2, %b, %a : tensor<i32>, tensor<4xf32>, tensor<4xf32>
  }
  return %0#1 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<i32>) -> tensor<4xf32> {
//     %0 = stablehlo.constant dense<0> : tensor<i32>
//     %1 = stablehlo.constant dense<1> : tensor<i32>
//     %2:3 = stablehlo.while(%arg3 = %0, %arg4 = %arg0, %arg5 = %arg1) : tensor<i32>, tensor<4xf32>, tensor<4xf32>
//     cond {
//       %3 = stablehlo.compare LT, %arg3, %arg2 : (tensor<i32>, tensor<i32>) -> tensor<i1>
//       stablehlo.return %3 : tensor<i1>
//     } do {
//       %4 = stablehlo.add %arg3, %1 : tensor<i32>
//       stablehlo.return %4, %arg5, %arg4 : tensor<i32>, tensor<4xf32>, tensor<4xf32>
//     }
//     return %2#1 : tensor<4xf32>
//   }
// }
