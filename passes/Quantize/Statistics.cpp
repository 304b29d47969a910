//===- Statistics.cpp - what is known of the values of a tensor -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Statistics.h"

#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace sinter::quantize;

static constexpr size_t kBins = 8192;
/// The share of values that the percentile method leaves out on each side.
static constexpr double kTail = 1e-4;
/// Steps in which the least-error method looks for each end of the range.
static constexpr int kSteps = 64;

std::optional<RangeMethod>
sinter::quantize::parseRangeMethod(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<RangeMethod>>(name)
      .Case("minmax", RangeMethod::MinMax)
      .Case("percentile", RangeMethod::Percentile)
      .Case("mse", RangeMethod::Mse)
      .Default(std::nullopt);
}

Grid sinter::quantize::makeGrid(double low, double high) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  Grid grid;
  if (high - low >= 255 * double(FLT_MIN))
    grid.scale = static_cast<float>((high - low) / 255);
  grid.zeroPoint = std::clamp<int64_t>(std::lround(-low / grid.scale), 0, 255);
  return grid;
}

/// Makes room for magnitudes up to `magnitude`: two bins become one as often as
/// needed.
void Statistics::widen(float magnitude) {
  if (bins.empty()) {
    bins.resize(kBins);
    // A power of two: it can only grow to other powers of two.
    limit = std::exp2(std::ceil(std::log2(std::max(magnitude, FLT_MIN))));
  }
  while (magnitude > limit) {
    std::vector<uint64_t> wider(kBins);
    for (size_t bin = 0; bin < kBins; ++bin)
      wider[kBins / 4 + bin / 2] += bins[bin];
    bins = std::move(wider);
    limit *= 2;
  }
}

void Statistics::add(llvm::ArrayRef<float> elements, int64_t channels,
                     int64_t inner) {
  if (elements.empty())
    return;
  float low = elements[0], high = elements[0];
  bool finite = true;
  for (float element : elements) {
    finite &= std::isfinite(element);
    low = std::min(low, element);
    high = std::max(high, element);
  }
  if (!finite) {
    nonFinite = true;
    return;
  }
  min = count ? std::min(min, low) : low;
  max = count ? std::max(max, high) : high;
  count += elements.size();
  widen(std::max(std::fabs(low), std::fabs(high)));
  double scale = kBins / (2 * limit);
  for (float element : elements) {
    auto bin = static_cast<size_t>((element + limit) * scale);
    ++bins[std::min(bin, kBins - 1)];
  }
  if (sums.empty())
    sums.resize(channels);
  sameChannels &= sums.size() == static_cast<size_t>(channels);
  if (!sameChannels)
    return;
  for (size_t n = 0; n < elements.size();)
    for (int64_t channel = 0; channel < channels; ++channel)
      for (int64_t i = 0; i < inner; ++i)
        sums[channel] += elements[n++];
  channelCount += elements.size() / channels;
}

std::vector<float> Statistics::getMeans() const {
  std::vector<float> means;
  if (sameChannels && channelCount)
    for (double sum : sums)
      means.push_back(static_cast<float>(sum / channelCount));
  return means;
}

double Statistics::getPosition(size_t bin) const {
  return (static_cast<double>(bin) + 0.5) * 2 * limit / kBins - limit;
}

/// The ends of what remains when the tails are cut off.
std::pair<double, double> Statistics::cutTails() const {
  auto tail = static_cast<uint64_t>(kTail * static_cast<double>(count));
  double width = 2 * limit / kBins;
  size_t first = 0, last = kBins - 1;
  for (uint64_t below = bins[first]; below <= tail; below += bins[++first])
    ;
  for (uint64_t above = bins[last]; above <= tail; above += bins[--last])
    ;
  return {std::max<double>(min, getPosition(first) - width / 2),
          std::min<double>(max, getPosition(last) + width / 2)};
}

/// The squared error of all elements on the grid of [low, high].
double Statistics::computeError(double low, double high) const {
  Grid grid = makeGrid(low, high);
  double lowest = -grid.zeroPoint * double(grid.scale);
  double highest = (255 - grid.zeroPoint) * double(grid.scale);
  double rounding = double(grid.scale) * grid.scale / 12;
  double error = 0;
  for (size_t bin = 0; bin < kBins; ++bin) {
    if (!bins[bin])
      continue;
    double x = getPosition(bin);
    double clipped = std::clamp(x, lowest, highest) - x;
    // What is not clipped has the error of rounding, uniform in half a step.
    double each = clipped != 0 ? clipped * clipped : rounding;
    error += each * static_cast<double>(bins[bin]);
  }
  return error;
}

/// Moves one end of the range after the other inwards, as long as the error
/// gets less.
std::pair<double, double> Statistics::minimizeError() const {
  double low = std::min(min, 0.0f), high = std::max(max, 0.0f);
  auto improve = [&](double &end, double from) {
    double best = computeError(low, high), bestEnd = end;
    for (int step = 1; step < kSteps; ++step) {
      end = from * step / kSteps;
      if (double error = computeError(low, high); error < best) {
        best = error;
        bestEnd = end;
      }
    }
    end = bestEnd;
  };
  improve(high, high);
  improve(low, low);
  improve(high, std::max(max, 0.0f));
  return {low, high};
}

Grid Statistics::getGrid(RangeMethod method) const {
  if (isEmpty())
    return Grid();
  switch (method) {
  case RangeMethod::MinMax:
    break;
  case RangeMethod::Percentile: {
    auto [low, high] = cutTails();
    return makeGrid(low, high);
  }
  case RangeMethod::Mse: {
    auto [low, high] = minimizeError();
    return makeGrid(low, high);
  }
  }
  return makeGrid(min, max);
}
