//===- ModelFileTest.cpp - sound and hostile files ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Onnx/ModelFile.h"
#include "test/compiler/Import/Protobuf.h"
#include "gtest/gtest.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

using namespace sinter;
using namespace sinter::onnx;
using namespace sinter::test;

namespace {

const std::string kRaw("\0\0\x80?\0\0\0@\0\0@@", 12); // 1, 2, 3

/// The code of the issue; empty where the file is read.
std::string readCode(const std::string &bytes, ImportIssue *out = nullptr) {
  TemporaryFile file(bytes);
  ImportIssue issue;
  bool isRead = succeeded(ModelFile::open(file.getPath(), issue));
  if (!isRead) {
    EXPECT_NE(issue.message, "");
  }
  if (out)
    *out = issue;
  return isRead ? "" : issue.code;
}

TEST(ModelFile, ReadsNodesAndTensors) {
  TemporaryFile file(makeModel(makeTensor("w", 3, kRaw)).bytes);
  ImportIssue issue;
  auto model = ModelFile::open(file.getPath(), issue);
  ASSERT_TRUE(succeeded(model)) << issue.message;
  const Graph &graph = (*model)->getModel().graph;
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].op, "Relu");
  EXPECT_EQ(graph.nodes[0].outputs[0], "y");
  const Tensor *tensor = (*model)->findConstant("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ((*model)->getRawElements(*tensor), kRaw);
  EXPECT_EQ((*model)->findConstant("v"), nullptr);
}

TEST(ModelFile, ReadsPackedIntegers) {
  Message packed, tensor;
  packed.varint(5).varint(~uint64_t(0)).varint(300);
  tensor.number(1, 3).number(2, 7).text(7, packed.bytes).text(8, "i");
  TemporaryFile file(makeModel(tensor).bytes);
  ImportIssue issue;
  auto model = ModelFile::open(file.getPath(), issue);
  ASSERT_TRUE(succeeded(model)) << issue.message;
  int64_t values[3];
  llvm::MutableArrayRef<char> out(reinterpret_cast<char *>(values),
                                  sizeof values);
  ASSERT_TRUE(
      succeeded((*model)->readElements(*(*model)->findConstant("i"), out)));
  EXPECT_EQ(values[0], 5);
  EXPECT_EQ(values[1], -1);
  EXPECT_EQ(values[2], 300);
  EXPECT_TRUE(failed(
      (*model)->readElements(*(*model)->findConstant("i"), out.drop_back())));
}

TEST(ModelFile, TakesPackedElementsApart) {
  // Five elements of int4 and of uint2, as bytes and as numbers of bytes.
  auto read = [](int type, const Message &data) {
    Message tensor = Message().number(1, 5).number(2, type).text(8, "w");
    tensor.bytes += data.bytes;
    TemporaryFile file(makeModel(tensor, 13).bytes);
    ImportIssue issue;
    auto model = ModelFile::open(file.getPath(), issue);
    if (failed(model))
      return issue.message;
    std::string elements(5, '?');
    EXPECT_TRUE(succeeded((*model)->readElements(
        *(*model)->findConstant("w"),
        llvm::MutableArrayRef<char>(elements.data(), elements.size()))));
    return elements;
  };
  std::string nibbles("\x21\xf8\x07", 3), pairs("\xe4\x02", 2);
  std::string expected("\x01\x02\xf8\xff\x07", 5);
  EXPECT_EQ(read(22, Message().text(9, nibbles)), expected);
  EXPECT_EQ(read(22, Message().text(5, "\x21\xf8\x01\x07")), expected);
  EXPECT_EQ(read(25, Message().text(9, pairs)),
            std::string("\0\x01\x02\x03\x02", 5));
  EXPECT_NE(read(22, Message().text(9, pairs)).find("3 bytes of data"),
            std::string::npos);
  EXPECT_NE(read(22, Message().text(5, "\x21\x07"))
                .find("3 bytes of packed elements"),
            std::string::npos);
}

TEST(ModelFile, RefusesWhatIsNoModel) {
  EXPECT_EQ(readCode(""), "empty_file");
  EXPECT_EQ(readCode("this is not a model, but some text"), "not_onnx");
  EXPECT_EQ(readCode(std::string(1000, '\xff')), "not_onnx");
  EXPECT_EQ(readCode(Message().number(1, 8).bytes), "not_onnx");
  ImportIssue issue;
  EXPECT_TRUE(failed(ModelFile::open("/nowhere/model.onnx", issue)));
  EXPECT_EQ(issue.code, "cannot_open");
  EXPECT_TRUE(failed(ModelFile::open("/", issue)));
}

TEST(ModelFile, ChecksTheIrVersion) {
  Message tensor = makeTensor("w", 3, kRaw);
  for (int64_t version : {3, 8, 14})
    EXPECT_EQ(readCode(makeModel(tensor, version).bytes), "");
  for (int64_t version : {0, 2, 15, 1000})
    EXPECT_EQ(readCode(makeModel(tensor, version).bytes), "ir_version");
}

TEST(ModelFile, RefusesAFileThatWasCutShort) {
  std::string bytes = makeModel(makeTensor("w", 3, kRaw)).bytes;
  for (size_t size = 1; size < bytes.size(); ++size)
    EXPECT_NE(readCode(bytes.substr(0, size)), "") << size;
  EXPECT_EQ(readCode(bytes.substr(0, bytes.size() / 2)), "truncated_file");
}

TEST(ModelFile, SurvivesChangedBytes) {
  std::string bytes = makeModel(makeTensor("w", 3, kRaw)).bytes;
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string changed = bytes;
    for (int i = 0; i < 3; ++i)
      changed[random() % changed.size()] = static_cast<char>(random());
    readCode(changed);
  }
}

TEST(ModelFile, LimitsNesting) {
  // A graph in an attribute of a node of a graph, and so on.
  Message graph;
  for (int i = 0; i < 100000 / 12; ++i) {
    Message attribute, node, outer;
    attribute.text(1, "g").message(6, graph);
    node.message(5, attribute);
    outer.message(1, node);
    graph = outer;
    if (graph.bytes.size() > 20000)
      break;
  }
  ImportIssue issue;
  EXPECT_EQ(readCode(Message().number(1, 8).message(7, graph).bytes, &issue),
            "not_onnx");
  EXPECT_NE(issue.message.find("nested too deeply"), std::string::npos);
}

TEST(ModelFile, ChecksTheSizeOfTensors) {
  ImportIssue issue;
  EXPECT_EQ(readCode(makeModel(makeTensor("w", 4, kRaw)).bytes, &issue),
            "bad_tensor");
  EXPECT_NE(issue.message.find("'w' to have 16 bytes of data, found 12 bytes"),
            std::string::npos)
      << issue.message;
  EXPECT_EQ(readCode(makeModel(makeTensor("w", -1, kRaw)).bytes), "bad_tensor");
  Message huge;
  huge.number(1, int64_t(1) << 62)
      .number(1, int64_t(1) << 62)
      .number(2, 1)
      .text(9, kRaw);
  EXPECT_EQ(readCode(makeModel(huge).bytes), "bad_tensor");
  Message fewIntegers;
  fewIntegers.number(1, 3).number(2, 7).text(7, std::string("\x05\x06", 2));
  EXPECT_EQ(readCode(makeModel(fewIntegers).bytes), "bad_tensor");
}

TEST(ModelFile, RefusesNamesThatAreNotText) {
  EXPECT_EQ(readCode(makeModel(makeTensor("\xff\xfe", 3, kRaw)).bytes),
            "not_onnx");
}

//===- External data ------------------------------------------------------===//

Message makeExternal(const std::string &location,
                     const std::string &offset = "0") {
  auto entry = [](const std::string &key, const std::string &value) {
    return Message().text(1, key).text(2, value);
  };
  Message tensor;
  tensor.number(1, 3).number(2, 1).text(8, "w").number(14, 1);
  return tensor.message(13, entry("location", location))
      .message(13, entry("offset", offset));
}

/// Opens a model beside a file `weights.bin` of 20 bytes and a link out.
std::string readExternal(const std::string &location,
                         const std::string &offset = "0") {
  TemporaryFile secret(std::string(100, 's'), "secret.bin");
  TemporaryFile file(makeModel(makeExternal(location, offset)).bytes);
  std::ofstream(file.getFolder() + "/weights.bin", std::ios::binary)
      << std::string(4, 'x') + kRaw + "tail";
  std::filesystem::create_symlink(secret.getPath(),
                                  file.getFolder() + "/link.bin");
  ImportIssue issue;
  auto model = ModelFile::open(file.getPath(), issue);
  if (failed(model))
    return issue.code;
  return (*model)->getRawElements(*(*model)->findConstant("w"))->str();
}

TEST(ExternalData, IsReadFromItsPlace) {
  EXPECT_EQ(readExternal("weights.bin", "4"), kRaw);
}

TEST(ExternalData, StaysInTheFolderOfTheModel) {
  EXPECT_EQ(readExternal("../secret.bin"), "external_data_outside");
  EXPECT_EQ(readExternal("a/../../secret.bin"), "external_data_outside");
  EXPECT_EQ(readExternal("/etc/passwd"), "external_data_outside");
  EXPECT_EQ(readExternal("link.bin"), "external_data_outside");
  EXPECT_EQ(readExternal(""), "external_data_outside");
}

TEST(ExternalData, MustBeThereAndLongEnough) {
  EXPECT_EQ(readExternal("other.bin"), "external_data_missing");
  EXPECT_EQ(readExternal("weights.bin", "9"), "external_data_too_short");
  EXPECT_EQ(readExternal("weights.bin", "18446744073709551615"),
            "external_data_too_short");
  EXPECT_EQ(readExternal("weights.bin", "-1"), "external_data_invalid");
  EXPECT_EQ(readExternal("weights.bin", "four"), "external_data_invalid");
}

} // namespace
