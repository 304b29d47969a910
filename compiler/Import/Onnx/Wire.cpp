//===- Wire.cpp - the fields of a protobuf message ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/Wire.h"
#include "llvm/Support/Endian.h"

using namespace sinter::onnx;
using llvm::StringRef;

std::optional<uint64_t> sinter::onnx::takeVarint(StringRef &data) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 10 && i < data.size(); ++i) {
    uint64_t byte = static_cast<uint8_t>(data[i]);
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      data = data.drop_front(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

bool WireReader::fail(const char *start, StringRef message) {
  rest = StringRef(start, rest.end() - start);
  error = message;
  return false;
}

bool WireReader::next(WireField &field) {
  if (rest.empty() || !error.empty())
    return false;
  const char *start = rest.data();
  std::optional<uint64_t> tag = takeVarint(rest);
  if (!tag || *tag >> 3 == 0 || *tag >> 32)
    return fail(start, "not the start of a field");
  field.number = static_cast<uint32_t>(*tag >> 3);
  field.kind = static_cast<WireField::Kind>(*tag & 7);
  field.bytes = StringRef();
  switch (field.kind) {
  case WireField::Varint:
  case WireField::Bytes: {
    std::optional<uint64_t> value = takeVarint(rest);
    if (!value)
      return fail(start, "a number is cut off");
    field.value = *value;
    if (field.kind == WireField::Varint)
      return true;
    if (*value > rest.size())
      return fail(start, "a field runs past the end");
    field.bytes = rest.take_front(*value);
    rest = rest.drop_front(*value);
    return true;
  }
  case WireField::Fixed64:
    if (rest.size() < 8)
      return fail(start, "a number is cut off");
    field.value = llvm::support::endian::read64le(rest.data());
    rest = rest.drop_front(8);
    return true;
  case WireField::Fixed32:
    if (rest.size() < 4)
      return fail(start, "a number is cut off");
    field.value = llvm::support::endian::read32le(rest.data());
    rest = rest.drop_front(4);
    return true;
  }
  return fail(start, "a field is of no known kind");
}
