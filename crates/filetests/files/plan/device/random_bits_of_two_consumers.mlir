// test: plan device
// What two kernels use is computed once and kept.
func.func public @main(%key: tensor<2xui32>, %x: tensor<64x1024xf32>, %w: tensor<1024x8xf32>) -> (tensor<64x8xf32>, tensor<64x1024xui32>) {
  %k0 = stablehlo.slice %key [0:1] : (tensor<2xui32>) -> tensor<1xui32>
  %a = stablehlo.reshape %k0 : (tensor<1xui32>) -> tensor<ui32>
  %k1 = stablehlo.slice %key [1:2] : (tensor<2xui32>) -> tensor<1xui32>
  %b = stablehlo.reshape %k1 : (tensor<1xui32>) -> tensor<ui32>
  %i = stablehlo.iota dim = 0 : tensor<65536xui64>
  %l = stablehlo.convert %i : (tensor<65536xui64>) -> tensor<65536xui32>
  %d = stablehlo.reshape %l : (tensor<65536xui32>) -> tensor<64x1024xui32>
  %n = stablehlo.constant dense<32> : tensor<65536xui64>
  %h = stablehlo.shift_right_logical %i, %n : tensor<65536xui64>
  %hl = stablehlo.convert %h : (tensor<65536xui64>) -> tensor<65536xui32>
  %c = stablehlo.reshape %hl : (tensor<65536xui32>) -> tensor<64x1024xui32>
  %0:2 = stablehlo.custom_call @mps.threefry2x32(%a, %b, %c, %d) {api_version = 4 : i32, backend_config = {}} : (tensor<ui32>, tensor<ui32>, tensor<64x1024xui32>, tensor<64x1024xui32>) -> (tensor<64x1024xui32>, tensor<64x1024xui32>)
  %bits = stablehlo.xor %0#0, %0#1 : tensor<64x1024xui32>
  %half = stablehlo.constant dense<2147483648> : tensor<64x1024xui32>
  %keep = stablehlo.compare LT, %bits, %half : (tensor<64x1024xui32>, tensor<64x1024xui32>) -> tensor<64x1024xi1>
  %zero = stablehlo.constant dense<0.0> : tensor<64x1024xf32>
  %dropped = stablehlo.select %keep, %x, %zero : tensor<64x1024xi1>, tensor<64x1024xf32>
  %y = stablehlo.dot_general %dropped, %w, contracting_dims = [1] x [0] : (tensor<64x1024xf32>, tensor<1024x8xf32>) -> tensor<64x8xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %s = "stablehlo.reduce"(%y, %z) <{dimensions = array<i64: 0, 1>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %t = stablehlo.add %p, %q : tensor<f32>
    stablehlo.return %t : tensor<f32>
  }) : (tensor<64x8xf32>, tensor<f32>) -> tensor<f32>
  %u = stablehlo.convert %s : (tensor<f32>) -> tensor<ui32>
  %v = stablehlo.broadcast_in_dim %u, dims = [] : (tensor<ui32>) -> tensor<64x1024xui32>
  %r = stablehlo.add %bits, %v : tensor<64x1024xui32>
  return %y, %r : tensor<64x8xf32>, tensor<64x1024xui32>
}
// ---
// plan  (arena 0 bytes, on the device 262144, about 532960 ns)
//   s0: tensor<2xui32> device argument 0
//   s1: tensor<64x1024xf32> device argument 1
//   s2: tensor<1024x8xf32> device argument 2
//   s3: tensor<64x1024xui32> device result 1
//   s4: tensor<64x1024xf32> device arena 0
//   s5: tensor<64x8xf32> device result 0
//   s6: tensor<f32> device arena 0
//   s3, s4 <- kernel(s0, s1)  // stablehlo.select at <text>:20
//     rows [64, 1024]
//     stage []
//       v0 = in0[0] : ui32
//       v1 = in0[1] : ui32
//       v2 = xor v0, v1 : ui32
//       v3 = 466688986 : ui32
//       v4 = xor v2, v3 : ui32
//       v5 = index a0*1024 + a1 : i32
//       v6 = convert v5 : ui32
//       v7 = add v6, v1 : ui32
//       v8 = add v0, v7 : ui32
//       v9 = 13 : ui32
//       v10 = shift_left v7, v9 : ui32
//       v11 = 19 : ui32
//       v12 = shift_right_logical v7, v11 : ui32
//       v13 = or v10, v12 : ui32
//       v14 = xor v8, v13 : ui32
//       v15 = add v8, v14 : ui32
//       v16 = 15 : ui32
//       v17 = shift_left v14, v16 : ui32
//       v18 = 17 : ui32
//       v19 = shift_right_logical v14, v18 : ui32
//       v20 = or v17, v19 : ui32
//       v21 = xor v15, v20 : ui32
//       v22 = add v15, v21 : ui32
//       v23 = 26 : ui32
//       v24 = shift_left v21, v23 : ui32
//       v25 = 6 : ui32
//       v26 = shift_right_logical v21, v25 : ui32
//       v27 = or v24, v26 : ui32
//       v28 = xor v22, v27 : ui32
//       v29 = add v22, v28 : ui32
//       v30 = add v1, v29 : ui32
//       v31 = shift_left v28, v25 : ui32
//       v32 = shift_right_logical v28, v23 : ui32
//       v33 = or v31, v32 : ui32
//       v34 = xor v29, v33 : ui32
//       v35 = 1 : ui32
//       v36 = add v4, v35 : ui32
//       v37 = add v34, v36 : ui32
//       v38 = add v30, v37 : ui32
//       v39 = shift_left v37, v18 : ui32
//       v40 = shift_right_logical v37, v16 : ui32
//       v41 = or v39, v40 : ui32
//       v42 = xor v38, v41 : ui32
//       v43 = add v38, v42 : ui32
//       v44 = 29 : ui32
//       v45 = shift_left v42, v44 : ui32
//       v46 = 3 : ui32
//       v47 = shift_right_logical v42, v46 : ui32
//       v48 = or v45, v47 : ui32
//       v49 = xor v43, v48 : ui32
//       v50 = add v43, v49 : ui32
//       v51 = 16 : ui32
//       v52 = shift_left v49, v51 : ui32
//       v53 = shift_right_logical v49, v51 : ui32
//       v54 = or v52, v53 : ui32
//       v55 = xor v50, v54 : ui32
//       v56 = add v50, v55 : ui32
//       v57 = add v4, v56 : ui32
//       v58 = 24 : ui32
//       v59 = shift_left v55, v58 : ui32
//       v60 = 8 : ui32
//       v61 = shift_right_logical v55, v60 : ui32
//       v62 = or v59, v61 : ui32
//       v63 = xor v56, v62 : ui32
//       v64 = 2 : ui32
//       v65 = add v0, v64 : ui32
//       v66 = add v63, v65 : ui32
//       v67 = add v57, v66 : ui32
//       v68 = shift_left v66, v9 : ui32
//       v69 = shift_right_logical v66, v11 : ui32
//       v70 = or v68, v69 : ui32
//       v71 = xor v67, v70 : ui32
//       v72 = add v67, v71 : ui32
//       v73 = shift_left v71, v16 : ui32
//       v74 = shift_right_logical v71, v18 : ui32
//       v75 = or v73, v74 : ui32
//       v76 = xor v72, v75 : ui32
//       v77 = add v72, v76 : ui32
//       v78 = shift_left v76, v23 : ui32
//       v79 = shift_right_logical v76, v25 : ui32
//       v80 = or v78, v79 : ui32
//       v81 = xor v77, v80 : ui32
//       v82 = add v77, v81 : ui32
//       v83 = add v0, v82 : ui32
//       v84 = shift_left v81, v25 : ui32
//       v85 = shift_right_logical v81, v23 : ui32
//       v86 = or v84, v85 : ui32
//       v87 = xor v82, v86 : ui32
//       v88 = add v1, v46 : ui32
//       v89 = add v87, v88 : ui32
//       v90 = add v83, v89 : ui32
//       v91 = shift_left v89, v18 : ui32
//       v92 = shift_right_logical v89, v16 : ui32
//       v93 = or v91, v92 : ui32
//       v94 = xor v90, v93 : ui32
//       v95 = add v90, v94 : ui32
//       v96 = shift_left v94, v44 : ui32
//       v97 = shift_right_logical v94, v46 : ui32
//       v98 = or v96, v97 : ui32
//       v99 = xor v95, v98 : ui32
//       v100 = add v95, v99 : ui32
//       v101 = shift_left v99, v51 : ui32
//       v102 = shift_right_logical v99, v51 : ui32
//       v103 = or v101, v102 : ui32
//       v104 = xor v100, v103 : ui32
//       v105 = add v100, v104 : ui32
//       v106 = add v1, v105 : ui32
//       v107 = shift_left v104, v58 : ui32
//       v108 = shift_right_logical v104, v60 : ui32
//       v109 = or v107, v108 : ui32
//       v110 = xor v105, v109 : ui32
//       v111 = 4 : ui32
//       v112 = add v4, v111 : ui32
//       v113 = add v110, v112 : ui32
//       v114 = add v106, v113 : ui32
//       v115 = shift_left v113, v9 : ui32
//       v116 = shift_right_logical v113, v11 : ui32
//       v117 = or v115, v116 : ui32
//       v118 = xor v114, v117 : ui32
//       v119 = add v114, v118 : ui32
//       v120 = shift_left v118, v16 : ui32
//       v121 = shift_right_logical v118, v18 : ui32
//       v122 = or v120, v121 : ui32
//       v123 = xor v119, v122 : ui32
//       v124 = add v119, v123 : ui32
//       v125 = shift_left v123, v23 : ui32
//       v126 = shift_right_logical v123, v25 : ui32
//       v127 = or v125, v126 : ui32
//       v128 = xor v124, v127 : ui32
//       v129 = add v124, v128 : ui32
//       v130 = add v4, v129 : ui32
//       v131 = shift_left v128, v25 : ui32
//       v132 = shift_right_logical v128, v23 : ui32
//       v133 = or v131, v132 : ui32
//       v134 = xor v129, v133 : ui32
//       v135 = 5 : ui32
//       v136 = add v0, v135 : ui32
//       v137 = add v134, v136 : ui32
//       v138 = xor v130, v137 : ui32
//       v139 = 2147483648 : ui32
//       v140 = compare LT NOTYPE v138, v139 : i1
//       v141 = in1[a0*1024 + a1] : f32
//       v142 = 0e0 : f32
//       v143 = select v140, v141, v142 : f32
//       out0[a0*1024 + a1] = v138
//       out1[a0*1024 + a1] = v143
//   s5 <- dot(s4, s2)  // stablehlo.dot_general at <text>:21
//     Dot(Dot { lhs: F32, rhs: F32, out: F32, accumulate: F32, batch: [], m: DotDim { size: 64, lhs: 1024, rhs: 0, out: 8 }, n: DotDim { size: 8, lhs: 0, rhs: 1, out: 1 }, k: DotDim { size: 1024, lhs: 1, rhs: 8, out: 0 } })
//   s6 <- kernel(s5)  // stablehlo.reduce at <text>:23
//     rows []
//     stage [64, 8]
//       v0 = in0[a0*8 + a1] : f32
//       v1 = 0e0 : f32
//       row0 = fold add(v0) from v1
//     stage []
//       v0 = row0 : f32
//       out0[0] = v0
//   s3 <- kernel(s3, s6)  // stablehlo.add at <text>:30
//     rows [64, 1024]
//     stage []
//       v0 = in0[a0*1024 + a1] : ui32
//       v1 = in1[0] : f32
//       v2 = convert v1 : ui32
//       v3 = add v0, v2 : ui32
//       out0[a0*1024 + a1] = v3
