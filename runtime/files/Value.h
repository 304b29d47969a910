//===- Value.h - tensors and sequences outside the runtime -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_RUNTIME_FILES_VALUE_H
#define SINTER_RUNTIME_FILES_VALUE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinter::files {

/// Element types, numbered as in ONNX TensorProto.DataType.
enum class ElementType : int {
  Undefined = 0,
  F32 = 1,
  U8 = 2,
  I8 = 3,
  U16 = 4,
  I16 = 5,
  I32 = 6,
  I64 = 7,
  String = 8,
  Bool = 9,
  F16 = 10,
  F64 = 11,
  U32 = 12,
  U64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BF16 = 16,
  F8E4M3FN = 17,
  F8E4M3FNUZ = 18,
  F8E5M2 = 19,
  F8E5M2FNUZ = 20,
  U4 = 21,
  I4 = 22,
  F4E2M1 = 23,
  F8E8M0 = 24,
  U2 = 25,
  I2 = 26,
};

/// What is known about an element type.
struct TypeInfo {
  ElementType type;
  const char *name; ///< "float32", as numpy spells it where numpy has it.
  size_t bits;      ///< Of one element; 0 for strings.
  const char *npy;  ///< The descriptor in .npy files; null if numpy lacks it.

  /// Bytes of `count` elements; those of 2 and 4 bits are packed.
  size_t countBytes(size_t count) const { return (count * bits + 7) / 8; }
};

/// Returns what is known about `type`, or null for types not listed above.
const TypeInfo *getTypeInfo(ElementType type);

/// Returns the type that a .npy descriptor such as "<f4" names.
std::optional<ElementType> getTypeOfNpy(const std::string &descriptor);

/// Returns the name of `type`; "type 17" for one without a name.
std::string getTypeName(ElementType type);

/// True for the floating point types (not complex).
bool isFloat(ElementType type);

/// A tensor, a sequence of values, or the absent value of an optional.
struct Value {
  enum class Kind { Tensor, Sequence, None };

  Kind kind = Kind::Tensor;
  std::string name;
  ElementType type = ElementType::Undefined; ///< Of a tensor.
  std::vector<int64_t> dims;                 ///< Of a tensor.
  /// Row-major, little endian, elements of 2 and 4 bits packed from the lowest
  /// bits of a byte on; not strings.
  std::vector<uint8_t> bytes;
  std::vector<std::string> strings; ///< Elements of a tensor of strings.
  std::vector<Value> elements;      ///< Of a sequence.
};

/// Returns the product of `dims`, or nothing if it is negative or exceeds 2^62.
std::optional<int64_t> countElements(const std::vector<int64_t> &dims);

/// Returns "float32[1,3,224,224]".
std::string describeTensor(ElementType type, const std::vector<int64_t> &dims);

/// Returns "[1,3,224,224]".
std::string describeDims(const std::vector<int64_t> &dims);

/// Element `index` of the tensor `value` as a double; 64-bit integers are
/// rounded. Not for strings and complex numbers.
double getElement(const Value &value, size_t index);

/// Stores `number` as element `index` of the tensor `value`, converted to its
/// type: floats round to nearest even, integers truncate, bool is number != 0.
void setElement(Value &value, size_t index, double number);

/// Minimum, maximum and mean of the elements that are numbers.
struct Statistics {
  double min = 0, max = 0, mean = 0;
  size_t nans = 0;
  size_t count = 0;
};

/// Computes the statistics of a tensor of numbers.
Statistics computeStatistics(const Value &value);

} // namespace sinter::files

#endif // SINTER_RUNTIME_FILES_VALUE_H
