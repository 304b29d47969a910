//===- Model.cpp - an ONNX model as plain data ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/Model.h"

using namespace sinter::onnx;
using llvm::StringRef;

unsigned sinter::onnx::getElementBits(ElementType type) {
  switch (type) {
  case ElementType::UInt2:
  case ElementType::Int2:
    return 2;
  case ElementType::UInt4:
  case ElementType::Int4:
  case ElementType::Float4E2M1:
    return 4;
  case ElementType::UInt8:
  case ElementType::Int8:
  case ElementType::Bool:
  case ElementType::Float8E4M3FN:
  case ElementType::Float8E4M3FNUZ:
  case ElementType::Float8E5M2:
  case ElementType::Float8E5M2FNUZ:
  case ElementType::Float8E8M0:
    return 8;
  case ElementType::UInt16:
  case ElementType::Int16:
  case ElementType::Float16:
  case ElementType::BFloat16:
    return 16;
  case ElementType::Float:
  case ElementType::Int32:
  case ElementType::UInt32:
    return 32;
  case ElementType::Int64:
  case ElementType::Double:
  case ElementType::UInt64:
    return 64;
  case ElementType::Undefined:
  case ElementType::String:
    return 0;
  }
  return 0; // A number that the enumeration does not name.
}

unsigned sinter::onnx::getElementBytes(ElementType type) {
  return (getElementBits(type) + 7) / 8;
}

StringRef sinter::onnx::getElementName(ElementType type) {
  static constexpr const char *kNames[] = {
      "undefined",      "float",        "uint8",          "int8",
      "uint16",         "int16",        "int32",          "int64",
      "string",         "bool",         "float16",        "double",
      "uint32",         "uint64",       "complex64",      "complex128",
      "bfloat16",       "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
      "float8e5m2fnuz", "uint4",        "int4",           "float4e2m1",
      "float8e8m0",     "uint2",        "int2",           "float6e2m3",
      "float6e3m2"};
  auto index = static_cast<uint32_t>(type);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

int64_t Tensor::getNumElements() const {
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  return count;
}

uint64_t Tensor::getFileBytes() const {
  return (static_cast<uint64_t>(getNumElements()) * getElementBits(type) + 7) /
         8;
}

bool Tensor::isPacked() const {
  unsigned bits = getElementBits(type);
  return bits > 0 && bits < 8;
}

const Attribute *Node::findAttribute(StringRef attrName) const {
  for (const Attribute &attribute : attributes)
    if (attribute.name == attrName)
      return &attribute;
  return nullptr;
}
