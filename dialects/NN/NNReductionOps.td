//===- NNReductionOps.td - reductions -----------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNREDUCTIONOPS_TD
#define SINTER_DIALECTS_NN_NNREDUCTIONOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"

def NN_ReduceKindEnum : I32EnumAttr<"ReduceKind", "how elements are combined", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">, I32EnumAttrCase<"Prod", 4, "prod">]> {
  let cppNamespace = "::sinter::nn";
  let genSpecializedAttr = 0;
}
def NN_ReduceKindAttr : EnumAttr<NN_Dialect, NN_ReduceKindEnum, "reduce_kind">;

def NN_ReduceOp : NN_InferredOp<"reduce"> {
  let summary = "combines the elements along some axes, which stay with size 1";
  let description = [{
    Without kept dimensions a reshape follows.
    Constraint: (C1) axes are dimensions of the input, ascending and distinct.
    ```mlir
    %m = nn.reduce mean %x axes [2, 3] : tensor<1x64x7x7xf32>   // -> tensor<1x64x1x1xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_ReduceKindAttr:$kind, DenseI64ArrayAttr:$axes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "`` $kind $input `axes` $axes attr-dict `:` type($input)";
}
def NN_ArgReduceOp : NN_InferredOp<"arg_reduce"> {
  let summary = "gives the index (i64) of the largest or smallest element along an axis, which stays with size 1";
  let description = "Constraint: (C1) the axis is a dimension of the input; (C2) kind is max or min.";
  let arguments = (ins NN_AnyTensor:$input, NN_ReduceKindAttr:$kind, I64Attr:$axis, UnitAttr:$select_last);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "`` $kind $input `axis` $axis (`last` $select_last^)? attr-dict `:` type($input)";
  let hasVerifier = 1;
}

#endif // SINTER_DIALECTS_NN_NNREDUCTIONOPS_TD
