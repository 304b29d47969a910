// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-simplify-flatten-matmuls))' | FileCheck %s

// Product, bias, activation and residual are one chain of rank 2.
// CHECK-LABEL: @chain
// CHECK-SAME: (%[[X:[^:]+]]: tensor<?x16x64xf32, #nn.dims<[n, 16, 64]>>, %[[Y:[^:]+]]:
func.func @chain(%x: tensor<?x16x64xf32, #nn.dims<[n, 16, 64]>>, %y: tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>) -> tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>> {
  // CHECK-DAG: %[[A:.+]] = nn.reshape %[[X]] {{.*}} to tensor<?x64xf32, #nn.dims<[{{n \* 16|16 \* n}}, 64]>>
  // CHECK-DAG: %[[M:.+]] = nn.matmul %[[A]], %{{.+}} : {{.*}} tensor<64x8xf32>
  // CHECK-DAG: %[[B:.+]] = nn.add %[[M]], %{{.+}} tensor<8xf32>
  // CHECK-DAG: %[[T:.+]] = nn.tanh %[[B]]
  // CHECK-DAG: %[[R:.+]] = nn.reshape %[[Y]]
  // CHECK: %[[S:.+]] = nn.add %[[T]], %[[R]]
  // CHECK: %[[Z:.+]] = nn.reshape %[[S]] {{.*}} to tensor<?x16x8xf32
  // CHECK: return %[[Z]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x8xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<8xf32>>
  %0 = nn.matmul %x, %w : tensor<?x16x64xf32, #nn.dims<[n, 16, 64]>>, tensor<64x8xf32>
  %1 = nn.add %0, %b : tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>, tensor<8xf32>
  %2 = nn.tanh %1 : tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>
  %3 = nn.add %2, %y : tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>, tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>
  return %3 : tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>
}

// Two products in a row need no reshape between them, nor does a row mean.
// CHECK-LABEL: @two_products
func.func @two_products(%x: tensor<2x3x4xf32>) -> tensor<2x3x1xf32> {
  // CHECK: nn.reshape
  // CHECK: nn.matmul
  // CHECK-NEXT: nn.matmul
  // CHECK-NEXT: nn.reduce mean %{{.+}} axes [1] : tensor<6x4xf32>
  // CHECK-NEXT: nn.reshape
  // CHECK-NEXT: return
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4xf32>>
  %0 = nn.matmul %x, %w : tensor<2x3x4xf32>, tensor<4x4xf32>
  %1 = nn.matmul %0, %w : tensor<2x3x4xf32>, tensor<4x4xf32>
  %2 = nn.reduce mean %1 axes [2] : tensor<2x3x4xf32>
  return %2 : tensor<2x3x1xf32>
}

// A reduction over a part of a joined dimension stops the reshape.
// CHECK-LABEL: @reduce_of_a_part
func.func @reduce_of_a_part(%x: tensor<2x3x4xf32>) -> tensor<2x1x4xf32> {
  // CHECK: nn.matmul
  // CHECK: nn.reshape {{.*}} to tensor<2x3x4xf32>
  // CHECK: nn.reduce sum %{{.+}} axes [1] : tensor<2x3x4xf32>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4xf32>>
  %0 = nn.matmul %x, %w : tensor<2x3x4xf32>, tensor<4x4xf32>
  %1 = nn.reduce sum %0 axes [1] : tensor<2x3x4xf32>
  return %1 : tensor<2x1x4xf32>
}

// [1, 3, 1] repeats along a part of the joined rows: no view of it would do.
// CHECK-LABEL: @partial_broadcast_stops
func.func @partial_broadcast_stops(%x: tensor<2x3x4xf32>, %p: tensor<1x3x1xf32>) -> tensor<2x3x4xf32> {
  // CHECK: nn.add %{{.+}} : tensor<2x3x4xf32>, tensor<1x3x1xf32>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4xf32>>
  %0 = nn.matmul %x, %w : tensor<2x3x4xf32>, tensor<4x4xf32>
  %1 = nn.add %0, %p : tensor<2x3x4xf32>, tensor<1x3x1xf32>
  return %1 : tensor<2x3x4xf32>
}

// A scale behind the split into heads goes back to the product.
// CHECK-LABEL: @scale_behind_split
func.func @scale_behind_split(%x: tensor<6x8xf32>) -> tensor<2x3x2x4xf32> {
  // CHECK: nn.matmul
  // CHECK: nn.mul %{{.+}} : tensor<6x8xf32>, tensor<f32>
  // CHECK: nn.reshape
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %0 = nn.matmul %x, %w : tensor<6x8xf32>, tensor<8x8xf32>
  %1 = nn.reshape %0 : tensor<6x8xf32> to tensor<2x3x2x4xf32>
  %2 = nn.mul %1, %s : tensor<2x3x2x4xf32>, tensor<f32>
  return %2 : tensor<2x3x2x4xf32>
}

// The kernel reads through the transpose; flattening would have to store it.
// CHECK-LABEL: @transposed_input_stays
func.func @transposed_input_stays(%x: tensor<2x4x3xf32>) -> tensor<2x3x5xf32> {
  // CHECK: nn.matmul %{{.+}} : tensor<2x3x4xf32>, tensor<4x5xf32>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x5xf32>>
  %t = nn.transpose %x [0, 2, 1] : tensor<2x4x3xf32>
  %0 = nn.matmul %t, %w : tensor<2x3x4xf32>, tensor<4x5xf32>
  return %0 : tensor<2x3x5xf32>
}

// The product is used elsewhere too: the sum stays with the scaled copy, which has
// rank 3 because of %s.
// CHECK-LABEL: @shared_product
func.func @shared_product(%x: tensor<2x3x4xf32>, %s: tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: nn.mul %{{.+}} : tensor<2x3x4xf32>, tensor<2x1x4xf32>
  // CHECK-NEXT: nn.add %{{.+}} : tensor<2x3x4xf32>, tensor<2x3x4xf32>
  // CHECK-NEXT: return
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4xf32>>
  %0 = nn.matmul %x, %w : tensor<2x3x4xf32>, tensor<4x4xf32>
  %1 = nn.mul %0, %s : tensor<2x3x4xf32>, tensor<2x1x4xf32>
  %2 = nn.add %0, %1 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
  return %2 : tensor<2x3x4xf32>
}
