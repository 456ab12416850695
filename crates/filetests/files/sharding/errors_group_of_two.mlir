// test: pass sharding
// So are groups of two.
func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.all_to_all"(%x) <{concat_dimension = 0 : i64, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, split_count = 2 : i64, split_dimension = 0 : i64}> : (tensor<4xf32>) -> tensor<4xf32> // error: stablehlo.all_to_all at <text>:4: this program needs 2 devices, but platform mps has 1
  return %0 : tensor<4xf32>
}
