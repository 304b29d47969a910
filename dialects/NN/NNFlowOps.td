//===- NNFlowOps.td - control flow and sizes from data ------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNFLOWOPS_TD
#define SINTER_DIALECTS_NN_NNFLOWOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

// A *late* dimension is a free dimension whose value is found while the model
// runs. Its name begins with '?', and it may be any integer. It has its value
// from the operation that defines it on (nn.bind_sizes, or the loop or
// condition around): operations that mention it come after that one in their
// block, or in blocks inside later operations. Such an operation is a barrier:
// nothing moves across it, and no kernel has operations from both sides. It has
// effects (it defines names), so it stays even where its results are not used.

def NN_SizeArrayAttr : TypedArrayAttrBase<NN_SizeAttr, "sizes">;

def NN_BindSizesOp : Op<NN_Dialect, "bind_sizes"> {
  let summary = "makes the elements of a tensor the values of late dimensions";
  let description = [{
    The host waits for the tensor and reads it. `bounds`, where given, is for each
    element a size that it never exceeds, in dimensions known before: then memory
    is planned ahead.
    ```mlir
    nn.bind_sizes %shape as ["?Reshape_3.shape.0", "?Reshape_3.shape.1"] : tensor<2xi64>
    ```
    Constraints: (C1) rank 0 or 1, as many names as elements; (C2) every name begins
    with '?'; (C3) no bounds, or as many as names.
  }];
  let arguments = (ins NN_IndexTensor:$values, StrArrayAttr:$names, OptionalAttr<NN_SizeArrayAttr>:$bounds);
  let assemblyFormat = "$values `as` $names (`bounds` $bounds^)? attr-dict `:` type($values)";
  let hasVerifier = 1;
}

def NN_LoopOp : Op<NN_Dialect, "loop", [AttrSizedOperandSegments, SingleBlock]> {
  let summary = "runs its body again and again, as ONNX Loop and Scan";
  let description = [{
    `count` times at most, and only as long as `condition` (evaluated before the
    first, and yielded by each iteration) holds. The late dimension `index` is the number of the
    iteration in the body, from 0; scanned inputs are slices of outer values that start
    at it. `carried` values enter as block arguments, and leave as the first results.
    The other results are *stacked*: their leading dimension counts iterations.

    `executed` is the late dimension that holds the number of iterations that ran,
    after the loop. The leading size of stacked results is that dimension where there is a
    condition, and `count` where there is none.

    Sizes of carried values may change from an iteration to the next: `size_names`
    are late dimensions, which begin with `size_inits` and become `size_nexts`
    (evaluated at the end of an iteration, all at once) after each. Block arguments and results have
    types in these names; yielded values have the sizes of `size_nexts`.
    ```mlir
    %h, %ys = nn.loop index "?t" count <seq> executed "?n" carried(%h0) {
    ^bb0(%arg: tensor<1x64xf32>):
      ...
      nn.yield carried(%next : tensor<1x64xf32>) stacked(%next : tensor<1x64xf32>)
    } : (tensor<1x64xf32>) -> (tensor<1x64xf32>, tensor<?x1x64xf32, #nn.dims<[seq, 1, 64]>>)
    ```
    Constraints: (C1) the block arguments are as many as carried operands, and have the types
    of the first results; (C2) the terminator yields a condition if and only if there is one,
    and as many values as results; (C3) all names begin with '?'; (C4) as many
    `size_inits` and `size_nexts` as `size_names`.
  }];
  let arguments = (ins NN_SizeAttr:$count, StrAttr:$index, StrAttr:$executed,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$size_names,
                       DefaultValuedAttr<NN_SizeArrayAttr, "{}">:$size_inits,
                       DefaultValuedAttr<NN_SizeArrayAttr, "{}">:$size_nexts,
                       Optional<NN_BoolTensor>:$condition, Variadic<NN_AnyTensor>:$carried);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{ `index` $index `count` $count `executed` $executed
    (`while` `(` $condition^ `:` type($condition) `)`)? (`carried` `(` $carried^ `:` type($carried) `)`)?
    (`sizes` $size_names^ `from` $size_inits `next` $size_nexts)? (`->` type($results)^)? $body attr-dict }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    mlir::Block &getBlock() { return getBody().front(); }
    YieldOp getYield();
    /// Results that are carried, and those that are stacked.
    mlir::ResultRange getFinals() { return getResults().take_front(getCarried().size()); }
    mlir::ResultRange getStacked() { return getResults().drop_front(getCarried().size()); }
  }];
}

def NN_IfOp : Op<NN_Dialect, "if"> {
  let summary = "runs one of two bodies";
  let description = [{
    The values that the bodies yield (as `carried`) are the results. Where their
    sizes differ, the types of the results are in late dimensions `size_names`, which become
    `then_sizes` or `else_sizes`.
    ```mlir
    %y = nn.if %c : tensor<i1> -> tensor<4xf32> {
      nn.yield carried(%a : tensor<4xf32>)
    } else {
      nn.yield carried(%b : tensor<4xf32>)
    }
    ```
    Constraints: (C1) the condition has one element; (C2) both bodies have no arguments
    and yield as many values as results, of their element types and ranks; (C3) all names begin with '?'; (C4) as
    many `then_sizes` and `else_sizes` as `size_names`.
  }];
  let arguments = (ins NN_BoolTensor:$condition, DefaultValuedAttr<StrArrayAttr, "{}">:$size_names,
                       DefaultValuedAttr<NN_SizeArrayAttr, "{}">:$then_sizes,
                       DefaultValuedAttr<NN_SizeArrayAttr, "{}">:$else_sizes);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = [{ $condition `:` type($condition)
    (`sizes` $size_names^ `then` $then_sizes `else` $else_sizes)? (`->` type($results)^)?
    $then_body `else` $else_body attr-dict }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp getThenYield();
    YieldOp getElseYield();
  }];
}

def NN_YieldOp : NN_Op<"yield", [Terminator, ReturnLike, AttrSizedOperandSegments, ParentOneOf<["LoopOp", "IfOp"]>]> {
  let summary = "ends the body of a loop or of a condition";
  let arguments = (ins Optional<NN_BoolTensor>:$condition, Variadic<NN_AnyTensor>:$carried, Variadic<NN_AnyTensor>:$stacked);
  let assemblyFormat = [{ (`while` `(` $condition^ `:` type($condition) `)`)? (`carried` `(` $carried^ `:` type($carried) `)`)?
    (`stacked` `(` $stacked^ `:` type($stacked) `)`)? attr-dict }];
}

def NN_AlgorithmOp : NN_Op<"algorithm"> {
  let summary = "computes by a function of runtime/support: what is an algorithm and no loop over elements";
  let description = [{
    `name` is that of the C function (runtime/support/README.md), element types included. It gets the
    operands, the results, the sizes of all of them, `integers` and `numbers`, and computes the units of work `[first, last)`
    of `units`, which write disjoint memory. `scratch` is the bytes that a slot needs. `check`, where given, is what a run
    reports where the function refuses its operands.
    ```mlir
    %v, %i = nn.algorithm "top_k_f32" (%x) integers [1, 1] numbers [] units <n> scratch <0>
        : (tensor<?x8xf32, #nn.dims<[n, 8]>>) -> (tensor<?x3xf32, #nn.dims<[n, 3]>>, tensor<?x3xi64, #nn.dims<[n, 3]>>)
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<NN_AnyTensor>:$inputs, DenseI64ArrayAttr:$integers, DenseF64ArrayAttr:$numbers,
                       NN_SizeAttr:$units, NN_SizeAttr:$scratch, OptionalAttr<StrAttr>:$check);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let assemblyFormat = [{ $name `(` $inputs `)` `integers` $integers `numbers` $numbers `units` $units `scratch` $scratch
    (`check` $check^)? attr-dict `:` functional-type($inputs, $results) }];
}

#endif // SINTER_DIALECTS_NN_NNFLOWOPS_TD
