// RUN: sinter-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @reshape_same
// CHECK-SAME: (%[[X:.+]]: tensor<4x2xf32>)
func.func @reshape_same(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.reshape %x : tensor<4x2xf32> to tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-SAME: (%[[X:.+]]: tensor<4x2xf32>)
func.func @reshape_of_reshape(%x: tensor<4x2xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: %[[R:.+]] = nn.reshape %[[X]] : tensor<4x2xf32> to tensor<2x4xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.reshape %x : tensor<4x2xf32> to tensor<8xf32>
  %1 = nn.reshape %0 : tensor<8xf32> to tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @reshape_there_and_back
// CHECK-SAME: (%[[X:.+]]: tensor<?x2xf32, #nn.dims<[n, 2]>>)
func.func @reshape_there_and_back(%x: tensor<?x2xf32, #nn.dims<[n, 2]>>) -> tensor<?x2xf32, #nn.dims<[n, 2]>> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.reshape %x : tensor<?x2xf32, #nn.dims<[n, 2]>> to tensor<?xf32, #nn.dims<[n * 2]>>
  %1 = nn.reshape %0 : tensor<?xf32, #nn.dims<[n * 2]>> to tensor<?x2xf32, #nn.dims<[n, 2]>>
  return %1 : tensor<?x2xf32, #nn.dims<[n, 2]>>
}

// CHECK-LABEL: func.func @broadcast_same
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>)
func.func @broadcast_same(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.broadcast %x : tensor<4xf32> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @broadcast_kept
func.func @broadcast_kept(%x: tensor<1xf32>) -> tensor<4xf32> {
  // CHECK: nn.broadcast
  %0 = nn.broadcast %x : tensor<1xf32> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @transpose_identity
// CHECK-SAME: (%[[X:.+]]: tensor<2x3xf32>)
func.func @transpose_identity(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.transpose %x [0, 1] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @transpose_kept
func.func @transpose_kept(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // CHECK: nn.transpose %{{.+}} [1, 0]
  %0 = nn.transpose %x [1, 0] : tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// Dimension i of the outer result is dimension inner[outer[i]] of the input.
// CHECK-LABEL: func.func @transpose_of_transpose
// CHECK-SAME: (%[[X:.+]]: tensor<2x3x4x5xf32>)
func.func @transpose_of_transpose(%x: tensor<2x3x4x5xf32>) -> tensor<4x3x5x2xf32> {
  // CHECK-NEXT: %[[T:.+]] = nn.transpose %[[X]] [2, 1, 3, 0] : tensor<2x3x4x5xf32>
  // CHECK-NEXT: return %[[T]]
  %0 = nn.transpose %x [1, 2, 3, 0] : tensor<2x3x4x5xf32>
  %1 = nn.transpose %0 [1, 0, 2, 3] : tensor<3x4x5x2xf32>
  return %1 : tensor<4x3x5x2xf32>
}

// CHECK-LABEL: func.func @transpose_there_and_back
// CHECK-SAME: (%[[X:.+]]: tensor<2x3x4xf32>)
func.func @transpose_there_and_back(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.transpose %x [1, 2, 0] : tensor<2x3x4xf32>
  %1 = nn.transpose %0 [2, 0, 1] : tensor<3x4x2xf32>
  return %1 : tensor<2x3x4xf32>
}

// Equal weights are one operation, and constants stand on the right.
// CHECK-LABEL: func.func @weights
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>)
func.func @weights(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[W:.+]] = nn.weight #nn.weight<file {name = "b"} : tensor<4xf32>>
  // CHECK-NEXT: %[[A:.+]] = nn.add %[[X]], %[[W]]
  // CHECK-NEXT: nn.mul %[[A]], %[[W]]
  %0 = nn.weight #nn.weight<file {name = "b"} : tensor<4xf32>>
  %1 = nn.add %0, %x : tensor<4xf32>, tensor<4xf32>
  %2 = nn.weight #nn.weight<file {name = "b"} : tensor<4xf32>>
  %3 = nn.mul %1, %2 : tensor<4xf32>, tensor<4xf32>
  return %3 : tensor<4xf32>
}
