//===- ChooseLayers.h - which layers are worth quantizing -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_CHOOSELAYERS_H
#define SINTER_PASSES_QUANTIZE_CHOOSELAYERS_H

#include "compiler/Measure/Measurer.h"
#include "passes/Quantize/Layer.h"

namespace sinter::quantize {

/// What was decided for a layer and why.
struct Choice {
  bool quantized = false;
  std::string reason;
  /// Measured times in nanoseconds, where they were measured.
  std::optional<int64_t> floatTime, quantizedTime;
};

/// What the user demands of a layer.
enum class Demand { None, Float, Quantized };

/// Chooses the layers whose quantization makes the whole faster: times each
/// layer in both formats, and the conversion of each value between two of them,
/// and takes the cheapest assignment (a minimum cut). Layers with an obstacle
/// stay; `demands` are obeyed.
std::vector<Choice> chooseByTime(llvm::ArrayRef<Layer> layers,
                                 llvm::ArrayRef<Demand> demands,
                                 measure::Measurer &measurer,
                                 measure::DimLookup typicalDim);

/// Chooses every layer that can be quantized, but for `demands`.
std::vector<Choice> chooseAll(llvm::ArrayRef<Layer> layers,
                              llvm::ArrayRef<Demand> demands);

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_CHOOSELAYERS_H
