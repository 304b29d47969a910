//===- Assembler.cpp - PTX to cubins with ptxas ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cuda/Assembler.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

using namespace llvm;

std::string sinter::codegen::findPtxas(StringRef given) {
  if (!given.empty())
    return given.str();
  if (ErrorOr<std::string> onPath = sys::findProgramByName("ptxas"))
    return *onPath;
  return sys::fs::can_execute(SINTER_PTXAS) ? SINTER_PTXAS : "";
}

/// The contents of a file; empty if it cannot be read.
static std::string readFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

Expected<std::string> sinter::codegen::assemble(StringRef ptx,
                                                StringRef architecture,
                                                StringRef ptxas) {
  std::string program = findPtxas(ptxas);
  if (!program.empty() && !sys::fs::can_execute(program))
    return createStringError(
        "cannot make code for " + architecture + ": there is no ptxas at '" +
        program + "'; name one that can be run, or keep PTX only (--sm ptx)");
  if (program.empty())
    return createStringError(
        "cannot make code for " + architecture +
        ": ptxas, of the CUDA toolkit, is not there; add it to PATH, or keep "
        "PTX only (--sm ptx), which the driver translates when it is loaded");

  SmallString<128> source, result, messages;
  for (auto [suffix, path] :
       {std::pair{"ptx", &source}, {"cubin", &result}, {"txt", &messages}})
    if (std::error_code error =
            sys::fs::createTemporaryFile("sinter", suffix, *path))
      return createStringError(error, "cannot write a temporary file: " +
                                          error.message());
  FileRemover removeSource(source), removeResult(result),
      removeMessages(messages);
  {
    std::error_code error;
    raw_fd_ostream out(source, error);
    out << ptx;
  }
  std::string target = ("-arch=" + architecture).str();
  StringRef arguments[] = {program, "-O3", target, source, "-o", result};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(messages),
                                          StringRef(messages)};
  std::string problem;
  int code =
      sys::ExecuteAndWait(program, arguments, std::nullopt, redirects,
                          /*SecondsToWait=*/0, /*MemoryLimit=*/0, &problem);
  if (code != 0)
    return createStringError("ptxas cannot make code for " + architecture +
                             ": " + problem + readFile(messages));
  return readFile(result);
}
