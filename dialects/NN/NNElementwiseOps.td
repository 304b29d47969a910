//===- NNElementwiseOps.td - element-wise operations --------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNELEMENTWISEOPS_TD
#define SINTER_DIALECTS_NN_NNELEMENTWISEOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"

/// Marks operations that compute each result element from the elements of the
/// operands at the same (broadcast) place. How one element is computed is a
/// row of the table in passes/Lower/Elementwise.cpp.
def NN_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::sinter::nn::OpTrait";
}

/// Base of the family: the shape of the result is the broadcast shape of all
/// operands, its element type that of the operands, or `i1` where `rule` is
/// `inferTruth`. Constraints of all of them: (C1) the operands have the same
/// element type; (C2) their shapes broadcast.
class NN_ElementwiseOp<string mnemonic, string rule = "inferElementwise", list<Trait> traits = []>
    : NN_InferredOp<mnemonic, !listconcat([NN_Elementwise], traits)> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> location,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return }] # rule # [{(getOperationName(), location, adaptor.getOperands(), types);
    }
  }];
}
class NN_UnaryOp<string mnemonic, Type type = NN_AnyTensor> : NN_ElementwiseOp<mnemonic> {
  let arguments = (ins type:$input);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}
class NN_BinaryOp<string mnemonic, Type type = NN_AnyTensor, list<Trait> traits = []>
    : NN_ElementwiseOp<mnemonic, "inferElementwise", traits> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
}
class NN_CompareOp<string mnemonic> : NN_ElementwiseOp<mnemonic, "inferTruth"> {
  let arguments = (ins NN_AnyTensor:$lhs, NN_AnyTensor:$rhs);
  let results = (outs NN_BoolTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
}

def NN_AbsOp : NN_UnaryOp<"abs"> { let summary = "takes the absolute value"; }
def NN_CeilOp : NN_UnaryOp<"ceil", NN_FloatTensor> { let summary = "rounds towards plus infinity"; }
def NN_CosOp : NN_UnaryOp<"cos", NN_FloatTensor> { let summary = "takes the cosine"; }
def NN_ErfOp : NN_UnaryOp<"erf", NN_FloatTensor> { let summary = "takes the error function"; }
def NN_ExpOp : NN_UnaryOp<"exp", NN_FloatTensor> { let summary = "takes e to the power of the input"; }
def NN_FloorOp : NN_UnaryOp<"floor", NN_FloatTensor> { let summary = "rounds towards minus infinity"; }
def NN_IsNanOp : NN_ElementwiseOp<"is_nan", "inferTruth"> {
  let summary = "tells whether each element is a NaN";
  let arguments = (ins NN_FloatTensor:$input);
  let results = (outs NN_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}
def NN_LogOp : NN_UnaryOp<"log", NN_FloatTensor> { let summary = "takes the natural logarithm"; }
def NN_NegOp : NN_UnaryOp<"neg"> { let summary = "changes the sign"; }
def NN_NotOp : NN_UnaryOp<"not", NN_BoolTensor> { let summary = "negates a truth value"; }
def NN_ReluOp : NN_UnaryOp<"relu"> { let summary = "takes the maximum of the input and 0; NaN stays NaN"; }
def NN_RoundOp : NN_UnaryOp<"round", NN_FloatTensor> { let summary = "rounds to the nearest integer, halves to even"; }
def NN_SigmoidOp : NN_UnaryOp<"sigmoid", NN_FloatTensor> { let summary = "computes 1 / (1 + exp(-x))"; }
def NN_SignOp : NN_UnaryOp<"sign"> { let summary = "gives -1, 0 or 1 by the sign"; }
def NN_SinOp : NN_UnaryOp<"sin", NN_FloatTensor> { let summary = "takes the sine"; }
def NN_SqrtOp : NN_UnaryOp<"sqrt", NN_FloatTensor> { let summary = "takes the square root"; }
def NN_TanhOp : NN_UnaryOp<"tanh", NN_FloatTensor> { let summary = "takes the hyperbolic tangent"; }

def NN_AddOp : NN_BinaryOp<"add", NN_AnyTensor, [Commutative]> { let summary = "adds"; }
def NN_DivOp : NN_BinaryOp<"div"> {
  let summary = "divides; integers truncate towards zero, and a zero divisor gives 0";
}
def NN_MaxOp : NN_BinaryOp<"max", NN_AnyTensor, [Commutative]> { let summary = "takes the larger; NaN wins"; }
def NN_MinOp : NN_BinaryOp<"min", NN_AnyTensor, [Commutative]> { let summary = "takes the smaller; NaN wins"; }
def NN_ModOp : NN_ElementwiseOp<"mod"> {
  let summary = "takes the remainder: sign of the divisor, or of the dividend where 'fmod' is set";
  let arguments = (ins NN_AnyTensor:$lhs, NN_AnyTensor:$rhs, UnitAttr:$fmod);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs (`fmod` $fmod^)? attr-dict `:` type($lhs) `,` type($rhs)";
}
def NN_MulOp : NN_BinaryOp<"mul", NN_AnyTensor, [Commutative]> { let summary = "multiplies"; }
def NN_PowOp : NN_BinaryOp<"pow", NN_FloatTensor> { let summary = "raises lhs to the power of rhs"; }
def NN_SubOp : NN_BinaryOp<"sub"> { let summary = "subtracts"; }
def NN_AndOp : NN_BinaryOp<"and", NN_BoolTensor, [Commutative]> { let summary = "tells whether both are true"; }
def NN_OrOp : NN_BinaryOp<"or", NN_BoolTensor, [Commutative]> { let summary = "tells whether one is true"; }
def NN_XorOp : NN_BinaryOp<"xor", NN_BoolTensor, [Commutative]> { let summary = "tells whether exactly one is true"; }

def NN_BitAndOp : NN_BinaryOp<"bit_and", NN_IntegerTensor, [Commutative]> { let summary = "takes the bits that are set in both"; }
def NN_BitNotOp : NN_UnaryOp<"bit_not", NN_IntegerTensor> { let summary = "inverts every bit"; }
def NN_BitOrOp : NN_BinaryOp<"bit_or", NN_IntegerTensor, [Commutative]> { let summary = "takes the bits that are set in either"; }
def NN_BitXorOp : NN_BinaryOp<"bit_xor", NN_IntegerTensor, [Commutative]> { let summary = "takes the bits that are set in one"; }
def NN_ShiftLeftOp : NN_BinaryOp<"shift_left", NN_IntegerTensor> {
  let summary = "shifts bits to higher places; by the width or more gives 0";
}
def NN_ShiftRightOp : NN_BinaryOp<"shift_right", NN_IntegerTensor> {
  let summary = "shifts bits to lower places, filling with 0, or the sign of signed ones; by the width or more fills all";
}

def NN_EqualOp : NN_CompareOp<"equal"> { let summary = "compares for equality; false for NaN"; }
def NN_LessOp : NN_CompareOp<"less"> { let summary = "compares with <; false for NaN"; }
def NN_LessEqualOp : NN_CompareOp<"less_equal"> { let summary = "compares with <=; false for NaN"; }

def NN_ClampOp : NN_ElementwiseOp<"clamp"> {
  let summary = "limits every element to a closed range";
  let description = [{
    Computes `min(max(input, min), max)`; NaN stays NaN.

    Constraints:
    - (C1) neither bound is NaN.
    Where min > max the result is max, as ONNX Clip says.

    ```mlir
    %y = nn.clamp %x range(0.0, 6.0) : tensor<1x64x56x56xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, F64Attr:$min, F64Attr:$max);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input `range` `(` $min `,` $max `)` attr-dict `:` type($input)";
  let hasVerifier = 1;
}
def NN_WhereOp : NN_InferredOp<"where", [NN_Elementwise]> {
  let summary = "takes 'on_true' where the condition holds, else 'on_false'";
  let description = [{
    Constraints:
    - (C1) both alternatives have the same element type;
    - (C2) the three shapes broadcast.
  }];
  let arguments = (ins NN_BoolTensor:$condition, NN_AnyTensor:$on_true, NN_AnyTensor:$on_false);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{ $condition `,` $on_true `,` $on_false attr-dict
    `:` type($condition) `,` type($on_true) `,` type($on_false) }];
}
def NN_QuantizeOp : NN_InferredOp<"quantize", [NN_Elementwise]> {
  let summary = "maps real numbers to integers: saturate(round(input / scale) + zero_point)";
  let description = [{
    Rounds halves to even; the sum saturates to the range of the result type, which
    is that of the zero point. NaN becomes the smallest value.

    ```mlir
    %q = nn.quantize %x, %scale, %zero : tensor<1x8x8x16xf32>, tensor<f32>, tensor<ui8>
    ```
    Constraints:
    - (C1) input and scale have the same element type;
    - (C2) the three shapes broadcast.
    Parameters of an axis or of blocks are given with a shape that broadcasts.
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$scale, NN_QuantizedTensor:$zero_point);
  let results = (outs NN_QuantizedTensor:$result);
  let assemblyFormat = [{ $input `,` $scale `,` $zero_point attr-dict
    `:` type($input) `,` type($scale) `,` type($zero_point) }];
}
def NN_DequantizeOp : NN_InferredOp<"dequantize", [NN_Elementwise]> {
  let summary = "maps integers to the real numbers they stand for: (input - zero_point) * scale";
  let description = [{
    The difference is exact (of `i32`: wraps); the result has the element type of the
    scale.

    ```mlir
    %x = nn.dequantize %q, %scale, %zero : tensor<1x8x8x16xui8>, tensor<f32>, tensor<ui8>
    ```
    Constraints:
    - (C1) input and zero point have the same element type;
    - (C2) the three shapes broadcast.
  }];
  let arguments = (ins NN_DequantizableTensor:$input, NN_FloatTensor:$scale, NN_DequantizableTensor:$zero_point);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{ $input `,` $scale `,` $zero_point attr-dict
    `:` type($input) `,` type($scale) `,` type($zero_point) }];
}
def NN_CastOp : NN_Op<"cast", [NN_Elementwise]> {
  let summary = "converts the element type";
  let description = [{
    Float to integer truncates towards zero and saturates, NaN gives 0; anything
    to `i1` is `x != 0`; integer to a narrower integer wraps (ONNX's casts of floats to
    2 and 4 bits wrap, too: they go through `i32`). To floats rounds to nearest,
    halves to even; too large values become infinity, or NaN where the type has none, or the
    largest (f4E2M1FN, where NaN becomes 0). To `f8E8M0FNU` rounds the magnitude up to a power of two
    and saturates.

    Constraint: (C1) the shape stays.
  }];
  let arguments = (ins NN_AnyTensor:$input);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}
def NN_BitCastOp : NN_Op<"bit_cast", [NN_Elementwise]> {
  let summary = "reads the bits of each element as another type";
  let description = [{
    Between `i1` and integers of 8 bits the truth values are 0 and 1.
    ```mlir
    %bits = nn.bit_cast %x : tensor<8xf32> to tensor<8xi32>
    ```
    Constraints: (C1) the shape stays; (C2) elements of both types have the same number of bits, where
    `i1` has 8.
  }];
  let arguments = (ins NN_AnyTensor:$input);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

#endif // SINTER_DIALECTS_NN_NNELEMENTWISEOPS_TD
