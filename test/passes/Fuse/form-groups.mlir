// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file | FileCheck %s

// A contraction takes bias, residual and activation.
// CHECK-LABEL: func.func @matmul_epilogue
// CHECK-SAME:    (%[[X:.+]]: tensor<8x16xf32>, %[[W:.+]]: tensor<16x4xf32>, %[[B:.+]]: tensor<4xf32>, %[[R:.+]]: tensor<8x4xf32>)
// CHECK:         %[[G:.+]] = kernel.group contract (%[[A0:.+]] = %[[X]] : {{.*}}, %[[A1:.+]] = %[[W]] : {{.*}}, %[[A2:.+]] = %[[B]] : {{.*}}, %[[A3:.+]] = %[[R]] : tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:      %[[M:.+]] = nn.matmul %[[A0]], %[[A1]]
// CHECK-NEXT:      %[[S:.+]] = nn.add %[[M]], %[[A2]]
// CHECK-NEXT:      %[[T:.+]] = nn.add %[[S]], %[[A3]]
// CHECK-NEXT:      %[[U:.+]] = nn.relu %[[T]]
// CHECK-NEXT:      kernel.yield %[[U]]
// CHECK:         return %[[G]]
func.func @matmul_epilogue(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>, %b: tensor<4xf32>, %r: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.add %0, %b : tensor<8x4xf32>, tensor<4xf32>
  %2 = nn.add %1, %r : tensor<8x4xf32>, tensor<8x4xf32>
  %3 = nn.relu %2 : tensor<8x4xf32>
  return %3 : tensor<8x4xf32>
}

// -----

// x * sigmoid(x): the epilogue is a graph, not a chain. The constant is cloned
// into the group; its own operation is gone.
// CHECK-LABEL: func.func @branching_epilogue
// CHECK-NOT:     nn.weight
// CHECK:         kernel.group contract ({{.*}}) -> tensor<8x4xf32> {
// CHECK:           nn.matmul
// CHECK:           %[[C:.+]] = nn.weight
// CHECK:           nn.mul %{{.+}}, %[[C]]
// CHECK:           nn.sigmoid
// CHECK:           nn.mul
// CHECK:           kernel.yield
// CHECK:         return
func.func @branching_epilogue(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %c = nn.weight #nn.weight<dense {value = dense<1.702> : tensor<f32>} : tensor<f32>>
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.mul %0, %c : tensor<8x4xf32>, tensor<f32>
  %2 = nn.sigmoid %1 : tensor<8x4xf32>
  %3 = nn.mul %0, %2 : tensor<8x4xf32>, tensor<8x4xf32>
  return %3 : tensor<8x4xf32>
}

// -----

// One value leaves a contraction: what needs a second one stays outside.
// CHECK-LABEL: func.func @epilogue_stops_at_second_result
// CHECK:         %[[G:.+]] = kernel.group contract
// CHECK:           %[[S:.+]] = nn.add
// CHECK-NEXT:      kernel.yield %[[S]]
// CHECK:         %[[L:.+]] = kernel.group loop (%{{.+}} = %[[G]] : tensor<8x4xf32>)
// CHECK-NEXT:      nn.exp
// CHECK:         return %[[G]], %[[L]]
func.func @epilogue_stops_at_second_result(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>, %b: tensor<4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.add %0, %b : tensor<8x4xf32>, tensor<4xf32>
  %2 = nn.exp %1 : tensor<8x4xf32>
  return %1, %2 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// Where two products meet, the later one takes the addition.
// CHECK-LABEL: func.func @two_products
// CHECK:         %[[P:.+]] = kernel.group contract (
// CHECK-NEXT:      nn.matmul
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group contract ({{.*}}, %{{.+}} = %[[P]] : tensor<8x4xf32>)
// CHECK-NEXT:      nn.matmul
// CHECK-NEXT:      nn.add
func.func @two_products(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>, %v: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.matmul %x, %v : tensor<8x16xf32>, tensor<16x4xf32>
  %2 = nn.add %0, %1 : tensor<8x4xf32>, tensor<8x4xf32>
  return %2 : tensor<8x4xf32>
}

// -----

// The addition depends on the contraction by a second way, through a reduction:
// in the epilogue it would wait for itself.
// CHECK-LABEL: func.func @epilogue_without_cycle
// CHECK:         %[[G:.+]] = kernel.group contract
// CHECK-NEXT:      nn.matmul
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group rows (%{{.+}} = %[[G]] : tensor<8x4xf32>)
// CHECK:           nn.reduce
// CHECK:           nn.sub
// CHECK:           kernel.yield
func.func @epilogue_without_cycle(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.reduce max %0 axes [1] : tensor<8x4xf32>
  %2 = nn.sub %0, %1 : tensor<8x4xf32>, tensor<8x1xf32>
  return %2 : tensor<8x4xf32>
}

// -----

// Operands through index maps, and the transposition of the result.
// CHECK-LABEL: func.func @attention_product
// CHECK:         kernel.group contract
// CHECK-DAG:       nn.slice
// CHECK-DAG:       nn.transpose %{{.+}} [0, 2, 3, 1]
// CHECK:           nn.matmul
// CHECK-NEXT:      nn.transpose %{{.+}} [0, 2, 1, 3]
// CHECK-NEXT:      kernel.yield
// CHECK-NOT:     kernel.group
func.func @attention_product(%q: tensor<1x12x128x64xf32>, %k: tensor<1x256x12x64xf32>) -> tensor<1x128x12x128xf32> {
  %0 = nn.slice %k starts [#nn.size<0>, #nn.size<0>, #nn.size<0>, #nn.size<0>] sizes [#nn.size<1>, #nn.size<128>, #nn.size<12>, #nn.size<64>] steps [1, 1, 1, 1] : tensor<1x256x12x64xf32>
  %1 = nn.transpose %0 [0, 2, 3, 1] : tensor<1x128x12x64xf32>
  %2 = nn.matmul %q, %1 : tensor<1x12x128x64xf32>, tensor<1x12x64x128xf32>
  %3 = nn.transpose %2 [0, 2, 1, 3] : tensor<1x12x128x128xf32>
  return %3 : tensor<1x128x12x128xf32>
}

// -----

// A transposition that contractions alone read is made in each of them.
// CHECK-LABEL: func.func @shared_transpose
// CHECK-COUNT-2: nn.transpose
// CHECK-NOT:     kernel.group loop
func.func @shared_transpose(%x: tensor<16x8xf32>, %w: tensor<16x4xf32>, %v: tensor<16x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %0 = nn.transpose %x [1, 0] : tensor<16x8xf32>
  %1 = nn.matmul %0, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %2 = nn.matmul %0, %v : tensor<8x16xf32>, tensor<16x4xf32>
  return %1, %2 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// Convolutions: dense and grouped are contractions, depthwise is a window; a
// computed filter is nothing that the emitters know.
// CHECK-LABEL: func.func @convolutions
// CHECK:         kernel.group contract
// CHECK-NEXT:      nn.conv
// CHECK-NEXT:      nn.clamp
// CHECK:         kernel.group window
// CHECK-NEXT:      nn.conv
// CHECK-NEXT:      nn.relu
// CHECK:         kernel.group window
// CHECK-NEXT:      nn.pool
// CHECK:         kernel.group serial
// CHECK-NEXT:      nn.conv
func.func @convolutions(%x: tensor<1x8x8x4xf32>, %f: tensor<6x4x1x1xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x8x8x6xf32>) {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x2x3x3xf32>>
  %d = nn.weight #nn.weight<file {name = "d"} : tensor<4x1x3x3xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 2 channels_last : tensor<1x8x8x4xf32>, tensor<4x2x3x3xf32>
  %1 = nn.clamp %0 range(0.0, 6.0) : tensor<1x8x8x4xf32>
  %2 = nn.conv %1, %d strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 4 channels_last : tensor<1x8x8x4xf32>, tensor<4x1x3x3xf32>
  %3 = nn.relu %2 : tensor<1x8x8x4xf32>
  %4 = nn.pool max %3 window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] channels_last : tensor<1x8x8x4xf32>
  %5 = nn.conv %x, %f strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x8x8x4xf32>, tensor<6x4x1x1xf32>
  return %4, %5 : tensor<1x4x4x4xf32>, tensor<1x8x8x6xf32>
}

// -----

// An element-wise operation before a contraction stays outside of it.
// CHECK-LABEL: func.func @no_prologue
// CHECK:         kernel.group loop
// CHECK-NEXT:      nn.relu
// CHECK:         kernel.group contract
// CHECK-NEXT:      nn.matmul
func.func @no_prologue(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %0 = nn.relu %x : tensor<8x16xf32>
  %1 = nn.matmul %0, %w : tensor<8x16xf32>, tensor<16x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

// A view stays outside; so does a transposition of dimensions of size 1, which
// is one.
// CHECK-LABEL: func.func @views
// CHECK-SAME:    (%[[X:.+]]: tensor<1x8x1x4xf32>)
// CHECK:         %[[V:.+]] = nn.reshape %[[X]] : tensor<1x8x1x4xf32> to tensor<8x1x4x1xf32>
// CHECK:         %[[G:.+]] = kernel.group loop (%{{.+}} = %[[V]] :
// CHECK:         %[[R:.+]] = nn.reshape %[[G]] : tensor<8x1x4x1xf32> to tensor<32xf32>
// CHECK:         return %[[R]]
func.func @views(%x: tensor<1x8x1x4xf32>) -> tensor<32xf32> {
  %0 = nn.transpose %x [1, 0, 3, 2] : tensor<1x8x1x4xf32>
  %1 = nn.exp %0 : tensor<8x1x4x1xf32>
  %2 = nn.reshape %1 : tensor<8x1x4x1xf32> to tensor<32xf32>
  return %2 : tensor<32xf32>
}
