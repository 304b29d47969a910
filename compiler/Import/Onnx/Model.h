//===- Model.h - an ONNX model as plain data --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The messages of onnx.proto that the importer looks at. Text points into the
// file the model was read from; tensors hold places in that file, not bytes.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ONNX_MODEL_H
#define SINTER_COMPILER_IMPORT_ONNX_MODEL_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <optional>
#include <vector>

namespace sinter::onnx {

/// TensorProto.DataType, as far as the importer gives it a type.
enum class ElementType : int32_t {
  Undefined = 0,
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26,
};

/// Bits of one element in a file; 0 for types without a fixed size (strings,
/// unknown types). Elements of 2 and 4 bits are packed into bytes, the first
/// one in the lowest bits.
unsigned getElementBits(ElementType type);
/// Bytes of one element in memory, where none takes less than one; 0 as above.
unsigned getElementBytes(ElementType type);
/// The name ONNX gives a type: `float`, `int64`.
llvm::StringRef getElementName(ElementType type);

/// A part of one of the files of a model.
struct DataSegment {
  unsigned file = 0;
  uint64_t offset = 0, length = 0;
};

/// A tensor: type, shape and the places of its elements.
struct Tensor {
  /// Raw: little-endian elements, packed. Varint: protobuf integers, one for
  /// each element, or byte of packed ones. Opaque: strings.
  enum class Encoding { Raw, Varint, Opaque };

  llvm::StringRef name;
  ElementType type = ElementType::Undefined;
  llvm::SmallVector<int64_t, 4> dims;
  Encoding encoding = Encoding::Raw;
  llvm::SmallVector<DataSegment, 1> segments;

  /// Product of the dimensions. The reader has checked that it fits.
  int64_t getNumElements() const;
  /// Bytes of the elements in a file, as raw data.
  uint64_t getFileBytes() const;
  /// Whether elements share bytes in a file.
  bool isPacked() const;
};

struct Graph;

/// AttributeProto.
struct Attribute {
  enum class Kind : int32_t {
    Undefined = 0,
    Float = 1,
    Int = 2,
    String = 3,
    Tensor = 4,
    Graph = 5,
    Floats = 6,
    Ints = 7,
    Strings = 8,
    Tensors = 9,
    Graphs = 10,
    SparseTensor = 11,
    SparseTensors = 12,
    Type = 13,
    Types = 14,
  };

  llvm::StringRef name;
  /// The attribute of the enclosing function whose value this one takes.
  llvm::StringRef refName;
  Kind kind = Kind::Undefined;
  float f = 0;
  int64_t i = 0;
  llvm::StringRef s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<llvm::StringRef> strings;
  std::vector<Tensor> tensors;                ///< One for kind Tensor.
  std::vector<std::shared_ptr<Graph>> graphs; ///< One for kind Graph.
};

/// NodeProto.
struct Node {
  llvm::StringRef name, op, domain, overload;
  llvm::SmallVector<llvm::StringRef, 4> inputs, outputs;
  std::vector<Attribute> attributes;

  /// The attribute `attrName`, or null.
  const Attribute *findAttribute(llvm::StringRef attrName) const;
};

/// A dimension of a ValueInfo: a value, a name, or neither.
struct Dimension {
  std::optional<int64_t> value;
  llvm::StringRef name;
};

/// ValueInfoProto with its TypeProto.
struct ValueInfo {
  enum class Kind {
    None,
    Tensor,
    SparseTensor,
    Sequence,
    Map,
    Optional,
    Opaque
  };

  llvm::StringRef name;
  Kind kind = Kind::None;
  ElementType type = ElementType::Undefined;
  bool hasShape = false;
  llvm::SmallVector<Dimension, 4> shape;
};

/// GraphProto.
struct Graph {
  llvm::StringRef name;
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<llvm::StringRef> sparseInitializers;
  std::vector<ValueInfo> inputs, outputs;
};

/// OperatorSetIdProto.
struct OpsetImport {
  llvm::StringRef domain;
  int64_t version = 0;
};

/// FunctionProto.
struct Function {
  llvm::StringRef name, domain, overload;
  std::vector<llvm::StringRef> inputs, outputs, attributes;
  std::vector<Attribute> defaults;
  std::vector<Node> nodes;
  std::vector<OpsetImport> opsets;
};

/// ModelProto.
struct Model {
  int64_t irVersion = 0;
  std::vector<OpsetImport> opsets;
  Graph graph;
  std::vector<Function> functions;
};

/// `domain` in the one spelling used here: `ai.onnx` is the empty domain.
inline llvm::StringRef canonicalDomain(llvm::StringRef domain) {
  return domain == "ai.onnx" ? llvm::StringRef() : domain;
}

} // namespace sinter::onnx

#endif // SINTER_COMPILER_IMPORT_ONNX_MODEL_H
