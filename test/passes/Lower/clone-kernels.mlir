// RUN: sinter-opt %s --sinter-lower-clone-kernels | FileCheck %s
// RUN: sinter-opt %s --sinter-lower-clone-kernels=sets=x86-64-v4,x86-64-v4+amx | FileCheck %s --check-prefix=SETS
// RUN: sinter-opt %s --sinter-lower-clone-kernels=sets=x86-64-v4+vnni | FileCheck %s --check-prefix=ALONE
// RUN: not sinter-opt %s --sinter-lower-clone-kernels=sets=x86-64-v9 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// The original stays for the phases that read its plan.
// CHECK-LABEL: kernel.func @relu(
// CHECK-SAME: tiles = #nn.size<1>

// CHECK: module @x86_64_v3 attributes {kernel.target = "x86-64-v3"}
// CHECK-NEXT: kernel.func @relu(
// CHECK: module @x86_64_v4 attributes {kernel.target = "x86-64-v4"}
// CHECK-NEXT: kernel.func @relu(
// CHECK-NEXT: nn.relu
// CHECK-NEXT: kernel.yield
// CHECK: kernel.func @product(
// Only what multiplies bytes differs with VNNI.
// CHECK: module @x86_64_v4_vnni attributes {kernel.target = "x86-64-v4+vnni"}
// CHECK-NEXT: kernel.func @product(
// CHECK-NOT: kernel.func

// Only the sets that were asked for.
// SETS-NOT: module @x86_64_v3
// SETS: module @x86_64_v4 attributes
// SETS: module @x86_64_v4_amx attributes {kernel.target = "x86-64-v4+amx"}
// SETS-NEXT: kernel.func @product(

// Without the set that it builds on, one has all kernels.
// ALONE: module @x86_64_v4_vnni attributes {kernel.target = "x86-64-v4+vnni"}
// ALONE-NEXT: kernel.func @relu(
// ALONE: kernel.func @product(

// UNKNOWN: error: expects names of instruction sets, but got 'x86-64-v9'
kernel.func @relu(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
  %0 = nn.relu %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
kernel.func @product(%a: tensor<4x8xui8>, %b: tensor<8x4xi8>) -> tensor<4x4xi32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<256>} {
  %0 = nn.matmul %a, %b : tensor<4x8xui8>, tensor<8x4xi8>
  kernel.yield %0 : tensor<4x4xi32>
}
