// RUN: split-file %s %t
// RUN: sinter-opt %t/import.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=import})' -split-input-file -verify-diagnostics
// RUN: sinter-opt %t/simplify.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=simplify})' -split-input-file -verify-diagnostics
// RUN: sinter-opt %t/fuse.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=fuse})' -split-input-file -verify-diagnostics
// RUN: sinter-opt %t/outline.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=outline})' -split-input-file -verify-diagnostics
// RUN: sinter-opt %t/lower.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=lower})' -split-input-file -verify-diagnostics
// RUN: sinter-opt %t/place.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=place})' -split-input-file -verify-diagnostics
// RUN: not sinter-opt %t/empty.mlir --pass-pipeline='builtin.module(sinter-verify-form{form=sketch})' 2>&1 | FileCheck %s
// CHECK: option 'form' expects the name of a phase, but got 'sketch'

//--- empty.mlir
module {
}

//--- import.mlir
func.func @main(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x1x1xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>
  return %0 : tensor<1x8x4x4xf32>
}

// -----

func.func @main(%x: f32) -> f32 {
  // expected-error @below {{after phase 'import' expects one of: nn.* func.return, but found 'arith.addf' in a function; this is a defect of Sinter}}
  %0 = arith.addf %x, %x : f32
  return %0 : f32
}

//--- simplify.mlir
func.func @main(%x: tensor<1x4x4x8xf32>, %y: tensor<1x8x4x4xf32>) -> tensor<1x4x4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x4x4x8xf32>, tensor<8x8x3x3xf32>
  // expected-error @below {{after phase 'simplify' expects 'channels_last', but found channels before the spatial dimensions}}
  %1 = nn.pool max %y window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x8x4x4xf32>
  return %0 : tensor<1x4x4x8xf32>
}

// -----

// A late dimension has a value from the operation that defines it on.
func.func @main(%n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @below {{after phase 'simplify' expects the operation that defines it before, but found late dimension '?a' without a value}}
  %0 = nn.iota axis 0 from <0> step <1> : tensor<?xi64, #nn.dims<["?a"]>>
  nn.bind_sizes %n as ["?a"] : tensor<i64>
  %1 = nn.loop index "?t" count <3> executed "?e" -> tensor<?xi64, #nn.dims<["?e"]>> {
    %2 = nn.size_value [#nn.size<"?t">] : tensor<i64>
    %3 = nn.iota axis 0 from <0> step <1> : tensor<?xi64, #nn.dims<["?t" + "?a"]>>
    nn.yield stacked(%2 : tensor<i64>)
  }
  // expected-error @below {{found late dimension '?t' without a value}}
  %4 = nn.iota axis 0 from <0> step <1> : tensor<?xi64, #nn.dims<["?t"]>>
  %5 = nn.iota axis 0 from <0> step <1> : tensor<?xi64, #nn.dims<["?e"]>>
  return
}

//--- fuse.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<4xf32>>
  %0 = kernel.group loop (%a = %x : tensor<4xf32>, %b = %s : tensor<4xf32>) -> tensor<4xf32> {
    %c = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
    %1 = nn.mul %a, %c : tensor<4xf32>, tensor<f32>
    %2 = nn.add %1, %b : tensor<4xf32>, tensor<4xf32>
    kernel.yield %2 : tensor<4xf32>
  }
  %r = nn.reshape %0 : tensor<4xf32> to tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{after phase 'fuse' expects one of: kernel.group nn.reshape nn.weight nn.bind_sizes nn.loop nn.if nn.yield func.return, but found 'nn.relu' in a function}}
  %0 = nn.relu %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4x4xf32>) -> tensor<4x1xf32> {
  %0 = kernel.group loop (%a = %x : tensor<4x4xf32>) -> tensor<4x1xf32> {
    // expected-error @below {{but found 'nn.reduce' in a kernel of kind 'loop'}}
    %1 = nn.reduce sum %a axes [1] : tensor<4x4xf32>
    kernel.yield %1 : tensor<4x1xf32>
  }
  return %0 : tensor<4x1xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @below {{but found 'nn.weight' in a kernel of kind 'loop'}}
    %w = nn.weight #nn.weight<file {name = "w"} : tensor<4xf32>>
    %1 = nn.add %a, %w : tensor<4xf32>, tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

//--- outline.mlir
// expected-error @below {{after phase 'outline' expects 'tiles' and 'scratch', but found a kernel without a plan}}
kernel.func @relu_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.relu %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = kernel.call @relu_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{but found 'kernel.group' in a function}}
  %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %1 = nn.relu %a : tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

//--- lower.mlir
module {
  module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
    func.func @relu_0(%b: memref<?xf32>) -> i32 {
      %c0 = arith.constant 0 : i32
      return %c0 : i32
    }
  }
}

// -----

module {
  module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
    func.func @relu_0(%x: tensor<4xf32>) -> tensor<4xf32> {
      // expected-error @below {{but found 'nn.relu' in a lowered function}}
      %0 = nn.relu %x : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}

// -----

module {
  // expected-error @below {{after phase 'lower' expects the instruction set it is for, but found a module without 'kernel.target'}}
  module @x86_64_v4 {
  }
}

//--- place.mlir
kernel.schedule @main inputs [{name = "x", type = tensor<4xf32>}] outputs [{name = "y", type = tensor<4xf32>}] arena <64> scratch <0> {
  %x = kernel.input 0
  %y = kernel.output 0
  // expected-error @below {{after phase 'place' expects an offset in the arena, but found a buffer without a place}}
  %t = kernel.arena bytes <16> live [0, 1]
  // expected-error @below {{expects an offset in the weights, but found a weight without a place}}
  %w = kernel.constant #nn.weight<file {name = "w"} : tensor<4xf32>>
}

// -----

// expected-error @below {{but found 'func.func' in the module}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
