// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-simplify-fold-constants))' | FileCheck %s

// CHECK-LABEL: @chain_of_file
func.func @chain_of_file() -> tensor<4x10xf32> {
  // CHECK: nn.weight #nn.weight<mul(#nn.weight<transpose(#nn.weight<file {name = "w"} : tensor<10x4xf32>>) {permutation = array<i64: 1, 0>} : tensor<4x10xf32>>, #nn.weight<file {name = "s"} : tensor<10xf32>>) : tensor<4x10xf32>>
  // CHECK-NOT: nn.transpose
  // CHECK-NOT: nn.mul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<10x4xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<10xf32>>
  %t = nn.transpose %w [1, 0] : tensor<10x4xf32>
  %r = nn.mul %t, %s : tensor<4x10xf32>, tensor<10xf32>
  return %r : tensor<4x10xf32>
}

// Leaves that are all dense are computed at once.
// CHECK-LABEL: @small_is_dense
func.func @small_is_dense() -> tensor<f32> {
  // CHECK: nn.weight #nn.weight<dense {value = dense<1.250000e-01> : tensor<f32>} : tensor<f32>>
  %d = nn.weight #nn.weight<dense {value = dense<6.400000e+01> : tensor<f32>} : tensor<f32>>
  %one = nn.weight #nn.weight<dense {value = dense<1.000000e+00> : tensor<f32>} : tensor<f32>>
  %s = nn.sqrt %d : tensor<f32>
  %r = nn.div %one, %s : tensor<f32>, tensor<f32>
  return %r : tensor<f32>
}

// Reshapes, and transposes that are no more than that, become one step.
// CHECK-LABEL: @reshapes_join
func.func @reshapes_join() -> tensor<8xf32> {
  // CHECK: nn.weight #nn.weight<reshape(#nn.weight<file {name = "b"} : tensor<1x8x1x1xf32>>) : tensor<8xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<1x8x1x1xf32>>
  %t = nn.transpose %b [0, 2, 3, 1] : tensor<1x8x1x1xf32>
  %r = nn.reshape %t : tensor<1x1x1x8xf32> to tensor<8xf32>
  return %r : tensor<8xf32>
}

// 64 KiB more than its operand: stays an operation.
// CHECK-LABEL: @large_broadcast_stays
func.func @large_broadcast_stays() -> tensor<128x129xf32> {
  // CHECK: nn.broadcast
  %c = nn.weight #nn.weight<dense {value = dense<0.000000e+00> : tensor<f32>} : tensor<f32>>
  %r = nn.broadcast %c : tensor<f32> to tensor<128x129xf32>
  return %r : tensor<128x129xf32>
}

// CHECK-LABEL: @variable_stays
func.func @variable_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: nn.add
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4xf32>>
  %r = nn.add %x, %w : tensor<4xf32>, tensor<4xf32>
  return %r : tensor<4xf32>
}

// An operation that the evaluator does not know stays.
// CHECK-LABEL: @unknown_kind_stays
func.func @unknown_kind_stays() -> tensor<4x4xf32> {
  // CHECK: nn.matmul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4xf32>>
  %r = nn.matmul %w, %w : tensor<4x4xf32>, tensor<4x4xf32>
  return %r : tensor<4x4xf32>
}
