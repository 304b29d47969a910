// RUN: sinter-opt %s --pass-pipeline='builtin.module(builtin.module(sinter-codegen-split-kernels))' | FileCheck %s

// CHECK: module @x86_64_v4
// CHECK: module @first
// CHECK-NEXT: func.func @first
// CHECK: module @second
// CHECK-NEXT: func.func @second
module {
  module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
    func.func @first() {
      return
    }
    func.func @second() {
      return
    }
  }
}
