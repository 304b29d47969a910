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
