//===- NNContractionOps.td - matrix products and convolutions -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNCONTRACTIONOPS_TD
#define SINTER_DIALECTS_NN_NNCONTRACTIONOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"

def NN_MatmulOp : NN_InferredOp<"matmul"> {
  let summary = "multiplies matrices [.., m, k] x [.., k, n]; leading dimensions broadcast";
  let description = [{
    ```mlir
    %y = nn.matmul %x, %w : tensor<8x64xf32>, tensor<64x16xf32>
    %i = nn.matmul %a, %b : tensor<8x64xui8>, tensor<64x16xi8>    // tensor<8x16xi32>
    ```
    The result has the element type of the operands; the product of 8-bit integers,
    signed or not, is `i32` (sums wrap).

    Constraints: (C1) both operands have rank >= 2 (the importer reshapes vectors); (C2) the k sizes agree; (C3) leading
    dimensions broadcast; (C4) the operands have the same element type, or are 8-bit integers.
  }];
  let arguments = (ins NN_AnyTensor:$lhs, NN_AnyTensor:$rhs);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
}

/// Convolutions of any number of spatial dimensions. `channels_last` says that
/// input and result are [n, spatial.., c] instead of [n, c, spatial..]; the
/// filter is always [out, in/group, spatial..] (transposed: [in, out/group, ..]).
def NN_ConvOp : NN_InferredOp<"conv"> {
  let summary = "convolves";
  let description = [{
    `pads` = all begins, then all ends.
    ```mlir
    %y = nn.conv %x, %w strides [2, 2] pads [3, 3, 3, 3] dilations [1, 1] group 1 : tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>
    ```
    Constraints: (C1) strides, dilations > 0, one a spatial dimension; pads two;
    (C2) channels = group * filter channels; (C3) group divides the output channels;
    (C4) input and filter have the same rank, at least 3, and the same element type,
    or are 8-bit integers, with a result of `i32` as of nn.matmul; (C5) `pad_value`,
    which the padding holds, is a value of the input's 8-bit type, and 0 for other
    types.
    Bias is a separate `nn.add`.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_AnyTensor:$filter, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$group, UnitAttr:$channels_last,
                       DefaultValuedAttr<I64Attr, "0">:$pad_value);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{ $input `,` $filter `strides` $strides `pads` $pads `dilations` $dilations `group` $group
    (`channels_last` $channels_last^)? (`pad_value` $pad_value^)? attr-dict `:` type($input) `,` type($filter) }];
}
def NN_ConvTransposeOp : NN_InferredOp<"conv_transpose"> {
  let summary = "convolves transposed: the gradient of nn.conv with respect to its input";
  let description = [{
    Output size: stride*(in-1) + output_padding + (k-1)*dilation + 1 - pads.
    Constraints: as nn.conv, with (C1) one output padding a spatial dimension; (C2) channels =
    filter channels; (C3) group divides the channels.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_AnyTensor:$filter, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$output_padding, I64Attr:$group, UnitAttr:$channels_last);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{ $input `,` $filter `strides` $strides `pads` $pads `dilations` $dilations `output_padding` $output_padding
    `group` $group (`channels_last` $channels_last^)? attr-dict `:` type($input) `,` type($filter) }];
}

#endif // SINTER_DIALECTS_NN_NNCONTRACTIONOPS_TD
