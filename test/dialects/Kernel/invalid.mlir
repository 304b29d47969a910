// RUN: sinter-opt %s -split-input-file -verify-diagnostics

func.func @group_kind(%x: tensor<4xf32>) {
  // expected-error @below {{expects the kind of a kernel, but got 'loops'}}
  kernel.group loops (%a = %x : tensor<4xf32>) {
    kernel.yield
  }
  return
}

// -----

func.func @group_c1(%x: tensor<4xf32>) {
  // expected-error @below {{'kernel.group' op expects block arguments of the operands' types ('tensor<4xf32>'), but got ('tensor<5xf32>')}}
  "kernel.group"(%x) <{kind = #kernel.kind<loop>}> ({
  ^bb0(%a: tensor<5xf32>):
    kernel.yield
  }) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @group_c2(%x: tensor<4xf32>) {
  // expected-error @below {{'kernel.group' op expects to yield values of the result types ('tensor<4xi1>'), but got ('tensor<4xf32>')}}
  %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xi1> {
    // expected-note @below {{yielded here}}
    kernel.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @group_c2_no_yield(%x: tensor<4xf32>) {
  // expected-error @below {{'kernel.group' op expects its body to end in 'kernel.yield'}}
  kernel.group loop (%a = %x : tensor<4xf32>) {
    %0 = nn.relu %a : tensor<4xf32>
  }
  return
}

// -----

// expected-error @below {{'kernel.func' op expects to yield values of the result types ('tensor<4xf32>'), but got ()}}
kernel.func @func_c1(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  // expected-note @below {{yielded here}}
  kernel.yield
}

// -----

// expected-error @below {{'kernel.func' op expects a body}}
kernel.func private @func_c2() attributes {kind = #kernel.kind<loop>}

// -----

// expected-error @below {{'kernel.func' op requires attribute 'kind'}}
kernel.func @func_kind(%a: tensor<4xf32>) {
  kernel.yield
}

// -----

func.func @yield_parent() {
  // expected-error @below {{'kernel.yield' op expects parent op to be one of 'kernel.group, kernel.func'}}
  kernel.yield
}

// -----

kernel.schedule @input_c1 inputs [] outputs [] arena <0> scratch <0> {
  // expected-error @below {{'kernel.input' op expects an index less than 0, the number of inputs of the schedule, but got 0}}
  %x = kernel.input 0
}

// -----

kernel.schedule @output_c1 inputs [] outputs [{name = "y", type = tensor<4xf32>}] arena <0> scratch <0> {
  // expected-error @below {{'kernel.output' op expects an index less than 1, the number of outputs of the schedule, but got -1}}
  %y = kernel.output -1
}

// -----

kernel.schedule @arena_c1 inputs [] outputs [] arena <0> scratch <0> {
  // expected-error @below {{'kernel.arena' op expects a lifetime that starts before it ends, but got [3, 2]}}
  %t = kernel.arena bytes <16> live [3, 2]
}

// -----

func.func @launch_parent() {
  // expected-error @below {{'kernel.launch' op expects parent op to be one of 'kernel.schedule, kernel.loop, kernel.if'}}
  kernel.launch @k ins() outs()
  return
}

// -----

func.func @unpack_sparse_c1(%s: tensor<5xi64>, %i: tensor<9xi32>, %v: tensor<9x16xf32>) {
  // expected-error @below {{expects vectors of i32 as starts and indices and values of shape [count] or [count, 16], but got 'tensor<5xi64>', 'tensor<9xi32>' and 'tensor<9x16xf32>'}}
  %0 = kernel.unpack_sparse %s, %i, %v : tensor<5xi64>, tensor<9xi32>, tensor<9x16xf32> -> tensor<64x64xf32>
  return
}

// -----

func.func @unpack_sparse_c2(%s: tensor<5xi32>, %i: tensor<8xi32>, %v: tensor<9x16xf32>) {
  // expected-error @below {{expects an index for each of the 9 values, but got 8}}
  %0 = kernel.unpack_sparse %s, %i, %v : tensor<5xi32>, tensor<8xi32>, tensor<9x16xf32> -> tensor<64x64xf32>
  return
}

// -----

func.func @unpack_sparse_c3(%s: tensor<5xi32>, %i: tensor<9xi32>, %v: tensor<9x16xf32>) {
  // expected-error @below {{expects a matrix or filter of 'f32' as result, but got 'tensor<64x64xf16>'}}
  %0 = kernel.unpack_sparse %s, %i, %v : tensor<5xi32>, tensor<9xi32>, tensor<9x16xf32> -> tensor<64x64xf16>
  return
}

// -----

func.func @unpack_sparse_c4_blocks(%s: tensor<4xi32>, %i: tensor<9xi32>, %v: tensor<9x16xf32>) {
  // expected-error @below {{expects 5 starts for 'tensor<64x64xf32>', but got 4}}
  %0 = kernel.unpack_sparse %s, %i, %v : tensor<4xi32>, tensor<9xi32>, tensor<9x16xf32> -> tensor<64x64xf32>
  return
}

// -----

func.func @unpack_sparse_c4_elements(%s: tensor<5xi32>, %i: tensor<9xi32>, %v: tensor<9xf32>) {
  // expected-error @below {{expects 129 starts for 'tensor<65x64xf32>', but got 5}}
  %0 = kernel.unpack_sparse %s, %i, %v : tensor<5xi32>, tensor<9xi32>, tensor<9xf32> -> tensor<65x64xf32>
  return
}
