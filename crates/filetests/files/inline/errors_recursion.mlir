// test: pass inline
// Recursion is an error, which the verifier finds first.
func.func private @f(%x: tensor<f32>) -> tensor<f32> { // error: function `f`: the function calls itself, or is called by one that does (recursion)
  %0 = func.call @f(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func public @main(%x: tensor<f32>) -> tensor<f32> {
  %0 = func.call @f(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
