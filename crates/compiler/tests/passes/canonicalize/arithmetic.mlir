// Neutral elements of integers.
func.func public @main(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) {
  %zero = stablehlo.constant dense<0> : tensor<4xi32>
  %one = stablehlo.constant dense<1> : tensor<4xi32>
  %ones = stablehlo.constant dense<-1> : tensor<4xi32>
  %0 = stablehlo.add %zero, %x : tensor<4xi32>
  %1 = stablehlo.multiply %x, %one : tensor<4xi32>
  %2 = stablehlo.and %x, %ones : tensor<4xi32>
  %3 = stablehlo.shift_left %x, %zero : tensor<4xi32>
  return %0, %1, %2, %3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}
// ==>
func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) {
  return %arg0, %arg0, %arg0, %arg0 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}
// -----
// Floats: x + -0, x - 0 and x * 1 are x.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %minus = stablehlo.constant dense<-0.0> : tensor<4xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %one = stablehlo.constant dense<1.0> : tensor<4xf32>
  %0 = stablehlo.add %x, %minus : tensor<4xf32>
  %1 = stablehlo.subtract %x, %zero : tensor<4xf32>
  %2 = stablehlo.multiply %one, %x : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  return %arg0, %arg0, %arg0 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// -----
// Kept: -0 + 0 is 0, inf * 0 is NaN, NaN - NaN is NaN.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %0 = stablehlo.add %x, %zero : tensor<4xf32>
  %1 = stablehlo.multiply %x, %zero : tensor<4xf32>
  %2 = stablehlo.subtract %x, %x : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.constant dense<0.0> : tensor<4xf32>
  %1 = stablehlo.add %arg0, %0 : tensor<4xf32>
  %2 = stablehlo.multiply %arg0, %0 : tensor<4xf32>
  %3 = stablehlo.subtract %arg0, %arg0 : tensor<4xf32>
  return %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// -----
// Absorbing elements and equal operands of integers.
func.func public @main(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>) {
  %zero = stablehlo.constant dense<0> : tensor<4xi32>
  %0 = stablehlo.multiply %x, %zero : tensor<4xi32>
  %1 = stablehlo.xor %x, %x : tensor<4xi32>
  %2 = stablehlo.maximum %x, %x : tensor<4xi32>
  %3 = stablehlo.compare LE, %x, %x : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
  return %0, %1, %2, %3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>
}
// ==>
func.func public @main(%arg0: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>) {
  %0 = stablehlo.constant dense<0> : tensor<4xi32>
  %1 = stablehlo.constant dense<true> : tensor<4xi1>
  return %0, %0, %arg0, %1 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>
}
// -----
// Constants of integer sums are joined.
func.func public @main(%x: tensor<4xi32>) -> tensor<4xi32> {
  %c = stablehlo.constant dense<3> : tensor<4xi32>
  %0 = stablehlo.add %c, %x : tensor<4xi32>
  %1 = stablehlo.add %0, %c : tensor<4xi32>
  return %1 : tensor<4xi32>
}
// ==>
func.func public @main(%arg0: tensor<4xi32>) -> tensor<4xi32> {
  %0 = stablehlo.constant dense<6> : tensor<4xi32>
  %1 = stablehlo.add %arg0, %0 : tensor<4xi32>
  return %1 : tensor<4xi32>
}
// -----
// Kept: joining constants of floats rounds differently.
func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = stablehlo.constant dense<0.1> : tensor<4xf32>
  %0 = stablehlo.add %x, %c : tensor<4xf32>
  %1 = stablehlo.add %0, %c : tensor<4xf32>
  return %1 : tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.constant dense<0.1> : tensor<4xf32>
  %1 = stablehlo.add %arg0, %0 : tensor<4xf32>
  %2 = stablehlo.add %1, %0 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
// -----
// Powers, and division by a power of two; division by three is kept.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %two = stablehlo.constant dense<2.0> : tensor<4xf32>
  %three = stablehlo.constant dense<3.0> : tensor<4xf32>
  %0 = stablehlo.power %x, %two : tensor<4xf32>
  %1 = stablehlo.divide %x, %two : tensor<4xf32>
  %2 = stablehlo.divide %x, %three : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.constant dense<3.0> : tensor<4xf32>
  %1 = stablehlo.multiply %arg0, %arg0 : tensor<4xf32>
  %2 = stablehlo.constant dense<0.5> : tensor<4xf32>
  %3 = stablehlo.multiply %arg0, %2 : tensor<4xf32>
  %4 = stablehlo.divide %arg0, %0 : tensor<4xf32>
  return %1, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// -----
// Constants are evaluated in their type, splats of any size.
func.func public @main() -> (tensor<3xi8>, tensor<1000000xf32>) {
  %a = stablehlo.constant dense<[100, -100, 1]> : tensor<3xi8>
  %b = stablehlo.constant dense<2.0> : tensor<1000000xf32>
  %0 = stablehlo.add %a, %a : tensor<3xi8>
  %1 = stablehlo.sqrt %b : tensor<1000000xf32>
  return %0, %1 : tensor<3xi8>, tensor<1000000xf32>
}
// ==>
func.func public @main() -> (tensor<3xi8>, tensor<1000000xf32>) {
  %0 = stablehlo.constant dense<[-56, 56, 2]> : tensor<3xi8>
  %1 = stablehlo.constant dense<1.4142135> : tensor<1000000xf32>
  return %0, %1 : tensor<3xi8>, tensor<1000000xf32>
}
// -----
// Operations that undo each other; parts of complex numbers.
func.func public @main(%x: tensor<4xf32>, %z: tensor<4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>) {
  %0 = stablehlo.negate %x : tensor<4xf32>
  %1 = stablehlo.negate %0 : tensor<4xf32>
  %2 = stablehlo.complex %x, %0 : tensor<4xcomplex<f32>>
  %3 = stablehlo.imag %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %4 = stablehlo.real %z : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %5 = stablehlo.imag %z : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %6 = stablehlo.complex %4, %5 : tensor<4xcomplex<f32>>
  return %1, %3, %6 : tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xcomplex<f32>>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>) {
  %0 = stablehlo.negate %arg0 : tensor<4xf32>
  return %arg0, %0, %arg1 : tensor<4xf32>, tensor<4xf32>, tensor<4xcomplex<f32>>
}
// -----
// The high half of a 64-bit counter that stays below 2^32 is zero; the low half counts in 32 bits.
func.func public @main() -> (tensor<8xui32>, tensor<8xui32>) {
  %0 = stablehlo.iota dim = 0 : tensor<8xui64>
  %c = stablehlo.constant dense<32> : tensor<8xui64>
  %1 = stablehlo.shift_right_logical %0, %c : tensor<8xui64>
  %2 = stablehlo.convert %1 : (tensor<8xui64>) -> tensor<8xui32>
  %3 = stablehlo.convert %0 : (tensor<8xui64>) -> tensor<8xui32>
  return %2, %3 : tensor<8xui32>, tensor<8xui32>
}
// ==>
func.func public @main() -> (tensor<8xui32>, tensor<8xui32>) {
  %0 = stablehlo.constant dense<0> : tensor<8xui32>
  %1 = stablehlo.iota dim = 0 : tensor<8xui32>
  return %0, %1 : tensor<8xui32>, tensor<8xui32>
}
// -----
// Kept: a count of 200 wraps in i8.
func.func public @main() -> tensor<200xi8> {
  %0 = stablehlo.iota dim = 0 : tensor<200xi32>
  %1 = stablehlo.convert %0 : (tensor<200xi32>) -> tensor<200xi8>
  return %1 : tensor<200xi8>
}
// ==>
func.func public @main() -> tensor<200xi8> {
  %0 = stablehlo.iota dim = 0 : tensor<200xi32>
  %1 = stablehlo.convert %0 : (tensor<200xi32>) -> tensor<200xi8>
  return %1 : tensor<200xi8>
}
