//===- Session.h - the runtime's handles, owned -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_SESSION_H
#define SINTER_TOOLS_SINTER_SESSION_H

#include "tools/sinter/Tensors.h"

#include "sinter/sinter.h"

#include <memory>
#include <string>
#include <vector>

namespace sinter::cli {

/// Throws the failure that `error` describes, with the exit code of its status.
[[noreturn]] void throwStatus(const sinter_error_t &error);

struct ModelCloser {
  void operator()(sinter_model_t *model) const { sinter_model_close(model); }
};
using ModelHandle = std::unique_ptr<sinter_model_t, ModelCloser>;

struct ContextDestroyer {
  void operator()(sinter_context_t *context) const {
    sinter_context_destroy(context);
  }
};
using ContextHandle = std::unique_ptr<sinter_context_t, ContextDestroyer>;

/// Opens the artifact at `path`; `isa` is empty for the best instruction set.
ModelHandle openModel(const std::string &path, const std::string &isa,
                      bool verifyWeights);

/// Where --device says to run.
struct DeviceChoice {
  sinter_device_t device = {SINTER_DEVICE_CPU, 0};
  bool mayFallBack = false; ///< "auto": on the CPU if there is no such device.

  bool isCuda() const { return device.kind == SINTER_DEVICE_CUDA; }
};

/// Reads "cpu", "cuda", "cuda:N" or "auto". Throws a Failure (usage).
DeviceChoice parseDevice(const std::string &text);

/// Makes a context on `choice` with `threads` threads (0: the default). Where
/// it may fall back to the CPU and does, says why on stderr.
ContextHandle createContext(sinter_model_t *model, int threads,
                            const DeviceChoice &choice = {});

/// Returns "cpu" or "cuda:0".
std::string describeDevice(const sinter_context_t *context);

/// Computes sizes and makes memory ready for these free dimensions.
void prepare(sinter_context_t *context, const std::vector<int64_t> &dims);

/// A view of `value` for the runtime; valid as long as `value` is unchanged.
sinter_tensor_t viewTensor(const Value &value);

/// Runs the model once and returns copies of its outputs, with their names.
std::vector<Value> runModel(sinter_context_t *context,
                            const std::vector<Value> &inputs);

/// What the context needs at the dimensions it is prepared for.
sinter_requirements_t getRequirements(const sinter_context_t *context);

/// Names of the inputs and of the free dimensions, in the model's order.
std::vector<std::string> getInputNames(const sinter_model_t *model);
std::vector<std::string> getDimNames(const sinter_model_t *model);

/// The message that a .pb file with this input or output holds.
PbMessage getPbMessage(const sinter_value_info_t &info);

/// Returns "float32[batch,3,224,224]".
std::string describeType(const sinter_value_info_t &info);

/// Returns "1..32", "1.. (any)" or "8".
std::string describeRange(const sinter_free_dim_info_t &dim);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_SESSION_H
