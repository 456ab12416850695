// test: plan
// A function of the framework is a step of its own. Tokens order calls; those without results stay.
func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  %t = stablehlo.create_token : !stablehlo.token
  %0 = stablehlo.multiply %x, %x : tensor<3xf32>
  %1 = stablehlo.custom_call @mps.callback(%0, %t) {api_version = 4 : i32, backend_config = {handle = 5 : i64}, has_side_effect = true} : (tensor<3xf32>, !stablehlo.token) -> !stablehlo.token
  %2:2 = stablehlo.custom_call @mps.callback(%0, %1) {api_version = 4 : i32, backend_config = {handle = 6 : i64}, has_side_effect = true} : (tensor<3xf32>, !stablehlo.token) -> (tensor<3xf32>, !stablehlo.token)
  %3 = stablehlo.custom_call @mps.callback(%0) {api_version = 4 : i32, backend_config = {handle = 7 : i64}, has_side_effect = true} : (tensor<3xf32>) -> tensor<2xi32>
  %4 = stablehlo.custom_call @mps.callback(%0) {api_version = 4 : i32, backend_config = {handle = 8 : i64}} : (tensor<3xf32>) -> tensor<2xi32>
  %5 = stablehlo.add %2#0, %x : tensor<3xf32>
  return %5 : tensor<3xf32>
}
// ---
// plan  (arena 128 bytes, about 601000 ns)
//   s0: tensor<3xf32> argument 0
//   s1: tensor<0xi1> arena 0
//   s2: tensor<3xf32> arena 0
//   s3: tensor<0xi1> arena 0
//   s4: tensor<3xf32> result 0
//   s5: tensor<0xi1> arena 0
//   s6: tensor<2xi32> arena 64
//   s2 <- kernel(s0)  // stablehlo.multiply at <text>:5
//     rows [3]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = multiply v0, v0 : f32
//       out0[a0] = v1
//   s3 <- callback(s2, s1)  // stablehlo.custom_call at <text>:6
//     Callback(Callback { handle: 5 })
//   s4, s5 <- callback(s2, s3)  // stablehlo.custom_call at <text>:7
//     Callback(Callback { handle: 6 })
//   s6 <- callback(s2)  // stablehlo.custom_call at <text>:8
//     Callback(Callback { handle: 7 })
//   s4 <- kernel(s0, s4)  // stablehlo.add at <text>:10
//     rows [3]
//     stage []
//       v0 = in0[a0] : f32
//       v1 = in1[a0] : f32
//       v2 = add v0, v1 : f32
//       out0[a0] = v2
