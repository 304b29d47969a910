//===- QuantizedWeight.h - weights that are dequantized ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_QUANTIZEDWEIGHT_H
#define SINTER_PASSES_QUANTIZE_QUANTIZEDWEIGHT_H

#include "dialects/NN/NNDialect.h"

namespace sinter::quantize {

/// A weight that is (values - zeroPoint) * scale.
struct QuantizedWeight {
  /// i8, of the shape of the weight.
  nn::WeightAttr values;
  /// f32: of one element, or of the rank of the weight with sizes of 1 along
  /// which it repeats.
  nn::WeightAttr scale;
};

/// Finds the integers that the float weight `value` (an `nn.weight`, or an
/// `nn.dequantize` of one) is made of, through reshapes, transposes, slices and
/// factors. Unsigned integers are shifted by 128. Nothing where there are none,
/// with `reason` set if it is a dequantized weight all the same.
std::optional<QuantizedWeight> findQuantizedWeight(mlir::Value value,
                                                   std::string &reason);

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_QUANTIZEDWEIGHT_H
