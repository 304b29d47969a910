//===- Npy.cpp - numpy's files of one array -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Npy.h"

#include "runtime/files/Failure.h"

#include <cstring>

namespace sinter::files {

static constexpr char magic[] = "\x93NUMPY";
static constexpr size_t magicSize = 6;

namespace {
/// Reads the Python dictionary that a .npy header is.
class HeaderReader {
public:
  HeaderReader(std::string text, const std::string &place)
      : text(std::move(text)), place(place) {}

  std::string descriptor;
  bool columnMajor = false;
  std::vector<int64_t> dims;

  void read() {
    expect('{');
    bool seenDescriptor = false, seenShape = false;
    while (!accept('}')) {
      std::string key = readString();
      expect(':');
      if (key == "descr") {
        descriptor = readString();
        seenDescriptor = true;
      } else if (key == "fortran_order") {
        columnMajor = readWord() == "True";
      } else if (key == "shape") {
        readShape();
        seenShape = true;
      } else {
        fail("has an unknown key '" + key + "' in its header");
      }
      accept(',');
    }
    if (!seenDescriptor || !seenShape)
      fail("has no type or no shape in its header");
  }

private:
  [[noreturn]] void fail(const std::string &what) {
    throw Failure(ExitCode::BadInputFile, "bad_npy", place + " " + what);
  }

  void skipBlanks() {
    while (position < text.size() && std::strchr(" \t\n", text[position]))
      ++position;
  }

  bool accept(char wanted) {
    skipBlanks();
    if (position >= text.size() || text[position] != wanted)
      return false;
    ++position;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted))
      fail(std::string("has a malformed header: expected '") + wanted + "'");
  }

  std::string readString() {
    skipBlanks();
    if (position >= text.size() ||
        (text[position] != '\'' && text[position] != '"'))
      fail("holds elements that are no plain numbers");
    char quote = text[position++];
    size_t end = text.find(quote, position);
    if (end == std::string::npos)
      fail("has a malformed header: a string does not end");
    std::string result = text.substr(position, end - position);
    position = end + 1;
    return result;
  }

  std::string readWord() {
    skipBlanks();
    size_t start = position;
    while (position < text.size() && std::isalpha(text[position] & 0xff))
      ++position;
    return text.substr(start, position - start);
  }

  void readShape() {
    expect('(');
    while (!accept(')')) {
      skipBlanks();
      int64_t dim = 0;
      size_t digits = 0;
      for (; position < text.size() && std::isdigit(text[position] & 0xff);
           ++position, ++digits)
        if (__builtin_mul_overflow(dim, 10, &dim) ||
            __builtin_add_overflow(dim, text[position] - '0', &dim))
          fail("has a dimension that is too large");
      if (digits == 0)
        fail("has a malformed shape in its header");
      accept('L'); // written by Python 2
      dims.push_back(dim);
      accept(',');
    }
  }

  std::string text;
  size_t position = 0;
  const std::string &place;
};
} // namespace

/// Copies a column-major array to row-major order.
static std::vector<uint8_t>
transposeToRowMajor(const uint8_t *data, const std::vector<int64_t> &dims,
                    size_t elementBytes, size_t count) {
  std::vector<uint8_t> result(count * elementBytes);
  std::vector<int64_t> index(dims.size());
  for (size_t to = 0; to < count; ++to) {
    size_t from = 0;
    for (size_t i = dims.size(); i-- > 0;)
      from =
          from * static_cast<size_t>(dims[i]) + static_cast<size_t>(index[i]);
    std::memcpy(result.data() + to * elementBytes, data + from * elementBytes,
                elementBytes);
    for (size_t i = dims.size(); i-- > 0;) {
      if (++index[i] < dims[i])
        break;
      index[i] = 0;
    }
  }
  return result;
}

/// The type `unnamed` where `descriptor` says elements of as many bytes.
static std::optional<ElementType> findUnnamed(const std::string &descriptor,
                                              ElementType unnamed) {
  const TypeInfo *info = getTypeInfo(unnamed);
  if (!info || info->npy || !info->bits || descriptor.empty() ||
      descriptor.substr(1) != "V" + std::to_string(info->countBytes(1)))
    return std::nullopt;
  return unnamed;
}

/// Elements that each have the low bits of a byte, without gaps.
static std::vector<uint8_t> packElements(const std::vector<uint8_t> &elements,
                                         const TypeInfo &info) {
  std::vector<uint8_t> packed(info.countBytes(elements.size()), 0);
  for (size_t i = 0; i < elements.size(); ++i) {
    size_t place = i * info.bits;
    packed[place / 8] |= static_cast<uint8_t>(
        (elements[i] & ((1u << info.bits) - 1)) << place % 8);
  }
  return packed;
}

Value parseNpy(const uint8_t *data, size_t size, const std::string &place,
               ElementType unnamed) {
  auto fail = [&](const std::string &what) {
    return Failure(ExitCode::BadInputFile, "bad_npy", place + " " + what);
  };
  if (size < magicSize + 4 || std::memcmp(data, magic, magicSize) != 0)
    throw fail("is not a .npy file")
        .withRemedy(
            "write it with numpy.save, or pass raw data as a .bin file");
  unsigned major = data[magicSize];
  if (major < 1 || major > 3)
    throw fail("is a .npy file of version " + std::to_string(major) +
               ", not 1 to 3");
  size_t lengthBytes = major == 1 ? 2 : 4, start = magicSize + 2 + lengthBytes;
  if (size < start)
    throw fail("is cut short");
  size_t length = 0;
  for (size_t i = 0; i < lengthBytes; ++i)
    length |= static_cast<size_t>(data[magicSize + 2 + i]) << (8 * i);
  if (length > size - start)
    throw fail("is cut short");
  HeaderReader header(
      std::string(reinterpret_cast<const char *>(data) + start, length), place);
  header.read();

  std::optional<ElementType> type = getTypeOfNpy(header.descriptor);
  if (!type)
    type = findUnnamed(header.descriptor, unnamed);
  if (!type)
    throw fail("holds elements of type '" + header.descriptor +
               "', which models do not have")
        .withRemedy(
            "convert it with numpy's astype; byte order is little endian");
  std::optional<int64_t> count = countElements(header.dims);
  size_t elementBytes = getTypeInfo(*type)->countBytes(1);
  const uint8_t *elements = data + start + length;
  size_t available = size - start - length;
  if (!count || available / elementBytes < static_cast<size_t>(*count))
    throw fail("is cut short: its header says " +
               describeTensor(*type, header.dims) + ", and " +
               std::to_string(available) + " bytes follow");

  Value tensor;
  tensor.type = *type;
  tensor.dims = header.dims;
  size_t elementCount = static_cast<size_t>(*count);
  if (header.columnMajor && header.dims.size() > 1)
    tensor.bytes =
        transposeToRowMajor(elements, header.dims, elementBytes, elementCount);
  else
    tensor.bytes.assign(elements, elements + elementCount * elementBytes);
  if (getTypeInfo(*type)->bits < 8)
    tensor.bytes = packElements(tensor.bytes, *getTypeInfo(*type));
  return tensor;
}

std::string formatNpy(const Value &tensor) {
  std::string header = "{'descr': '";
  header += getTypeInfo(tensor.type)->npy;
  header += "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : tensor.dims)
    header += std::to_string(dim) + ", ";
  if (tensor.dims.size() == 1)
    header.pop_back(); // "(3,)"
  else if (!tensor.dims.empty())
    header.resize(header.size() - 2); // "(3, 4)"
  header += "), }";
  // Elements start at a multiple of 64 bytes; the header ends in a line break.
  size_t used = magicSize + 4 + header.size() + 1;
  header.append((64 - used % 64) % 64, ' ');
  header += '\n';

  std::string file(magic, magicSize);
  file += '\x01';
  file += '\x00';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(reinterpret_cast<const char *>(tensor.bytes.data()),
              tensor.bytes.size());
  return file;
}

} // namespace sinter::files
