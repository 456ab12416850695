// test: print
func.func @main(%n: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %v = %x) : tensor<i32>, tensor<4xf32>
  cond {
    %c = stablehlo.compare LT, %i, %n, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  } do {
    %j = stablehlo.add %i, %one : tensor<i32>
    %w = "stablehlo.case"(%i) ({
      stablehlo.return %v : tensor<4xf32>
    }, {
      %s = func.call @twice(%v) : (tensor<4xf32>) -> tensor<4xf32>
      stablehlo.return %s : tensor<4xf32>
    }) : (tensor<i32>) -> tensor<4xf32>
    stablehlo.return %j, %w : tensor<i32>, tensor<4xf32>
  }
  return %r#1 : tensor<4xf32>
}
func.func private @twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.add %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<i32>, %arg1: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.constant dense<0> : tensor<i32>
//     %1 = stablehlo.constant dense<1> : tensor<i32>
//     %2:2 = stablehlo.while(%arg2 = %0, %arg3 = %arg1) : tensor<i32>, tensor<4xf32>
//     cond {
//       %3 = stablehlo.compare LT, %arg2, %arg0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
//       stablehlo.return %3 : tensor<i1>
//     } do {
//       %4 = stablehlo.add %arg2, %1 : tensor<i32>
//       %5 = "stablehlo.case"(%arg2) ({
//         stablehlo.return %arg3 : tensor<4xf32>
//       }, {
//         %6 = func.call @twice(%arg3) : (tensor<4xf32>) -> tensor<4xf32>
//         stablehlo.return %6 : tensor<4xf32>
//       }) : (tensor<i32>) -> tensor<4xf32>
//       stablehlo.return %4, %5 : tensor<i32>, tensor<4xf32>
//     }
//     return %2#1 : tensor<4xf32>
//   }
//   func.func private @twice(%arg0: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.add %arg0, %arg0 : tensor<4xf32>
//     return %0 : tensor<4xf32>
//   }
// }
