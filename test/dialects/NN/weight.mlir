// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @weight
func.func @weight() -> (tensor<10xf32>, tensor<f32>, tensor<4x10xf32>, tensor<4x12xf32>) {
  // CHECK-NEXT: nn.weight #nn.weight<file {name = "fc.bias"} : tensor<10xf32>>
  %0 = nn.weight #nn.weight<file {name = "fc.bias"} : tensor<10xf32>>
  // CHECK-NEXT: nn.weight #nn.weight<dense {value = dense<1.000000e+00> : tensor<f32>} : tensor<f32>>
  %1 = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<f32>} : tensor<f32>>
  // CHECK-NEXT: nn.weight #nn.weight<transpose(#nn.weight<file {name = "fc.w"} : tensor<10x4xf32>>) {permutation = array<i64: 1, 0>} : tensor<4x10xf32>>
  %2 = nn.weight #nn.weight<transpose(#nn.weight<file {name = "fc.w"} : tensor<10x4xf32>>) {permutation = array<i64: 1, 0>} : tensor<4x10xf32>>
  // Parameters are kept sorted by name, so equal expressions are one attribute.
  // CHECK-NEXT: nn.weight #nn.weight<concat(#nn.weight<file {name = "a"} : tensor<4x6xf32>>, #nn.weight<file {name = "b"} : tensor<4x6xf32>>) {axis = 1 : i64, b = 1 : i64} : tensor<4x12xf32>>
  %3 = nn.weight #nn.weight<concat(#nn.weight<file {name = "a"} : tensor<4x6xf32>>, #nn.weight<file {name = "b"} : tensor<4x6xf32>>) {b = 1, axis = 1} : tensor<4x12xf32>>
  return %0, %1, %2, %3 : tensor<10xf32>, tensor<f32>, tensor<4x10xf32>, tensor<4x12xf32>
}
