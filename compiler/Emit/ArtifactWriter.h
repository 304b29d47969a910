//===- ArtifactWriter.h - objects and weights to one file -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The last step of the compiler: links the object files in process, appends
// weights, section headers, manifest and seal (docs/abi.md), and puts the file
// in place under its name only when it is complete and has passed the checks of
// the loader. The same input gives the same bytes.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_EMIT_ARTIFACTWRITER_H
#define SINTER_COMPILER_EMIT_ARTIFACTWRITER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sinter::emit {

/// A dimension of an input or output. Of an input: a value or a free dimension;
/// of an output: a value or an index into the sizes that `prepare` fills.
struct DimSpec {
  int64_t value = -1;
  int32_t sizeIndex = -1;
  int32_t freeDim = -1;
  std::string formula;
};

/// An input or output; `type` as numbered by ONNX TensorProto.DataType.
struct TensorSpec {
  std::string name;
  uint8_t type = 0;
  std::vector<DimSpec> dims;
};

struct FreeDimSpec {
  std::string name;
  int64_t min = 1;
  int64_t max = INT64_MAX;
  int64_t optimum = 0;
};

struct KernelSpec {
  std::string name;
  std::string kind;
  std::vector<std::string> nodes;
};

struct LaunchSpec {
  int32_t kernel = 0;
  std::vector<std::string> nodes;
};

struct CheckSpec {
  std::string node;
  std::string op;
  std::string expected;
  std::string remedy;
};

struct VariantSpec {
  std::string name;
  uint64_t features = 0;
};

/// A number, or the entry `sizeIndex` of the sizes table where that is not
/// negative.
struct ExtentSpec {
  int64_t value = 0;
  int32_t sizeIndex = -1;
};

/// How a kernel is launched on the device (docs/abi.md, section 7).
struct DeviceKernelSpec {
  std::string entry;
  ExtentSpec grid[3] = {{1}, {1}, {1}};
  uint32_t block[3] = {1, 1, 1};
  ExtentSpec shared, scratch; ///< Bytes.
  uint32_t buffers = 0;       ///< Operands of its launches.
  bool reports = false;       ///< It has checks.
};

/// Code of all kernels for one architecture: PTX text ("compute_80") or a cubin
/// ("sm_90a").
struct DeviceModuleSpec {
  std::string name;
  std::string code;
};

/// Code for devices; nothing of it is in the artifact where there are no
/// modules.
struct DeviceSpec {
  std::vector<DeviceModuleSpec> modules;
  std::vector<DeviceKernelSpec> kernels; ///< One a kernel of the manifest.
};

/// What the manifest says that only the compiler knows; the writer adds places
/// and hashes.
struct ManifestSpec {
  std::string compiler;
  std::string modelName;
  std::vector<uint8_t> modelHash; ///< BLAKE2b-256 of the model file, or empty.
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::vector<FreeDimSpec> freeDims;
  uint32_t sizeCount = 3; ///< Entries of the sizes table, at least 3.
  std::string arenaFormula;
  std::string scratchFormula;
  std::vector<KernelSpec> kernels;
  std::vector<LaunchSpec> launches;
  std::vector<CheckSpec> checks;
  std::vector<VariantSpec>
      variants; ///< In the order of sinter_root, best first.
  uint32_t nodeCount = 0;
  std::string lock; ///< What was measured to compile it, as JSON.
  DeviceSpec device;
  uint32_t lateDims = 0;           ///< Dimensions after the free ones.
  std::vector<uint32_t> lateSizes; ///< Entries that depend on these.
  uint32_t slots = 0;              ///< Of memory that grows.
  bool reads = false;              ///< Whether a run looks at data.
};

/// A weight: its place in the weights section and who makes its bytes. `fill`
/// gets exactly `bytes` bytes, zeroed, once; weights are filled in order of
/// their offsets, one at a time.
struct WeightSpec {
  uint64_t offset = 0; ///< Multiple of 64.
  uint64_t bytes = 0;
  std::function<llvm::Error(llvm::MutableArrayRef<uint8_t>)> fill;
};

/// Everything that goes into an artifact.
struct ArtifactSpec {
  /// x86-64 ELF objects; one of them defines the symbol `sinter_root`.
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects;
  ManifestSpec manifest;
  std::vector<WeightSpec> weights;
  /// Called after each weight with the bytes done and the bytes of all.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

/// What was written.
struct ArtifactInfo {
  uint64_t artifactBytes = 0;
  uint64_t weightsBytes = 0;
  uint64_t codeBytes = 0;
  uint64_t deviceCodeBytes = 0;
};

/// Why an artifact was not written. Besides the message: whether the file
/// system said no (then `remedy` says what to do) or the compiler is at fault.
class ArtifactError : public llvm::ErrorInfo<ArtifactError> {
public:
  enum class Kind {
    File,    ///< The output could not be written.
    Link,    ///< The linker refused the objects.
    Internal ///< The specification or the linked image breaks the format.
  };
  static char ID;
  ArtifactError(Kind kind, std::string message, std::string remedy = {})
      : kind(kind), message(std::move(message)), remedy(std::move(remedy)) {}
  Kind getKind() const { return kind; }
  const std::string &getMessage() const { return message; }
  const std::string &getRemedy() const { return remedy; }
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override;

private:
  Kind kind;
  std::string message;
  std::string remedy;
};

/// Writes the artifact to `path`. On failure, an error of the weights' `fill`
/// passes through, all others are ArtifactError; nothing is left behind and a
/// file that was there before is untouched.
llvm::Expected<ArtifactInfo> writeArtifact(llvm::StringRef path,
                                           const ArtifactSpec &spec);

/// Fails early, before any work, when `path` cannot be written.
llvm::Error checkWritable(llvm::StringRef path);

} // namespace sinter::emit

#endif // SINTER_COMPILER_EMIT_ARTIFACTWRITER_H
