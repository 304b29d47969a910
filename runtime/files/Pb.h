//===- Pb.h - ONNX tensors, sequences and optionals as protobuf -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_RUNTIME_FILES_PB_H
#define SINTER_RUNTIME_FILES_PB_H

#include "runtime/files/Value.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sinter::files {

/// Which message a .pb file holds.
enum class PbMessage { Tensor, Sequence, Optional };

/// Reads a TensorProto, SequenceProto or OptionalProto. Throws a Failure (bad
/// input file) that starts with `place`, the name of the file.
Value parsePb(const uint8_t *data, size_t size, PbMessage message,
              const std::string &place);

/// Returns the TensorProto of a tensor (with its data in raw_data, or
/// string_data) or the SequenceProto of a sequence.
std::string formatPb(const Value &value);

/// Returns the locations of external data that an ONNX model of `size` bytes at
/// `data` names, sorted, each once; what is damaged is passed over.
std::vector<std::string> findExternalFiles(const uint8_t *data, size_t size);

} // namespace sinter::files

#endif // SINTER_RUNTIME_FILES_PB_H
