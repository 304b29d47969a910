// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

// The types returned are those that each operation infers.

!dyn = tensor<?x8xf32, #nn.dims<[n, 8]>>

// CHECK-LABEL: func.func @size_value
func.func @size_value() -> tensor<2xi64> {
  // CHECK: nn.size_value [#nn.size<h floordiv 2>] : tensor<i64>
  %0 = nn.size_value [#nn.size<h floordiv 2>] : tensor<i64>
  // CHECK: nn.size_value [#nn.size<n>, #nn.size<3>] : tensor<2xi64>
  %1 = nn.size_value [#nn.size<n>, #nn.size<3>] : tensor<2xi64>
  return %1 : tensor<2xi64>
}

// CHECK-LABEL: func.func @iota
func.func @iota() -> tensor<?xi64, #nn.dims<[n]>> {
  // CHECK: nn.iota axis 0 from <n - 1> step <-1> : tensor<?xi64, #nn.dims<[n]>>
  %0 = nn.iota axis 0 from #nn.size<n - 1> step <-1> : tensor<?xi64, #nn.dims<[n]>>
  return %0 : tensor<?xi64, #nn.dims<[n]>>
}

// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: !dyn) -> tensor<?xf32, #nn.dims<[n * 8]>> {
  // CHECK: nn.reshape %{{.+}} : tensor<?x8xf32, #nn.dims<[n, 8]>> to tensor<?xf32, #nn.dims<[n * 8]>>
  %0 = nn.reshape %x : !dyn to tensor<?xf32, #nn.dims<[n * 8]>>
  return %0 : tensor<?xf32, #nn.dims<[n * 8]>>
}

// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<8xf32>) -> !dyn {
  // CHECK: nn.broadcast %{{.+}} : tensor<8xf32> to tensor<?x8xf32, #nn.dims<[n, 8]>>
  %0 = nn.broadcast %x : tensor<8xf32> to !dyn
  return %0 : !dyn
}

// CHECK-LABEL: func.func @transpose
func.func @transpose(%x: !dyn) -> tensor<8x?xf32, #nn.dims<[8, n]>> {
  // CHECK: nn.transpose %{{.+}} [1, 0] : tensor<?x8xf32, #nn.dims<[n, 8]>>
  %0 = nn.transpose %x [1, 0] : !dyn
  return %0 : tensor<8x?xf32, #nn.dims<[8, n]>>
}

// CHECK-LABEL: func.func @slice
func.func @slice(%x: !dyn) -> tensor<?x3xf32, #nn.dims<[n, 3]>> {
  // CHECK: nn.slice %{{.+}} starts [#nn.size<n - 1>, #nn.size<1>] sizes [#nn.size<n>, #nn.size<3>] steps [-1, 2] : tensor<?x8xf32, #nn.dims<[n, 8]>>
  %0 = nn.slice %x starts [#nn.size<n - 1>, #nn.size<1>] sizes [#nn.size<n>, #nn.size<3>] steps [-1, 2] : !dyn
  return %0 : tensor<?x3xf32, #nn.dims<[n, 3]>>
}

// CHECK-LABEL: func.func @slice_nothing
func.func @slice_nothing(%x: tensor<4xf32>) -> tensor<0xf32> {
  %0 = nn.slice %x starts [#nn.size<4>] sizes [#nn.size<0>] steps [1] : tensor<4xf32>
  return %0 : tensor<0xf32>
}

// CHECK-LABEL: func.func @concat
func.func @concat(%x: !dyn, %y: tensor<2x8xf32>) -> tensor<?x8xf32, #nn.dims<[n * 2 + 2, 8]>> {
  // CHECK: nn.concat %{{.+}}, %{{.+}}, %{{.+}} axis 0 : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<2x8xf32>, tensor<?x8xf32, #nn.dims<[n, 8]>>
  %0 = nn.concat %x, %y, %x axis 0 : !dyn, tensor<2x8xf32>, !dyn
  return %0 : tensor<?x8xf32, #nn.dims<[n * 2 + 2, 8]>>
}

// CHECK-LABEL: func.func @pad
func.func @pad(%x: !dyn, %v: tensor<f32>) -> tensor<?x7xf32, #nn.dims<[n + 3, 7]>> {
  // CHECK: nn.pad %{{.+}}, %{{.+}} constant before [#nn.size<1>, #nn.size<0>] after [#nn.size<2>, #nn.size<-1>] : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<f32>
  %0 = nn.pad %x, %v constant before [#nn.size<1>, #nn.size<0>] after [#nn.size<2>, #nn.size<-1>] : !dyn, tensor<f32>
  return %0 : tensor<?x7xf32, #nn.dims<[n + 3, 7]>>
}

// CHECK-LABEL: func.func @gather
func.func @gather(%x: !dyn, %i: tensor<2x3xi64>) -> tensor<?x2x3xf32, #nn.dims<[n, 2, 3]>> {
  // CHECK: nn.gather %{{.+}}, %{{.+}} axis 1 : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<2x3xi64>
  %0 = nn.gather %x, %i axis 1 : !dyn, tensor<2x3xi64>
  return %0 : tensor<?x2x3xf32, #nn.dims<[n, 2, 3]>>
}

// CHECK-LABEL: func.func @gather_scalar
func.func @gather_scalar(%x: !dyn, %i: tensor<i32>) -> tensor<8xf32> {
  %0 = nn.gather %x, %i axis 0 : !dyn, tensor<i32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @gather_elements
func.func @gather_elements(%x: !dyn, %i: tensor<2x3xi64>) -> tensor<2x3xf32> {
  // CHECK: nn.gather_elements %{{.+}}, %{{.+}} axis 1 : tensor<?x8xf32, #nn.dims<[n, 8]>>, tensor<2x3xi64>
  %0 = nn.gather_elements %x, %i axis 1 : !dyn, tensor<2x3xi64>
  return %0 : tensor<2x3xf32>
}
