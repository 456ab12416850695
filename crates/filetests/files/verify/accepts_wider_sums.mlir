// test: verify
// A combiner may be wider than what it combines.
func.func @main(%x: tensor<4xbf16>, %s: tensor<bf16>) -> tensor<f32> {
  %0 = "stablehlo.reduce"(%x, %s) <{dimensions = array<i64: 0>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %1 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %1 : tensor<f32>
  }) : (tensor<4xbf16>, tensor<bf16>) -> tensor<f32>
  return %0 : tensor<f32>
}
