//===- Reference.h - tensors to compare with -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_REFERENCE_H
#define SINTER_TOOLS_SINTER_REFERENCE_H

#include "tools/sinter/Tensors.h"

#include <string>
#include <vector>

namespace sinter::cli {

/// A folder for files of this process, removed with all that is in it.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::string &getPath() const { return path; }

private:
  std::string path;
};

/// A tensor that another engine computed, and the node that makes it where that
/// is known (`position` in the order of nodes, else -1).
struct ReferenceTensor {
  Value value;
  std::string node, op;
  int64_t position = -1;
};

/// Runs `model` in ONNX Runtime without optimizations, by `python` (a program
/// that has onnx and onnxruntime), on `inputs`. Gives those of the tensors
/// `names` that the graph has. Throws a Failure with what Python said.
std::vector<ReferenceTensor>
runOnnxRuntime(const std::string &python, const std::string &model,
               const std::vector<Value> &inputs,
               const std::vector<std::string> &names);

/// The tensors that manifest.json of `folder` lists (as `sinter run
/// --output-dir` writes it).
std::vector<ReferenceTensor> readReference(const std::string &folder);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_REFERENCE_H
