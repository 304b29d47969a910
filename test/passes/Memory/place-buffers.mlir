// RUN: sinter-opt %s --sinter-memory-place-buffers=in-place=false --split-input-file | FileCheck %s

// A chain of five kernels: buffers alternate; the last writes the output.
// CHECK-LABEL: kernel.schedule @chain
// CHECK-SAME:    inputs [{name = "x", type = tensor<100xf32>}]
// CHECK-SAME:    outputs [{name = "y", type = tensor<100xf32>}]
// 100 floats are 400 bytes, 448 with alignment; two of them live at a time.
// CHECK-SAME:    arena <896> scratch <256>
// CHECK-DAG:     %[[X:.+]] = kernel.input 0
// CHECK-DAG:     %[[Y:.+]] = kernel.output 0
// CHECK-DAG:     %[[A:.+]] = kernel.arena at <0> bytes <400> live{{ ?}}[0, 1]
// CHECK-DAG:     %[[B:.+]] = kernel.arena at <448> bytes <400> live{{ ?}}[1, 2]
// CHECK-DAG:     %[[C:.+]] = kernel.arena at <0> bytes <400> live{{ ?}}[2, 3]
// CHECK:         kernel.launch @exp_0 ins(%[[X]]) outs(%[[A]])
// CHECK-NEXT:    kernel.launch @exp_0 ins(%[[A]]) outs(%[[B]])
// CHECK-NEXT:    kernel.launch @exp_0 ins(%[[B]]) outs(%[[C]])
// CHECK-NEXT:    kernel.launch @exp_0 ins(%[[C]]) outs(%[[Y]])
// CHECK-NOT:     kernel.copy
// CHECK-NOT:     func.func
kernel.func @exp_0(%a: tensor<100xf32>) -> tensor<100xf32> attributes {kind = #kernel.kind<loop>, tiles = #nn.size<1>, scratch = #nn.size<256>} {
  %0 = nn.exp %a : tensor<100xf32>
  kernel.yield %0 : tensor<100xf32>
}
func.func @chain(%x: tensor<100xf32> {nn.name = "x"}) -> (tensor<100xf32> {nn.name = "y"}) {
  %0 = kernel.call @exp_0(%x) : (tensor<100xf32>) -> tensor<100xf32>
  %1 = kernel.call @exp_0(%0) : (tensor<100xf32>) -> tensor<100xf32>
  %2 = kernel.call @exp_0(%1) : (tensor<100xf32>) -> tensor<100xf32>
  %3 = kernel.call @exp_0(%2) : (tensor<100xf32>) -> tensor<100xf32>
  return %3 : tensor<100xf32>
}

// -----

// A value that lives across others keeps its place, and small buffers fill the
// gap that a dead one left. Launch by launch (bytes):
//   0: %a 1024 [0, 4]
//   1: %b  512 [1, 2]   beside %a
//   2: %c  512 [2, 4]   beside %a, %b
//   3: %d  256 [3, 4]   where %b was
//   4: the result       in the output
// Most lives at launch 2: 1024 + 512 + 512.
// CHECK-LABEL: kernel.schedule @gaps
// CHECK-SAME:    arena <2048>
// CHECK-DAG:     kernel.arena at <0> bytes <1024> live{{ ?}}[0, 4]
// CHECK-DAG:     kernel.arena at <1024> bytes <512> live{{ ?}}[1, 2]
// CHECK-DAG:     kernel.arena at <1536> bytes <512> live{{ ?}}[2, 4]
// CHECK-DAG:     kernel.arena at <1024> bytes <256> live{{ ?}}[3, 4]
kernel.func @make_a(%a: tensor<4xf32>) -> tensor<256xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.weight #nn.weight<file {name = "w"} : tensor<256xf32>>
  kernel.yield %0 : tensor<256xf32>
}
kernel.func @make_b(%a: tensor<4xf32>) -> tensor<128xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.weight #nn.weight<file {name = "w"} : tensor<128xf32>>
  kernel.yield %0 : tensor<128xf32>
}
kernel.func @neg(%a: tensor<128xf32>) -> tensor<128xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.neg %a : tensor<128xf32>
  kernel.yield %0 : tensor<128xf32>
}
kernel.func @make_d(%a: tensor<4xf32>) -> tensor<64xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.weight #nn.weight<file {name = "w"} : tensor<64xf32>>
  kernel.yield %0 : tensor<64xf32>
}
kernel.func @join(%a: tensor<256xf32>, %b: tensor<128xf32>, %c: tensor<64xf32>) -> tensor<448xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.concat %a, %b, %c axis 0 : tensor<256xf32>, tensor<128xf32>, tensor<64xf32>
  kernel.yield %0 : tensor<448xf32>
}
func.func @gaps(%x: tensor<4xf32> {nn.name = "x"}) -> (tensor<448xf32> {nn.name = "y"}) {
  %a = kernel.call @make_a(%x) : (tensor<4xf32>) -> tensor<256xf32>
  %b = kernel.call @make_b(%x) : (tensor<4xf32>) -> tensor<128xf32>
  %c = kernel.call @neg(%b) : (tensor<128xf32>) -> tensor<128xf32>
  %d = kernel.call @make_d(%x) : (tensor<4xf32>) -> tensor<64xf32>
  %y = kernel.call @join(%a, %c, %d) : (tensor<256xf32>, tensor<128xf32>, tensor<64xf32>) -> tensor<448xf32>
  return %y : tensor<448xf32>
}

// -----

// A view is the buffer of what it shows, and keeps it alive.
// CHECK-LABEL: kernel.schedule @views
// CHECK-DAG:     %[[A:.+]] = kernel.arena at <0> bytes <16> live{{ ?}}[0, 2]
// CHECK-DAG:     %[[B:.+]] = kernel.arena at <64> bytes <16> live{{ ?}}[1, 2]
// CHECK:         kernel.launch @exp_0 ins(%{{.+}}) outs(%[[A]])
// CHECK-NEXT:    kernel.launch @exp_0 ins(%[[A]]) outs(%[[B]])
// CHECK-NEXT:    kernel.launch @add_1 ins(%[[A]], %[[B]]) outs(%{{.+}})
kernel.func @exp_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
kernel.func @add_1(%a: tensor<2x2xf32>, %b: tensor<2x2xf32>) -> tensor<2x2xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.add %a, %b : tensor<2x2xf32>, tensor<2x2xf32>
  kernel.yield %0 : tensor<2x2xf32>
}
func.func @views(%x: tensor<4xf32> {nn.name = "x"}) -> (tensor<2x2xf32> {nn.name = "y"}) {
  %0 = kernel.call @exp_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.reshape %0 : tensor<4xf32> to tensor<2x2xf32>
  %2 = kernel.call @exp_0(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = nn.reshape %2 : tensor<4xf32> to tensor<2x2xf32>
  %4 = kernel.call @add_1(%1, %3) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %4 : tensor<2x2xf32>
}

// -----

// Outputs: one value twice, a view of an input, a weight. The value is written
// to its first output; the rest is copied.
// CHECK-LABEL: kernel.schedule @copies
// CHECK-DAG:     %[[X:.+]] = kernel.input 0
// CHECK-DAG:     %[[W:.+]] = kernel.constant {{.*}}<file {name = "w"} : tensor<3xi64>>
// CHECK-DAG:     %[[Y0:.+]] = kernel.output 0
// CHECK:         kernel.launch @exp_0 ins(%[[X]]) outs(%[[Y0]])
// CHECK:         %[[Y1:.+]] = kernel.output 1
// CHECK-NEXT:    kernel.copy %[[Y0]] to %[[Y1]] bytes <16>
// CHECK:         %[[Y2:.+]] = kernel.output 2
// CHECK-NEXT:    kernel.copy %[[X]] to %[[Y2]] bytes <16>
// CHECK:         %[[Y3:.+]] = kernel.output 3
// CHECK-NEXT:    kernel.copy %[[W]] to %[[Y3]] bytes <24>
kernel.func @exp_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
func.func @copies(%x: tensor<4xf32> {nn.name = "x"}) -> (tensor<4xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<3xi64>) {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<3xi64>>
  %0 = kernel.call @exp_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.reshape %0 : tensor<4xf32> to tensor<2x2xf32>
  %2 = nn.reshape %x : tensor<4xf32> to tensor<2x2xf32>
  return %0, %1, %2, %w : tensor<4xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<3xi64>
}

// -----

// Truth values take a byte; equal weights are one constant, in the order of use.
// CHECK-LABEL: kernel.schedule @bytes
// CHECK:         kernel.constant {{.*}}"w"
// CHECK:         kernel.arena at <0> bytes <100> live{{ ?}}[0, 1]
// CHECK:         kernel.constant {{.*}}"late"
// CHECK-NOT:     kernel.constant
kernel.func @less_0(%a: tensor<100xf32>, %b: tensor<100xf32>) -> tensor<100xi1> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.less %a, %b : tensor<100xf32>, tensor<100xf32>
  kernel.yield %0 : tensor<100xi1>
}
kernel.func @where_1(%a: tensor<100xi1>, %b: tensor<100xf32>, %c: tensor<100xf32>) -> tensor<100xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.where %a, %b, %c : tensor<100xi1>, tensor<100xf32>, tensor<100xf32>
  kernel.yield %0 : tensor<100xf32>
}
func.func @bytes(%x: tensor<100xf32> {nn.name = "x"}) -> (tensor<100xf32> {nn.name = "y"}) {
  %late = nn.weight #nn.weight<file {name = "late"} : tensor<100xf32>>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<100xf32>>
  %v = nn.weight #nn.weight<file {name = "w"} : tensor<100xf32>>
  %0 = kernel.call @less_0(%x, %w) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xi1>
  %1 = kernel.call @where_1(%0, %late, %v) : (tensor<100xi1>, tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
  return %1 : tensor<100xf32>
}
