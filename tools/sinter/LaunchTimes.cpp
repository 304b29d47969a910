//===- LaunchTimes.cpp - how long each launch takes -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/LaunchTimes.h"

#include "tools/sinter/Inputs.h"
#include "tools/sinter/Session.h"

#include <algorithm>
#include <chrono>

namespace sinter::cli {

namespace {
/// Keeps the time of each launch of each run. A launch in a loop happens
/// several times in a run.
class LaunchRecorder {
public:
  explicit LaunchRecorder(size_t launches) : sums(launches), times(launches) {}

  static void record(void *user, size_t launch, uint64_t nanoseconds) {
    static_cast<LaunchRecorder *>(user)->sums[launch] +=
        static_cast<double>(nanoseconds) * 1e-3;
  }

  void endRun() {
    for (size_t i = 0; i < sums.size(); ++i)
      times[i].push_back(sums[i]);
    sums.assign(sums.size(), 0);
  }

  std::vector<double> getMedians() {
    std::vector<double> medians;
    for (std::vector<double> &list : times) {
      auto middle = list.begin() + static_cast<long>(list.size() / 2);
      std::nth_element(list.begin(), middle, list.end());
      medians.push_back(list.empty() ? 0 : *middle);
    }
    return medians;
  }

private:
  std::vector<double> sums; ///< of this run
  std::vector<std::vector<double>> times;
};
} // namespace

LaunchTimes measureLaunches(const std::string &path, int threads) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t warmup = 3, fewest = 5;
  constexpr std::chrono::seconds enough(1);

  ModelHandle model = openModel(path, "", /*verifyWeights=*/false);
  InputOptions options;
  for (size_t i = 0; i < sinter_model_free_dim_count(model.get()); ++i) {
    const sinter_free_dim_info_t *dim = sinter_model_free_dim(model.get(), i);
    if (dim->optimum)
      options.dims.push_back(dim->name + ("=" + std::to_string(dim->optimum)));
  }
  Binding binding = bindInputs(model.get(), options);
  ContextHandle context = createContext(model.get(), threads);
  prepare(context.get(), binding.dims);

  LaunchTimes result;
  LaunchRecorder recorder(sinter_model_launch_count(model.get()));
  for (size_t i = 0; i < warmup; ++i)
    runModel(context.get(), binding.inputs);
  sinter_context_set_profile(context.get(), LaunchRecorder::record, &recorder);
  Clock::time_point start = Clock::now();
  while (result.runs < fewest || Clock::now() - start < enough) {
    runModel(context.get(), binding.inputs);
    recorder.endRun();
    ++result.runs;
  }
  result.isa = sinter_model_info(model.get())->isa;
  result.threads = sinter_context_threads(context.get());
  std::vector<std::string> names = getDimNames(model.get());
  for (size_t i = 0; i < names.size(); ++i)
    result.dims.emplace_back(names[i], binding.dims[i]);
  result.microseconds = recorder.getMedians();
  return result;
}

} // namespace sinter::cli
