// RUN: sinter-opt %s --pass-pipeline='builtin.module(builtin.module(sinter-codegen-split-kernels))' | FileCheck %s

// CHECK: module @x86_64_v4
// CHECK: module @first
// CHECK-NEXT: func.func @first
// CHECK: module @second
// CHECK-NEXT: func.func @second
// An algorithm is declared beside each kernel that calls it.
// CHECK: llvm.func @sinter_sort
// CHECK: module @third
// CHECK-NEXT: func.func @third
// CHECK: llvm.func @sinter_sort
module {
  module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
    func.func @first() {
      return
    }
    func.func @second() {
      llvm.call @sinter_sort() : () -> ()
      return
    }
    func.func @third() {
      llvm.call @sinter_sort() : () -> ()
      llvm.call @sinter_sort() : () -> ()
      return
    }
    llvm.func @sinter_sort()
  }
}
