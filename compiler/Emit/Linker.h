//===- Linker.h - objects to an image ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_EMIT_LINKER_H
#define SINTER_COMPILER_EMIT_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace sinter::emit {

/// Links x86-64 ELF objects to a shared object that exports `sinter_root` and
/// holds only what it reaches. Runs lld in this process, one link at a time.
/// Fails with ArtifactError: Link with lld's message, or File when there is no
/// room for temporary files.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
linkObjects(llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> objects);

} // namespace sinter::emit

#endif // SINTER_COMPILER_EMIT_LINKER_H
