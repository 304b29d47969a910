//===- Cache.h - artifacts of models that are run directly -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_CACHE_H
#define SINTER_TOOLS_SINTER_CACHE_H

#include <string>

namespace sinter::cli {

/// An artifact to run: the file named on the command line, or one compiled from
/// it. Removes the file at its end if that was made for this command alone.
class Artifact {
public:
  /// `file` is an artifact, or an ONNX model (FILE.onnx): that is compiled into
  /// the folder $XDG_CACHE_HOME/sinter, or taken from there if the same
  /// contents were compiled by the same compiler before. With `useCache` off
  /// it is compiled into a temporary file. `withCuda`: for NVIDIA devices, too.
  /// Says on stderr what was done.
  Artifact(const std::string &file, bool useCache, bool withCuda = false);
  ~Artifact();
  Artifact(const Artifact &) = delete;
  Artifact &operator=(const Artifact &) = delete;

  const std::string &getPath() const { return path; }

private:
  std::string path;
  bool temporary = false;
};

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_CACHE_H
