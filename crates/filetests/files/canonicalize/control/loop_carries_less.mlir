// test: pass canonicalize
// A loop carries what changes and matters: not %a, which stays, nor %b, which nobody uses.
func.func public @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0:4 = stablehlo.while(%i = %zero, %a = %x, %b = %y, %c = %x) : tensor<i32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  cond {
    %ten = stablehlo.constant dense<10> : tensor<i32>
    %1 = stablehlo.compare LT, %i, %ten : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %2 = stablehlo.add %i, %one : tensor<i32>
    %3 = stablehlo.sine %b : tensor<4xf32>
    %4 = stablehlo.add %c, %a : tensor<4xf32>
    stablehlo.return %2, %a, %3, %4 : tensor<i32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
  return %0#3 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.constant dense<0> : tensor<i32>
//     %1 = stablehlo.constant dense<10> : tensor<i32>
//     %2 = stablehlo.constant dense<1> : tensor<i32>
//     %3:2 = stablehlo.while(%arg2 = %0, %arg3 = %arg0) : tensor<i32>, tensor<4xf32>
//     cond {
//       %4 = stablehlo.compare LT, %arg2, %1 : (tensor<i32>, tensor<i32>) -> tensor<i1>
//       stablehlo.return %4 : tensor<i1>
//     } do {
//       %5 = stablehlo.add %arg2, %2 : tensor<i32>
//       %6 = stablehlo.add %arg0, %arg3 : tensor<4xf32>
//       stablehlo.return %5, %6 : tensor<i32>, tensor<4xf32>
//     }
//     return %3#1 : tensor<4xf32>
//   }
// }
