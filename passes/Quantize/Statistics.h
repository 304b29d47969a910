//===- Statistics.h - what is known of the values of a tensor ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_STATISTICS_H
#define SINTER_PASSES_QUANTIZE_STATISTICS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace sinter::quantize {

/// How a range follows from what was observed.
enum class RangeMethod {
  MinMax,     ///< everything that occurred
  Percentile, ///< all but one value in 10000 on each side
  Mse         ///< the least mean squared error of rounding and clipping
};

/// Reads "minmax", "percentile" or "mse".
std::optional<RangeMethod> parseRangeMethod(llvm::StringRef name);

/// real = (integer - zeroPoint) * scale, integers from 0 to 255.
struct Grid {
  float scale = 1;
  int64_t zeroPoint = 0;
};

/// The grid that covers [low, high] and has 0 exactly, as padding needs it. A
/// range of zeros alone gives the grid of scale 1.
Grid makeGrid(double low, double high);

/// Statistics of the elements of a tensor, gathered piece by piece: extremes, a
/// histogram, and the mean of each channel. The result depends on the elements
/// and their order alone.
class Statistics {
public:
  /// Adds elements of a tensor; element n is of channel n / inner % channels.
  void add(llvm::ArrayRef<float> elements, int64_t channels, int64_t inner);

  bool isEmpty() const { return count == 0; }
  bool hasNonFinite() const { return nonFinite; }
  float getMin() const { return min; }
  float getMax() const { return max; }
  /// The mean of each channel; empty where pieces disagreed on their number.
  std::vector<float> getMeans() const;

  Grid getGrid(RangeMethod method) const;

private:
  void widen(float limit);
  double getPosition(size_t bin) const;
  std::pair<double, double> cutTails() const;
  std::pair<double, double> minimizeError() const;
  double computeError(double low, double high) const;

  uint64_t count = 0;
  float min = 0, max = 0;
  bool nonFinite = false;
  /// Bins of equal width over [-limit, limit]; `limit` doubles as needed.
  std::vector<uint64_t> bins;
  double limit = 0;
  std::vector<double> sums;
  uint64_t channelCount = 0; ///< elements of each channel
  bool sameChannels = true;
};

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_STATISTICS_H
