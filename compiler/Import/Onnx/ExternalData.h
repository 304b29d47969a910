//===- ExternalData.h - tensors that lie in files of their own --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ONNX_EXTERNALDATA_H
#define SINTER_COMPILER_IMPORT_ONNX_EXTERNALDATA_H

#include "compiler/Import/Onnx/ModelFile.h"

namespace sinter::onnx {

/// The entries of TensorProto.external_data.
struct ExternalEntry {
  llvm::StringRef location, offset, length;
};

/// Finds and maps the external data files of a model, each once.
class ExternalData {
public:
  explicit ExternalData(ModelFile &file) : file(file) {}

  /// Turns `entry` into a segment of `bytes` bytes. The location must be a
  /// relative path to a regular file inside the folder of the model, symbolic
  /// links followed, and the file must be long enough. On failure fills the
  /// texts of `issue`.
  llvm::LogicalResult locate(const ExternalEntry &entry, uint64_t bytes,
                             DataSegment &segment, ImportIssue &issue);

private:
  llvm::FailureOr<unsigned> mapLocation(llvm::StringRef location,
                                        ImportIssue &issue);

  ModelFile &file;
  llvm::StringMap<unsigned> mapped;
};

} // namespace sinter::onnx

#endif // SINTER_COMPILER_IMPORT_ONNX_EXTERNALDATA_H
