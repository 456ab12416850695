// test: pass sharding
// A manual computation is its body; device ids are 0.
module @m attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  sdy.mesh @mesh = <["x"=1]>
  func.func public @main(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<ui32>) {
    %0 = sdy.manual_computation(%x) in_shardings=[<@mesh, [{"x"}]>] out_shardings=[<@mesh, [{"x"}]>] manual_axes={"x"} (%a: tensor<8xf32>) {
      %1 = stablehlo.sine %a : tensor<8xf32>
      sdy.return %1 : tensor<8xf32>
    } : (tensor<8xf32>) -> tensor<8xf32>
    %2 = stablehlo.partition_id : tensor<ui32>
    return %0, %2 : tensor<8xf32>, tensor<ui32>
  }
}
// ---
// module @m attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8xf32>) -> (tensor<8xf32>, tensor<ui32>) {
//     %0 = stablehlo.sine %arg0 : tensor<8xf32>
//     %1 = stablehlo.constant dense<0> : tensor<ui32>
//     return %0, %1 : tensor<8xf32>, tensor<ui32>
//   }
// }
