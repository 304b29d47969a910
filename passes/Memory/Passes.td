//===- Passes.td - memory passes ----------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_MEMORY_PASSES_TD
#define SINTER_PASSES_MEMORY_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlaceBuffersPass : Pass<"sinter-memory-place-buffers", "::mlir::ModuleOp"> {
  let summary = "turns the graph function into a schedule on buffers of one arena";
  let description = [{
    Every result of a kernel gets a buffer: that of the output if the value is
    returned, else a range of the arena. A view is the buffer of what it shows. An
    output that is an input, a weight, or a second name of another output is
    copied at the end. A `loop` kernel whose result may overwrite an operand that
    nobody needs afterwards gets the operand's buffer (`in-place`).

    Where all sizes are constants, offsets are found by best fit in several
    orders, and the smallest arena wins. With free dimensions, buffers share a
    slot only if their lifetimes are disjoint; a slot is as large as the largest
    of its buffers, and slots follow one another. All offsets are multiples of 64.

    Loops, conditions and sizes that data decides become their placed forms:
    passes/Memory/README.md.

    Needs: one function of `kernel.call`, `nn.reshape`, `nn.weight`,
    `nn.bind_sizes`, `nn.loop` and `nn.if`. Leaves: `kernel.schedule` of the same
    name in its place.

    ```mlir
    func.func @main(%x: tensor<16xf32> {nn.name = "x"}) -> (tensor<16xf32> {nn.name = "y"}) {
      %0 = kernel.call @exp_0(%x) : (tensor<16xf32>) -> tensor<16xf32>
      %1 = kernel.call @exp_0(%0) : (tensor<16xf32>) -> tensor<16xf32>
      return %1 : tensor<16xf32>
    }
    // becomes, if @exp_0 may not work in place
    kernel.schedule @main inputs [{name = "x", type = tensor<16xf32>} ] outputs [{name = "y", type = tensor<16xf32>} ]
        arena <64> scratch <0> {
      %0 = kernel.input 0
      %1 = kernel.output 0
      %2 = kernel.arena at <0> bytes <64> live [0, 1]
      kernel.launch @exp_0 ins(%0) outs(%2)
      kernel.launch @exp_0 ins(%2) outs(%1)
    }
    ```

    Remarks (category `sinter-memory`): `PlaceBuffers` analysis with the bytes of
    the arena, the largest sum of live bytes (no plan needs less), and the number
    of buffers.
  }];
  let options = [
    Option<"inPlace", "in-place", "bool", /*default=*/"true",
           "Let loop kernels overwrite an operand that nobody needs afterwards">,
  ];
  let dependentDialects = ["::sinter::nn::NNDialect", "::sinter::kernel::KernelDialect"];
}

def PlaceWeightsPass : Pass<"sinter-memory-place-weights", "::mlir::ModuleOp"> {
  let summary = "gives every weight its offset in the weights section";
  let description = [{
    Offsets are multiples of 64 in the order of first use; equal expressions share
    one. `kernel.weights_bytes` on the module is the size of the section.

    Needs: a `kernel.schedule`. Leaves: `offset` on every `kernel.constant`.

    ```mlir
    %0 = kernel.constant #nn.weight<file {name = "w"} : tensor<3xf32>>
    // becomes
    %0 = kernel.constant #nn.weight<file {name = "w"} : tensor<3xf32>> at 0
    ```

    Remarks (category `sinter-memory`): `PlaceWeights` analysis with the bytes.
  }];
}

#endif // SINTER_PASSES_MEMORY_PASSES_TD
