//===- Expansion.h - a node as a composition of others ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_EXPANSION_H
#define SINTER_COMPILER_IMPORT_OPS_EXPANSION_H

#include "compiler/Import/NodeContext.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/StringSaver.h"

namespace sinter {

/// A node that is imported as a function of standard operators, whose body
/// depends on the node.
class Expansion {
public:
  /// A name in the body: empty where an optional input is absent.
  using Name = llvm::StringRef;

  explicit Expansion(NodeContext &node);
  // Names point into the allocator.
  Expansion(const Expansion &) = delete;

  /// Input `index` of the node.
  Name getInput(unsigned index) const;
  /// Appends a node of the standard domain and gives its result.
  Name add(llvm::StringRef op, llvm::ArrayRef<Name> inputs,
           llvm::ArrayRef<onnx::Attribute> attributes = {});
  /// The same for an operator with `count` results.
  llvm::SmallVector<Name>
  addAll(llvm::StringRef op, llvm::ArrayRef<Name> inputs, unsigned count,
         llvm::ArrayRef<onnx::Attribute> attributes = {});
  /// The attributes of the node with these names, as far as it has them.
  llvm::SmallVector<onnx::Attribute>
  pass(llvm::ArrayRef<llvm::StringRef> names) const;
  static onnx::Attribute makeInt(llvm::StringRef name, int64_t value);
  static onnx::Attribute makeFloat(llvm::StringRef name, double value);
  static onnx::Attribute makeInts(llvm::StringRef name,
                                  llvm::ArrayRef<int64_t> values);
  /// A constant of rank 0.
  Name addConstant(float value);

  /// Imports the body; `results` become the outputs of the node.
  llvm::LogicalResult finish(llvm::ArrayRef<Name> results);

private:
  NodeContext &node;
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver names;
  onnx::Function body;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_EXPANSION_H
