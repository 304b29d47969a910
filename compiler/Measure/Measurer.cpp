//===- Measurer.cpp - which form of a computation is faster ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All forms are launches of one model, so that they take turns: what slows the
// machine down for a while slows all of them. Each reads inputs of its own, so
// that its data is as cold as in a network. The time of a form is the median
// of its times in many runs.
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Measurer.h"

#include "compiler/Measure/Execution.h"
#include "compiler/Measure/TemporaryFolder.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace sinter;
using namespace sinter::measure;

/// Inputs of one module take at most this, unless a single form needs more.
static constexpr uint64_t kBatchBytes = 256u << 20;
/// A module is run until it has taken this long, within limits.
static constexpr uint64_t kTotalNanoseconds = 1000u * 1000 * 1000;
static constexpr size_t kMinRuns = 9, kMaxRuns = 101;

namespace {

/// Memory for inputs, filled with values that differ.
class InputData {
public:
  explicit InputData(const sinter_model_t *model);
  llvm::ArrayRef<sinter_tensor_t> getTensors() const { return tensors; }

private:
  std::vector<std::vector<uint8_t>> memory;
  std::vector<std::vector<int64_t>> dims;
  std::vector<sinter_tensor_t> tensors;
};

} // namespace

InputData::InputData(const sinter_model_t *model) {
  uint32_t state = 1;
  for (size_t i = 0, e = sinter_model_input_count(model); i < e; ++i) {
    const sinter_value_info_t *info = sinter_model_input(model, i);
    int64_t elements = 1;
    std::vector<int64_t> &sizes = dims.emplace_back();
    for (int32_t d = 0; d < info->rank; ++d) {
      sizes.push_back(info->dims[d].value);
      elements *= sizes.back();
    }
    std::vector<uint8_t> &bytes =
        memory.emplace_back((elements * sinter_type_bits(info->type) + 7) / 8);
    // A linear congruential generator; its high bits are the random ones.
    size_t step = std::max<size_t>(sinter_type_bytes(info->type), 1);
    for (size_t n = 0; n < bytes.size() / step; ++n) {
      state = state * 1664525 + 1013904223;
      if (info->type == SINTER_TYPE_F32)
        reinterpret_cast<float *>(bytes.data())[n] =
            static_cast<float>(static_cast<int32_t>(state)) / 0x1p31f;
      else
        bytes[n * step] = state >> 24;
    }
    sinter_tensor_t tensor = {};
    tensor.data = bytes.data();
    tensor.type = info->type;
    tensor.rank = info->rank;
    tensor.dims = sizes.data();
    tensors.push_back(tensor);
  }
}

static uint64_t countInputBytes(const Probe &probe) {
  uint64_t bytes = 0;
  for (const Form &form : probe.forms)
    for (mlir::Type type : form.function.get().getArgumentTypes()) {
      auto tensor = mlir::cast<mlir::RankedTensorType>(type);
      bytes += tensor.getNumElements() * tensor.getElementTypeBitWidth() / 8;
    }
  return bytes;
}

static uint64_t getMedian(std::vector<uint64_t> &values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

llvm::Error Measurer::runModule(llvm::ArrayRef<const Probe *> batch,
                                llvm::MutableArrayRef<Measurement> results,
                                llvm::StringRef model) {
  TemporaryFolder folder("sinter-measure");
  if (folder.error)
    return llvm::createStringError(folder.error,
                                   "cannot make a temporary folder");
  std::string path = (folder.path + "/probes.sinter").str();
  if (llvm::Error error = build(*makeModule(batch, model), path))
    return error;
  auto execution = Execution::open(path, /*threads=*/1);
  if (!execution)
    return execution.takeError();

  // Which form each launch belongs to; a form may take several.
  llvm::StringMap<size_t> formOfName;
  std::vector<std::pair<size_t, const Form *>> forms;
  for (auto [number, probe] : llvm::enumerate(batch))
    for (auto [index, form] : llvm::enumerate(probe->forms)) {
      formOfName[getFormName(number, index)] = forms.size();
      forms.push_back({number, &form});
    }
  std::vector<size_t> formOfLaunch;
  const sinter_model_t *artifact = (*execution)->getModel();
  for (size_t i = 0, e = sinter_model_launch_count(artifact); i < e; ++i) {
    const sinter_launch_info_t *info = sinter_model_launch(artifact, i);
    formOfLaunch.push_back(info->node_count ? formOfName.lookup(info->nodes[0])
                                            : forms.size());
  }

  InputData inputs(artifact);
  llvm::SmallVector<sinter_tensor_t> outputs;
  std::vector<std::vector<uint64_t>> times(forms.size());
  uint64_t total = 0;
  for (size_t run = 0; run <= kMaxRuns; ++run) {
    if (llvm::Error error = (*execution)->run(inputs.getTensors(), outputs))
      return error;
    if (run == 0)
      continue; // the first one brings code and weights into memory
    std::vector<uint64_t> sums(forms.size() + 1);
    for (auto [form, time] :
         llvm::zip(formOfLaunch, (*execution)->getLaunchTimes())) {
      sums[form] += time;
      total += time;
    }
    for (size_t form = 0; form < forms.size(); ++form)
      times[form].push_back(sums[form]);
    if (run >= kMinRuns && total >= kTotalNanoseconds)
      break;
  }
  for (auto [form, values] : llvm::zip(forms, times))
    results[form.first].nanoseconds[form.second->name] =
        std::max<uint64_t>(getMedian(values), 1);
  return llvm::Error::success();
}

/// Where the module of a batch cannot be compiled, every form is tried alone:
/// those that fail have no code.
void Measurer::run(llvm::ArrayRef<const Probe *> batch,
                   llvm::MutableArrayRef<Measurement> results,
                   llvm::StringRef model) {
  llvm::Error error = runModule(batch, results, model);
  if (!error)
    return;
  llvm::consumeError(std::move(error));
  for (auto [probe, result] : llvm::zip(batch, results)) {
    Probe remaining;
    remaining.what = probe->what;
    for (const Form &form : probe->forms) {
      Probe single;
      single.forms.push_back({form.name, form.function.get().clone()});
      Measurement time;
      const Probe *pointer = &single;
      if (llvm::Error failed = runModule(pointer, time, model)) {
        llvm::consumeError(std::move(failed));
        result.nanoseconds[form.name] = std::nullopt;
      } else {
        remaining.forms.push_back(std::move(single.forms.front()));
        result.nanoseconds[form.name] = time.nanoseconds[form.name];
      }
    }
    // Forms are compared with each other: what is left is timed together.
    const Probe *pointer = &remaining;
    if (remaining.forms.size() > 1)
      llvm::consumeError(runModule(pointer, result, model));
  }
}

std::vector<Measurement> Measurer::measure(llvm::ArrayRef<Probe> probes,
                                           llvm::StringRef model) {
  std::vector<std::string> keys;
  std::vector<const Probe *> open;
  std::vector<Measurement> openResults;
  std::set<std::string> asked;
  for (const Probe &probe : probes) {
    std::string &key = keys.emplace_back(getKey(probe, used.getIsa()));
    if (used.find(key) || !asked.insert(key).second)
      continue;
    if (!given) {
      open.push_back(&probe);
      openResults.push_back({key, probe.what, {}});
    } else if (const Measurement *known = given->find(key)) {
      used.add(*known);
    } else {
      missing.insert(key);
    }
  }
  for (size_t first = 0, last = 0; first < open.size(); first = last) {
    uint64_t bytes = 0;
    do
      bytes += countInputBytes(*open[last++]);
    while (last < open.size() &&
           bytes + countInputBytes(*open[last]) <= kBatchBytes);
    if (progress)
      progress(first, open.size());
    size_t count = last - first;
    run(llvm::ArrayRef(open).slice(first, count),
        llvm::MutableArrayRef(openResults).slice(first, count), model);
  }
  for (Measurement &result : openResults)
    used.add(std::move(result));

  std::vector<Measurement> results;
  for (auto [probe, key] : llvm::zip(probes, keys)) {
    const Measurement *known = used.find(key);
    results.push_back(known ? *known : Measurement{key, probe.what, {}});
  }
  return results;
}
