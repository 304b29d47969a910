// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

!dyn = tensor<?x8xf32, #nn.dims<[n, 8]>>

// CHECK-LABEL: func.func @unary
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>
func.func @unary(%x: tensor<4xf32>, %i: tensor<4xi32>, %b: tensor<4xi1>) {
  // CHECK: nn.abs %[[X]] : tensor<4xf32>
  %0 = nn.abs %x : tensor<4xf32>
  // CHECK: nn.ceil
  %1 = nn.ceil %x : tensor<4xf32>
  // CHECK: nn.cos
  %2 = nn.cos %x : tensor<4xf32>
  // CHECK: nn.erf
  %3 = nn.erf %x : tensor<4xf32>
  // CHECK: nn.exp
  %4 = nn.exp %x : tensor<4xf32>
  // CHECK: nn.floor
  %5 = nn.floor %x : tensor<4xf32>
  // CHECK: %[[NAN:.+]] = nn.is_nan
  %6 = nn.is_nan %x : tensor<4xf32>
  // CHECK: nn.log
  %7 = nn.log %x : tensor<4xf32>
  // CHECK: nn.neg {{.*}} : tensor<4xi32>
  %8 = nn.neg %i : tensor<4xi32>
  // CHECK: nn.not %[[NAN]] : tensor<4xi1>
  %9 = nn.not %6 : tensor<4xi1>
  // CHECK: nn.relu
  %10 = nn.relu %x : tensor<4xf32>
  // CHECK: nn.round
  %11 = nn.round %x : tensor<4xf32>
  // CHECK: nn.sigmoid
  %12 = nn.sigmoid %x : tensor<4xf32>
  // CHECK: nn.sign
  %13 = nn.sign %x : tensor<4xf32>
  // CHECK: nn.sin
  %14 = nn.sin %x : tensor<4xf32>
  // CHECK: nn.sqrt
  %15 = nn.sqrt %x : tensor<4xf32>
  // CHECK: nn.tanh
  %16 = nn.tanh %x : tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @bits
func.func @bits(%x: tensor<4xf32>, %i: tensor<4xui8>, %f: tensor<4xf4E2M1FN>) {
  // CHECK: nn.bit_and %{{.+}}, %{{.+}} : tensor<4xui8>, tensor<4xui8>
  %0 = nn.bit_and %i, %i : tensor<4xui8>, tensor<4xui8>
  // CHECK: nn.bit_not %{{.+}} : tensor<4xui8>
  %1 = nn.bit_not %i : tensor<4xui8>
  // CHECK: nn.shift_left
  %2 = nn.shift_left %i, %i : tensor<4xui8>, tensor<4xui8>
  // CHECK: nn.bit_cast %{{.+}} : tensor<4xf32> to tensor<4xi32>
  %3 = nn.bit_cast %x : tensor<4xf32> to tensor<4xi32>
  // CHECK: nn.bit_cast %{{.+}} : tensor<4xf4E2M1FN> to tensor<4xui4>
  %4 = nn.bit_cast %f : tensor<4xf4E2M1FN> to tensor<4xui4>
  // CHECK: nn.bit_cast %{{.+}} : tensor<4xui8> to tensor<4xi1>
  %5 = nn.bit_cast %i : tensor<4xui8> to tensor<4xi1>
  return
}

// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<4xf32>, %i: tensor<4xi64>, %b: tensor<4xi1>) {
  // CHECK: nn.add %{{.+}}, %{{.+}} : tensor<4xf32>, tensor<4xf32>
  %0 = nn.add %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.div
  %1 = nn.div %i, %i : tensor<4xi64>, tensor<4xi64>
  // CHECK: nn.max
  %2 = nn.max %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.min
  %3 = nn.min %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.mod %{{.+}}, %{{.+}} : tensor<4xi64>
  %4 = nn.mod %i, %i : tensor<4xi64>, tensor<4xi64>
  // CHECK: nn.mod %{{.+}}, %{{.+}} fmod : tensor<4xf32>
  %5 = nn.mod %x, %x fmod : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.mul
  %6 = nn.mul %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.pow
  %7 = nn.pow %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.sub
  %8 = nn.sub %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.and
  %9 = nn.and %b, %b : tensor<4xi1>, tensor<4xi1>
  // CHECK: nn.or
  %10 = nn.or %b, %b : tensor<4xi1>, tensor<4xi1>
  // CHECK: nn.xor
  %11 = nn.xor %b, %b : tensor<4xi1>, tensor<4xi1>
  return
}

// CHECK-LABEL: func.func @comparison
func.func @comparison(%x: tensor<4xf32>) -> tensor<4xi1> {
  // CHECK: %[[EQ:.+]] = nn.equal %{{.+}}, %{{.+}} : tensor<4xf32>, tensor<4xf32>
  %0 = nn.equal %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: %[[LT:.+]] = nn.less
  %1 = nn.less %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: %[[LE:.+]] = nn.less_equal
  %2 = nn.less_equal %x, %x : tensor<4xf32>, tensor<4xf32>
  // CHECK: nn.and %[[EQ]], %[[LT]] : tensor<4xi1>, tensor<4xi1>
  %3 = nn.and %0, %1 : tensor<4xi1>, tensor<4xi1>
  // CHECK: return %[[LE]] : tensor<4xi1>
  return %2 : tensor<4xi1>
}

// CHECK-LABEL: func.func @clamp
func.func @clamp(%x: !dyn) -> !dyn {
  // CHECK: nn.clamp %{{.+}} range(0.000000e+00, 6.000000e+00) : tensor<?x8xf32, #nn.dims<[n, 8]>>
  %0 = nn.clamp %x range(0.0, 6.0) : !dyn
  return %0 : !dyn
}

// CHECK-LABEL: func.func @where
func.func @where(%c: tensor<?x1xi1, #nn.dims<[n, 1]>>, %x: tensor<8xf32>, %y: tensor<f32>) -> !dyn {
  // CHECK: nn.where %{{.+}}, %{{.+}}, %{{.+}} : tensor<?x1xi1, #nn.dims<[n, 1]>>, tensor<8xf32>, tensor<f32>
  %0 = nn.where %c, %x, %y : tensor<?x1xi1, #nn.dims<[n, 1]>>, tensor<8xf32>, tensor<f32>
  return %0 : !dyn
}

// CHECK-LABEL: func.func @cast
func.func @cast(%x: !dyn) -> tensor<?x8xui8, #nn.dims<[n, 8]>> {
  // CHECK: nn.cast %{{.+}} : tensor<?x8xf32, #nn.dims<[n, 8]>> to tensor<?x8xui8, #nn.dims<[n, 8]>>
  %0 = nn.cast %x : !dyn to tensor<?x8xui8, #nn.dims<[n, 8]>>
  return %0 : tensor<?x8xui8, #nn.dims<[n, 8]>>
}

// The types returned are those that each operation infers.

// CHECK-LABEL: func.func @broadcast_one
func.func @broadcast_one(%x: tensor<?x1xf32, #nn.dims<[n, 1]>>, %y: tensor<8xf32>) -> !dyn {
  %0 = nn.add %x, %y : tensor<?x1xf32, #nn.dims<[n, 1]>>, tensor<8xf32>
  return %0 : !dyn
}

// CHECK-LABEL: func.func @broadcast_constant_wins
func.func @broadcast_constant_wins(%x: !dyn, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = nn.add %x, %y : !dyn, tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @broadcast_scalar
func.func @broadcast_scalar(%x: tensor<f32>, %y: !dyn) -> !dyn {
  %0 = nn.sub %x, %y : tensor<f32>, !dyn
  return %0 : !dyn
}

// CHECK-LABEL: func.func @broadcast_empty
func.func @broadcast_empty(%x: tensor<0x1xf32>, %y: tensor<8xf32>) -> tensor<0x8xf32> {
  %0 = nn.mul %x, %y : tensor<0x1xf32>, tensor<8xf32>
  return %0 : tensor<0x8xf32>
}

// CHECK-LABEL: func.func @quantize
func.func @quantize(%x: !dyn, %scale: tensor<8xf32>, %zero: tensor<ui8>) -> tensor<?x8xui8, #nn.dims<[n, 8]>> {
  // CHECK: nn.quantize %{{.+}}, %{{.+}}, %{{.+}} : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<8xf32>, tensor<ui8>
  %0 = nn.quantize %x, %scale, %zero : !dyn, tensor<8xf32>, tensor<ui8>
  return %0 : tensor<?x8xui8, #nn.dims<[n, 8]>>
}

// CHECK-LABEL: func.func @dequantize
func.func @dequantize(%q: tensor<4x8xi32>, %scale: tensor<4x1xf16>, %zero: tensor<i32>) -> tensor<4x8xf16> {
  // CHECK: nn.dequantize %{{.+}}, %{{.+}}, %{{.+}} : tensor<4x8xi32>, tensor<4x1xf16>, tensor<i32>
  %0 = nn.dequantize %q, %scale, %zero : tensor<4x8xi32>, tensor<4x1xf16>, tensor<i32>
  return %0 : tensor<4x8xf16>
}
