// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-outline-pack-weights))' --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @blocks
// CHECK-DAG:     %[[S:.+]] = nn.weight #nn.weight<pack_sparse(#nn.weight<file {name = "fc"} : tensor<64x40xf32>>) {column_axis = 1 : i64, part = "starts", row_axis = 0 : i64, width = 16 : i64} : tensor<4xi32>>
// CHECK-DAG:     %[[I:.+]] = nn.weight #nn.weight<pack_sparse({{.+}}) {column_axis = 1 : i64, part = "indices", row_axis = 0 : i64, width = 16 : i64} : tensor<39xi32>>
// CHECK-DAG:     %[[V:.+]] = nn.weight #nn.weight<pack_sparse({{.+}}) {column_axis = 1 : i64, part = "values", row_axis = 0 : i64, width = 16 : i64} : tensor<39x16xf32>>
// CHECK:         kernel.group contract (%{{.+}} = %{{.+}} : tensor<8x64xf32>, %[[A:.+]] = %[[S]] : tensor<4xi32>, %[[B:.+]] = %[[I]] : tensor<39xi32>, %[[C:.+]] = %[[V]] : tensor<39x16xf32>)
// CHECK-NEXT:      %[[U:.+]] = kernel.unpack_sparse %[[A]], %[[B]], %[[C]] : tensor<4xi32>, tensor<39xi32>, tensor<39x16xf32> -> tensor<64x40xf32>
// CHECK-NEXT:      nn.matmul %{{.+}}, %[[U]] : tensor<8x64xf32>, tensor<64x40xf32>
func.func @blocks(%x: tensor<8x64xf32>) -> tensor<8x40xf32> {
  %w = nn.weight #nn.weight<file {name = "fc"} : tensor<64x40xf32>>
  %0 = kernel.group contract (%a = %x : tensor<8x64xf32>, %b = %w : tensor<64x40xf32>) -> tensor<8x40xf32> {
    %1 = nn.matmul %a, %b {sparse = {count = 39 : i64, form = "blocks"}} : tensor<8x64xf32>, tensor<64x40xf32>
    kernel.yield %1 : tensor<8x40xf32>
  }
  return %0 : tensor<8x40xf32>
}

// -----

// 65 rows are two depths of 64, of 24 columns each.
// CHECK-LABEL: func.func @elements
// CHECK-DAG:     nn.weight #nn.weight<pack_sparse({{.+}}) {column_axis = 0 : i64, part = "starts", row_axis = 1 : i64, width = 1 : i64} : tensor<49xi32>>
// CHECK-DAG:     nn.weight #nn.weight<pack_sparse({{.+}}) {column_axis = 0 : i64, part = "values", row_axis = 1 : i64, width = 1 : i64} : tensor<96xf32>>
// CHECK:         kernel.unpack_sparse %{{.+}} : tensor<49xi32>, tensor<96xi32>, tensor<96xf32> -> tensor<24x65x1x1xf32>
func.func @elements(%x: tensor<1x4x4x65xf32>) -> tensor<1x2x2x24xf32> {
  %w = nn.weight #nn.weight<file {name = "f"} : tensor<24x65x1x1xf32>>
  %0 = kernel.group contract (%a = %x : tensor<1x4x4x65xf32>, %b = %w : tensor<24x65x1x1xf32>) -> tensor<1x2x2x24xf32> {
    %1 = nn.conv %a, %b strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last {sparse = {count = 96 : i64, form = "elements"}} : tensor<1x4x4x65xf32>, tensor<24x65x1x1xf32>
    kernel.yield %1 : tensor<1x2x2x24xf32>
  }
  return %0 : tensor<1x2x2x24xf32>
}
