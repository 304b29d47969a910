// RUN: sinter-opt %s --sinter-memory-place-buffers=in-place=false --split-input-file | FileCheck %s

// Sizes with free dimensions: whole slots are shared. The first and third buffer
// have disjoint lifetimes and one formula: one slot. 64-byte rounding only where
// the formula needs it.
// CHECK-LABEL: kernel.schedule @slots
// CHECK-SAME:    arena <{{.+}}> scratch
// CHECK-DAG:     kernel.arena at <0> bytes <batch * 400> live{{ ?}}[0, 1]
// CHECK-DAG:     kernel.arena at <[[OFFSET:.+]]> bytes <batch * 400> live{{ ?}}[1, 2]
// CHECK-DAG:     kernel.arena at <0> bytes <batch * 400> live{{ ?}}[2, 3]
!t = tensor<?x100xf32, #nn.dims<[batch, 100]>>
module attributes {nn.free_dims = [{name = "batch", min = 1}]} {
  kernel.func @exp_0(%a: !t) -> !t attributes {kind = #kernel.kind<loop>} {
    %0 = nn.exp %a : !t
    kernel.yield %0 : !t
  }
  func.func @slots(%x: !t {nn.name = "x"}) -> (!t {nn.name = "y"}) {
    %0 = kernel.call @exp_0(%x) : (!t) -> !t
    %1 = kernel.call @exp_0(%0) : (!t) -> !t
    %2 = kernel.call @exp_0(%1) : (!t) -> !t
    %3 = kernel.call @exp_0(%2) : (!t) -> !t
    return %3 : !t
  }
}

// -----

// A slot is as large as the largest of its buffers: 1024 * batch covers 512 *
// batch and the constant 256 whatever the batch is, so no maximum appears.
// CHECK-LABEL: kernel.schedule @dominated
// CHECK-SAME:    arena <batch * 1536> scratch
// CHECK-DAG:     kernel.arena at <0> bytes <batch * 1024> live{{ ?}}[0, 1]
// CHECK-DAG:     kernel.arena at <batch * 1024> bytes <batch * 512> live{{ ?}}[1, 2]
// CHECK-DAG:     kernel.arena at <0> bytes <256> live{{ ?}}[2, 3]
!a = tensor<?x256xf32, #nn.dims<[batch, 256]>>
!b = tensor<?x128xf32, #nn.dims<[batch, 128]>>
!c = tensor<64xf32>
module attributes {nn.free_dims = [{name = "batch", min = 1}]} {
  kernel.func @k0(%a: !c) -> !a attributes {kind = #kernel.kind<loop>} {
    %0 = nn.iota axis 0 from <0> step <1> : !a
    kernel.yield %0 : !a
  }
  kernel.func @k1(%a: !a) -> !b attributes {kind = #kernel.kind<loop>} {
    %0 = nn.iota axis 0 from <0> step <1> : !b
    kernel.yield %0 : !b
  }
  kernel.func @k2(%a: !b) -> !c attributes {kind = #kernel.kind<loop>} {
    %0 = nn.iota axis 0 from <0> step <1> : !c
    kernel.yield %0 : !c
  }
  kernel.func @k3(%a: !c) -> !c attributes {kind = #kernel.kind<loop>} {
    %0 = nn.exp %a : !c
    kernel.yield %0 : !c
  }
  func.func @dominated(%x: !c {nn.name = "x"}) -> (!c {nn.name = "y"}) {
    %0 = kernel.call @k0(%x) : (!c) -> !a
    %1 = kernel.call @k1(%0) : (!a) -> !b
    %2 = kernel.call @k2(%1) : (!b) -> !c
    %3 = kernel.call @k3(%2) : (!c) -> !c
    return %3 : !c
  }
}
