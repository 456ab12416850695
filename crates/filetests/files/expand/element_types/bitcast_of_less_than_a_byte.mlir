// test: pass expand
// Elements of less than a byte lie in a byte each: arithmetic joins and parts them.
func.func public @main(%x: tensor<3x2xi4>, %y: tensor<3xi16>) -> (tensor<3xi8>, tensor<3x4xi4>, tensor<3x2xi8>) {
  %0 = stablehlo.bitcast_convert %x : (tensor<3x2xi4>) -> tensor<3xi8>
  %1 = stablehlo.bitcast_convert %y : (tensor<3xi16>) -> tensor<3x4xi4>
  %2 = stablehlo.bitcast_convert %y : (tensor<3xi16>) -> tensor<3x2xi8>
  return %0, %1, %2 : tensor<3xi8>, tensor<3x4xi4>, tensor<3x2xi8>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<3x2xi4>, %arg1: tensor<3xi16>) -> (tensor<3xi8>, tensor<3x4xi4>, tensor<3x2xi8>) {
//     %0 = stablehlo.convert %arg0 : (tensor<3x2xi4>) -> tensor<3x2xui8>
//     %1 = stablehlo.constant dense<15> : tensor<3x2xui8>
//     %2 = stablehlo.and %0, %1 : tensor<3x2xui8>
//     %3 = stablehlo.iota dim = 1 : tensor<3x2xui8>
//     %4 = stablehlo.constant dense<4> : tensor<3x2xui8>
//     %5 = stablehlo.multiply %3, %4 : tensor<3x2xui8>
//     %6 = stablehlo.shift_left %2, %5 : tensor<3x2xui8>
//     %7 = stablehlo.constant dense<0> : tensor<ui8>
//     %8 = stablehlo.reduce(%6 init: %7) applies stablehlo.add across dimensions = [1] : (tensor<3x2xui8>, tensor<ui8>) -> tensor<3xui8>
//     %9 = stablehlo.bitcast_convert %8 : (tensor<3xui8>) -> tensor<3xi8>
//     %10 = stablehlo.bitcast_convert %arg1 : (tensor<3xi16>) -> tensor<3xui16>
//     %11 = stablehlo.broadcast_in_dim %10, dims = [0] : (tensor<3xui16>) -> tensor<3x4xui16>
//     %12 = stablehlo.iota dim = 1 : tensor<3x4xui16>
//     %13 = stablehlo.constant dense<4> : tensor<3x4xui16>
//     %14 = stablehlo.multiply %12, %13 : tensor<3x4xui16>
//     %15 = stablehlo.shift_right_logical %11, %14 : tensor<3x4xui16>
//     %16 = stablehlo.constant dense<15> : tensor<3x4xui16>
//     %17 = stablehlo.and %15, %16 : tensor<3x4xui16>
//     %18 = stablehlo.convert %17 : (tensor<3x4xui16>) -> tensor<3x4xi4>
//     %19 = stablehlo.bitcast_convert %arg1 : (tensor<3xi16>) -> tensor<3x2xi8>
//     return %9, %18, %19 : tensor<3xi8>, tensor<3x4xi4>, tensor<3x2xi8>
//   }
// }
