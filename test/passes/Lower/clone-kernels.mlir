// RUN: sinter-opt %s --sinter-lower-clone-kernels | FileCheck %s

// The original stays for the phases that read its plan.
// CHECK-LABEL: kernel.func @relu(
// CHECK-SAME: tiles = #nn.size<1>

// CHECK: module @x86_64_v3 attributes {kernel.target = "x86-64-v3"}
// CHECK-NEXT: kernel.func @relu(
// CHECK: module @x86_64_v4 attributes {kernel.target = "x86-64-v4"}
// CHECK-NEXT: kernel.func @relu(
kernel.func @relu(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
  %0 = nn.relu %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
