//===- ModelFile.h - an ONNX file, mapped and read --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file is mapped, its protobuf messages are walked here (no copy of a
// tensor is made), and external data is found, checked and mapped too.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ONNX_MODELFILE_H
#define SINTER_COMPILER_IMPORT_ONNX_MODELFILE_H

#include "compiler/Import/Issue.h"
#include "compiler/Import/Onnx/Model.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/LogicalResult.h"

namespace sinter::onnx {

/// A range of bytes that a tensor may lie in: a mapped file or a buffer.
class DataFile {
public:
  /// Maps the file `path`. On failure says why in `error`.
  static std::unique_ptr<DataFile> map(const std::string &path,
                                       std::string &error);
  /// Takes over `bytes`.
  static std::unique_ptr<DataFile> own(std::string bytes);
  ~DataFile();
  DataFile(const DataFile &) = delete;
  DataFile &operator=(const DataFile &) = delete;

  llvm::StringRef getBytes() const { return bytes; }
  /// Lets the system drop the pages of a part from memory; a later access reads
  /// them again.
  void dropPages(uint64_t offset, uint64_t length) const;

private:
  DataFile() = default;

  llvm::StringRef bytes;
  std::string buffer;
  bool mapped = false;
};

/// A model and the files its tensors lie in. Everything read from it points
/// into it.
class ModelFile {
public:
  /// Maps and reads `path`. On failure `issue` says what is wrong: a file that
  /// is missing, empty, cut short, not ONNX, of an IR version outside
  /// [kMinIrVersion, kMaxIrVersion], or with bad external data.
  static llvm::FailureOr<std::unique_ptr<ModelFile>> open(llvm::StringRef path,
                                                          ImportIssue &issue);

  static constexpr int64_t kMinIrVersion = 3, kMaxIrVersion = 14;
  /// How deep graphs and types may be nested.
  static constexpr unsigned kMaxDepth = 64;

  llvm::StringRef getPath() const { return path; }
  const Model &getModel() const { return model; }

  /// The constant `name`: an initializer, or the output of a Constant node that
  /// holds a tensor. Where inner graphs use a name again, it is the outermost,
  /// then first one. Null if there is none.
  const Tensor *findConstant(llvm::StringRef name) const;

  llvm::StringRef getBytes(const DataSegment &segment) const;
  /// The elements where they lie in one piece in a file as they do in memory.
  std::optional<llvm::StringRef> getRawElements(const Tensor &tensor) const;
  /// Writes the elements to `out`, which has their size in memory. Fails for
  /// opaque tensors and for an `out` of another size.
  llvm::LogicalResult readElements(const Tensor &tensor,
                                   llvm::MutableArrayRef<char> out) const;
  /// Lets the system drop the pages that hold `tensor`.
  void dropPages(const Tensor &tensor) const;

  /// Reads a serialized FunctionProto, which this object then owns.
  llvm::FailureOr<const Function *> addFunction(std::string serialized,
                                                ImportIssue &issue);

private:
  ModelFile() = default;
  llvm::LogicalResult readNumbers(const Tensor &tensor, unsigned size,
                                  llvm::MutableArrayRef<char> out) const;
  void addConstants(const Graph &graph);

  std::string path;
  std::vector<std::unique_ptr<DataFile>> files;
  Model model;
  std::vector<std::unique_ptr<Function>> functions;
  llvm::StringMap<const Tensor *> constants;

  friend class ExternalData;
};

} // namespace sinter::onnx

#endif // SINTER_COMPILER_IMPORT_ONNX_MODELFILE_H
