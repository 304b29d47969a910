// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file | FileCheck %s

// A global mean of an activation, with its epilogue.
// CHECK-LABEL: func.func @reduce_with_prologue_and_epilogue
// CHECK:         kernel.group reduce
// CHECK-NEXT:      nn.sigmoid
// CHECK-NEXT:      nn.mul
// CHECK-NEXT:      nn.reduce mean
// CHECK-NEXT:      nn.relu
// CHECK-NEXT:      kernel.yield
// CHECK-NOT:     kernel.group
func.func @reduce_with_prologue_and_epilogue(%x: tensor<1x7x7x64xf32>) -> tensor<1x1x1x64xf32> {
  %0 = nn.sigmoid %x : tensor<1x7x7x64xf32>
  %1 = nn.mul %x, %0 : tensor<1x7x7x64xf32>, tensor<1x7x7x64xf32>
  %2 = nn.reduce mean %1 axes [1, 2] : tensor<1x7x7x64xf32>
  %3 = nn.relu %2 : tensor<1x1x1x64xf32>
  return %3 : tensor<1x1x1x64xf32>
}

// -----

// A chain over one index space, with a second result that others need.
// CHECK-LABEL: func.func @chain
// CHECK:         %[[G:.+]]:2 = kernel.group loop
// CHECK-NEXT:      nn.slice
// CHECK-NEXT:      %[[E:.+]] = nn.exp
// CHECK-NEXT:      %[[A:.+]] = nn.add
// CHECK-NEXT:      kernel.yield %[[E]], %[[A]]
// CHECK:         return %[[G]]#0, %[[G]]#1
func.func @chain(%x: tensor<8x16xf32>, %b: tensor<4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %0 = nn.slice %x starts [#nn.size<0>, #nn.size<2>] sizes [#nn.size<8>, #nn.size<4>] steps [1, 1] : tensor<8x16xf32>
  %1 = nn.exp %0 : tensor<8x4xf32>
  %2 = nn.add %1, %b : tensor<8x4xf32>, tensor<4xf32>
  return %1, %2 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// The exponential of four numbers is not computed again in each of eight rows.
// CHECK-LABEL: func.func @no_repetition
// CHECK:         %[[G:.+]] = kernel.group loop
// CHECK-NEXT:      nn.exp
// CHECK:         kernel.group loop ({{.*}} = %[[G]] : tensor<4xf32>)
// CHECK-NEXT:      nn.add
func.func @no_repetition(%x: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  %0 = nn.exp %b : tensor<4xf32>
  %1 = nn.add %x, %0 : tensor<8x4xf32>, tensor<4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

// Neither what a resize reads nor the indices of a gather are computed on the
// spot; what uses their results is.
// CHECK-LABEL: func.func @readers_of_many
// CHECK:         %[[E:.+]] = kernel.group loop
// CHECK-NEXT:      nn.exp
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group loop ({{.*}} = %[[E]] :
// CHECK-NEXT:      nn.resize
// CHECK-NEXT:      nn.relu
// CHECK-NEXT:      kernel.yield
// CHECK:         %[[I:.+]] = kernel.group loop
// CHECK-NEXT:      nn.abs
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group loop
// CHECK-NEXT:      nn.gather
// CHECK-NEXT:      nn.neg
// CHECK-NEXT:      kernel.yield
func.func @readers_of_many(%x: tensor<1x4x4x8xf32>, %t: tensor<10x16xf32>, %i: tensor<3xi64>) -> (tensor<1x8x8x8xf32>, tensor<3x16xf32>) {
  %0 = nn.exp %x : tensor<1x4x4x8xf32>
  %1 = nn.resize nearest %0 asymmetric floor scales [1.0, 2.0, 2.0, 1.0] : tensor<1x4x4x8xf32> to tensor<1x8x8x8xf32>
  %2 = nn.relu %1 : tensor<1x8x8x8xf32>
  %3 = nn.abs %i : tensor<3xi64>
  %4 = nn.gather %t, %3 axis 0 : tensor<10x16xf32>, tensor<3xi64>
  %5 = nn.neg %4 : tensor<3x16xf32>
  return %2, %5 : tensor<1x8x8x8xf32>, tensor<3x16xf32>
}

// -----

// Half rotation: slices and a sign enter a concatenation, an exponential not.
// CHECK-LABEL: func.func @concat
// CHECK:         %[[E:.+]] = kernel.group loop
// CHECK-NEXT:      nn.exp
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group loop
// CHECK:           nn.slice
// CHECK:           nn.slice
// CHECK-NEXT:      nn.neg
// CHECK-NEXT:      nn.concat
// CHECK-NEXT:      nn.mul
// CHECK-NEXT:      kernel.yield
func.func @concat(%x: tensor<8x4xf32>, %y: tensor<8x2xf32>, %z: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %0 = nn.slice %x starts [#nn.size<0>, #nn.size<0>] sizes [#nn.size<8>, #nn.size<2>] steps [1, 1] : tensor<8x4xf32>
  %1 = nn.slice %x starts [#nn.size<0>, #nn.size<2>] sizes [#nn.size<8>, #nn.size<2>] steps [1, 1] : tensor<8x4xf32>
  %2 = nn.neg %1 : tensor<8x2xf32>
  %3 = nn.exp %y : tensor<8x2xf32>
  %4 = nn.concat %2, %0, %3 axis 1 : tensor<8x2xf32>, tensor<8x2xf32>, tensor<8x2xf32>
  %5 = nn.mul %4, %z : tensor<8x6xf32>, tensor<8x6xf32>
  return %5 : tensor<8x6xf32>
}

// -----

// Counters are made where they are used, not stored.
// CHECK-LABEL: func.func @counters
// CHECK-COUNT-2: kernel.group loop (%{{.+}} = %{{.+}} : tensor<1xi64>) -> tensor<4xi1> {
// CHECK-NOT:     kernel.group
func.func @counters(%a: tensor<1xi64>, %b: tensor<1xi64>) -> (tensor<4xi1>, tensor<4xi1>) {
  %0 = nn.iota axis 0 from <0> step <1> : tensor<4xi64>
  %1 = nn.less %0, %a : tensor<4xi64>, tensor<1xi64>
  %2 = nn.less %0, %b : tensor<4xi64>, tensor<1xi64>
  return %1, %2 : tensor<4xi1>, tensor<4xi1>
}

// -----

// The exponential cannot be a second result of the addition's loop: the negation
// between the two would wait for a loop that waits for it.
// CHECK-LABEL: func.func @loop_without_cycle
// CHECK:         %[[E:.+]] = kernel.group loop
// CHECK-NEXT:      nn.exp
// CHECK:         kernel.group loop
// CHECK-NEXT:      nn.neg
// CHECK:         kernel.group loop (%{{.+}} = %[[E]] :
// CHECK-NEXT:      nn.add
func.func @loop_without_cycle(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = nn.exp %x : tensor<8x4xf32>
  %1 = nn.reshape %0 : tensor<8x4xf32> to tensor<32xf32>
  %2 = nn.neg %1 : tensor<32xf32>
  %3 = nn.reshape %2 : tensor<32xf32> to tensor<8x4xf32>
  %4 = nn.add %0, %3 : tensor<8x4xf32>, tensor<8x4xf32>
  return %4 : tensor<8x4xf32>
}

// -----

// Three parts of a transposed value: each loop reads its part directly.
// CHECK-LABEL: func.func @parts
// CHECK-COUNT-2: nn.transpose
// CHECK-NOT:     kernel.group
func.func @parts(%x: tensor<4x3x8xf32>) -> (tensor<1x4x8xf32>, tensor<1x4x8xf32>) {
  %0 = nn.transpose %x [1, 0, 2] : tensor<4x3x8xf32>
  %1 = nn.slice %0 starts [#nn.size<0>, #nn.size<0>, #nn.size<0>] sizes [#nn.size<1>, #nn.size<4>, #nn.size<8>] steps [1, 1, 1] : tensor<3x4x8xf32>
  %2 = nn.slice %0 starts [#nn.size<1>, #nn.size<0>, #nn.size<0>] sizes [#nn.size<1>, #nn.size<4>, #nn.size<8>] steps [1, 1, 1] : tensor<3x4x8xf32>
  %3 = nn.exp %2 : tensor<1x4x8xf32>
  return %1, %3 : tensor<1x4x8xf32>, tensor<1x4x8xf32>
}

// -----

// A repeated value is never stored for element-wise users.
// CHECK-LABEL: func.func @shared_broadcast
// CHECK-COUNT-2: nn.broadcast
// CHECK-NOT:     kernel.group
func.func @shared_broadcast(%x: tensor<1x8xf32>, %y: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = nn.broadcast %x : tensor<1x8xf32> to tensor<4x8xf32>
  %1 = nn.exp %0 : tensor<4x8xf32>
  %2 = nn.sub %y, %0 : tensor<4x8xf32>, tensor<4x8xf32>
  %3 = nn.reshape %1 : tensor<4x8xf32> to tensor<4x8xf32>
  return %3, %2 : tensor<4x8xf32>, tensor<4x8xf32>
}
