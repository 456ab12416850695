// test: verify
func.func @main(%x: tensor<4x6xf32>, %s: tensor<f32>, %i: tensor<i32>, %u: tensor<2x6xf32>) {
  %0 = "stablehlo.reduce_window"(%x, %i) <{window_dimensions = array<i64: 2, 2>}> ({ // error: stablehlo.reduce_window: tensor<4x6xf32> starts from tensor<i32> (C3)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<i32>) -> tensor<3x5xf32>
  %1 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2>}> ({ // error: stablehlo.reduce_window: window_dimensions has 1 entries for tensor<4x6xf32> (C4)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %2 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 0>}> ({ // error: stablehlo.reduce_window: window_dimensions has 0, which is below 1 (C5)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %3 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>, window_strides = array<i64: 1>}> ({ // error: stablehlo.reduce_window: window_strides has 1 entries, needs 2 (C6)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %4 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>, window_strides = array<i64: 0, 1>}> ({ // error: stablehlo.reduce_window: window_strides has 0, which is below 1 (C7)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %5 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>, base_dilations = array<i64: 0, 1>}> ({ // error: stablehlo.reduce_window: base_dilations has 0, which is below 1 (C9)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %6 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>, window_dilations = array<i64: 0, 1>}> ({ // error: stablehlo.reduce_window: window_dilations has 0, which is below 1 (C11)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %7 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>, padding = dense<[[0, 0]]> : tensor<1x2xi64>}> ({ // error: stablehlo.reduce_window: padding has 1 entries, needs 2 (C12)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  %8 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>}> ({ // error: stablehlo.reduce_window: f32 does not promote to i32 (C13)
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    stablehlo.return %a : tensor<i32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xi32>
  %9 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 2, 2>}> ({ // error: stablehlo.reduce_window: result 0 is tensor<4x6xf32>, needs tensor<3x5xf32> (result type)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %10 = "stablehlo.reduce_window"(%x, %s) <{window_dimensions = array<i64: 9000000000000000000, 2>, window_dilations = array<i64: 9, 1>}> ({ // error: stablehlo.reduce_window: window_dimensions has 9000000000000000000 (limit)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %11 = "stablehlo.select_and_scatter"(%x, %u, %s) <{window_dimensions = array<i64: 2, 1>, window_strides = array<i64: 1, 1>}> ({ // error: stablehlo.select_and_scatter: dimension 0 of the source tensor<2x6xf32> should count 3 windows (C2)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %c = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  }, {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<2x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  return
}
