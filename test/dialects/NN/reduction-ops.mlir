// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s
// RUN: sinter-opt %s | FileCheck %s --check-prefix=SPACES --strict-whitespace

!dyn = tensor<?x8x4xf32, #nn.dims<[n, 8, 4]>>

// CHECK-LABEL: func.func @reduce
func.func @reduce(%x: !dyn) -> tensor<1x8x1xf32> {
  // CHECK: nn.reduce sum %{{.+}} axes [0] : tensor<?x8x4xf32, #nn.dims<[n, 8, 4]>>
  %0 = nn.reduce sum %x axes [0] : !dyn
  // SPACES: {{^}}    %1 = nn.reduce max %arg0 axes [1] : tensor
  // CHECK: nn.reduce max
  %1 = nn.reduce max %x axes [1] : !dyn
  // CHECK: nn.reduce min
  %2 = nn.reduce min %x axes [1] : !dyn
  // CHECK: nn.reduce prod
  %3 = nn.reduce prod %x axes [] : !dyn
  // CHECK: nn.reduce mean %{{.+}} axes [0, 2]
  %4 = nn.reduce mean %x axes [0, 2] : !dyn
  return %4 : tensor<1x8x1xf32>
}

// CHECK-LABEL: func.func @arg_reduce
func.func @arg_reduce(%x: !dyn) -> tensor<?x1x4xi64, #nn.dims<[n, 1, 4]>> {
  // CHECK: nn.arg_reduce max %{{.+}} axis 0 : tensor<?x8x4xf32
  %0 = nn.arg_reduce max %x axis 0 : !dyn
  // CHECK: nn.arg_reduce min %{{.+}} axis 1 last : tensor<?x8x4xf32
  %1 = nn.arg_reduce min %x axis 1 last : !dyn
  return %1 : tensor<?x1x4xi64, #nn.dims<[n, 1, 4]>>
}
