//===- KernelOps.td - operations of the kernel dialect ------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_KERNEL_KERNELOPS_TD
#define SINTER_DIALECTS_KERNEL_KERNELOPS_TD

include "dialects/Kernel/KernelDialect.td"
include "dialects/NN/NNAttrs.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_KindEnum : I32EnumAttr<"Kind", "which emitter makes the code of a kernel", [
  I32EnumAttrCase<"Loop", 0, "loop">,          // element-wise over the result's index space, operands through index maps
  I32EnumAttrCase<"Rows", 1, "rows">,          // element-wise and reductions along the trailing dimension(s), row by row
  I32EnumAttrCase<"Reduce", 2, "reduce">,      // one reduction over any axes with an element-wise prologue and epilogue
  I32EnumAttrCase<"Window", 3, "window">,      // depthwise convolution and pooling, channels last, vectorized over channels
  I32EnumAttrCase<"Contract", 4, "contract">,  // matmul, conv, conv_transpose with epilogue
  I32EnumAttrCase<"Serial", 5, "serial">]> {   // algorithms: one per operation
  let cppNamespace = "::sinter::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_KindAttr : EnumAttr<Kernel_Dialect, Kernel_KindEnum, "kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Kernel_BufferType : TypeDef<Kernel_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "an address known when the schedule runs; no shape, no element type";
}

//===----------------------------------------------------------------------===//
// The group form
//===----------------------------------------------------------------------===//

def Kernel_GroupOp : Kernel_Op<"group", [IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "nn operations that will be one kernel";
  let description = [{
    ```mlir
    %y = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
      %0 = nn.relu %a : tensor<4xf32>
      kernel.yield %0 : tensor<4xf32>
    }
    ```
    The block arguments are the operands. Which operations may stand together for
    each kind: passes/Fuse/README.md.

    Constraints: (C1) the block arguments have the types of the operands; (C2) what
    is yielded has the types of the results.
  }];
  let arguments = (ins Kernel_KindAttr:$kind, Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}
def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["GroupOp", "FuncOp"]>]> {
  let summary = "ends a group or a kernel with its results";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
def Kernel_UnpackOp : Kernel_Op<"unpack", [Pure]> {
  let summary = "names the logical value of a packed weight";
  let description = [{
    Stands between a packed weight (argument of the kernel) and the contraction that
    reads it panel by panel; never materialized. The packed type is
    [groups, ceil(n / panel), k.., panel], zero-padded in n, with panel 32:
    matmul [k, n] -> [1, ceil(n/32), k, 32]; conv filter [o, i, kh, kw] ->
    [group, ceil(o/group/32), kh, kw, i, 32]; conv_transpose filter [i, o, kh, kw] -> the same form with roles of
    i and o as its result needs. Of 8-bit integers, four neighbours in k (or i) lie together:
    [.., ceil(k/4), 32, 4], zero-padded in k.
    ```mlir
    %w = kernel.unpack %p : tensor<1x2x576x32xf32> -> tensor<576x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$packed);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$packed attr-dict `:` type($packed) `->` type($result)";
}

def Kernel_UnpackSparseOp : Kernel_Op<"unpack_sparse", [Pure]> {
  let summary = "names the logical value of a packed sparse weight";
  let description = [{
    As `kernel.unpack`, for a matrix [k, n] (or the filter of a pointwise
    convolution, [n, k, 1..]) of which only some elements are stored, the others
    being zero. `values` are
    - blocks [count, 16] of 1 row and 16 columns: `starts` [ceil(n/16) + 1] says
      which blocks belong to a panel of 16 columns;
    - or single elements [count], a depth of 64 rows after the other and column by
      column in it: `starts` [ceil(k/64) * n + 1] says which belong to a column.
    `indices` [count] holds the k of each, ascending from start to start.
    ```mlir
    %w = kernel.unpack_sparse %s, %i, %v : tensor<5xi32>, tensor<460xi32>, tensor<460x16xf32> -> tensor<576x64xf32>
    ```
    Constraints: (C1) `starts` and `indices` are vectors of i32, `values` has rank 1
    or blocks of 16; (C2) `indices` and `values` have the same length; (C3) the
    result has rank 2 or more and the element type of `values`; (C4) `starts` has the
    length that the result asks for.
  }];
  let arguments = (ins AnyRankedTensor:$starts, AnyRankedTensor:$indices, AnyRankedTensor:$values);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$starts `,` $indices `,` $values attr-dict `:` type($starts) `,` type($indices) `,` type($values) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether blocks of 16 columns are stored, not single elements.
    bool hasBlocks() { return getValues().getType().getRank() == 2; }
    /// Rows and columns of the matrix that the result is.
    std::pair<int64_t, int64_t> getMatrixSize();
  }];
}

//===----------------------------------------------------------------------===//
// The outlined form
//===----------------------------------------------------------------------===//

def Kernel_FuncOp : Kernel_Op<"func", [IsolatedFromAbove, FunctionOpInterface, SingleBlock]> {
  let summary = "a kernel: the unit of lowering, code generation and de-duplication";
  let description = [{
    `tiles` is the number of independent units of work (parallel slots take ranges of
    them); `scratch` the bytes each slot needs. Both are made by the pass
    `sinter-outline-plan-tiles` and obeyed by the emitters.
    ```mlir
    kernel.func @relu_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>, ...} { ... }
    ```
    Constraints: (C1) what is yielded has the types of the results; (C2) there is a body.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, Kernel_KindAttr:$kind,
                       OptionalAttr<NN_SizeAttr>:$tiles, OptionalAttr<NN_SizeAttr>:$scratch,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let extraClassDeclaration = [{
    mlir::ArrayRef<mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    mlir::ArrayRef<mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    mlir::Region *getCallableRegion() { return &getBody(); }
  }];
  let hasVerifier = 1;
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}
def Kernel_CallOp : Kernel_Op<"call", [Pure]> {
  let summary = "computes tensors with a kernel";
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$callee `(` $inputs `)` attr-dict `:` functional-type($inputs, $results)";
}

//===----------------------------------------------------------------------===//
// The placed form
//===----------------------------------------------------------------------===//

/// Placed operations stand in a schedule, or in a loop or condition of one.
def Kernel_InSchedule : ParentOneOf<["ScheduleOp", "LoopOp", "IfOp"]>;

def Kernel_ScheduleOp : Kernel_Op<"schedule", [IsolatedFromAbove, SingleBlock, NoTerminator, Symbol]> {
  let summary = "what one run of a model does, on buffers";
  let description = [{
    `arena` is the size of the arena in bytes, `scratch` the bytes of scratch a slot needs.
    Inputs and outputs are those of the graph function, with name and tensor type.
    ```mlir
    kernel.schedule @main inputs [{name = "x", type = tensor<4xf32>} ] outputs [{name = "y", type = tensor<4xf32>} ]
        arena <256> scratch <0> {
      %x = kernel.input 0
      %y = kernel.output 0
      %t = kernel.arena at <0> bytes <16> live [0, 1]
      kernel.launch @relu_0 ins(%x) outs(%t)
      kernel.launch @relu_0 ins(%t) outs(%y)
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DictArrayAttr:$inputs, DictArrayAttr:$outputs,
                       NN_SizeAttr:$arena, NN_SizeAttr:$scratch);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{ $sym_name `inputs` $inputs `outputs` $outputs `arena` $arena `scratch` $scratch attr-dict-with-keyword $body }];
}
def Kernel_InputOp : Kernel_Op<"input", [Pure, Kernel_InSchedule]> {
  let summary = "the buffer of an input, the caller's";
  let description = "Constraint: (C1) the index is that of an input of the schedule.";
  let arguments = (ins I64Attr:$index);
  let results = (outs Kernel_BufferType:$result);
  let assemblyFormat = "$index attr-dict";
  let hasVerifier = 1;
}
def Kernel_OutputOp : Kernel_Op<"output", [Pure, Kernel_InSchedule]> {
  let summary = "the buffer of an output, the caller's or the context's";
  let description = "Constraint: (C1) the index is that of an output of the schedule.";
  let arguments = (ins I64Attr:$index);
  let results = (outs Kernel_BufferType:$result);
  let assemblyFormat = "$index attr-dict";
  let hasVerifier = 1;
}
def Kernel_ConstantOp : Kernel_Op<"constant", [Pure, Kernel_InSchedule]> {
  let summary = "the buffer of a weight in the artifact";
  let description = "`offset` (bytes, multiple of 64, in the weights section) is set by `sinter-memory-place-weights`.";
  let arguments = (ins NN_WeightAttr:$value, OptionalAttr<I64Attr>:$offset);
  let results = (outs Kernel_BufferType:$result);
  let assemblyFormat = "$value (`at` $offset^)? attr-dict";
}
def Kernel_ArenaOp : Kernel_Op<"arena", [Pure, Kernel_InSchedule]> {
  let summary = "a buffer in the arena, live from step 'first' to step 'last' (passes/Memory/README.md)";
  let description = "Constraint: (C1) 'first' is not after 'last'.";
  let arguments = (ins OptionalAttr<NN_SizeAttr>:$offset, NN_SizeAttr:$bytes, I64Attr:$first, I64Attr:$last);
  let results = (outs Kernel_BufferType:$result);
  let assemblyFormat = "(`at` $offset^)? `bytes` $bytes `live` ` ` `[` $first `,` $last `]` attr-dict";
  let hasVerifier = 1;
}
def Kernel_GrownOp : Kernel_Op<"grown", [Pure, Kernel_InSchedule]> {
  let summary = "a buffer whose size is known only while running, in memory that `kernel.grow` provides";
  let description = "Buffers with disjoint lifetimes may have the same slot: the buffer is where its slot was last grown to.";
  let arguments = (ins I64Attr:$slot);
  let results = (outs Kernel_BufferType:$result);
  let assemblyFormat = "`slot` $slot attr-dict";
}
def Kernel_GrowOp : Kernel_Op<"grow", [Kernel_InSchedule]> {
  let summary = "gives a grown buffer at least `bytes`; the first `keep` of them stay as they are";
  let arguments = (ins Kernel_BufferType:$buffer, NN_SizeAttr:$bytes, NN_SizeAttr:$keep);
  let assemblyFormat = "$buffer `bytes` $bytes `keep` $keep attr-dict";
}
def Kernel_CheckSizesOp : Kernel_Op<"check_sizes", [Kernel_InSchedule]> {
  let summary = "ends the run with a check of the manifest where a tensor cannot have the sizes that data asks for";
  let description = [{
    No size may be negative, and `element_bytes` times their product must be less than any memory (2^46 bytes). Where `elements` is
    given, that is their product. `check` is the number of the check.
  }];
  let arguments = (ins NN_DimsAttr:$sizes, I64Attr:$element_bytes, OptionalAttr<NN_SizeAttr>:$elements, I64Attr:$check);
  let assemblyFormat = "$sizes `of` $element_bytes `bytes` (`elements` $elements^)? `check` $check attr-dict";
}
def Kernel_LaunchOp : Kernel_Op<"launch", [Kernel_InSchedule, AttrSizedOperandSegments]> {
  let summary = "runs a kernel on buffers";
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Kernel_BufferType>:$inputs, Variadic<Kernel_BufferType>:$outputs);
  let assemblyFormat = "$callee `ins` `(` $inputs `)` `outs` `(` $outputs `)` attr-dict";
}
def Kernel_CopyOp : Kernel_Op<"copy", [Kernel_InSchedule]> {
  let summary = "copies bytes: an output that is an input, a weight or a view of another output; a carried or stacked value";
  let description = "`offset` is in bytes, in the target.";
  let arguments = (ins Kernel_BufferType:$source, Kernel_BufferType:$target, NN_SizeAttr:$bytes, OptionalAttr<NN_SizeAttr>:$offset);
  let assemblyFormat = "$source `to` $target (`at` $offset^)? `bytes` $bytes attr-dict";
}
def Kernel_ReadSizesOp : Kernel_Op<"read_sizes", [Kernel_InSchedule]> {
  let summary = "reads the elements of a buffer into late dimensions";
  let description = "`width` is the bits of an element, 32 or 64. Sizes that depend on the dimensions are computed anew.";
  let arguments = (ins Kernel_BufferType:$source, StrArrayAttr:$names, I64Attr:$width);
  let assemblyFormat = "$source `as` $names `width` $width attr-dict";
}
def Kernel_SetSizesOp : Kernel_Op<"set_sizes", [Kernel_InSchedule]> {
  let summary = "gives late dimensions the values of sizes, all at once";
  let arguments = (ins StrArrayAttr:$names, TypedArrayAttrBase<NN_SizeAttr, "sizes">:$sizes);
  let assemblyFormat = "$names `to` $sizes attr-dict";
}
def Kernel_LoopOp : Kernel_Op<"loop", [Kernel_InSchedule, SingleBlock, NoTerminator]> {
  let summary = "runs its body at most `count` times, as nn.loop";
  let description = [{
    The buffer `condition` holds a byte that is looked at before each iteration. `index` is the late dimension that counts
    iterations inside, `executed` the one that has their number after the loop.
  }];
  let arguments = (ins NN_SizeAttr:$count, StrAttr:$index, StrAttr:$executed, Optional<Kernel_BufferType>:$condition);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`index` $index `count` $count `executed` $executed (`while` $condition^)? attr-dict-with-keyword $body";
}
def Kernel_IfOp : Kernel_Op<"if", [Kernel_InSchedule, SingleBlock, NoTerminator]> {
  let summary = "runs one of two bodies, by the byte in a buffer";
  let arguments = (ins Kernel_BufferType:$condition);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = "$condition attr-dict-with-keyword $then_body `else` $else_body";
}

#endif // SINTER_DIALECTS_KERNEL_KERNELOPS_TD
