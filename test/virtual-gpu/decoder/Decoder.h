//===- Decoder.h - from the tree of a kernel to a program -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_DECODER_DECODER_H
#define SINTER_TEST_VIRTUALGPU_DECODER_DECODER_H

#include "../machine/Executors.h"
#include "../ptx/Syntax.h"
#include <optional>

namespace sinter::vgpu {

/// Device addresses of the module's .global and .const variables.
using GlobalAddresses = std::map<std::string_view, uint64_t>;

/// Decodes `entry` with all it calls; throws `PtxError`.
std::shared_ptr<const Program>
decodeKernel(const std::shared_ptr<const Module> &module, const Function &entry,
             const GlobalAddresses &globals);

/// A variable as an instruction sees it.
struct Symbol {
  Space space = Space::Global;
  uint64_t address = 0;
};

/// What all functions of one kernel share while it is decoded.
class KernelDecoder {
public:
  KernelDecoder(const Module &module, const GlobalAddresses &globals,
                Program &program)
      : module(module), globals(globals), program(program) {}

  void run(const Function &entry);

  Slot newRegister(uint32_t bits, std::string name);
  Slot constant(uint64_t bits, uint32_t width);
  /// Adds slots that an instruction counts from the returned index.
  uint32_t addSlots(const std::vector<Slot> &slots);
  /// Shared memory is accessed in pieces of `bytes`.
  void noteSharedAccess(uint32_t bytes);
  const Function *findFunction(std::string_view name) const;
  std::optional<Symbol> moduleSymbol(std::string_view name) const;
  /// A call at code index `at` to `callee`, whose place is not known yet.
  void addCall(uint32_t at, const Function *callee);
  uint64_t localOffset(const Variable *variable) const {
    return localOffsets.at(variable);
  }
  uint64_t sharedOffset(const Variable *variable) const {
    return sharedOffsets.at(variable);
  }

  const Module &module;
  const GlobalAddresses &globals;
  Program &program;

private:
  void collect(const Function &function,
               std::vector<const Function *> &callers);
  void layOut(const Function &entry);
  void placeShared(const Variable &variable);
  void placeLocal(const Variable &variable);
  void layOutArguments(const Function &entry);

  std::vector<const Function *> reachable; ///< the entry first
  std::map<std::string_view, bool> usedNames;
  std::map<std::pair<uint64_t, uint32_t>, Slot> constants;
  std::map<const Variable *, uint64_t> sharedOffsets, localOffsets;
  std::map<std::string_view, uint64_t> moduleShared;
  std::vector<std::pair<uint32_t, const Function *>> calls;
};

/// Decodes the statements of one function.
class FunctionDecoder {
public:
  FunctionDecoder(KernelDecoder &kernel, const Function &function);

  void run();

  /// The register of that name, as `scope` sees it; no bits if there is none.
  Slot findRegister(std::string_view name, uint32_t scope) const;
  std::optional<Symbol> findSymbol(std::string_view name, uint32_t scope) const;
  const Variable *findVariable(std::string_view name, uint32_t scope) const;
  /// The instruction that is added next leads to `label`; an empty one is the
  /// end of the function.
  void branchTo(std::string_view label, uint32_t line);
  /// Adds targets of an indexed branch; returns the index of the first.
  uint32_t addTargets(const std::vector<std::string_view> &labels,
                      uint32_t line);

  KernelDecoder &kernel;
  const Function &function;

private:
  struct Fixup {
    uint32_t at; ///< of the branch, or of `Program::targets`
    bool isIndexed;
    std::string_view label;
    uint32_t line;
  };
  std::vector<std::map<std::string_view, Slot>> names; ///< by scope
  struct Range {
    Slot first;
    uint32_t count;
  };
  std::vector<std::map<std::string_view, Range>> ranges; ///< `%r<n>` by prefix
  std::vector<Fixup> fixups;
};

/// Fills in where the paths of each branch in code[begin, end) meet. `end - 1`
/// is the instruction that all paths reach which do not end before.
void findReconvergence(Program &program, uint32_t begin, uint32_t end);

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_DECODER_DECODER_H
