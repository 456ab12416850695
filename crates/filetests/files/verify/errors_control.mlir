// test: verify
func.func private @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @main(%x: tensor<4xf32>, %i: tensor<i32>, %p: tensor<i1>, %s: tensor<f32>) {
  %0 = "stablehlo.case"(%p) ({ // error: stablehlo.case: the index is tensor<i1> (I1)
    stablehlo.return %x : tensor<4xf32>
  }) : (tensor<i1>) -> tensor<4xf32>
  %1 = "stablehlo.case"(%i) ({ // error: stablehlo.case: branch 1 has type () -> (tensor<f32>), needs () -> (tensor<4xf32>) (C3)
    stablehlo.return %x : tensor<4xf32>
  }, {
    stablehlo.return %s : tensor<f32>
  }) : (tensor<i32>) -> tensor<4xf32>
  %2 = "stablehlo.if"(%i) ({ // error: stablehlo.if: the predicate is tensor<i32> (I1)
    stablehlo.return %x : tensor<4xf32>
  }, {
    stablehlo.return %x : tensor<4xf32>
  }) : (tensor<i32>) -> tensor<4xf32>
  %3 = "stablehlo.while"(%x) ({ // error: stablehlo.while: cond has type (tensor<4xf32>) -> (tensor<i32>), needs (tensor<4xf32>) -> (tensor<i1>) (C1)
  ^bb0(%a: tensor<4xf32>):
    stablehlo.return %i : tensor<i32>
  }, {
  ^bb0(%a: tensor<4xf32>):
    stablehlo.return %a : tensor<4xf32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  %4 = "stablehlo.while"(%x) ({ // error: stablehlo.while: body has type (tensor<4xf32>) -> (tensor<f32>), needs (tensor<4xf32>) -> (tensor<4xf32>) (C2)
  ^bb0(%a: tensor<4xf32>):
    stablehlo.return %p : tensor<i1>
  }, {
  ^bb0(%a: tensor<4xf32>):
    stablehlo.return %s : tensor<f32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  %5 = func.call @g(%x) : (tensor<4xf32>) -> tensor<4xf32> // error: stablehlo.call: there is no function `g` (callee)
  %6 = func.call @f(%s) : (tensor<f32>) -> tensor<4xf32> // error: stablehlo.call: `f` has type (tensor<4xf32>) -> (tensor<4xf32>) (callee)
  %7 = "stablehlo.reduce"(%x, %s) <{dimensions = array<i64: 1>}> ({ // error: stablehlo.reduce: dimensions has 1, which is not a dimension of rank 1 (C4)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %8 = "stablehlo.reduce"(%x, %s) <{dimensions = array<i64: 0, 0>}> ({ // error: stablehlo.reduce: dimensions has 0 twice (C5)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  %9 = "stablehlo.reduce"(%x, %i) <{dimensions = array<i64: 0>}> ({ // error: stablehlo.reduce: tensor<4xf32> starts from tensor<i32> (C2)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4xf32>, tensor<i32>) -> tensor<f32>
  %10 = "stablehlo.reduce"(%x, %s) <{dimensions = array<i64: 0>}> ({ // error: stablehlo.reduce: f32 does not promote to f16 (C6)
  ^bb0(%a: tensor<f16>, %b: tensor<f16>):
    stablehlo.return %a : tensor<f16>
  }) : (tensor<4xf32>, tensor<f32>) -> tensor<f16>
  %11 = "stablehlo.sort"(%x) <{dimension = 1 : i64}> ({ // error: stablehlo.sort: dimension is 1 for rank 1 (C4)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %p : tensor<i1>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  %12 = "stablehlo.sort"(%x) <{dimension = 0 : i64}> ({ // error: stablehlo.sort: the comparator has type (tensor<f32>, tensor<f32>) -> (tensor<f32>), needs (tensor<f32>, tensor<f32>) -> (tensor<i1>) (C5)
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  %13 = "stablehlo.map"(%x) <{dimensions = array<i64: 1>}> ({ // error: stablehlo.map: dimensions are [1] for rank 1 (C3)
  ^bb0(%a: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  return
}
