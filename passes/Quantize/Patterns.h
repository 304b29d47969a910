//===- Patterns.h - parts of sinter-quantize-form-integer -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_PATTERNS_H
#define SINTER_PASSES_QUANTIZE_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace sinter::quantize {

/// Known parameters of a whole tensor.
struct Parameters {
  double scale;
  int64_t zeroPoint;
  mlir::Type real, type; ///< element types of the scale and of the zero point

  bool operator==(const Parameters &other) const {
    return scale == other.scale && zeroPoint == other.zeroPoint &&
           real == other.real && type == other.type;
  }
};

/// Nothing where one of the two is computed, has more than one element, or the
/// scale is not positive.
std::optional<Parameters> getParameters(mlir::Value scale,
                                        mlir::Value zeroPoint);

/// The 8-bit `integers` with the other sign: i8 + 128 as ui8, or ui8 - 128.
mlir::Value shiftSign(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value integers);

/// Quantizes to ui8, by a zero point shifted by 128, what `root` quantizes to
/// i8 and dequantizes again: contractions on integers take ui8 on the left.
void makeUnsigned(mlir::Operation *root);

/// Movement and maxima on integers.
void populateMoveQuantizationPatterns(mlir::RewritePatternSet &patterns);

/// What stands between a contraction and the quantization of its result becomes
/// cheaper: the scale goes into the multiplier, limits into the saturation.
void populateIntegerEpiloguePatterns(mlir::RewritePatternSet &patterns);

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_PATTERNS_H
