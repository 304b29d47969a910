// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @softmax
// CHECK:         %[[G:.+]] = kernel.group rows
// CHECK-NEXT:      nn.reduce max
// CHECK-NEXT:      nn.sub
// CHECK-NEXT:      nn.exp
// CHECK-NEXT:      nn.reduce sum
// CHECK-NEXT:      nn.div
// CHECK-NEXT:      kernel.yield
// CHECK:         return %[[G]]
func.func @softmax(%x: tensor<4x12x128xf32>) -> tensor<4x12x128xf32> {
  %0 = nn.reduce max %x axes [2] : tensor<4x12x128xf32>
  %1 = nn.sub %x, %0 : tensor<4x12x128xf32>, tensor<4x12x1xf32>
  %2 = nn.exp %1 : tensor<4x12x128xf32>
  %3 = nn.reduce sum %2 axes [2] : tensor<4x12x128xf32>
  %4 = nn.div %2, %3 : tensor<4x12x128xf32>, tensor<4x12x1xf32>
  return %4 : tensor<4x12x128xf32>
}

// -----

// Layer normalization of a sum, which others need too: a second result. Shapes
// with free dimensions are compared as formulas.
// CHECK-LABEL: func.func @layer_norm
// CHECK-SAME:    (%[[X:.+]]: tensor<?x768xf32, #nn.dims<[seq, 768]>>, %[[R:.+]]: tensor<?x768xf32, {{.*}}>)
// CHECK:         %[[G:.+]]:2 = kernel.group rows
// CHECK:           %[[S:.+]] = nn.add
// CHECK:           nn.reduce mean
// CHECK:           nn.reduce mean
// CHECK:           nn.sqrt
// CHECK:           %[[Y:.+]] = nn.add
// CHECK-NEXT:      kernel.yield %[[S]], %[[Y]]
// CHECK:         return %[[G]]#0, %[[G]]#1
!t = tensor<?x768xf32, #nn.dims<[seq, 768]>>
!r = tensor<?x1xf32, #nn.dims<[seq, 1]>>
func.func @layer_norm(%x: !t, %r: !t) -> (!t, !t) {
  %scale = nn.weight #nn.weight<file {name = "scale"} : tensor<768xf32>>
  %bias = nn.weight #nn.weight<file {name = "bias"} : tensor<768xf32>>
  %eps = nn.weight #nn.weight<dense {value = dense<1.0e-5> : tensor<f32>} : tensor<f32>>
  %0 = nn.add %x, %r : !t, !t
  %1 = nn.reduce mean %0 axes [1] : !t
  %2 = nn.sub %0, %1 : !t, !r
  %3 = nn.mul %2, %2 : !t, !t
  %4 = nn.reduce mean %3 axes [1] : !t
  %5 = nn.add %4, %eps : !r, tensor<f32>
  %6 = nn.sqrt %5 : !r
  %7 = nn.div %2, %6 : !t, !r
  %8 = nn.mul %7, %scale : !t, tensor<768xf32>
  %9 = nn.add %8, %bias : !t, tensor<768xf32>
  return %0, %9 : !t, !t
}

// -----

// Values of a row may leave beside full ones.
// CHECK-LABEL: func.func @row_value_escapes
// CHECK:         %[[G:.+]]:2 = kernel.group rows
// CHECK-NEXT:      %[[M:.+]] = nn.reduce mean
// CHECK-NEXT:      %[[D:.+]] = nn.sub
// CHECK-NEXT:      kernel.yield %[[M]], %[[D]]
// CHECK:         return %[[G]]#0, %[[G]]#1
func.func @row_value_escapes(%x: tensor<4x128xf32>) -> (tensor<4x1xf32>, tensor<4x128xf32>) {
  %0 = nn.reduce mean %x axes [1] : tensor<4x128xf32>
  %1 = nn.sub %x, %0 : tensor<4x128xf32>, tensor<4x1xf32>
  return %0, %1 : tensor<4x1xf32>, tensor<4x128xf32>
}

// -----

// Without a full result there are no rows: each reduction takes what it needs.
// CHECK-LABEL: func.func @log_sum_exp
// CHECK:         kernel.group reduce
// CHECK-NEXT:      nn.reduce max
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group reduce
// CHECK-NEXT:      nn.sub
// CHECK-NEXT:      nn.exp
// CHECK-NEXT:      nn.reduce sum
// CHECK-NEXT:      nn.log
// CHECK-NEXT:      nn.add
// CHECK-NEXT:      kernel.yield
func.func @log_sum_exp(%x: tensor<4x128xf32>) -> tensor<4x1xf32> {
  %0 = nn.reduce max %x axes [1] : tensor<4x128xf32>
  %1 = nn.sub %x, %0 : tensor<4x128xf32>, tensor<4x1xf32>
  %2 = nn.exp %1 : tensor<4x128xf32>
  %3 = nn.reduce sum %2 axes [1] : tensor<4x128xf32>
  %4 = nn.log %3 : tensor<4x1xf32>
  %5 = nn.add %4, %0 : tensor<4x1xf32>, tensor<4x1xf32>
  return %5 : tensor<4x1xf32>
}

// -----

// Reductions over different trailing dimensions do not share rows.
// CHECK-LABEL: func.func @different_rows
// CHECK:         kernel.group rows
// CHECK:           nn.reduce sum %{{.+}} axes [2]
// CHECK-NOT:       nn.reduce
// CHECK:           kernel.yield
// CHECK:         kernel.group rows
// CHECK:           nn.reduce max %{{.+}} axes [1, 2]
func.func @different_rows(%x: tensor<4x12x128xf32>) -> tensor<4x12x128xf32> {
  %0 = nn.reduce sum %x axes [2] : tensor<4x12x128xf32>
  %1 = nn.div %x, %0 : tensor<4x12x128xf32>, tensor<4x12x1xf32>
  %2 = nn.reduce max %1 axes [1, 2] : tensor<4x12x128xf32>
  %3 = nn.sub %1, %2 : tensor<4x12x128xf32>, tensor<4x1x1xf32>
  return %3 : tensor<4x12x128xf32>
}

// -----

// The transposition between the two parts keeps the second away: with it the
// group would depend on itself.
// CHECK-LABEL: func.func @rows_without_cycle
// CHECK:         %[[G:.+]] = kernel.group rows
// CHECK:           nn.div
// CHECK-NEXT:      kernel.yield
// CHECK:         kernel.group loop
// CHECK:           nn.add
func.func @rows_without_cycle(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = nn.reduce sum %x axes [1] : tensor<8x8xf32>
  %1 = nn.div %x, %0 : tensor<8x8xf32>, tensor<8x1xf32>
  %2 = nn.transpose %1 [1, 0] : tensor<8x8xf32>
  %3 = nn.add %1, %2 : tensor<8x8xf32>, tensor<8x8xf32>
  return %3 : tensor<8x8xf32>
}
