//===- Pb.cpp - ONNX tensors, sequences and optionals as protobuf -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Pb.h"

#include "runtime/files/Failure.h"

#include <algorithm>
#include <cstring>

namespace sinter::files {

namespace {
/// Walks the fields of one message of the protobuf wire format.
class FieldReader {
public:
  FieldReader(const uint8_t *data, size_t size, const std::string &place)
      : cursor(data), end(data + size), place(place) {}

  uint32_t field = 0;            ///< Number of the current field.
  uint32_t wire = 0;             ///< How it is written: 0, 1, 2 or 5.
  uint64_t number = 0;           ///< Its value, where wire is 0, 1 or 5.
  const uint8_t *data = nullptr; ///< Its bytes, where wire is 2.
  size_t size = 0;

  /// Goes to the next field; false at the end.
  bool next() {
    if (cursor == end)
      return false;
    uint64_t tag = readVarint();
    field = static_cast<uint32_t>(tag >> 3);
    wire = tag & 7;
    if (field == 0)
      fail();
    if (wire == 0)
      number = readVarint();
    else if (wire == 1)
      number = readFixed(8);
    else if (wire == 5)
      number = readFixed(4);
    else if (wire == 2)
      readBytes();
    else
      fail();
    return true;
  }

  /// The next varint of a packed field, or of a message.
  uint64_t readVarint() {
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (cursor == end)
        fail();
      uint8_t byte = *cursor++;
      result |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return result;
    }
    fail();
  }

  uint64_t readFixed(unsigned width) {
    if (static_cast<size_t>(end - cursor) < width)
      fail();
    uint64_t result = 0;
    std::memcpy(&result, cursor, width);
    cursor += width;
    return result;
  }

  bool atEnd() const { return cursor == end; }

  [[noreturn]] void fail() const {
    throw Failure(ExitCode::BadInputFile, "bad_pb",
                  place + " is damaged, cut short, or not a tensor in ONNX's "
                          "protobuf format");
  }

private:
  void readBytes() {
    uint64_t length = readVarint();
    if (length > static_cast<uint64_t>(end - cursor))
      fail();
    data = cursor;
    size = static_cast<size_t>(length);
    cursor += size;
  }

  const uint8_t *cursor, *end;
  const std::string &place;
};

/// Reads a TensorProto.
class TensorReader {
public:
  explicit TensorReader(const std::string &place) : place(place) {}

  Value read(const uint8_t *data, size_t size);

private:
  [[noreturn]] void fail(const std::string &what) const {
    throw Failure(ExitCode::BadInputFile, "bad_pb", place + " " + what);
  }
  void readNumbers(FieldReader &reader, unsigned fixedWidth);
  void packNumbers(Value &tensor) const;

  const std::string &place;
  std::vector<uint64_t> numbers; ///< Of the *_data field that is there.
};
} // namespace

// Field numbers of TensorProto.
enum : uint32_t {
  fieldDims = 1,
  fieldType = 2,
  fieldFloats = 4,
  fieldInt32s = 5,
  fieldStrings = 6,
  fieldInt64s = 7,
  fieldName = 8,
  fieldRaw = 9,
  fieldDoubles = 10,
  fieldUint64s = 11,
  fieldLocation = 14,
};

/// Reads one number or a packed list; `fixedWidth` is 0 for varints.
void TensorReader::readNumbers(FieldReader &reader, unsigned fixedWidth) {
  if (reader.wire != 2) {
    numbers.push_back(reader.number);
    return;
  }
  FieldReader list(reader.data, reader.size, place);
  while (!list.atEnd())
    numbers.push_back(fixedWidth ? list.readFixed(fixedWidth)
                                 : list.readVarint());
}

/// Stores the low bytes of each number: complex numbers are two each, elements
/// of 2 and 4 bits fill the bytes of the numbers.
void TensorReader::packNumbers(Value &tensor) const {
  size_t width = getTypeInfo(tensor.type)->countBytes(1);
  if (tensor.type == ElementType::Complex64 ||
      tensor.type == ElementType::Complex128)
    width /= 2;
  tensor.bytes.resize(numbers.size() * width);
  for (size_t i = 0; i < numbers.size(); ++i)
    std::memcpy(tensor.bytes.data() + i * width, &numbers[i], width);
}

Value TensorReader::read(const uint8_t *data, size_t size) {
  Value tensor;
  bool hasRaw = false;
  FieldReader reader(data, size, place);
  std::vector<uint64_t> dims;
  while (reader.next()) {
    switch (reader.field) {
    case fieldDims:
      std::swap(numbers, dims);
      readNumbers(reader, 0);
      std::swap(numbers, dims);
      break;
    case fieldType:
      tensor.type = static_cast<ElementType>(reader.number);
      break;
    case fieldFloats:
      readNumbers(reader, 4);
      break;
    case fieldDoubles:
      readNumbers(reader, 8);
      break;
    case fieldInt32s:
    case fieldInt64s:
    case fieldUint64s:
      readNumbers(reader, 0);
      break;
    case fieldStrings:
      tensor.strings.emplace_back(reinterpret_cast<const char *>(reader.data),
                                  reader.size);
      break;
    case fieldName:
      tensor.name.assign(reinterpret_cast<const char *>(reader.data),
                         reader.size);
      break;
    case fieldRaw:
      tensor.bytes.assign(reader.data, reader.data + reader.size);
      hasRaw = true;
      break;
    case fieldLocation:
      if (reader.number != 0)
        fail("keeps its data in another file, which is not read here");
      break;
    default: // documentation, metadata
      break;
    }
  }
  tensor.dims.assign(dims.begin(), dims.end());
  const TypeInfo *info = getTypeInfo(tensor.type);
  if (!info)
    fail("holds elements of " + getTypeName(tensor.type) +
         ", which this version does not know");
  std::optional<int64_t> count = countElements(tensor.dims);
  if (!count)
    fail("has impossible dimensions " + describeDims(tensor.dims));
  if (!hasRaw)
    packNumbers(tensor);
  size_t wanted = static_cast<size_t>(*count);
  bool complete = info->bits
                      ? wanted <= SIZE_MAX / 128 &&
                            tensor.bytes.size() == info->countBytes(wanted)
                      : tensor.strings.size() == wanted;
  if (!complete)
    fail("says " + describeTensor(tensor.type, tensor.dims) +
         ", but holds another number of elements");
  return tensor;
}

static Value parseOptional(const uint8_t *data, size_t size,
                           const std::string &place);

/// SequenceProto: 1 name, 3 tensors, 5 sequences, 7 optionals.
static Value parseSequence(const uint8_t *data, size_t size,
                           const std::string &place) {
  Value sequence;
  sequence.kind = Value::Kind::Sequence;
  FieldReader reader(data, size, place);
  while (reader.next()) {
    if (reader.wire != 2)
      continue;
    if (reader.field == 1)
      sequence.name.assign(reinterpret_cast<const char *>(reader.data),
                           reader.size);
    else if (reader.field == 3)
      sequence.elements.push_back(
          TensorReader(place).read(reader.data, reader.size));
    else if (reader.field == 5)
      sequence.elements.push_back(
          parseSequence(reader.data, reader.size, place));
    else if (reader.field == 7)
      sequence.elements.push_back(
          parseOptional(reader.data, reader.size, place));
    else
      throw Failure(ExitCode::BadInputFile, "bad_pb",
                    place + " holds maps or sparse tensors, which this version "
                            "does not know");
  }
  return sequence;
}

/// OptionalProto: 1 name, 3 tensor, 5 sequence, 7 optional.
static Value parseOptional(const uint8_t *data, size_t size,
                           const std::string &place) {
  Value result;
  result.kind = Value::Kind::None;
  std::string name;
  FieldReader reader(data, size, place);
  while (reader.next()) {
    if (reader.wire != 2)
      continue;
    if (reader.field == 1)
      name.assign(reinterpret_cast<const char *>(reader.data), reader.size);
    else if (reader.field == 3)
      result = TensorReader(place).read(reader.data, reader.size);
    else if (reader.field == 5)
      result = parseSequence(reader.data, reader.size, place);
    else if (reader.field == 7)
      result = parseOptional(reader.data, reader.size, place);
  }
  if (!name.empty())
    result.name = name;
  return result;
}

Value parsePb(const uint8_t *data, size_t size, PbMessage message,
              const std::string &place) {
  switch (message) {
  case PbMessage::Tensor:
    return TensorReader(place).read(data, size);
  case PbMessage::Sequence:
    return parseSequence(data, size, place);
  case PbMessage::Optional:
    return parseOptional(data, size, place);
  }
  return {};
}

/// TensorProto: 13 entries, each with 1 key and 2 value.
static void findInTensor(const uint8_t *data, size_t size,
                         std::vector<std::string> &files) {
  const std::string place = "the model";
  FieldReader tensor(data, size, place);
  while (tensor.next()) {
    if (tensor.field != 13 || tensor.wire != 2)
      continue;
    std::string key, text;
    FieldReader entry(tensor.data, tensor.size, place);
    while (entry.next())
      if (entry.wire == 2)
        (entry.field == 1 ? key : text)
            .assign(reinterpret_cast<const char *>(entry.data), entry.size);
    if (key == "location")
      files.push_back(text);
  }
}

/// What the messages between a model and its tensors are.
enum class Level { Model, Graph, Node, Attribute };

static void findInMessage(Level level, const uint8_t *data, size_t size,
                          std::vector<std::string> &files, unsigned depth) {
  const std::string place = "the model";
  if (depth == 64) // graphs inside graphs: no real model goes this deep
    return;
  FieldReader message(data, size, place);
  while (message.next()) {
    if (message.wire != 2)
      continue;
    auto descend = [&](Level below) {
      findInMessage(below, message.data, message.size, files, depth + 1);
    };
    uint32_t field = message.field;
    if (level == Level::Model && field == 7)
      descend(Level::Graph);
    else if (level == Level::Graph && field == 1)
      descend(Level::Node);
    else if (level == Level::Node && field == 5)
      descend(Level::Attribute);
    else if (level == Level::Attribute && (field == 6 || field == 11))
      descend(Level::Graph);
    else if ((level == Level::Graph && field == 5) ||
             (level == Level::Attribute && (field == 5 || field == 10)))
      findInTensor(message.data, message.size, files);
  }
}

std::vector<std::string> findExternalFiles(const uint8_t *data, size_t size) {
  std::vector<std::string> files;
  try {
    findInMessage(Level::Model, data, size, files, 0);
  } catch (const Failure &) {
    // The compiler will say what is wrong with it.
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

static void appendVarint(std::string &out, uint64_t number) {
  for (; number >= 0x80; number >>= 7)
    out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

static void appendBytes(std::string &out, uint32_t field,
                        std::string_view contents) {
  appendVarint(out, field << 3 | 2);
  appendVarint(out, contents.size());
  out += contents;
}

static std::string formatTensor(const Value &tensor) {
  std::string out;
  for (int64_t dim : tensor.dims) {
    appendVarint(out, fieldDims << 3);
    appendVarint(out, static_cast<uint64_t>(dim));
  }
  appendVarint(out, fieldType << 3);
  appendVarint(out, static_cast<uint64_t>(tensor.type));
  for (const std::string &text : tensor.strings)
    appendBytes(out, fieldStrings, text);
  if (!tensor.name.empty())
    appendBytes(out, fieldName, tensor.name);
  if (tensor.type != ElementType::String)
    appendBytes(out, fieldRaw,
                {reinterpret_cast<const char *>(tensor.bytes.data()),
                 tensor.bytes.size()});
  return out;
}

std::string formatPb(const Value &value) {
  if (value.kind == Value::Kind::Tensor)
    return formatTensor(value);
  std::string out;
  if (!value.name.empty())
    appendBytes(out, 1, value.name);
  // elem_type: 1 tensor, 3 sequence (SequenceProto.DataType).
  bool nested = !value.elements.empty() &&
                value.elements.front().kind == Value::Kind::Sequence;
  appendVarint(out, 2 << 3);
  appendVarint(out, nested ? 3 : 1);
  for (const Value &element : value.elements)
    appendBytes(out, element.kind == Value::Kind::Sequence ? 5 : 3,
                formatPb(element));
  return out;
}

} // namespace sinter::files
