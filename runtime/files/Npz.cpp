//===- Npz.cpp - numpy's files of several arrays -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Npz.h"

#include "runtime/files/Failure.h"
#include "runtime/files/Files.h"
#include "runtime/files/Npy.h"

#include <algorithm>
#include <zlib.h>

namespace sinter::files {

namespace {
/// A zip archive in memory. Everything is read through its central directory.
class Archive {
public:
  explicit Archive(const std::string &path)
      : path(path), bytes(readFile(path)) {}

  std::vector<Value> readArrays();

private:
  /// An entry of the central directory.
  struct Entry {
    std::string name;
    uint64_t method, checksum, packedBytes, bytes, offset;
  };

  [[noreturn]] void fail(const std::string &what) const {
    throw Failure(ExitCode::BadInputFile, "bad_npz", "'" + path + "' " + what);
  }

  /// The little-endian number of `width` bytes at `offset`.
  uint64_t number(uint64_t offset, unsigned width) const {
    if (offset > bytes.size() || bytes.size() - offset < width)
      fail("is cut short");
    uint64_t result = 0;
    for (unsigned i = 0; i < width; ++i)
      result |= static_cast<uint64_t>(bytes[offset + i]) << (8 * i);
    return result;
  }

  uint64_t findEndOfDirectory() const;
  std::vector<Entry> readDirectory() const;
  void readLongSizes(Entry &entry, uint64_t offset, uint64_t end) const;
  std::vector<uint8_t> unpack(const Entry &entry) const;

  std::string path;
  std::vector<uint8_t> bytes;
};
} // namespace

static constexpr uint64_t endSignature = 0x06054b50;
static constexpr uint64_t longEndSignature = 0x06064b50;
static constexpr uint64_t longLocatorSignature = 0x07064b50;
static constexpr uint64_t entrySignature = 0x02014b50;
static constexpr uint64_t localSignature = 0x04034b50;
static constexpr uint64_t escaped = 0xffffffff; // the real number is 64 bits

/// The end record is the last one, followed by a comment of at most 65535
/// bytes.
uint64_t Archive::findEndOfDirectory() const {
  constexpr uint64_t recordBytes = 22, longestComment = 65535;
  if (bytes.size() < recordBytes)
    fail("is not a .npz file");
  uint64_t last = bytes.size() - recordBytes;
  for (uint64_t back = 0; back <= std::min(last, longestComment); ++back)
    if (number(last - back, 4) == endSignature)
      return last - back;
  fail("is not a .npz file, or is cut short");
}

/// Reads the 64-bit sizes that an extra field of kind 1 holds.
void Archive::readLongSizes(Entry &entry, uint64_t offset, uint64_t end) const {
  while (offset + 4 <= end) {
    uint64_t kind = number(offset, 2), length = number(offset + 2, 2);
    uint64_t field = offset + 4;
    if (kind == 1)
      for (uint64_t *value : {&entry.bytes, &entry.packedBytes, &entry.offset})
        if (*value == escaped) {
          *value = number(field, 8);
          field += 8;
        }
    offset += 4 + length;
  }
}

std::vector<Archive::Entry> Archive::readDirectory() const {
  uint64_t end = findEndOfDirectory();
  uint64_t count = number(end + 10, 2), offset = number(end + 16, 4);
  if (end >= 20 && number(end - 20, 4) == longLocatorSignature) {
    uint64_t longEnd = number(end - 20 + 8, 8);
    if (number(longEnd, 4) != longEndSignature)
      fail("has a damaged directory");
    count = number(longEnd + 32, 8);
    offset = number(longEnd + 48, 8);
  }
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < count; ++i) {
    if (number(offset, 4) != entrySignature)
      fail("has a damaged directory");
    Entry entry;
    entry.method = number(offset + 10, 2);
    entry.checksum = number(offset + 16, 4);
    entry.packedBytes = number(offset + 20, 4);
    entry.bytes = number(offset + 24, 4);
    entry.offset = number(offset + 42, 4);
    uint64_t nameBytes = number(offset + 28, 2);
    uint64_t extraBytes = number(offset + 30, 2);
    uint64_t commentBytes = number(offset + 32, 2);
    uint64_t name = offset + 46, extra = name + nameBytes;
    if (extra > bytes.size())
      fail("is cut short");
    entry.name.assign(bytes.begin() + static_cast<ptrdiff_t>(name),
                      bytes.begin() + static_cast<ptrdiff_t>(extra));
    readLongSizes(entry, extra, extra + extraBytes);
    entries.push_back(std::move(entry));
    offset = extra + extraBytes + commentBytes;
  }
  return entries;
}

std::vector<uint8_t> Archive::unpack(const Entry &entry) const {
  if (number(entry.offset, 4) != localSignature)
    fail("has a damaged entry '" + entry.name + "'");
  uint64_t start = entry.offset + 30 + number(entry.offset + 26, 2) +
                   number(entry.offset + 28, 2);
  if (start > bytes.size() || bytes.size() - start < entry.packedBytes)
    fail("is cut short in '" + entry.name + "'");
  const uint8_t *packed = bytes.data() + start;
  std::vector<uint8_t> result;
  if (entry.method == 0) {
    result.assign(packed, packed + entry.packedBytes);
  } else if (entry.method == 8) {
    // Deflate cannot grow data more than about 1032 times.
    if (entry.bytes / 1040 > entry.packedBytes + 1)
      fail("has a damaged entry '" + entry.name + "'");
    result.resize(entry.bytes);
    z_stream stream = {};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
      fail("cannot be unpacked: out of memory");
    // zlib counts in 32 bits: feed both sides in pieces.
    constexpr uint64_t piece = 1u << 30;
    uint64_t in = 0, out = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      uint64_t give = std::min(piece, entry.packedBytes - in);
      uint64_t take = std::min(piece, entry.bytes - out);
      stream.next_in = const_cast<uint8_t *>(packed + in);
      stream.avail_in = static_cast<unsigned>(give);
      stream.next_out = result.data() + out;
      stream.avail_out = static_cast<unsigned>(take);
      status = inflate(&stream, Z_NO_FLUSH);
      in += give - stream.avail_in;
      out += take - stream.avail_out;
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END || out != entry.bytes)
      fail("has a damaged entry '" + entry.name + "'");
  } else {
    fail("packs '" + entry.name + "' in a way that numpy does not use");
  }
  if (crc32_z(0, result.data(), result.size()) != entry.checksum)
    fail("has a damaged entry '" + entry.name + "': its checksum is wrong");
  return result;
}

std::vector<Value> Archive::readArrays() {
  std::vector<Value> arrays;
  for (const Entry &entry : readDirectory()) {
    std::vector<uint8_t> contents = unpack(entry);
    arrays.push_back(parseNpy(contents.data(), contents.size(),
                              "'" + path + "', array '" + entry.name + "',"));
    std::string name = entry.name;
    if (hasSuffix(name, ".npy"))
      name.resize(name.size() - 4);
    arrays.back().name = std::move(name);
  }
  return arrays;
}

std::vector<Value> readNpz(const std::string &path) {
  return Archive(path).readArrays();
}

} // namespace sinter::files
