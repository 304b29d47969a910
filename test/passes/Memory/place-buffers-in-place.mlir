// RUN: sinter-opt %s --sinter-memory-place-buffers --split-input-file | FileCheck %s

// The product overwrites its dying first operand; the output takes over the
// whole chain, so nothing is left in the arena.
// CHECK-LABEL: kernel.schedule @overwrites
// CHECK-SAME:    arena <0>
// CHECK-DAG:     %[[X:.+]] = kernel.input 0
// CHECK-DAG:     %[[Y:.+]] = kernel.output 0
// CHECK:         kernel.launch @k ins(%[[X]], %{{.+}}) outs(%[[Y]])
// CHECK-NEXT:    kernel.launch @k ins(%[[Y]], %{{.+}}) outs(%[[Y]])
kernel.func @k(%a: tensor<8x16xf32>, %b: tensor<16xf32>) -> tensor<8x16xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %b : tensor<16xf32>
  %1 = nn.mul %a, %0 : tensor<8x16xf32>, tensor<16xf32>
  %2 = nn.sigmoid %1 : tensor<8x16xf32>
  kernel.yield %2 : tensor<8x16xf32>
}
func.func @overwrites(%x: tensor<8x16xf32>, %b: tensor<16xf32>) -> tensor<8x16xf32> {
  %0 = kernel.call @k(%x, %b) : (tensor<8x16xf32>, tensor<16xf32>) -> tensor<8x16xf32>
  %1 = kernel.call @k(%0, %b) : (tensor<8x16xf32>, tensor<16xf32>) -> tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}

// -----

// Each of these keeps its operand: it is needed later, it is read elsewhere than
// where the result is written, elements have another size, the kernel is no
// loop, or two operands are one buffer.
// CHECK-LABEL: kernel.schedule @keeps
// CHECK:         %[[P0:.+]] = kernel.arena at <0> bytes <256> live{{ ?}}[0, 2]
// CHECK:         %[[P1:.+]] = kernel.arena {{.*}} bytes <256> live{{ ?}}[1, 3]
// CHECK:         %[[P2:.+]] = kernel.arena {{.*}} bytes <256> live{{ ?}}[2, 3]
// CHECK:         %[[P3:.+]] = kernel.arena {{.*}} bytes <256> live{{ ?}}[3, 4]
// CHECK:         %[[P4:.+]] = kernel.arena {{.*}} bytes <64> live{{ ?}}[4, 5]
// CHECK:         %[[P5:.+]] = kernel.arena {{.*}} bytes <256> live{{ ?}}[5, 6]
// CHECK:         %[[P6:.+]] = kernel.arena {{.*}} bytes <256> live{{ ?}}[6, 7]
// CHECK:         kernel.launch @exp ins(%{{.+}}) outs(%[[P0]])
// CHECK:         kernel.launch @exp ins(%[[P0]]) outs(%[[P1]])
// CHECK:         kernel.launch @transpose ins(%[[P0]]) outs(%[[P2]])
// CHECK:         kernel.launch @add ins(%[[P1]], %[[P2]]) outs(%[[P3]])
// CHECK:         kernel.launch @cast ins(%[[P3]]) outs(%[[P4]])
// CHECK:         kernel.launch @cast_back ins(%[[P4]]) outs(%[[P5]])
// CHECK:         kernel.launch @exp_serial ins(%[[P5]]) outs(%[[P6]])
// CHECK:         kernel.launch @add ins(%[[P6]], %[[P6]]) outs(%{{.+}})
!t = tensor<8x8xf32>
kernel.func @exp(%a: !t) -> !t attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : !t
  kernel.yield %0 : !t
}
kernel.func @exp_serial(%a: !t) -> !t attributes {kind = #kernel.kind<serial>} {
  %0 = nn.exp %a : !t
  kernel.yield %0 : !t
}
kernel.func @transpose(%a: !t) -> !t attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : !t
  %1 = nn.transpose %0 [1, 0] : !t
  kernel.yield %1 : !t
}
kernel.func @add(%a: !t, %b: !t) -> !t attributes {kind = #kernel.kind<loop>} {
  %0 = nn.transpose %a [1, 0] : !t
  %1 = nn.transpose %b [1, 0] : !t
  %2 = nn.add %0, %1 : !t, !t
  kernel.yield %2 : !t
}
kernel.func @cast(%a: !t) -> tensor<8x8xi8> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.cast %a : !t to tensor<8x8xi8>
  kernel.yield %0 : tensor<8x8xi8>
}
kernel.func @cast_back(%a: tensor<8x8xi8>) -> !t attributes {kind = #kernel.kind<loop>} {
  %0 = nn.cast %a : tensor<8x8xi8> to !t
  kernel.yield %0 : !t
}
func.func @keeps(%x: !t) -> !t {
  %0 = kernel.call @exp(%x) : (!t) -> !t
  %1 = kernel.call @exp(%0) : (!t) -> !t
  %2 = kernel.call @transpose(%0) : (!t) -> !t
  %3 = kernel.call @add(%1, %2) : (!t, !t) -> !t
  %4 = kernel.call @cast(%3) : (!t) -> tensor<8x8xi8>
  %5 = kernel.call @cast_back(%4) : (tensor<8x8xi8>) -> !t
  %6 = kernel.call @exp_serial(%5) : (!t) -> !t
  %7 = kernel.call @add(%6, %6) : (!t, !t) -> !t
  return %7 : !t
}
