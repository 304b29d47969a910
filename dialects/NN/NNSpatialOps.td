//===- NNSpatialOps.td - pooling and resampling -------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNSPATIALOPS_TD
#define SINTER_DIALECTS_NN_NNSPATIALOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"
include "dialects/NN/NNReductionOps.td"

def NN_PoolOp : NN_InferredOp<"pool"> {
  let summary = "combines the elements of a sliding window (max or mean)";
  let description = [{
    `pads` = all begins, then all ends. Padding never wins a maximum; a mean divides by the number of
    elements inside the input, or inside input and pads where `count_include_pad` is set.
    `ceil_mode` rounds the output size up (windows that start in the end padding are dropped, ONNX MaxPool-22).
    Constraints: (C1) kind is max or mean; (C2) lengths as in nn.conv, window sizes > 0;
    (C3) rank at least 3.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_ReduceKindAttr:$kind, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, UnitAttr:$ceil_mode,
                       UnitAttr:$count_include_pad, UnitAttr:$channels_last);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{ `` $kind $input `window` $window `strides` $strides `pads` $pads `dilations` $dilations
    (`ceil` $ceil_mode^)? (`include_pad` $count_include_pad^)? (`channels_last` $channels_last^)? attr-dict `:` type($input) }];
  let hasVerifier = 1;
}

def NN_ResizeModeEnum : I32EnumAttr<"ResizeMode", "interpolation", [
  I32EnumAttrCase<"Nearest", 0, "nearest">, I32EnumAttrCase<"Linear", 1, "linear">, I32EnumAttrCase<"Cubic", 2, "cubic">]> {
  let cppNamespace = "::sinter::nn";
  let genSpecializedAttr = 0;
}
def NN_ResizeModeAttr : EnumAttr<NN_Dialect, NN_ResizeModeEnum, "resize_mode">;
def NN_ResizeCoordinatesEnum : I32EnumAttr<"ResizeCoordinates", "where an output element lies in the input", [
  I32EnumAttrCase<"HalfPixel", 0, "half_pixel">, I32EnumAttrCase<"PytorchHalfPixel", 1, "pytorch_half_pixel">,
  I32EnumAttrCase<"AlignCorners", 2, "align_corners">, I32EnumAttrCase<"Asymmetric", 3, "asymmetric">]> {
  let cppNamespace = "::sinter::nn";
  let genSpecializedAttr = 0;
}
def NN_ResizeCoordinatesAttr : EnumAttr<NN_Dialect, NN_ResizeCoordinatesEnum, "resize_coordinates">;
def NN_ResizeRoundingEnum : I32EnumAttr<"ResizeRounding", "rounding of nearest", [
  I32EnumAttrCase<"RoundPreferFloor", 0, "round_prefer_floor">, I32EnumAttrCase<"RoundPreferCeil", 1, "round_prefer_ceil">,
  I32EnumAttrCase<"Floor", 2, "floor">, I32EnumAttrCase<"Ceil", 3, "ceil">]> {
  let cppNamespace = "::sinter::nn";
  let genSpecializedAttr = 0;
}
def NN_ResizeRoundingAttr : EnumAttr<NN_Dialect, NN_ResizeRoundingEnum, "resize_rounding">;
def NN_ResizeOp : NN_Op<"resize"> {
  let summary = "resamples; dimensions whose scale is 1 stay";
  let description = [{
    `scales`: output / input of each dimension; 0 where it follows from the two sizes.
    Constraint: (C1) one scale a dimension; (C2) same rank and element type.
  }];
  let arguments = (ins NN_AnyTensor:$input, NN_ResizeModeAttr:$mode, NN_ResizeCoordinatesAttr:$coordinates,
                       NN_ResizeRoundingAttr:$rounding, DenseF64ArrayAttr:$scales, DefaultValuedAttr<F64Attr, "-0.75">:$cubic_coefficient);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "`` $mode $input `` $coordinates `` $rounding `scales` $scales attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

#endif // SINTER_DIALECTS_NN_NNSPATIALOPS_TD
