//===- KernelHarness.h - kernels compiled and run in tests ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the text of one kernel.func the way the compiler would: plan, lower,
// generate an object, and calls what comes out through the ABI.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_PASSES_LOWER_KERNELHARNESS_H
#define SINTER_TEST_PASSES_LOWER_KERNELHARNESS_H

#include "passes/Lower/InstructionSet.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sinter::test {

/// Memory that ends right before a page that must not be touched, so that any
/// access beyond the end stops the test.
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t bytes);
  ~GuardedBuffer();
  GuardedBuffer(GuardedBuffer &&other) noexcept;
  GuardedBuffer(const GuardedBuffer &) = delete;
  GuardedBuffer &operator=(const GuardedBuffer &) = delete;

  void *data() const { return start; }
  size_t size() const { return bytes; }
  template <typename T>
  T *as() const {
    return static_cast<T *>(start);
  }

private:
  void *mapping = nullptr, *start = nullptr;
  size_t mapped = 0, bytes = 0;
};

/// Whether this processor runs code for an instruction set.
bool canRun(const InstructionSet &set);
/// The same for x86-64-v3 (8) or x86-64-v4 (16): `lanes` 32-bit elements.
bool canRun(unsigned lanes);

/// A kernel as machine code for one instruction set.
class CompiledKernel {
public:
  /// Compiles the only kernel.func in `source` for an instruction set.
  /// `freeDims` are the names of the free dimensions in the order of their
  /// values. Gives nothing after a diagnostic.
  static std::unique_ptr<CompiledKernel>
  compile(llvm::StringRef source, const InstructionSet &set,
          llvm::ArrayRef<llvm::StringRef> freeDims = {});
  /// The same for x86-64-v3 (8 lanes) or x86-64-v4 (16 lanes).
  static std::unique_ptr<CompiledKernel>
  compile(llvm::StringRef source, unsigned lanes,
          llvm::ArrayRef<llvm::StringRef> freeDims = {});
  ~CompiledKernel();

  /// Runs all tiles in `slots` calls of contiguous ranges, last range first.
  /// The first result that is not 0 is returned.
  int32_t run(llvm::ArrayRef<void *> buffers, llvm::ArrayRef<int64_t> dims = {},
              int64_t slots = 1) const;

  /// The object file that it was compiled to.
  llvm::StringRef getObject() const;

  int64_t getTiles(llvm::ArrayRef<int64_t> dims) const;
  int64_t getScratch(llvm::ArrayRef<int64_t> dims) const;

private:
  struct State;
  CompiledKernel();
  std::unique_ptr<State> state;
};

} // namespace sinter::test

#endif // SINTER_TEST_PASSES_LOWER_KERNELHARNESS_H
