//===- Signature.cpp - operators that the standard does not define --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Signature.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

using namespace sinter;
using llvm::SmallVector;
using llvm::StringRef;

static SmallVector<StringRef> splitEntries(StringRef text) {
  SmallVector<StringRef> entries;
  text.split(entries, ' ', -1, /*KeepEmpty=*/false);
  return entries;
}

/// Checks the names of one side of a node, `what` being input or output.
static std::string checkNames(StringRef text, llvm::ArrayRef<StringRef> given,
                              StringRef what) {
  SmallVector<StringRef> entries = splitEntries(text);
  bool isVariadic = !entries.empty() && entries.back().ends_with("*");
  if (!isVariadic && given.size() > entries.size())
    return (llvm::Twine(given.size()) + " " + what + "s where there are " +
            llvm::Twine(entries.size()) + " at most")
        .str();
  for (auto [index, entry] : llvm::enumerate(entries)) {
    bool isAbsent = index >= given.size() || given[index].empty();
    if (isAbsent && !entry.ends_with("?") && !entry.ends_with("*"))
      return ("no " + what + " '" + entry + "'").str();
  }
  return {};
}

static onnx::Attribute::Kind parseKind(StringRef kind) {
  using Kind = onnx::Attribute::Kind;
  return llvm::StringSwitch<Kind>(kind)
      .Case("int", Kind::Int)
      .Case("float", Kind::Float)
      .Case("string", Kind::String)
      .Case("ints", Kind::Ints)
      .Case("floats", Kind::Floats)
      .Case("strings", Kind::Strings)
      .Case("tensor", Kind::Tensor)
      .Default(Kind::Undefined);
}

std::string sinter::checkSignature(const Signature &signature,
                                   const onnx::Node &node) {
  if (std::string problem = checkNames(signature.inputs, node.inputs, "input");
      !problem.empty())
    return problem;
  if (std::string problem =
          checkNames(signature.outputs, node.outputs, "output");
      !problem.empty())
    return problem;
  SmallVector<StringRef> entries = splitEntries(signature.attributes);
  for (StringRef entry : entries)
    if (entry.consume_back("!") && !node.findAttribute(entry.split('=').first))
      return ("no attribute '" + entry.split('=').first + "'").str();
  for (const onnx::Attribute &attribute : node.attributes) {
    auto entry = llvm::find_if(entries, [&](StringRef e) {
      return e.split('=').first == attribute.name;
    });
    if (entry == entries.end())
      return ("the unknown attribute '" + attribute.name + "'").str();
    StringRef kind = entry->split('=').second;
    kind.consume_back("!");
    if (attribute.kind != parseKind(kind))
      return ("an attribute '" + attribute.name + "' that is not of kind " +
              kind)
          .str();
  }
  return {};
}
