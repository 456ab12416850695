// test: print
module @sharded attributes {mhlo.num_partitions = 2 : i32, mhlo.num_replicas = 1 : i32} {
  sdy.mesh @mesh = <["x"=2, "y"=1], device_ids=[1, 0]>
  func.func public @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {"y", ?}p1]>}) -> tensor<8x4xf32> {
    %0 = sdy.sharding_constraint %x <@mesh, [{"x":(1)2}, {?}], replicated={"y"}> : tensor<8x4xf32>
    %1 = sdy.manual_computation(%0) in_shardings=[<@mesh, [{"x"}, {}]>] out_shardings=[<@mesh, [{"x"}, {}]>] manual_axes={"x"} (%a: tensor<4x4xf32>) {
      %s = stablehlo.add %a, %a : tensor<4x4xf32>
      sdy.return %s : tensor<4x4xf32>
    } : (tensor<8x4xf32>) -> tensor<8x4xf32>
    return %1 : tensor<8x4xf32>
  }
}
// ---
// module @sharded attributes {mhlo.num_partitions = 2 : i32, mhlo.num_replicas = 1 : i32} {
//   sdy.mesh @mesh = <["x"=2, "y"=1], device_ids=[1, 0]>
//   func.func public @main(%arg0: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {"y", ?}p1]>}) -> tensor<8x4xf32> {
//     %0 = sdy.sharding_constraint %arg0 <@mesh, [{"x":(1)2}, {?}], replicated={"y"}> : tensor<8x4xf32>
//     %1 = sdy.manual_computation(%0) in_shardings=[<@mesh, [{"x"}, {}]>] out_shardings=[<@mesh, [{"x"}, {}]>] manual_axes={"x"} (%arg1: tensor<4x4xf32>) {
//       %2 = stablehlo.add %arg1, %arg1 : tensor<4x4xf32>
//       sdy.return %2 : tensor<4x4xf32>
//     } : (tensor<8x4xf32>) -> tensor<8x4xf32>
//     return %1 : tensor<8x4xf32>
//   }
// }
