// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @group
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>, %[[Y:.+]]: tensor<f32>)
func.func @group(%x: tensor<4xf32>, %y: tensor<f32>) -> tensor<4xf32> {
  // CHECK-NEXT: %{{.+}} = kernel.group loop (%[[A:.+]] = %[[X]] : tensor<4xf32>, %[[B:.+]] = %[[Y]] : tensor<f32>) -> tensor<4xf32> {
  // CHECK-NEXT:   %[[SUM:.+]] = nn.add %[[A]], %[[B]]
  // CHECK-NEXT:   kernel.yield %[[SUM]] : tensor<4xf32>
  // CHECK-NEXT: }
  %0 = kernel.group loop (%a = %x : tensor<4xf32>, %b = %y : tensor<f32>) -> tensor<4xf32> {
    %1 = nn.add %a, %b : tensor<4xf32>, tensor<f32>
    kernel.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @group_two_results
func.func @group_two_results(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[G:.+]]:2 = kernel.group rows (%{{.+}} = %{{.+}} : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {note = "kept"} {
  %0:2 = kernel.group rows (%a = %x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {note = "kept"} {
    %1 = nn.relu %a : tensor<4xf32>
    kernel.yield %a, %1 : tensor<4xf32>, tensor<4xf32>
  }
  // CHECK: return %[[G]]#0, %[[G]]#1
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @group_no_inputs
func.func @group_no_inputs() -> tensor<4xi64> {
  // CHECK-NEXT: kernel.group loop () -> tensor<4xi64> {
  %0 = kernel.group loop () -> tensor<4xi64> {
    %1 = nn.iota axis 0 from <0> step <1> : tensor<4xi64>
    kernel.yield %1 : tensor<4xi64>
  }
  return %0 : tensor<4xi64>
}

// CHECK-LABEL: func.func @group_kinds
func.func @group_kinds(%x: tensor<4xf32>) {
  // CHECK: kernel.group reduce
  kernel.group reduce (%a = %x : tensor<4xf32>) {
    kernel.yield
  }
  // CHECK: kernel.group window
  kernel.group window (%a = %x : tensor<4xf32>) {
    kernel.yield
  }
  // CHECK: kernel.group contract
  kernel.group contract (%a = %x : tensor<4xf32>) {
    kernel.yield
  }
  // CHECK: kernel.group serial
  kernel.group serial (%a = %x : tensor<4xf32>) {
    kernel.yield
  }
  return
}

// CHECK: kernel.func @matmul_0(%[[L:.+]]: tensor<8x576xf32>, %[[P:.+]]: tensor<1x2x576x32xf32> {nn.name = "w"}) -> tensor<8x64xf32>
// CHECK-SAME: attributes {kind = #kernel.kind<contract>, scratch = #nn.size<0>, tiles = #nn.size<n * 2>} {
kernel.func @matmul_0(%x: tensor<8x576xf32>, %p: tensor<1x2x576x32xf32> {nn.name = "w"}) -> tensor<8x64xf32>
    attributes {kind = #kernel.kind<contract>, tiles = #nn.size<n * 2>, scratch = #nn.size<0>} {
  // CHECK-NEXT: %[[W:.+]] = kernel.unpack %[[P]] : tensor<1x2x576x32xf32> -> tensor<576x64xf32>
  %w = kernel.unpack %p : tensor<1x2x576x32xf32> -> tensor<576x64xf32>
  %0 = nn.matmul %x, %w : tensor<8x576xf32>, tensor<576x64xf32>
  kernel.yield %0 : tensor<8x64xf32>
}

// CHECK: kernel.func private @unplanned() attributes {kind = #kernel.kind<serial>}
kernel.func private @unplanned() attributes {kind = #kernel.kind<serial>} {
  kernel.yield
}

// CHECK-LABEL: func.func @call
func.func @call(%x: tensor<8x576xf32>, %p: tensor<1x2x576x32xf32>) -> tensor<8x64xf32> {
  // CHECK: kernel.call @matmul_0(%{{.+}}, %{{.+}}) : (tensor<8x576xf32>, tensor<1x2x576x32xf32>) -> tensor<8x64xf32>
  %0 = kernel.call @matmul_0(%x, %p) : (tensor<8x576xf32>, tensor<1x2x576x32xf32>) -> tensor<8x64xf32>
  return %0 : tensor<8x64xf32>
}

// CHECK: kernel.schedule @main inputs [{name = "x", type = tensor<8x576xf32>}] outputs [{name = "y", type = tensor<8x64xf32>}]
// CHECK-SAME: arena <n * 64 + 2048> scratch <0> {
kernel.schedule @main inputs [{name = "x", type = tensor<8x576xf32>}] outputs [{name = "y", type = tensor<8x64xf32>}]
    arena <n * 64 + 2048> scratch #nn.size<0> {
  // CHECK-NEXT: %[[X:.+]] = kernel.input 0
  %x = kernel.input 0
  // CHECK-NEXT: %[[Y:.+]] = kernel.output 0
  %y = kernel.output 0
  // CHECK-NEXT: %[[W:.+]] = kernel.constant <file {name = "w"} : tensor<1x2x576x32xf32>> at 64
  %w = kernel.constant <file {name = "w"} : tensor<1x2x576x32xf32>> at 64
  // CHECK-NEXT: kernel.constant <file {name = "v"} : tensor<4xf32>>{{$}}
  %v = kernel.constant <file {name = "v"} : tensor<4xf32>>
  // CHECK-NEXT: %[[T:.+]] = kernel.arena at <n * 64> bytes <2048> live [0, 1]
  %t = kernel.arena at <n * 64> bytes <2048> live [0, 1]
  // CHECK-NEXT: kernel.arena bytes <16> live [2, 2]
  %u = kernel.arena bytes <16> live [2, 2]
  // CHECK-NEXT: kernel.launch @matmul_0 ins(%[[X]], %[[W]]) outs(%[[T]])
  kernel.launch @matmul_0 ins(%x, %w) outs(%t)
  // CHECK-NEXT: kernel.copy %[[T]] to %[[Y]] bytes <2048>
  kernel.copy %t to %y bytes <2048>
}

// CHECK-LABEL: func.func private @types
// CHECK-SAME: (!kernel.buffer)
func.func private @types(!kernel.buffer)

// CHECK-LABEL: kernel.func @sparse
kernel.func @sparse(%x: tensor<8x576xf32>, %s: tensor<5xi32>, %i: tensor<460xi32>, %v: tensor<460x16xf32>, %y: tensor<1x4x4x65xf32>, %t: tensor<49xi32>, %j: tensor<96xi32>, %e: tensor<96xf32>) -> (tensor<8x64xf32>, tensor<1x4x4x24xf32>)
    attributes {kind = #kernel.kind<contract>} {
  // CHECK: kernel.unpack_sparse %{{.+}}, %{{.+}}, %{{.+}} : tensor<5xi32>, tensor<460xi32>, tensor<460x16xf32> -> tensor<576x64xf32>
  %w = kernel.unpack_sparse %s, %i, %v : tensor<5xi32>, tensor<460xi32>, tensor<460x16xf32> -> tensor<576x64xf32>
  %0 = nn.matmul %x, %w : tensor<8x576xf32>, tensor<576x64xf32>
  // Of a filter the columns are the first dimension.
  // CHECK: kernel.unpack_sparse %{{.+}}, %{{.+}}, %{{.+}} : tensor<49xi32>, tensor<96xi32>, tensor<96xf32> -> tensor<24x65x1x1xf32>
  %f = kernel.unpack_sparse %t, %j, %e : tensor<49xi32>, tensor<96xi32>, tensor<96xf32> -> tensor<24x65x1x1xf32>
  %1 = nn.conv %y, %f strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x4x4x65xf32>, tensor<24x65x1x1xf32>
  kernel.yield %0, %1 : tensor<8x64xf32>, tensor<1x4x4x24xf32>
}
