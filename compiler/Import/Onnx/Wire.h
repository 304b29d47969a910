//===- Wire.h - the fields of a protobuf message ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ONNX_WIRE_H
#define SINTER_COMPILER_IMPORT_ONNX_WIRE_H

#include "llvm/ADT/StringRef.h"
#include <optional>

namespace sinter::onnx {

/// One field of a message, as it stands in the file.
struct WireField {
  enum Kind : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

  uint32_t number = 0;
  Kind kind = Varint;
  /// Of the kinds that are a number.
  uint64_t value = 0;
  /// Of kind Bytes: a string, a nested message or a packed list.
  llvm::StringRef bytes;
};

/// Reads the varint at the start of `data` and drops it from there. Nothing if
/// it is cut off or longer than 64 bits.
std::optional<uint64_t> takeVarint(llvm::StringRef &data);

/// Walks the fields of one message without looking into them.
class WireReader {
public:
  explicit WireReader(llvm::StringRef message) : rest(message) {}

  /// Reads the next field. False at the end and on a malformed field: then
  /// `getError` is not empty.
  bool next(WireField &field);
  llvm::StringRef getError() const { return error; }
  /// Where the next field starts; on an error, where the bad one does.
  const char *getPosition() const { return rest.data(); }

private:
  bool fail(const char *start, llvm::StringRef message);

  llvm::StringRef rest;
  llvm::StringRef error;
};

} // namespace sinter::onnx

#endif // SINTER_COMPILER_IMPORT_ONNX_WIRE_H
