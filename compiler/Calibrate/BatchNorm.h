//===- BatchNorm.h - what batch normalizations say of values ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CALIBRATE_BATCHNORM_H
#define SINTER_COMPILER_CALIBRATE_BATCHNORM_H

#include "compiler/Weights/WeightStore.h"
#include "passes/Quantize/Statistics.h"

namespace sinter::calibrate {

/// Statistics of values without samples. What a batch normalization gave in
/// training had, in each channel, the mean beta and the deviation gamma; if it
/// is taken for normal, what element-wise operations make of it follows (Nagel
/// et al. 2019, "Data-free quantization through weight equalization and bias
/// correction").
class BatchNormStatistics {
public:
  explicit BatchNormStatistics(WeightStore &store) : store(store) {}

  /// Statistics of `value` (channels last) if it is computed element-wise, with
  /// constants, from one batch normalization; else nothing. Such a one is
  /// recognised by its offset beta - mean * (gamma / deviation), whatever
  /// became of its factor.
  std::optional<quantize::Statistics> find(mlir::Value value);

private:
  WeightStore &store;
};

} // namespace sinter::calibrate

#endif // SINTER_COMPILER_CALIBRATE_BATCHNORM_H
