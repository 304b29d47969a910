// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-simplify-split-sliced-matmuls))' | FileCheck %s

// Queries and keys from one product, as an exporter writes them.
// CHECK-LABEL: @heads
func.func @heads(%x: tensor<6x8xf32>) -> (tensor<1x2x2x3x4xf32>, tensor<1x2x2x3x4xf32>) {
  // CHECK-DAG: #nn.weight<slice(#nn.weight<file {name = "w"} : tensor<8x16xf32>>) {sizes = [#nn.size<8>, #nn.size<8>], starts = [#nn.size<0>, #nn.size<0>], steps = array<i64: 1, 1>} : tensor<8x8xf32>>
  // CHECK-DAG: #nn.weight<slice(#nn.weight<file {name = "w"} : tensor<8x16xf32>>) {sizes = [#nn.size<8>, #nn.size<8>], starts = [#nn.size<0>, #nn.size<8>], steps = array<i64: 1, 1>} : tensor<8x8xf32>>
  // CHECK-DAG: #nn.weight<slice(#nn.weight<file {name = "b"} : tensor<16xf32>>) {sizes = [#nn.size<8>], starts = [#nn.size<8>], steps = array<i64: 1>} : tensor<8xf32>>
  // CHECK-NOT: nn.slice
  // CHECK-COUNT-2: nn.matmul %{{.+}} : tensor<6x8xf32>, tensor<8x8xf32>
  // CHECK-NOT: nn.matmul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<16xf32>>
  %0 = nn.matmul %x, %w : tensor<6x8xf32>, tensor<8x16xf32>
  %1 = nn.add %0, %b : tensor<6x16xf32>, tensor<16xf32>
  %2 = nn.reshape %1 : tensor<6x16xf32> to tensor<2x3x2x2x4xf32>
  %3 = nn.transpose %2 [2, 0, 3, 1, 4] : tensor<2x3x2x2x4xf32>
  %q = nn.slice %3 starts [#nn.size<0>, #nn.size<0>, #nn.size<0>, #nn.size<0>, #nn.size<0>] sizes [#nn.size<1>, #nn.size<2>, #nn.size<2>, #nn.size<3>, #nn.size<4>] steps [1, 1, 1, 1, 1] : tensor<2x2x2x3x4xf32>
  %k = nn.slice %3 starts [#nn.size<1>, #nn.size<0>, #nn.size<0>, #nn.size<0>, #nn.size<0>] sizes [#nn.size<1>, #nn.size<2>, #nn.size<2>, #nn.size<3>, #nn.size<4>] steps [1, 1, 1, 1, 1] : tensor<2x2x2x3x4xf32>
  return %q, %k : tensor<1x2x2x3x4xf32>, tensor<1x2x2x3x4xf32>
}

// The whole product is needed too.
// CHECK-LABEL: @other_use
func.func @other_use(%x: tensor<6x8xf32>) -> (tensor<6x16xf32>, tensor<6x4xf32>) {
  // CHECK: nn.slice
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %0 = nn.matmul %x, %w : tensor<6x8xf32>, tensor<8x16xf32>
  %1 = nn.slice %0 starts [#nn.size<0>, #nn.size<4>] sizes [#nn.size<6>, #nn.size<4>] steps [1, 1] : tensor<6x16xf32>
  return %0, %1 : tensor<6x16xf32>, tensor<6x4xf32>
}

// Columns that overlap would be computed twice; rows are no columns.
// CHECK-LABEL: @overlap_and_rows
func.func @overlap_and_rows(%x: tensor<6x8xf32>) -> (tensor<6x9xf32>, tensor<6x9xf32>, tensor<2x16xf32>) {
  // CHECK-COUNT-3: nn.slice
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<8x16xf32>>
  %0 = nn.matmul %x, %w : tensor<6x8xf32>, tensor<8x16xf32>
  %1 = nn.slice %0 starts [#nn.size<0>, #nn.size<0>] sizes [#nn.size<6>, #nn.size<9>] steps [1, 1] : tensor<6x16xf32>
  %2 = nn.slice %0 starts [#nn.size<0>, #nn.size<7>] sizes [#nn.size<6>, #nn.size<9>] steps [1, 1] : tensor<6x16xf32>
  %3 = nn.matmul %x, %v : tensor<6x8xf32>, tensor<8x16xf32>
  %4 = nn.slice %3 starts [#nn.size<0>, #nn.size<0>] sizes [#nn.size<2>, #nn.size<16>] steps [1, 1] : tensor<6x16xf32>
  return %1, %2, %4 : tensor<6x9xf32>, tensor<6x9xf32>, tensor<2x16xf32>
}

// A part of each head lies apart in the columns.
// CHECK-LABEL: @inner_dimension
func.func @inner_dimension(%x: tensor<6x8xf32>) -> tensor<6x2x3xf32> {
  // CHECK: nn.reshape
  // CHECK: nn.slice
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %0 = nn.matmul %x, %w : tensor<6x8xf32>, tensor<8x16xf32>
  %1 = nn.reshape %0 : tensor<6x16xf32> to tensor<6x2x8xf32>
  %2 = nn.slice %1 starts [#nn.size<0>, #nn.size<0>, #nn.size<2>] sizes [#nn.size<6>, #nn.size<2>, #nn.size<3>] steps [1, 1, 1] : tensor<6x2x8xf32>
  return %2 : tensor<6x2x3xf32>
}
