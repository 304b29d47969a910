//===- BenchCommand.cpp - sinter bench -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Cache.h"
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"
#include "tools/sinter/Session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>

namespace sinter::cli {

namespace {
using Clock = std::chrono::steady_clock;

struct BenchOptions : CommonOptions {
  InputOptions inputs;
  double seconds = 3;
  int64_t runs = 0;
  int64_t warmup = 3;
};

/// A model ready to be run again and again without allocation.
class Repeater {
public:
  Repeater(sinter_context_t *context, const std::vector<Value> &inputs)
      : context(context),
        outputs(sinter_model_output_count(sinter_context_model(context))) {
    for (const Value &input : inputs)
      views.push_back(viewTensor(input));
  }

  /// Runs once and returns the milliseconds it took.
  double run() {
    sinter_error_t error;
    Clock::time_point start = Clock::now();
    sinter_status_t status =
        sinter_context_run(context, views.data(), views.size(), outputs.data(),
                           outputs.size(), &error);
    std::chrono::duration<double, std::milli> took = Clock::now() - start;
    if (status != SINTER_STATUS_OK)
      throwStatus(error);
    return took.count();
  }

private:
  sinter_context_t *context;
  std::vector<sinter_tensor_t> views, outputs;
};
} // namespace

/// The nearest-rank percentile of sorted times.
static double percentile(const std::vector<double> &sorted, double share) {
  auto rank = static_cast<size_t>(
      std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

static double median(const std::vector<double> &sorted) {
  size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle]
                           : (sorted[middle - 1] + sorted[middle]) / 2;
}

/// Measures until the time is over, but at least five times; or a fixed number
/// of times.
static std::vector<double> measure(Repeater &repeater,
                                   const BenchOptions &options) {
  constexpr size_t fewest = 5;
  for (int64_t i = 0; i < options.warmup; ++i)
    repeater.run();
  std::vector<double> times;
  Clock::time_point start = Clock::now();
  auto goesOn = [&] {
    if (options.runs)
      return times.size() < static_cast<size_t>(options.runs);
    std::chrono::duration<double> elapsed = Clock::now() - start;
    return times.size() < fewest || elapsed.count() < options.seconds;
  };
  while (goesOn())
    times.push_back(repeater.run());
  std::sort(times.begin(), times.end());
  return times;
}

static int runBench(const BenchOptions &options) {
  DeviceChoice device = parseDevice(options.device);
  Artifact artifact(options.file, !options.noCache, device.isCuda());
  Clock::time_point start = Clock::now();
  ModelHandle model =
      openModel(artifact.getPath(), options.isa, /*verifyWeights=*/false);
  std::chrono::duration<double, std::milli> load = Clock::now() - start;
  Binding binding = bindInputs(model.get(), options.inputs);
  start = Clock::now();
  ContextHandle context = createContext(model.get(), options.threads, device);
  prepare(context.get(), binding.dims);
  load += Clock::now() - start;

  Repeater repeater(context.get(), binding.inputs);
  std::vector<double> times = measure(repeater, options);
  sinter_requirements_t requirements = getRequirements(context.get());
  const sinter_model_info_t *info = sinter_model_info(model.get());
  double middle = median(times);
  double gflop = static_cast<double>(requirements.flop) * 1e-9;

  Json report;
  report["median_ms"] = middle;
  report["min_ms"] = times.front();
  report["mean_ms"] = std::accumulate(times.begin(), times.end(), 0.0) /
                      static_cast<double>(times.size());
  report["p90_ms"] = percentile(times, 0.90);
  report["p99_ms"] = percentile(times, 0.99);
  report["max_ms"] = times.back();
  report["runs"] = times.size();
  report["threads"] = sinter_context_threads(context.get());
  report["device"] = describeDevice(context.get());
  report["isa"] = info->isa;
  report["load_ms"] = load.count();
  report["arena_bytes"] = requirements.arena_bytes;
  report["weights_bytes"] = info->weights_bytes;
  report["gflop"] = gflop;
  report["gflop_per_s"] = gflop / middle * 1e3;
  if (options.json) {
    std::printf("%s\n", report.dump(2).c_str());
    return 0;
  }
  std::printf("median   %.3f ms   (min %.3f, mean %.3f, p90 %.3f, p99 %.3f, "
              "max %.3f; %zu runs)\n",
              middle, times.front(), report["mean_ms"].get<double>(),
              percentile(times, 0.90), percentile(times, 0.99), times.back(),
              times.size());
  std::printf("speed    %.1f GFLOP/s   (%.3f GFLOP a run)\n",
              gflop / middle * 1e3, gflop);
  std::printf("on       %s", sinter_context_device_name(context.get()));
  int threads = sinter_context_threads(context.get());
  if (sinter_context_device(context.get()).kind == SINTER_DEVICE_CPU)
    std::printf(", %d thread%s", threads, threads == 1 ? "" : "s");
  std::printf("\n");
  std::printf(
      "memory   %s arena, %s weights; ready in %.1f ms\n",
      formatBytes(static_cast<double>(requirements.arena_bytes)).c_str(),
      formatBytes(static_cast<double>(info->weights_bytes)).c_str(),
      load.count());
  return 0;
}

void addBenchCommand(CLI::App &app, Action &action) {
  CLI::App *command =
      app.add_subcommand("bench", "Measure how long a run takes");
  auto options = std::make_shared<BenchOptions>();
  addRunOptions(command, *options);
  addInputOptions(command, options->inputs);
  CLI::Option *seconds =
      command
          ->add_option("--seconds", options->seconds,
                       "Measure for this long, and at least 5 runs; default 3")
          ->check(CLI::Range(0.0, 86400.0))
          ->type_name("S");
  command->add_option("--runs", options->runs, "Measure this number of runs")
      ->check(CLI::Range(int64_t(1), int64_t(100000000)))
      ->type_name("N")
      ->excludes(seconds);
  command
      ->add_option("--warmup", options->warmup,
                   "Runs before the first that counts; default 3")
      ->check(CLI::Range(int64_t(0), int64_t(100000000)))
      ->type_name("N");
  command->footer("Examples:\n"
                  "  sinter bench resnet50.sinter --threads 1\n"
                  "  sinter bench bert.sinter --dim batch=1 --dim seq=128 "
                  "--input attention_mask=ones --json\n"
                  "  sinter bench det.onnx --shape x=1,3,640,640 --runs 100");
  command->callback([options, &action] {
    action = [options] { return runBench(*options); };
  });
}

} // namespace sinter::cli
