// RUN: sinter-opt %s --pass-pipeline='builtin.module(builtin.module(sinter-lower-emit-kernels,canonicalize,cse))' | FileCheck %s

// For a free number of rows there is a tile of each height; the last one ends
// with the block, whatever it overlaps.
module attributes {nn.free_dims = [{name = "m", min = 1 : i64}]} {
  module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
    // CHECK-LABEL: func.func @free_rows(
    // CHECK: scf.index_switch
    // CHECK: case 14
    // CHECK: %{{.+}}:28 = scf.for
    // CHECK: case 8
    // CHECK: %{{.+}}:16 = scf.for
    // CHECK: case 4
    // CHECK: %{{.+}}:8 = scf.for
    // CHECK: case 2
    // CHECK: %{{.+}}:4 = scf.for
    // CHECK: default
    // CHECK: %{{.+}}:2 = scf.for
    kernel.func @free_rows(%a: tensor<?x40xf32, #nn.dims<[m, 40]>>, %w: tensor<1x1x40x32xf32>) -> tensor<?x32xf32, #nn.dims<[m, 32]>> attributes {kind = #kernel.kind<contract>} {
      %0 = kernel.unpack %w : tensor<1x1x40x32xf32> -> tensor<40x32xf32>
      %1 = nn.matmul %a, %0 : tensor<?x40xf32, #nn.dims<[m, 40]>>, tensor<40x32xf32>
      kernel.yield %1 : tensor<?x32xf32, #nn.dims<[m, 32]>>
    }
  }
}
