// RUN: sinter-opt %s --sinter-prune-apply --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @blocks
// CHECK:         %[[W:.+]] = nn.weight #nn.weight<prune_blocks(#nn.weight<file {name = "w"} : tensor<64x40xf32>>) {column_axis = 1 : i64, keep = 39 : i64, row_axis = 0 : i64, width = 16 : i64} : tensor<64x40xf32>>
// CHECK:         nn.matmul %{{.+}}, %[[W]] {sparse = {count = 39 : i64, form = "blocks"}}
func.func @blocks(%x: tensor<4x64xf32>) -> tensor<4x40xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x40xf32>>
  // 64 rows of 3 blocks: 80 % are 153.6, of which 153 go.
  %0 = nn.matmul %x, %w {plan = {prune = "block:1x16:0.8", prune_reason = "faster", sparse = "blocks"}} : tensor<4x64xf32>, tensor<64x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

// CHECK-LABEL: func.func @wide_blocks
// CHECK:         prune_blocks
// CHECK-SAME:      keep = 32 : i64, row_axis = 0 : i64, width = 32 : i64
// CHECK:         sparse = {count = 64 : i64, form = "blocks"}
func.func @wide_blocks(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x32xf32>>
  %0 = nn.matmul %x, %w {plan = {prune = "block:1x32:0.5", sparse = "blocks"}} : tensor<4x64xf32>, tensor<64x32xf32>
  return %0 : tensor<4x32xf32>
}

// -----

// CHECK-LABEL: func.func @groups
// CHECK:         nn.weight #nn.weight<prune_groups(#nn.weight<file {name = "f"} : tensor<24x8x1x1xf32>>) {column_axis = 0 : i64, group = 4 : i64, keep = 2 : i64, row_axis = 1 : i64} : tensor<24x8x1x1xf32>>
// CHECK:         nn.conv
// CHECK-SAME:      {plan = {precision = "fp32"}, sparse = {count = 96 : i64, form = "elements"}}
func.func @groups(%x: tensor<1x4x4x8xf32>) -> tensor<1x2x2x24xf32> {
  %w = nn.weight #nn.weight<file {name = "f"} : tensor<24x8x1x1xf32>>
  %0 = nn.conv %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last {plan = {precision = "fp32", prune = "2:4", sparse = "elements"}} : tensor<1x4x4x8xf32>, tensor<24x8x1x1xf32>
  return %0 : tensor<1x2x2x24xf32>
}

// -----

// Pruned, but read by the dense kernel.
// CHECK-LABEL: func.func @dense_kernel
// CHECK:         prune_blocks
// CHECK:         nn.matmul
// CHECK-NOT:     sparse
// CHECK-NOT:     plan
func.func @dense_kernel(%x: tensor<4x64xf32>) -> tensor<4x40xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x40xf32>>
  %0 = nn.matmul %x, %w {plan = {prune = "0.5", sparse = "dense"}} : tensor<4x64xf32>, tensor<64x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

// As it is, read by a sparse kernel: what is stored is counted.
// CHECK-LABEL: func.func @given
// CHECK-NOT:     prune
// CHECK:         sparse = {count = 3 : i64, form = "elements"}
func.func @given(%x: tensor<4x4xf32>) -> tensor<4x2xf32> {
  %w = nn.weight #nn.weight<dense {value = dense<[[1., 0.], [0., 2.], [3., 0.], [0., 0.]]> : tensor<4x2xf32>} : tensor<4x2xf32>>
  %0 = nn.matmul %x, %w {plan = {prune_reason = "faster", sparse = "elements"}} : tensor<4x4xf32>, tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @others
// CHECK:         plan = {precision = "w8a8"}
func.func @others(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = nn.matmul %x, %x {plan = {precision = "w8a8"}} : tensor<4x4xf32>, tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
