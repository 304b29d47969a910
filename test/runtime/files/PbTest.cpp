//===- PbTest.cpp - ONNX values as protobuf ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Pb.h"
#include "runtime/files/Failure.h"

#include <gtest/gtest.h>

using namespace sinter::files;

static Value parse(const std::string &text, PbMessage message) {
  return parsePb(reinterpret_cast<const uint8_t *>(text.data()), text.size(),
                 message, "'x.pb'");
}

static std::string messageOf(const std::string &text) {
  try {
    parse(text, PbMessage::Tensor);
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.exitCode, ExitCode::BadInputFile);
    return failure.message;
  }
  return "accepted";
}

static Value makeInts() {
  Value tensor;
  tensor.name = "x";
  tensor.type = ElementType::I64;
  tensor.dims = {2, 1};
  tensor.bytes.resize(16);
  setElement(tensor, 0, -7);
  setElement(tensor, 1, 300);
  return tensor;
}

TEST(Pb, TensorsSurviveTheRoundTrip) {
  Value read = parse(formatPb(makeInts()), PbMessage::Tensor);
  EXPECT_EQ(read.name, "x");
  EXPECT_EQ(read.type, ElementType::I64);
  EXPECT_EQ(read.dims, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(getElement(read, 0), -7);
  EXPECT_EQ(getElement(read, 1), 300);
}

TEST(Pb, StringsAndSequencesSurviveTheRoundTrip) {
  Value text;
  text.type = ElementType::String;
  text.dims = {2};
  text.strings = {"a", std::string("b\0c", 3)};
  Value sequence;
  sequence.kind = Value::Kind::Sequence;
  sequence.elements = {text, makeInts()};
  Value read = parse(formatPb(sequence), PbMessage::Sequence);
  ASSERT_EQ(read.elements.size(), 2u);
  EXPECT_EQ(read.elements[0].strings, text.strings);
  EXPECT_EQ(read.elements[1].bytes, makeInts().bytes);
}

TEST(Pb, ReadsTypedFieldsPackedOrNot) {
  // dims 2, float, float_data {1.0, -2.0} packed.
  EXPECT_EQ(getElement(parse(std::string("\x08\x02\x10\x01\x22\x08\0\0\x80\x3f"
                                         "\0\0\0\xc0",
                                         14),
                             PbMessage::Tensor),
                       1),
            -2);
  // dims packed {2}, int8, int32_data 3 and -1, each on its own.
  Value bytes = parse(std::string("\x0a\x01\x02\x10\x03\x28\x03\x28"
                                  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                  18),
                      PbMessage::Tensor);
  EXPECT_EQ(bytes.bytes, (std::vector<uint8_t>{3, 0xff}));
}

TEST(Pb, SmallElementsShareBytes) {
  // dims 3, int4, int32_data 0x21 and 0x0f: a byte a number.
  Value packed = parse("\x08\x03\x10\x16\x2a\x02\x21\x0f", PbMessage::Tensor);
  EXPECT_EQ(packed.bytes, (std::vector<uint8_t>{0x21, 0x0f}));
  EXPECT_EQ(getElement(packed, 2), -1);
  Value raw = parse("\x08\x03\x10\x16\x4a\x02\x21\x0f", PbMessage::Tensor);
  EXPECT_EQ(raw.bytes, packed.bytes);
  EXPECT_NE(messageOf("\x08\x05\x10\x16\x4a\x02\x21\x0f"), "accepted");
}

TEST(Pb, AnEmptyOptionalIsAbsent) {
  EXPECT_EQ(parse("\x0a\x01o", PbMessage::Optional).kind, Value::Kind::None);
  std::string inner = formatPb(makeInts());
  std::string full =
      std::string("\x10\x01\x1a") + static_cast<char>(inner.size()) + inner;
  EXPECT_EQ(parse(full, PbMessage::Optional).bytes, makeInts().bytes);
}

TEST(Pb, SaysWhatIsWrong) {
  std::string good = formatPb(makeInts());
  for (size_t size = 1; size < good.size(); ++size)
    EXPECT_NE(messageOf(good.substr(0, size)), "accepted") << size;
  EXPECT_NE(messageOf(std::string("\x08\x03\x10\x01\x4a\x04\0\0\0\0", 10))
                .find("says float32[3], but holds another number"),
            std::string::npos);
  EXPECT_NE(messageOf("\x10\x63").find("type 99"), std::string::npos);
  EXPECT_NE(messageOf("\x70\x01\x10\x01").find("another file"),
            std::string::npos);
}

/// A message with one field of bytes.
static std::string wrap(char field, const std::string &contents) {
  return std::string{static_cast<char>(field << 3 | 2),
                     static_cast<char>(contents.size())} +
         contents;
}

TEST(Pb, FindsExternalFilesOfInitializersAndConstants) {
  auto external = [](const std::string &file) {
    return wrap(13, wrap(1, "location") + wrap(2, file));
  };
  std::string constant = wrap(1, wrap(5, wrap(5, external("b.bin"))));
  std::string nested = wrap(1, wrap(5, wrap(6, wrap(5, external("c.bin")))));
  std::string model =
      wrap(7, wrap(5, external("a.bin")) + wrap(5, external("a.bin")) +
                  constant + nested);
  auto data = reinterpret_cast<const uint8_t *>(model.data());
  EXPECT_EQ(findExternalFiles(data, model.size()),
            (std::vector<std::string>{"a.bin", "b.bin", "c.bin"}));
  EXPECT_NO_THROW(findExternalFiles(data, model.size() / 2));
}
