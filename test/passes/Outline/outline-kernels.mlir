// RUN: sinter-opt %s --sinter-outline-kernels --split-input-file --mlir-print-debuginfo | FileCheck %s
// RUN: sinter-opt %s --sinter-outline-kernels --split-input-file --remarks-filter=sinter-outline --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=REMARK

// The first two groups differ in names and locations only; the third has
// another constant.
// CHECK:       kernel.func @add_relu_0(%[[A:.+]]: tensor<4xf32> {{.*}}) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
// CHECK:         %[[S:.+]] = nn.add %[[A]], %{{.+}}
// CHECK:         %[[R:.+]] = nn.relu %[[S]]
// CHECK:         kernel.yield %[[R]]
// CHECK:       } loc(#[[BOTH:.+]])
// CHECK:       kernel.func @add_relu_1(
// CHECK:       func.func @main(%[[X:.+]]: tensor<4xf32>
// CHECK:         %[[C0:.+]] = kernel.call @add_relu_0(%[[X]]) : (tensor<4xf32>) -> tensor<4xf32> loc(#[[FIRST:.+]])
// CHECK:         %[[C1:.+]] = kernel.call @add_relu_0(%[[C0]]) : (tensor<4xf32>) -> tensor<4xf32> loc(#[[SECOND:.+]])
// CHECK:         kernel.call @add_relu_1(%[[C1]])
// CHECK-DAG:   #[[FIRST]] = loc("first"
// CHECK-DAG:   #[[SECOND]] = loc("second"
// CHECK-DAG:   #[[BOTH]] = loc(fused[#[[FIRST]], #[[SECOND]]])
// REMARK:      [Passed] ShareKernel | Category:sinter-outline | Reason="both compute the same on the same types", Remark="shares the code of kernel 'add_relu_0'"
// REMARK:      OutlineKernels | Category:sinter-outline | Remark="a function for each distinct kernel", groups=3, kernels=2
module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
      %c = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<f32>} : tensor<f32>>
      %3 = nn.add %a, %c : tensor<4xf32>, tensor<f32>
      %4 = nn.relu %3 : tensor<4xf32>
      kernel.yield %4 : tensor<4xf32>
    } loc("first"("Add":0:0))
    %1 = kernel.group loop (%b = %0 : tensor<4xf32>) -> tensor<4xf32> {
      %one = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<f32>} : tensor<f32>>
      %sum = nn.add %b, %one : tensor<4xf32>, tensor<f32>
      %positive = nn.relu %sum : tensor<4xf32>
      kernel.yield %positive : tensor<4xf32>
    } loc("second"("Add":0:1))
    %2 = kernel.group loop (%a = %1 : tensor<4xf32>) -> tensor<4xf32> {
      %c = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
      %3 = nn.add %a, %c : tensor<4xf32>, tensor<f32>
      %4 = nn.relu %3 : tensor<4xf32>
      kernel.yield %4 : tensor<4xf32>
    } loc("third"("Add":0:2))
    return %2 : tensor<4xf32>
  }
}

// -----

// The same text on other types, or as another kind, is another kernel. A name
// has four operations at most; constants and unpacking are left out.
// CHECK:       kernel.func @exp_0(
// CHECK-SAME:    attributes {kind = #kernel.kind<loop>}
// CHECK:       kernel.func @exp_1(
// CHECK:       kernel.func @exp_2({{.*}} attributes {kind = #kernel.kind<serial>}
// CHECK:       kernel.func @matmul_add_neg_exp_3(
module {
  func.func @main(%x: tensor<4xf32>, %y: tensor<8xf32>, %z: tensor<4x4xf32>, %p: tensor<1x1x4x32xf32>) -> (tensor<4xf32>, tensor<8xf32>, tensor<4xf32>, tensor<4x4xf32>) {
    %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
      %4 = nn.exp %a : tensor<4xf32>
      kernel.yield %4 : tensor<4xf32>
    }
    %1 = kernel.group loop (%a = %y : tensor<8xf32>) -> tensor<8xf32> {
      %4 = nn.exp %a : tensor<8xf32>
      kernel.yield %4 : tensor<8xf32>
    }
    %2 = kernel.group serial (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
      %4 = nn.exp %a : tensor<4xf32>
      kernel.yield %4 : tensor<4xf32>
    }
    %3 = kernel.group contract (%a = %z : tensor<4x4xf32>, %b = %p : tensor<1x1x4x32xf32>) -> tensor<4x4xf32> {
      %w = kernel.unpack %b : tensor<1x1x4x32xf32> -> tensor<4x4xf32>
      %4 = nn.matmul %a, %w : tensor<4x4xf32>, tensor<4x4xf32>
      %c = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
      %5 = nn.add %4, %c : tensor<4x4xf32>, tensor<f32>
      %6 = nn.neg %5 : tensor<4x4xf32>
      %7 = nn.exp %6 : tensor<4x4xf32>
      %8 = nn.relu %7 : tensor<4x4xf32>
      kernel.yield %8 : tensor<4x4xf32>
    }
    return %0, %1, %2, %3 : tensor<4xf32>, tensor<8xf32>, tensor<4xf32>, tensor<4x4xf32>
  }
}
