//===- MessageParser.cpp - from protobuf messages to Model.h --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Case labels are the field numbers of onnx.proto.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/MessageParser.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace sinter;
using namespace sinter::onnx;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;

//===- Errors and plain fields --------------------------------------------===//

LogicalResult MessageParser::malformed(const char *position, StringRef what,
                                       StringRef reason) {
  // A well-formed start whose last field is cut off is the mark of a file that
  // has lost its end.
  size_t offset = position - bytes.data();
  bool truncated =
      what == "model" && reason.contains("runs past") && offset > 0;
  issue.kind = ImportIssue::Kind::BadInput;
  issue.code = truncated ? "truncated_file" : "not_onnx";
  issue.expected = truncated ? "the whole model" : "an ONNX model";
  issue.found = truncated
                    ? "a file that ends after " + std::to_string(bytes.size()) +
                          " bytes, inside a field"
                    : "bytes that are no " + what.str() +
                          " message: " + reason.str() + " at byte " +
                          std::to_string(offset);
  issue.remedy = "export or download the model again";
  return failure();
}

LogicalResult MessageParser::wrongKind(const WireField &field) {
  const char *position =
      field.kind == WireField::Bytes ? field.bytes.data() : bytes.data();
  return malformed(position, current,
                   "field " + std::to_string(field.number) +
                       " is of the wrong kind");
}

LogicalResult MessageParser::badTensor(const Tensor &tensor,
                                       std::string expected,
                                       std::string found) {
  issue.kind = ImportIssue::Kind::BadInput;
  issue.code = "bad_tensor";
  issue.expected =
      "tensor '" + tensor.name.str() + "' to have " + std::move(expected);
  issue.found = std::move(found);
  issue.remedy = "export or download the model again";
  return failure();
}

LogicalResult MessageParser::forEachField(StringRef message, StringRef what,
                                          FieldHandler handle) {
  if (depth >= ModelFile::kMaxDepth)
    return malformed(message.data(), what, "messages are nested too deeply");
  StringRef outer = current;
  current = what;
  ++depth;
  WireReader reader(message);
  WireField field;
  while (reader.next(field))
    if (failed(handle(field)))
      return failure();
  if (!reader.getError().empty())
    return malformed(reader.getPosition(), what, reader.getError());
  --depth;
  current = outer;
  return success();
}

LogicalResult MessageParser::readBytes(const WireField &field,
                                       StringRef &text) {
  if (field.kind != WireField::Bytes)
    return wrongKind(field);
  text = field.bytes;
  return success();
}

LogicalResult MessageParser::readText(const WireField &field, StringRef &text) {
  if (failed(readBytes(field, text)))
    return failure();
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.data());
  if (!text.empty() && !llvm::isLegalUTF8String(&begin, begin + text.size()))
    return malformed(text.data(), current, "a name is not UTF-8 text");
  return success();
}

template <typename T>
LogicalResult MessageParser::readInt(const WireField &field, T &value) {
  if (field.kind != WireField::Varint)
    return wrongKind(field);
  value = static_cast<T>(static_cast<int64_t>(field.value));
  return success();
}

LogicalResult MessageParser::readInts(const WireField &field,
                                      llvm::SmallVectorImpl<int64_t> &values) {
  if (field.kind == WireField::Varint) {
    values.push_back(static_cast<int64_t>(field.value));
    return success();
  }
  if (field.kind != WireField::Bytes)
    return wrongKind(field);
  StringRef rest = field.bytes;
  while (!rest.empty()) {
    std::optional<uint64_t> value = takeVarint(rest);
    if (!value)
      return malformed(rest.data(), current, "a number is cut off");
    values.push_back(static_cast<int64_t>(*value));
  }
  return success();
}

LogicalResult MessageParser::readInts(const WireField &field,
                                      std::vector<int64_t> &values) {
  llvm::SmallVector<int64_t> list;
  if (failed(readInts(field, list)))
    return failure();
  values.insert(values.end(), list.begin(), list.end());
  return success();
}

LogicalResult MessageParser::readFloats(const WireField &field,
                                        std::vector<float> &values) {
  if (field.kind == WireField::Fixed32) {
    values.push_back(llvm::bit_cast<float>(static_cast<uint32_t>(field.value)));
    return success();
  }
  if (field.kind != WireField::Bytes || field.bytes.size() % 4 != 0)
    return wrongKind(field);
  for (size_t i = 0; i < field.bytes.size(); i += 4)
    values.push_back(llvm::bit_cast<float>(
        llvm::support::endian::read32le(field.bytes.data() + i)));
  return success();
}

template <typename T>
LogicalResult MessageParser::readMessage(
    const WireField &field, std::vector<T> &list,
    LogicalResult (MessageParser::*parse)(StringRef, T &)) {
  if (field.kind != WireField::Bytes)
    return wrongKind(field);
  list.emplace_back();
  return (this->*parse)(field.bytes, list.back());
}

//===- Model, functions, graphs, nodes ------------------------------------===//

LogicalResult MessageParser::parseModel(Model &model, bool &hasGraph) {
  hasGraph = false;
  return forEachField(
      bytes, "model", [&](const WireField &field) -> LogicalResult {
        switch (field.number) {
        case 1:
          return readInt(field, model.irVersion);
        case 7:
          if (field.kind != WireField::Bytes)
            return wrongKind(field);
          hasGraph = true;
          return parseGraph(field.bytes, model.graph);
        case 8:
          return readMessage(field, model.opsets, &MessageParser::parseOpset);
        case 25:
          return readMessage(field, model.functions,
                             &MessageParser::parseFunctionBody);
        default:
          return success();
        }
      });
}

LogicalResult MessageParser::parseOpset(StringRef message, OpsetImport &opset) {
  return forEachField(message, "opset",
                      [&](const WireField &field) -> LogicalResult {
                        switch (field.number) {
                        case 1:
                          return readText(field, opset.domain);
                        case 2:
                          return readInt(field, opset.version);
                        default:
                          return success();
                        }
                      });
}

LogicalResult MessageParser::parseFunction(Function &function) {
  return parseFunctionBody(bytes, function);
}

LogicalResult MessageParser::parseFunctionBody(StringRef message,
                                               Function &function) {
  auto readName = [&](const WireField &field, std::vector<StringRef> &names) {
    names.emplace_back();
    return readText(field, names.back());
  };
  return forEachField(
      message, "function", [&](const WireField &field) -> LogicalResult {
        switch (field.number) {
        case 1:
          return readText(field, function.name);
        case 4:
          return readName(field, function.inputs);
        case 5:
          return readName(field, function.outputs);
        case 6:
          return readName(field, function.attributes);
        case 7:
          return readMessage(field, function.nodes, &MessageParser::parseNode);
        case 9:
          return readMessage(field, function.opsets,
                             &MessageParser::parseOpset);
        case 10:
          return readText(field, function.domain);
        case 11:
          return readMessage(field, function.defaults,
                             &MessageParser::parseAttribute);
        case 13:
          return readText(field, function.overload);
        default:
          return success();
        }
      });
}

LogicalResult MessageParser::parseGraph(StringRef message, Graph &graph) {
  return forEachField(
      message, "graph", [&](const WireField &field) -> LogicalResult {
        switch (field.number) {
        case 1:
          return readMessage(field, graph.nodes, &MessageParser::parseNode);
        case 2:
          return readText(field, graph.name);
        case 5:
          return readMessage(field, graph.initializers,
                             &MessageParser::parseTensor);
        case 11:
          return readMessage(field, graph.inputs,
                             &MessageParser::parseValueInfo);
        case 12:
          return readMessage(field, graph.outputs,
                             &MessageParser::parseValueInfo);
        case 15: {
          // A SparseTensorProto: its name is that of its values (field 1).
          if (field.kind != WireField::Bytes)
            return wrongKind(field);
          Tensor values;
          if (failed(forEachField(field.bytes, "sparse tensor",
                                  [&](const WireField &part) -> LogicalResult {
                                    if (part.number != 1 ||
                                        part.kind != WireField::Bytes)
                                      return success();
                                    return parseTensor(part.bytes, values);
                                  })))
            return failure();
          graph.sparseInitializers.push_back(values.name);
          return success();
        }
        default:
          return success();
        }
      });
}

LogicalResult MessageParser::parseNode(StringRef message, Node &node) {
  return forEachField(message, "node",
                      [&](const WireField &field) -> LogicalResult {
                        switch (field.number) {
                        case 1:
                          node.inputs.emplace_back();
                          return readText(field, node.inputs.back());
                        case 2:
                          node.outputs.emplace_back();
                          return readText(field, node.outputs.back());
                        case 3:
                          return readText(field, node.name);
                        case 4:
                          return readText(field, node.op);
                        case 5:
                          return readMessage(field, node.attributes,
                                             &MessageParser::parseAttribute);
                        case 7:
                          return readText(field, node.domain);
                        case 8:
                          return readText(field, node.overload);
                        default:
                          return success();
                        }
                      });
}

/// The kind of an attribute of a file that does not say it.
static Attribute::Kind deduceKind(uint32_t fieldNumber) {
  switch (fieldNumber) {
  case 2:
    return Attribute::Kind::Float;
  case 3:
    return Attribute::Kind::Int;
  case 4:
    return Attribute::Kind::String;
  case 5:
    return Attribute::Kind::Tensor;
  case 6:
    return Attribute::Kind::Graph;
  case 7:
    return Attribute::Kind::Floats;
  case 8:
    return Attribute::Kind::Ints;
  case 9:
    return Attribute::Kind::Strings;
  case 10:
    return Attribute::Kind::Tensors;
  case 11:
    return Attribute::Kind::Graphs;
  default:
    return Attribute::Kind::Undefined;
  }
}

LogicalResult MessageParser::parseAttribute(StringRef message,
                                            Attribute &attribute) {
  Attribute::Kind deduced = Attribute::Kind::Undefined;
  auto handle = [&](const WireField &field) -> LogicalResult {
    if (Attribute::Kind kind = deduceKind(field.number);
        kind != Attribute::Kind::Undefined)
      deduced = kind;
    switch (field.number) {
    case 1:
      return readText(field, attribute.name);
    case 2:
      if (field.kind != WireField::Fixed32)
        return wrongKind(field);
      attribute.f = llvm::bit_cast<float>(static_cast<uint32_t>(field.value));
      return success();
    case 3:
      return readInt(field, attribute.i);
    case 4:
      return readBytes(field, attribute.s);
    case 5:
    case 10:
      return readMessage(field, attribute.tensors, &MessageParser::parseTensor);
    case 6:
    case 11:
      if (field.kind != WireField::Bytes)
        return wrongKind(field);
      attribute.graphs.push_back(std::make_shared<Graph>());
      return parseGraph(field.bytes, *attribute.graphs.back());
    case 7:
      return readFloats(field, attribute.floats);
    case 8:
      return readInts(field, attribute.ints);
    case 9:
      attribute.strings.emplace_back();
      return readBytes(field, attribute.strings.back());
    case 20:
      return readInt(field, attribute.kind);
    case 21:
      return readText(field, attribute.refName);
    default:
      return success();
    }
  };
  if (failed(forEachField(message, "attribute", handle)))
    return failure();
  if (attribute.kind == Attribute::Kind::Undefined)
    attribute.kind = deduced;
  if ((attribute.kind == Attribute::Kind::Tensor &&
       attribute.tensors.size() > 1) ||
      (attribute.kind == Attribute::Kind::Graph && attribute.graphs.size() > 1))
    return malformed(message.data(), "attribute",
                     "'" + attribute.name.str() + "' has two values");
  return success();
}

//===- Tensors ------------------------------------------------------------===//

/// Fields of TensorProto that hold elements.
enum : unsigned {
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kRawData = 9,
  kDoubleData = 10,
  kUInt64Data = 11,
  kNumFields = 12
};

DataSegment MessageParser::getSegment(const WireField &field) const {
  return {fileIndex, static_cast<uint64_t>(field.bytes.data() - bytes.data()),
          field.bytes.size()};
}

LogicalResult MessageParser::parseExternalEntry(StringRef message,
                                                ExternalEntry &entry) {
  StringRef key, value;
  auto handle = [&](const WireField &field) -> LogicalResult {
    if (field.number == 1)
      return readText(field, key);
    if (field.number == 2)
      return readText(field, value);
    return success();
  };
  if (failed(forEachField(message, "external data", handle)))
    return failure();
  if (key == "location")
    entry.location = value;
  else if (key == "offset")
    entry.offset = value;
  else if (key == "length")
    entry.length = value;
  return success();
}

LogicalResult MessageParser::parseTensor(StringRef message, Tensor &tensor) {
  llvm::SmallVector<DataSegment, 1> data[kNumFields];
  ExternalEntry entry;
  bool isExternal = false, isUnpacked = false;
  auto handle = [&](const WireField &field) -> LogicalResult {
    switch (field.number) {
    case 1:
      return readInts(field, tensor.dims);
    case 2:
      return readInt(field, tensor.type);
    case kFloatData:
    case kInt32Data:
    case kStringData:
    case kInt64Data:
    case kRawData:
    case kDoubleData:
    case kUInt64Data:
      if (field.kind == WireField::Bytes)
        data[field.number].push_back(getSegment(field));
      else
        isUnpacked = true;
      return success();
    case 8:
      return readText(field, tensor.name);
    case 13:
      if (field.kind != WireField::Bytes)
        return wrongKind(field);
      return parseExternalEntry(field.bytes, entry);
    case 14: {
      int location = 0;
      if (failed(readInt(field, location)))
        return failure();
      isExternal = location == 1;
      return success();
    }
    default:
      return success();
    }
  };
  if (failed(forEachField(message, "tensor", handle)))
    return failure();
  if (isUnpacked)
    return badTensor(tensor, "its elements in one packed field",
                     "one field for each element");
  return finishTensor(tensor, isExternal ? &entry : nullptr, data);
}

/// The field that holds the elements of a type where there is no raw_data.
static unsigned getTypedField(ElementType type) {
  switch (type) {
  case ElementType::Float:
    return kFloatData;
  case ElementType::Double:
    return kDoubleData;
  case ElementType::Int64:
    return kInt64Data;
  case ElementType::UInt32:
  case ElementType::UInt64:
    return kUInt64Data;
  default:
    return kInt32Data;
  }
}

LogicalResult MessageParser::finishTensor(
    Tensor &tensor, const ExternalEntry *entry,
    llvm::ArrayRef<llvm::SmallVector<DataSegment, 1>> data) {
  uint64_t elements = 1;
  bool overflow = false;
  for (int64_t dim : tensor.dims) {
    if (dim < 0)
      return badTensor(tensor, "no negative dimension",
                       "a dimension of " + std::to_string(dim));
    bool once = false;
    elements =
        llvm::SaturatingMultiply(elements, static_cast<uint64_t>(dim), &once);
    overflow |= once;
  }
  if (overflow || elements > (uint64_t(1) << 48))
    return badTensor(tensor, "a size that fits in memory",
                     "a product of dimensions beyond 2^48");
  if (getElementBits(tensor.type) == 0) {
    tensor.encoding = Tensor::Encoding::Opaque;
    return success();
  }
  uint64_t total = tensor.getFileBytes();
  if (entry) {
    if (!external)
      return badTensor(tensor, "its elements in the file", "external data");
    tensor.segments.emplace_back();
    if (failed(
            external->locate(*entry, total, tensor.segments.back(), issue))) {
      issue.message = "cannot read the external data of tensor '" +
                      tensor.name.str() + "': expected " + issue.expected +
                      ", found " + issue.found;
      return failure();
    }
    return success();
  }

  unsigned field = getTypedField(tensor.type);
  if (!data[kRawData].empty() || elements == 0)
    field = kRawData;
  tensor.segments = data[field];
  if (field == kRawData || field == kFloatData || field == kDoubleData) {
    uint64_t found = 0;
    for (const DataSegment &segment : tensor.segments)
      found += segment.length;
    if (found != total)
      return badTensor(tensor, std::to_string(total) + " bytes of data",
                       std::to_string(found) + " bytes");
    return success();
  }
  tensor.encoding = Tensor::Encoding::Varint;
  uint64_t found = 0;
  for (const DataSegment &segment : tensor.segments)
    for (char byte : bytes.substr(segment.offset, segment.length))
      found += static_cast<uint8_t>(byte) < 0x80;
  uint64_t numbers = tensor.isPacked() ? total : elements;
  if (found != numbers)
    return badTensor(
        tensor,
        std::to_string(numbers) +
            (tensor.isPacked() ? " bytes of packed elements" : " elements"),
        std::to_string(found));
  return success();
}

//===- Types of values ----------------------------------------------------===//

LogicalResult MessageParser::parseValueInfo(StringRef message,
                                            ValueInfo &value) {
  return forEachField(
      message, "value", [&](const WireField &field) -> LogicalResult {
        if (field.number == 1)
          return readText(field, value.name);
        if (field.number != 2)
          return success();
        return field.kind == WireField::Bytes ? parseType(field.bytes, value)
                                              : wrongKind(field);
      });
}

LogicalResult MessageParser::parseType(StringRef message, ValueInfo &value) {
  return forEachField(message, "type",
                      [&](const WireField &field) -> LogicalResult {
                        switch (field.number) {
                        case 1:
                          value.kind = ValueInfo::Kind::Tensor;
                          return field.kind == WireField::Bytes
                                     ? parseTensorType(field.bytes, value)
                                     : wrongKind(field);
                        case 4:
                          value.kind = ValueInfo::Kind::Sequence;
                          return success();
                        case 5:
                          value.kind = ValueInfo::Kind::Map;
                          return success();
                        case 7:
                          value.kind = ValueInfo::Kind::Opaque;
                          return success();
                        case 8:
                          value.kind = ValueInfo::Kind::SparseTensor;
                          return success();
                        case 9:
                          value.kind = ValueInfo::Kind::Optional;
                          return success();
                        default:
                          return success();
                        }
                      });
}

LogicalResult MessageParser::parseTensorType(StringRef message,
                                             ValueInfo &value) {
  return forEachField(
      message, "tensor type", [&](const WireField &field) -> LogicalResult {
        if (field.number == 1)
          return readInt(field, value.type);
        if (field.number != 2)
          return success();
        value.hasShape = true;
        return field.kind == WireField::Bytes ? parseShape(field.bytes, value)
                                              : wrongKind(field);
      });
}

LogicalResult MessageParser::parseShape(StringRef message, ValueInfo &value) {
  return forEachField(
      message, "shape", [&](const WireField &field) -> LogicalResult {
        if (field.number != 1)
          return success();
        if (field.kind != WireField::Bytes)
          return wrongKind(field);
        Dimension &dimension = value.shape.emplace_back();
        return forEachField(field.bytes, "dimension",
                            [&](const WireField &part) -> LogicalResult {
                              if (part.number == 1) {
                                dimension.value.emplace();
                                return readInt(part, *dimension.value);
                              }
                              if (part.number == 2)
                                return readText(part, dimension.name);
                              return success();
                            });
      });
}
