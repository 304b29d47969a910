//===- Signature.h - operators that the standard does not define -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_SIGNATURE_H
#define SINTER_COMPILER_IMPORT_SIGNATURE_H

#include "compiler/Import/Onnx/Model.h"
#include <string>

namespace sinter {

/// What the schema says of an operator of the standard: a line of text for each
/// of inputs, outputs and attributes, entries separated by blanks.
///
/// An input or output is a name: `bias?` may be absent, `inputs*` stands for
/// any number, the last ones. An attribute is `name=kind`, with the kind int,
/// float, string, ints, floats, strings or tensor: `num_heads=int!` must be
/// there.
struct Signature {
  llvm::StringLiteral inputs = "", outputs = "", attributes = "";
};

/// Whether `node` fits the signature. Empty if it does, else what is wrong.
std::string checkSignature(const Signature &signature, const onnx::Node &node);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_SIGNATURE_H
