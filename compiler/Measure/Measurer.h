//===- Measurer.h - which form of a computation is faster -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_MEASURE_MEASURER_H
#define SINTER_COMPILER_MEASURE_MEASURER_H

#include "compiler/Measure/Lock.h"
#include "compiler/Measure/Probe.h"

#include <functional>
#include <set>

namespace sinter::measure {

/// Times the forms of computations on this machine, on one thread: they are
/// compiled by the ordinary phases into a temporary artifact, which runs in
/// this process. Passes that choose between forms are given one; without one
/// they choose without measuring.
class Measurer {
public:
  /// Compiles a module (the form after `plan`) to an artifact at `path`.
  /// The error is a sentence.
  using Build =
      std::function<llvm::Error(mlir::ModuleOp module, llvm::StringRef path)>;
  using Progress = std::function<void(size_t done, size_t total)>;

  /// Measures for the instruction set `isa` of this machine.
  Measurer(std::string isa, Build build, Progress progress = {})
      : used(std::move(isa)), build(std::move(build)),
        progress(std::move(progress)) {}
  /// Measures nothing: every answer is in `given`, or there is none.
  explicit Measurer(Lock given)
      : used(given.getIsa()), given(std::move(given)) {}

  /// The times of each probe. A probe that was measured before has its times
  /// from then. With a lock that lacks a probe, its times are empty. `model` is
  /// the ONNX file for weights of the kind `file`, empty where there are none.
  std::vector<Measurement> measure(llvm::ArrayRef<Probe> probes,
                                   llvm::StringRef model = "");

  /// Everything that was asked for and answered: what belongs into a lock.
  const Lock &getUsed() const { return used; }
  bool hasLock() const { return given.has_value(); }
  /// How many different probes the given lock lacks.
  size_t countMissing() const { return missing.size(); }
  /// How many measurements of the given lock nobody asked for.
  size_t countStale() const { return given ? given->size() - used.size() : 0; }

private:
  void run(llvm::ArrayRef<const Probe *> batch,
           llvm::MutableArrayRef<Measurement> results, llvm::StringRef model);
  llvm::Error runModule(llvm::ArrayRef<const Probe *> batch,
                        llvm::MutableArrayRef<Measurement> results,
                        llvm::StringRef model);

  Lock used;
  std::optional<Lock> given;
  Build build;
  Progress progress;
  std::set<std::string> missing;
};

} // namespace sinter::measure

#endif // SINTER_COMPILER_MEASURE_MEASURER_H
