// What a contraction adds to its result is read in 8 bits, wherever it is needed.
// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file | FileCheck %s

// The residual value feeds two layers: each dequantizes it by itself.
// CHECK-LABEL: func.func @residual
// CHECK: kernel.group contract
// CHECK: %[[D:.+]] = nn.dequantize
// CHECK: %[[M:.+]] = nn.matmul
// CHECK: nn.add {{.*}}%[[D]]
// CHECK: kernel.yield
// CHECK: kernel.group contract
// CHECK: nn.dequantize
// CHECK: nn.matmul
// CHECK: nn.add
// CHECK-NOT: kernel.group loop
func.func @residual(%q: tensor<8x16xui8>, %a: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<8x16xf32>) {
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<3> : tensor<ui8>} : tensor<ui8>>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x16xf32>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<16x16xf32>>
  %d = nn.dequantize %q, %s, %z : tensor<8x16xui8>, tensor<f32>, tensor<ui8>
  %m = nn.matmul %a, %w : tensor<8x16xf32>, tensor<16x16xf32>
  %y = nn.add %m, %d : tensor<8x16xf32>, tensor<8x16xf32>
  %n = nn.matmul %a, %v : tensor<8x16xf32>, tensor<16x16xf32>
  %t = nn.add %n, %d : tensor<8x16xf32>, tensor<8x16xf32>
  return %y, %t : tensor<8x16xf32>, tensor<8x16xf32>
}

// -----

// What is no residual stays: the left operand is read as it is, so its dequantization comes first.
// CHECK-LABEL: func.func @operand
// CHECK: kernel.group loop
// CHECK: nn.dequantize
// CHECK: kernel.group contract
// CHECK-NOT: nn.dequantize
func.func @operand(%q: tensor<8x16xui8>) -> tensor<8x16xf32> {
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<3> : tensor<ui8>} : tensor<ui8>>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x16xf32>>
  %d = nn.dequantize %q, %s, %z : tensor<8x16xui8>, tensor<f32>, tensor<ui8>
  %m = nn.matmul %d, %w : tensor<8x16xf32>, tensor<16x16xf32>
  return %m : tensor<8x16xf32>
}
