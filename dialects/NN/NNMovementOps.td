//===- NNMovementOps.td - constants, views and data movement -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNMOVEMENTOPS_TD
#define SINTER_DIALECTS_NN_NNMOVEMENTOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"

def NN_WeightOp : NN_Op<"weight", [ConstantLike]> {
  let summary = "gives a constant tensor, by a lazy expression";
  let description = [{
    ```mlir
    %w = nn.weight #nn.weight<file {name = "fc.bias"} : tensor<10xf32>>
    ```
    Scalars and small constants are `dense` expressions.
    Constraint: (C1) the type of the result is that of the expression.
  }];
  let arguments = (ins NN_WeightAttr:$value);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "custom<WeightValue>($value, type($result)) attr-dict";
  let builders = [OpBuilder<(ins "::sinter::nn::WeightAttr":$value)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}
def NN_SizeValueOp : NN_Op<"size_value"> {
  let summary = "gives sizes as elements of a tensor of rank 0 or 1";
  let description = [{
    What is left of a Shape operator whose value enters the computation.
    ```mlir
    %n = nn.size_value [#nn.size<batch>, #nn.size<3>] : tensor<2xi64>
    ```
    Constraints: (C1) as many sizes as elements; (C2) rank 0 or 1.
  }];
  let arguments = (ins TypedArrayAttrBase<NN_SizeAttr, "sizes">:$sizes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$sizes attr-dict `:` type($result)";
  let hasVerifier = 1;
}
def NN_IotaOp : NN_Op<"iota"> {
  let summary = "counts along one axis: start + i * step";
  let description = [{
    `start` and `step` are sizes (negative constants allowed).
    ```mlir
    %p = nn.iota axis 0 from <0> step <1> : tensor<?xi64, #nn.dims<[seq]>>
    ```
    Constraint: (C1) the axis is a dimension of the result.
  }];
  let arguments = (ins I64Attr:$axis, NN_SizeAttr:$start, NN_SizeAttr:$step);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "`axis` $axis `from` $start `step` $step attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def NN_ReshapeOp : NN_Op<"reshape"> {
  let summary = "gives the same elements in row-major order another shape";
  let description = "Constraint: (C1) the number of elements stays, where both are known.";
  let arguments = (ins NN_AnyTensor:$input);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def NN_BroadcastOp : NN_Op<"broadcast"> {
  let summary = "repeats dimensions of size 1, aligned at the right, as ONNX Expand";
  let description = "Constraint: (C1) each input size is 1 or that of the result.";
  let arguments = (ins NN_AnyTensor:$input);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def NN_TransposeOp : NN_InferredOp<"transpose"> {
  let summary = "permutes dimensions: result dimension i is input dimension permutation[i]";
  let description = "Constraint: (C1) a permutation of 0 .. rank-1.";
  let arguments = (ins NN_AnyTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input)";
  let hasFolder = 1;
}
def NN_SliceOp : NN_InferredOp<"slice"> {
  let summary = "takes sizes[d] elements of each dimension from starts[d] in steps of steps[d]";
  let description = [{
    In each dimension result[i] = input[start + i * step] for 0 <= i < size: with a
    negative step the elements are taken backwards from `start`, which is then the
    largest index. The importer has normalized and clamped ONNX's.
    ```mlir
    %y = nn.slice %x starts [#nn.size<0>, #nn.size<2>] sizes [#nn.size<n>, #nn.size<4>] steps [1, 1] : tensor<?x8xf32, #nn.dims<[n, 8]>>
    ```
    Constraints: (C1) one start, size and step a dimension; (C2) no step is 0; (C3) the
    first and last element taken lie in the input, where that can be known.
  }];
  let arguments = (ins NN_AnyTensor:$input, TypedArrayAttrBase<NN_SizeAttr, "sizes">:$starts,
                       TypedArrayAttrBase<NN_SizeAttr, "sizes">:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input `starts` $starts `sizes` $sizes `steps` $steps attr-dict `:` type($input)";
}
def NN_ConcatOp : NN_InferredOp<"concat"> {
  let summary = "joins tensors along one axis";
  let description = [{
    Constraints: (C1) at least one operand, the axis one of its dimensions; (C2) all have the
    same rank and element type; (C3) their sizes agree in the other dimensions.
  }];
  let arguments = (ins Variadic<NN_AnyTensor>:$inputs, I64Attr:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` type($inputs)";
}
def NN_PadModeEnum : I32EnumAttr<"PadMode", "how Pad makes elements", [
  I32EnumAttrCase<"Constant", 0, "constant">, I32EnumAttrCase<"Reflect", 1, "reflect">,
  I32EnumAttrCase<"Edge", 2, "edge">, I32EnumAttrCase<"Wrap", 3, "wrap">]> {
  let cppNamespace = "::sinter::nn";
  let genSpecializedAttr = 0;
}
def NN_PadModeAttr : EnumAttr<NN_Dialect, NN_PadModeEnum, "pad_mode">;
def NN_PadOp : NN_InferredOp<"pad"> {
  let summary = "adds elements before and after; negative amounts remove";
  let description = [{
    `value` is what the mode `constant` adds.
    Constraints: (C1) one amount before and after a dimension; (C2) the value is one element
    of the input's element type.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_AnyTensor:$value, TypedArrayAttrBase<NN_SizeAttr, "sizes">:$before,
                       TypedArrayAttrBase<NN_SizeAttr, "sizes">:$after, NN_PadModeAttr:$mode);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input `,` $value `` $mode `before` $before `after` $after attr-dict `:` type($input) `,` type($value)";
}
def NN_GatherOp : NN_InferredOp<"gather"> {
  let summary = "takes slices along an axis by index; negative indices count from the end";
  let description = [{
    The axis is replaced by the dimensions of the indices. An index out of range is a
    run-time error that names the node.
    Constraint: (C1) the axis is a dimension of the input.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` type($input) `,` type($indices)";
}
def NN_GatherElementsOp : NN_InferredOp<"gather_elements"> {
  let summary = "takes elements along an axis, an index for each";
  let description = [{
    The result has the shape of the indices. An index out of range is a run-time error.
    Constraints: (C1) the axis is a dimension of the input; (C2) input and indices have the
    same rank.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` type($input) `,` type($indices)";
}

#endif // SINTER_DIALECTS_NN_NNMOVEMENTOPS_TD
