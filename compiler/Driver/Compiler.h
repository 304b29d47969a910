//===- Compiler.h - one compilation from model to artifact ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_COMPILER_H
#define SINTER_COMPILER_DRIVER_COMPILER_H

#include "compiler/Import/Import.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Report/Report.h"
#include "passes/Quantize/Statistics.h"

#include <functional>
#include <string>
#include <vector>

namespace sinter {

/// Exit codes of the commands, which other tools rely on.
enum class ExitCode {
  Ok = 0,
  Usage = 2,
  Unsupported = 3,
  BadInput = 4,
  Internal = 70
};

/// Why a compilation failed, in the parts that a message is made of. Any part
/// but `message` may be empty.
struct Failure {
  ExitCode exitCode = ExitCode::Internal;
  std::string code, message, node, op, expected, found, remedy;
};

/// The number formats of a model: as it says, or weights and activations of
/// layers on 8 bits.
enum class Precision { Float, W8A8 };

/// What to compile and how far.
struct CompileRequest {
  std::string model;    ///< an ONNX file, or IR (.mlir) with `startAfter`
  std::string output;   ///< the artifact; empty where the phases stop early
  ImportOptions import; ///< dimensions, shapes, extra outputs
  std::optional<Phase> startAfter, stopAfter;
  /// Passes to leave out, by name; sets `CompileResult::passes`. Fusion then
  /// makes kernels of one operation, and placing writes nothing in place.
  std::optional<std::vector<std::string>> skipPasses;
  bool report = false;      ///< put what was decided into the result
  bool printIR = false;     ///< put the IR of the last phase into the result
  std::string dumpPhasesTo; ///< folder for the IR after each phase
  unsigned threads = 0;     ///< 0: all of the machine
  /// Instruction sets that kernels are compiled for; empty: the default ones.
  std::vector<std::string> cpus;
  bool cuda = false;            ///< code for NVIDIA devices, too
  std::vector<std::string> sms; ///< cubins beside the PTX: "80", "90a"
  Precision precision = Precision::Float;
  std::string calibrate; ///< samples for ranges; empty: made up
  quantize::RangeMethod rangeMethod = quantize::RangeMethod::Percentile;
  std::vector<LayerRule> layers; ///< what single layers become
  std::string prune;             ///< what the weights of all others become
  bool measure = true; ///< choose between forms of a layer by measuring
  std::string lock;    ///< file to take measurements from instead
  std::string lockOut; ///< file that gets the measurements
};

/// A kernel of one operation, with its nodes, and why it is alone.
struct Unfused {
  std::string node, reason;
};

/// Code for one device architecture, and its length in bytes.
struct DeviceCodeSize {
  std::string name;
  uint64_t bytes = 0;
};

/// What became of measurements: made now, taken from the lock, not in the lock,
/// and in the lock but not needed.
struct LockUse {
  size_t measured = 0, used = 0, missing = 0, stale = 0;
};

/// What the plan says of a layer: its ONNX nodes, "fp32" or "w8a8", and why.
struct LayerDecision {
  std::string node, precision, reason;
};

/// What a compilation tells. Sizes in bytes; -1 where it depends on free
/// dimensions.
struct CompileResult {
  double seconds = 0;
  uint64_t peakRss = 0, artifactBytes = 0, weightsBytes = 0;
  unsigned nodes = 0, kernels = 0, launches = 0;
  /// Matrix products and convolutions, and those of them on 8-bit integers.
  unsigned contractions = 0, integerContractions = 0;
  std::vector<std::string> isas;
  std::vector<DeviceCodeSize> deviceCode;
  std::string arenaFormula;
  int64_t arenaBytes = -1;
  std::vector<Unfused> unfused;
  LockUse lock;
  std::vector<LayerDecision> layers; ///< in order; empty without a precision
  std::vector<std::string> passes;   ///< names, in the order of their first run
  std::string ir;
  Report report;
};

/// Called with progress (phase, steps done of total) and with warnings. From
/// any thread, one call at a time.
struct Events {
  std::function<void(llvm::StringRef phase, size_t done, size_t total)>
      progress;
  std::function<void(llvm::StringRef message)> warning;
};

/// Carries out `request`. On failure nothing is left at `request.output`, and
/// `failure` says why.
llvm::LogicalResult compile(const CompileRequest &request, const Events &events,
                            CompileResult &result, Failure &failure);

/// Imports and lowers the model without generating code, and collects every
/// node that would not compile. Fails only where the file cannot be read.
llvm::LogicalResult check(const CompileRequest &request,
                          std::vector<ImportIssue> &unsupported,
                          Failure &failure);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_COMPILER_H
