// test: plan device
// Shaders bind it too.
module @token {
  func.func public @main() -> !stablehlo.token {
    %token = stablehlo.create_token : !stablehlo.token
    return %token : !stablehlo.token
  }
}
// ---
// plan token (arena 0 bytes, on the device 64, about 300 ns)
//   s0: tensor<0xi1> device arena 0
//   s1: tensor<0xi1> device result 0
//   s1 <- copy(s0)  // return
