// RUN: sinter-opt %s -split-input-file --pass-pipeline='builtin.module(func.func(sinter-simplify-canonicalize-ops))' | FileCheck %s

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

// CHECK-LABEL: @neutral
// CHECK-SAME: (%[[X:.+]]: tensor<8xf32>)
// CHECK-NEXT: return %[[X]]
func.func @neutral(%x: tensor<8xf32>) -> tensor<8xf32> {
  %zero = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<f32>} : tensor<f32>>
  %one = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<1xf32>} : tensor<1xf32>>
  %0 = nn.add %zero, %x : tensor<f32>, tensor<8xf32>
  %1 = nn.mul %0, %one : tensor<8xf32>, tensor<1xf32>
  %2 = nn.sub %1, %zero : tensor<8xf32>, tensor<f32>
  %3 = nn.div %2, %one : tensor<8xf32>, tensor<1xf32>
  return %3 : tensor<8xf32>
}

// A constant that enlarges the result is not neutral.
// CHECK-LABEL: @neutral_but_larger
func.func @neutral_but_larger(%x: tensor<1xf32>) -> tensor<8xf32> {
  // CHECK: nn.add
  %zero = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<8xf32>} : tensor<8xf32>>
  %0 = nn.add %x, %zero : tensor<1xf32>, tensor<8xf32>
  return %0 : tensor<8xf32>
}

// 1 - x and 1 / x are not x.
// CHECK-LABEL: @not_neutral_on_the_left
func.func @not_neutral_on_the_left(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: nn.sub
  // CHECK: nn.div
  %zero = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<f32>} : tensor<f32>>
  %one = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<f32>} : tensor<f32>>
  %0 = nn.sub %zero, %x : tensor<f32>, tensor<8xf32>
  %1 = nn.div %one, %0 : tensor<f32>, tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: @reciprocal
func.func @reciprocal(%x: tensor<8xf32>, %i: tensor<8xi64>) -> (tensor<8xf32>, tensor<8xi64>) {
  // CHECK-DAG: %[[R:.+]] = nn.weight #nn.weight<dense {value = dense<1.250000e-01> : tensor<f32>} : tensor<f32>>
  // CHECK-DAG: nn.mul %{{.+}}, %[[R]]
  // CHECK-DAG: nn.div %{{.+}} : tensor<8xi64>
  %c = nn.weight #nn.weight<dense {value = dense<8.0> : tensor<f32>} : tensor<f32>>
  %n = nn.weight #nn.weight<dense {value = dense<8> : tensor<i64>} : tensor<i64>>
  %0 = nn.div %x, %c : tensor<8xf32>, tensor<f32>
  %1 = nn.div %i, %n : tensor<8xi64>, tensor<i64>
  return %0, %1 : tensor<8xf32>, tensor<8xi64>
}

// CHECK-LABEL: @division_by_zero_stays
func.func @division_by_zero_stays(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: nn.div
  %c = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<f32>} : tensor<f32>>
  %0 = nn.div %x, %c : tensor<8xf32>, tensor<f32>
  return %0 : tensor<8xf32>
}

// One division for each row; a divisor for each element stays.
// CHECK-LABEL: @division_by_row
// CHECK-SAME: (%[[X:.+]]: tensor<4x8xf32>, %[[R:.+]]: tensor<4x1xf32>, %[[Y:.+]]: tensor<4x8xf32>)
func.func @division_by_row(%x: tensor<4x8xf32>, %r: tensor<4x1xf32>, %y: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: %[[I:.+]] = nn.div %{{.+}}, %[[R]] : tensor<f32>, tensor<4x1xf32>
  // CHECK: nn.mul %[[X]], %[[I]]
  // CHECK: nn.div %[[X]], %[[Y]]
  %0 = nn.div %x, %r : tensor<4x8xf32>, tensor<4x1xf32>
  %1 = nn.div %x, %y : tensor<4x8xf32>, tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: @factors_join
func.func @factors_join(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: %[[C:.+]] = nn.weight #nn.weight<dense {value = dense<6.000000e+00> : tensor<f32>} : tensor<f32>>
  // CHECK-NEXT: nn.mul %{{.+}}, %[[C]]
  // CHECK-NEXT: return
  %a = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
  %b = nn.weight #nn.weight<dense {value = dense<3.0> : tensor<f32>} : tensor<f32>>
  %0 = nn.mul %x, %a : tensor<8xf32>, tensor<f32>
  %1 = nn.mul %b, %0 : tensor<f32>, tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: @powers
// CHECK-SAME: (%[[X:.+]]: tensor<8xf32>)
func.func @powers(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-DAG: nn.mul %[[X]], %[[X]] :
  // CHECK-DAG: nn.sqrt %[[X]] :
  // CHECK-DAG: nn.pow %[[X]]
  %two = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
  %half = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %odd = nn.weight #nn.weight<dense {value = dense<1.7> : tensor<f32>} : tensor<f32>>
  %0 = nn.pow %x, %two : tensor<8xf32>, tensor<f32>
  %1 = nn.pow %x, %half : tensor<8xf32>, tensor<f32>
  %2 = nn.pow %x, %odd : tensor<8xf32>, tensor<f32>
  return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: @constant_condition
// CHECK-SAME: (%[[X:.+]]: tensor<8xf32>, %[[Y:.+]]: tensor<8xf32>)
// CHECK-NEXT: return %[[Y]]
func.func @constant_condition(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %c = nn.weight #nn.weight<dense {value = dense<false> : tensor<1xi1>} : tensor<1xi1>>
  %0 = nn.where %c, %x, %y : tensor<1xi1>, tensor<8xf32>, tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: @casts
// CHECK-SAME: (%[[X:.+]]: tensor<8xi32>, %[[Y:.+]]: tensor<8xf32>)
func.func @casts(%x: tensor<8xi32>, %y: tensor<8xf32>) -> (tensor<8xf64>, tensor<8xf32>, tensor<8xf32>) {
  // An exact step is skipped, a rounding one is kept, a cast to the same type goes.
  // CHECK: %[[A:.+]] = nn.cast %[[X]] : tensor<8xi32> to tensor<8xf64>
  // CHECK: %[[B:.+]] = nn.cast %[[Y]] : tensor<8xf32> to tensor<8xi32>
  // CHECK: %[[C:.+]] = nn.cast %[[B]] : tensor<8xi32> to tensor<8xf32>
  // CHECK: return %[[A]], %[[C]], %[[Y]]
  %0 = nn.cast %x : tensor<8xi32> to tensor<8xi64>
  %1 = nn.cast %0 : tensor<8xi64> to tensor<8xf64>
  %2 = nn.cast %y : tensor<8xf32> to tensor<8xi32>
  %3 = nn.cast %2 : tensor<8xi32> to tensor<8xf32>
  %4 = nn.cast %y : tensor<8xf32> to tensor<8xf32>
  return %1, %3, %4 : tensor<8xf64>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: @limits
func.func @limits(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-COUNT-1: nn.clamp %{{.+}} range(0.000000e+00, 6.000000e+00)
  // CHECK-NOT: nn.relu
  // CHECK-NOT: nn.min
  %six = nn.weight #nn.weight<dense {value = dense<6.0> : tensor<f32>} : tensor<f32>>
  %0 = nn.relu %x : tensor<8xf32>
  %1 = nn.min %0, %six : tensor<8xf32>, tensor<f32>
  return %1 : tensor<8xf32>
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

// CHECK-LABEL: @transposes_cancel
// CHECK-SAME: (%[[X:.+]]: tensor<2x3x4xf32>)
// CHECK-NEXT: return %[[X]]
func.func @transposes_cancel(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = nn.transpose %x [1, 2, 0] : tensor<2x3x4xf32>
  %1 = nn.transpose %0 [2, 0, 1] : tensor<3x4x2xf32>
  return %1 : tensor<2x3x4xf32>
}

// CHECK-LABEL: @transposes_join
func.func @transposes_join(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  // CHECK-COUNT-1: nn.transpose %{{.+}} [2, 0, 1]
  %0 = nn.transpose %x [1, 2, 0] : tensor<2x3x4xf32>
  %1 = nn.transpose %0 [1, 2, 0] : tensor<3x4x2xf32>
  return %1 : tensor<4x2x3xf32>
}

// CHECK-LABEL: @transpose_of_ones_is_a_reshape
func.func @transpose_of_ones_is_a_reshape(%x: tensor<?x8x1x1xf32, #nn.dims<[n, 8, 1, 1]>>) -> tensor<?x1x1x8xf32, #nn.dims<[n, 1, 1, 8]>> {
  // CHECK: nn.reshape %{{.+}} to tensor<?x1x1x8xf32
  %0 = nn.transpose %x [0, 2, 3, 1] : tensor<?x8x1x1xf32, #nn.dims<[n, 8, 1, 1]>>
  return %0 : tensor<?x1x1x8xf32, #nn.dims<[n, 1, 1, 8]>>
}

// CHECK-LABEL: @trivial_movement
// CHECK-SAME: (%[[X:.+]]: tensor<2x3xf32>)
// CHECK-NEXT: return %[[X]]
func.func @trivial_movement(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.slice %x starts [#nn.size<0>, #nn.size<0>] sizes [#nn.size<2>, #nn.size<3>] steps [1, 1] : tensor<2x3xf32>
  %1 = nn.concat %0 axis 0 : tensor<2x3xf32>
  %2 = nn.reshape %1 : tensor<2x3xf32> to tensor<6xf32>
  %3 = nn.reshape %2 : tensor<6xf32> to tensor<2x3xf32>
  return %3 : tensor<2x3xf32>
}

// Backwards is not all in order.
// CHECK-LABEL: @reversal_stays
func.func @reversal_stays(%x: tensor<3xf32>) -> tensor<3xf32> {
  // CHECK: nn.slice
  %0 = nn.slice %x starts [#nn.size<2>] sizes [#nn.size<3>] steps [-1] : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: @broadcast_feeds_elementwise
// CHECK-SAME: (%[[X:.+]]: tensor<2x3xf32>, %[[B:.+]]: tensor<3xf32>)
func.func @broadcast_feeds_elementwise(%x: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  // CHECK-NEXT: nn.add %[[X]], %[[B]]
  %0 = nn.broadcast %b : tensor<3xf32> to tensor<2x3xf32>
  %1 = nn.add %x, %0 : tensor<2x3xf32>, tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// The broadcast makes the shape: it stays, behind an operation of one operand.
// CHECK-LABEL: @broadcast_that_shapes
func.func @broadcast_that_shapes(%x: tensor<1x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  // CHECK: nn.add %{{.+}}, %{{.+}} : tensor<1x3xf32>, tensor<2x3xf32>
  // CHECK: %[[E:.+]] = nn.exp %{{.+}} : tensor<3xf32>
  // CHECK: nn.broadcast %[[E]]
  %0 = nn.broadcast %b : tensor<3xf32> to tensor<2x3xf32>
  %1 = nn.add %x, %0 : tensor<1x3xf32>, tensor<2x3xf32>
  %2 = nn.exp %0 : tensor<2x3xf32>
  return %1, %2 : tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: @gather_of_a_run
func.func @gather_of_a_run(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<2x8xf32>) {
  // CHECK: %[[S:.+]] = nn.slice %{{.+}} starts [#nn.size<0>, #nn.size<7>] sizes [#nn.size<4>, #nn.size<1>]
  // CHECK: nn.reshape %[[S]] : tensor<4x1xf32> to tensor<4xf32>
  // CHECK: nn.slice %{{.+}} starts [#nn.size<1>, #nn.size<0>] sizes [#nn.size<2>, #nn.size<8>]
  // CHECK-NOT: nn.gather
  %last = nn.weight #nn.weight<dense {value = dense<-1> : tensor<i64>} : tensor<i64>>
  %run = nn.weight #nn.weight<dense {value = dense<[1, 2]> : tensor<2xi64>} : tensor<2xi64>>
  %0 = nn.gather %x, %last axis 1 : tensor<4x8xf32>, tensor<i64>
  %1 = nn.gather %x, %run axis 0 : tensor<4x8xf32>, tensor<2xi64>
  return %0, %1 : tensor<4xf32>, tensor<2x8xf32>
}

// Not a run; or perhaps out of range, which has to be reported when it happens.
// CHECK-LABEL: @gather_stays
func.func @gather_stays(%x: tensor<?x8xf32, #nn.dims<[n, 8]>>) -> (tensor<8xf32>, tensor<?x2xf32, #nn.dims<[n, 2]>>) {
  // CHECK-COUNT-2: nn.gather
  %three = nn.weight #nn.weight<dense {value = dense<3> : tensor<i64>} : tensor<i64>>
  %apart = nn.weight #nn.weight<dense {value = dense<[1, 3]> : tensor<2xi64>} : tensor<2xi64>>
  %0 = nn.gather %x, %three axis 0 : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<i64>
  %1 = nn.gather %x, %apart axis 1 : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<2xi64>
  return %0, %1 : tensor<8xf32>, tensor<?x2xf32, #nn.dims<[n, 2]>>
}

// -----

module attributes {nn.assumptions = [{lhs = #nn.size<(h floordiv 2) * 2>, rhs = #nn.size<h>}]} {
  // CHECK-LABEL: @renamed_resize
  func.func @renamed_resize(%x: tensor<1x?xf32, #nn.dims<[1, h floordiv 2]>>) -> tensor<1x?xf32, #nn.dims<[1, h]>> {
    // CHECK: nn.resize nearest {{.*}} to tensor<1x?xf32, #nn.dims<[1, h]>>
    // CHECK-NOT: nn.reshape
    %0 = nn.resize nearest %x asymmetric floor scales [1.0, 2.0] : tensor<1x?xf32, #nn.dims<[1, h floordiv 2]>> to tensor<1x?xf32, #nn.dims<[1, (h floordiv 2) * 2]>>
    %1 = nn.reshape %0 : tensor<1x?xf32, #nn.dims<[1, (h floordiv 2) * 2]>> to tensor<1x?xf32, #nn.dims<[1, h]>>
    return %1 : tensor<1x?xf32, #nn.dims<[1, h]>>
  }
}
