//===- Passes.td - quantization passes ----------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_PASSES_TD
#define SINTER_PASSES_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

class QuantizePass<string verbObject>
    : Pass<"sinter-quantize-" # verbObject, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::sinter::nn::NNDialect"];
}

def PlanQuantizationPass : QuantizePass<"plan"> {
  let summary = "decides which layers compute on 8-bit integers, with which ranges";
  let description = [{
    A layer is an `nn.matmul` or `nn.conv` of floats with a constant weight, with
    the element-wise operations that end in the same kernel. Each gets its decision
    in the attribute `plan` (keys: README.md of this folder). Ranges come from the
    caller, who observes the values asked for while the model runs on samples. With
    a measurer, a set of layers is chosen that takes least time, conversions between
    the formats included; without one all layers are taken. Rules by node name come
    first.

    Needs: the form after `simplify`, no quantized values. Leaves: the same.

    Remarks (category `sinter-quantize`): `PlanPrecision` passed for layers that
    will be quantized, missed with the reason for all others.

    ```mlir
    %y = nn.matmul %x, %w : tensor<4x8xf32>, tensor<8x16xf32>
    // becomes
    %y = nn.matmul %x, %w {plan = {lhs_mean = array<f32: ...>, lhs_scale = 0.02 : f32, lhs_zero_point = 128 : i64,
                                   precision = "w8a8", reason = "..."}} : tensor<4x8xf32>, tensor<8x16xf32>
    ```
  }];
}

def ApplyQuantizationPass : QuantizePass<"apply"> {
  let summary = "puts quantize and dequantize around the layers that are planned so";
  let description = [{
    For each layer whose `plan` says `precision = "w8a8"`: its input passes through
    `nn.quantize` and `nn.dequantize`, once for all layers that share it; so does its
    result where `result_scale` is given. The weight becomes a dequantized `i8`
    weight with a scale for each output channel. Where `lhs_mean` is given, what the
    rounding of the weight adds to the mean of the result is taken off again (bias
    correction, Nagel et al. 2019). Values that nothing but other formats need stay
    as they are. Takes its keys out of `plan`.

    Needs: the form after `plan`. Leaves: the form after `plan` without plans, for
    `sinter-quantize-form-integer`.

    ```mlir
    %q = nn.quantize %x, %scale, %zero : tensor<4x8xf32>, tensor<f32>, tensor<ui8>
    %d = nn.dequantize %q, %scale, %zero : tensor<4x8xui8>, tensor<f32>, tensor<ui8>
    %e = nn.weight #nn.weight<dequantize(#nn.weight<quantize(...) : tensor<8x16xi8>>, ...) : tensor<8x16xf32>>
    %y = nn.matmul %d, %e : tensor<4x8xf32>, tensor<8x16xf32>
    ```
  }];
}

def FormIntegerPass : QuantizePass<"form-integer"> {
  let summary = "makes contractions on integers of dequantized operands";
  let description = [{
    An `nn.matmul` or `nn.conv` whose left operand is dequantized (one scale, one
    zero point) and whose right operand is a dequantized weight (a scale for each
    column at most, symmetric) becomes the contraction of `ui8` with `i8` in `i32`,
    the correction for the zero point, which is a weight, and the multiplication by
    the scales. Signed activations become unsigned where they are quantized.
    Movement, maxima and max pools between dequantize and quantize happen on the
    integers. Where only a bias, relu or clamp stands before the next quantization,
    its scale is folded into the multiplier, and limits that saturation implies are
    dropped. What is not taken stays as dequantize, float operation, quantize.

    Needs: the form after `simplify`. Leaves: the same.

    Remarks (category `sinter-quantize`): `FormInteger` passed, or missed with the
    reason, for every contraction with a dequantized operand.

    ```mlir
    %x = nn.dequantize %a, %s, %z : tensor<4x64xui8>, tensor<f32>, tensor<ui8>
    %w = nn.weight #nn.weight<dequantize(%b, %t, %0) : tensor<64x16xf32>>
    %y = nn.matmul %x, %w : tensor<4x64xf32>, tensor<64x16xf32>
    %q = nn.quantize %y, %u, %v : tensor<4x16xf32>, tensor<f32>, tensor<ui8>
    // becomes, with weights %c = -z * sum(b) and %m = s * t / u
    %i = nn.matmul %a, %b : tensor<4x64xui8>, tensor<64x16xi8>
    %j = nn.add %i, %c : tensor<4x16xi32>, tensor<16xi32>
    %k = nn.cast %j : tensor<4x16xi32> to tensor<4x16xf32>
    %l = nn.mul %k, %m : tensor<4x16xf32>, tensor<16xf32>
    %q = nn.quantize %l, %one, %v : tensor<4x16xf32>, tensor<f32>, tensor<ui8>
    ```
  }];
}

#endif // SINTER_PASSES_QUANTIZE_PASSES_TD
