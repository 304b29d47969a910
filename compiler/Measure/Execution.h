//===- Execution.h - an artifact that runs in this process ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_MEASURE_EXECUTION_H
#define SINTER_COMPILER_MEASURE_EXECUTION_H

#include "sinter/context.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <vector>

namespace sinter::measure {

/// A model of the runtime with one context. The compiler runs what it made
/// with the same library that applications use.
class Execution {
public:
  /// Opens the artifact at `path` for `threads` threads (0: the default).
  static llvm::Expected<std::unique_ptr<Execution>> open(llvm::StringRef path,
                                                         int32_t threads);
  ~Execution();
  Execution(const Execution &) = delete;
  Execution &operator=(const Execution &) = delete;

  const sinter_model_t *getModel() const { return model; }

  /// Runs the model once. The outputs belong to the context and are valid until
  /// the next run. The error is the runtime's message.
  llvm::Error run(llvm::ArrayRef<sinter_tensor_t> inputs,
                  llvm::SmallVectorImpl<sinter_tensor_t> &outputs);
  /// Nanoseconds of each launch of the last run.
  llvm::ArrayRef<uint64_t> getLaunchTimes() const { return launchTimes; }

private:
  Execution() = default;

  sinter_model_t *model = nullptr;
  sinter_context_t *context = nullptr;
  std::vector<uint64_t> launchTimes;
};

} // namespace sinter::measure

#endif // SINTER_COMPILER_MEASURE_EXECUTION_H
