//===- NpyTest.cpp - numpy's files ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Npy.h"
#include "runtime/files/Failure.h"
#include "runtime/files/Files.h"
#include "runtime/files/Npz.h"

#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

using namespace sinter::files;

static const uint8_t *bytesOf(const std::string &text) {
  return reinterpret_cast<const uint8_t *>(text.data());
}

static Value makeFloats(std::vector<int64_t> dims) {
  Value tensor;
  tensor.type = ElementType::F32;
  tensor.dims = std::move(dims);
  size_t count = static_cast<size_t>(*countElements(tensor.dims));
  tensor.bytes.resize(count * 4);
  for (size_t i = 0; i < count; ++i)
    setElement(tensor, i, double(i) - 1.5);
  return tensor;
}

/// A .npy file with this header dictionary and these bytes after it.
static std::string makeNpy(std::string header, const std::string &elements) {
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\x00';
  file += static_cast<char>(header.size());
  file += '\x00';
  return file + header + elements;
}

static std::string messageOf(const std::string &file) {
  try {
    parseNpy(bytesOf(file), file.size(), "'x.npy'");
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.exitCode, ExitCode::BadInputFile);
    return failure.message;
  }
  return "accepted";
}

TEST(Npy, HeaderThatReachesBehindTheFile) {
  std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }";
  std::string good = makeNpy(header, "");
  EXPECT_EQ(messageOf(good), "accepted");
  for (size_t missing = 1; missing <= good.size(); ++missing) {
    // The length in the file stays; a copy of its own, so that a read behind
    // its end can be noticed.
    std::string cut(good.data(), good.size() - missing);
    EXPECT_NE(messageOf(cut), "accepted") << missing;
  }
  for (size_t more = 1; more <= 16; ++more) {
    std::string longer = good;
    longer[8] = static_cast<char>(longer[8] + more);
    EXPECT_EQ(messageOf(longer), "'x.npy' is cut short") << more;
  }
}

TEST(Npy, WhatIsWrittenIsRead) {
  for (const std::vector<int64_t> &dims :
       std::vector<std::vector<int64_t>>{{}, {5}, {0, 3}, {2, 3, 4}}) {
    Value tensor = makeFloats(dims);
    std::string file = formatNpy(tensor);
    EXPECT_EQ((file.size() - tensor.bytes.size()) % 64, 0u);
    Value read = parseNpy(bytesOf(file), file.size(), "file");
    EXPECT_EQ(read.dims, dims);
    EXPECT_EQ(read.type, ElementType::F32);
    EXPECT_EQ(read.bytes, tensor.bytes);
  }
}

TEST(Npy, ColumnMajorBecomesRowMajor) {
  std::string file = makeNpy(
      "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "ADBECF");
  Value tensor = parseNpy(bytesOf(file), file.size(), "file");
  EXPECT_EQ(std::string(tensor.bytes.begin(), tensor.bytes.end()), "ABCDEF");
}

TEST(Npy, BytesOfTypesThatNumpyLacks) {
  std::string file =
      makeNpy("{'descr': '<V1', 'fortran_order': False, 'shape': (3,), }",
              "\x01\xfe\x07");
  Value tensor =
      parseNpy(bytesOf(file), file.size(), "file", ElementType::F8E5M2);
  EXPECT_EQ(tensor.bytes, (std::vector<uint8_t>{0x01, 0xfe, 0x07}));
  tensor = parseNpy(bytesOf(file), file.size(), "file", ElementType::I4);
  EXPECT_EQ(tensor.bytes, (std::vector<uint8_t>{0xe1, 0x07}));
  EXPECT_EQ(getElement(tensor, 1), -2);
  EXPECT_NE(messageOf(file), "accepted");
  EXPECT_THROW(parseNpy(bytesOf(file), file.size(), "file", ElementType::BF16),
               Failure);
}

TEST(Npy, SaysWhatIsWrong) {
  std::string good = formatNpy(makeFloats({4}));
  EXPECT_EQ(messageOf("PK"), "'x.npy' is not a .npy file");
  EXPECT_EQ(messageOf(good.substr(0, good.size() - 1)),
            "'x.npy' is cut short: its header says float32[4], and 15 bytes "
            "follow");
  EXPECT_EQ(messageOf(good.substr(0, 20)), "'x.npy' is cut short");
  EXPECT_NE(messageOf(makeNpy("{'descr': '>f4', 'fortran_order': False, "
                              "'shape': (1,), }",
                              "1234"))
                .find("type '>f4'"),
            std::string::npos);
  EXPECT_NE(messageOf(makeNpy("{'descr': [('a', '<f4')], 'shape': (1,)}", ""))
                .find("no plain numbers"),
            std::string::npos);
  EXPECT_NE(messageOf(makeNpy("{'descr': '<f4', 'fortran_order': False, "
                              "'shape': (99999999999999999999,), }",
                              ""))
                .find("too large"),
            std::string::npos);
}

namespace {
/// A folder that goes away with the test.
class NpzTest : public testing::Test {
protected:
  NpzTest() { EXPECT_NE(mkdtemp(folder.data()), nullptr); }
  ~NpzTest() override { std::filesystem::remove_all(folder); }
  std::string path() const { return folder + "/x.npz"; }
  std::string folder = "/tmp/sinter-npz-XXXXXX";
};

/// Little-endian numbers of a zip archive.
std::string number(uint64_t value, unsigned width) {
  std::string text;
  for (unsigned i = 0; i < width; ++i)
    text += static_cast<char>(value >> (8 * i));
  return text;
}

/// A zip archive of one entry, as numpy writes it.
std::string makeZip(const std::string &name, const std::string &contents,
                    bool deflated) {
  std::string packed = contents;
  if (deflated) {
    z_stream stream = {};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    packed.resize(contents.size() + 100);
    stream.next_in =
        reinterpret_cast<Bytef *>(const_cast<char *>(contents.data()));
    stream.avail_in = static_cast<unsigned>(contents.size());
    stream.next_out = reinterpret_cast<Bytef *>(packed.data());
    stream.avail_out = static_cast<unsigned>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
  }
  uint64_t checksum = crc32_z(0, bytesOf(contents), contents.size());
  std::string common = number(deflated ? 8 : 0, 2) + number(0, 4) +
                       number(checksum, 4) + number(packed.size(), 4) +
                       number(contents.size(), 4) + number(name.size(), 2);
  std::string local = "PK\x03\x04" + number(20, 2) + number(0, 2) + common +
                      number(0, 2) + name + packed;
  std::string entry = "PK\x01\x02" + number(20, 2) + number(20, 2) +
                      number(0, 2) + common + number(0, 2) + number(0, 2) +
                      number(0, 2) + number(0, 2) + number(0, 4) +
                      number(0, 4) + name;
  return local + entry + "PK\x05\x06" + number(0, 2) + number(0, 2) +
         number(1, 2) + number(1, 2) + number(entry.size(), 4) +
         number(local.size(), 4) + number(0, 2);
}
} // namespace

TEST_F(NpzTest, ReadsStoredAndDeflatedArrays) {
  Value tensor = makeFloats({300});
  for (bool deflated : {false, true}) {
    writeFile(path(), makeZip("mask.npy", formatNpy(tensor), deflated));
    std::vector<Value> arrays = readNpz(path());
    ASSERT_EQ(arrays.size(), 1u);
    EXPECT_EQ(arrays[0].name, "mask");
    EXPECT_EQ(arrays[0].bytes, tensor.bytes);
  }
}

TEST_F(NpzTest, NoticesDamageAnywhere) {
  std::string good = makeZip("x.npy", formatNpy(makeFloats({64})), true);
  // Names and times are not covered by a checksum; every cut is noticed.
  for (size_t size = 0; size < good.size(); size += 7) {
    writeFile(path(), good.substr(0, size));
    EXPECT_THROW(readNpz(path()), Failure) << size;
  }
  std::string changed = good;
  changed[60] = static_cast<char>(changed[60] ^ 0x40); // inside the packed data
  writeFile(path(), changed);
  EXPECT_THROW(readNpz(path()), Failure);
}

TEST_F(NpzTest, WritingLeavesNothingBeside) {
  writeFile(path(), "whole");
  size_t files = 0;
  for (const auto &file : std::filesystem::directory_iterator(folder))
    files += file.is_regular_file();
  EXPECT_EQ(files, 1u);
  EXPECT_THROW(writeFile(folder + "/none/x", "text"), Failure);
}
