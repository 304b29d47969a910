//===- IntegerAmxTest.cpp - code for tile registers -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is assembled for AMX, also where it cannot run. Where it can, the tests
// of integer contractions run it.
//
//===----------------------------------------------------------------------===//

#include "IntegerCases.h"

#include "llvm-c/Disassembler.h"
#include "llvm-c/Target.h"
#include "llvm/Object/ObjectFile.h"
#include "gtest/gtest.h"
#include <map>

using namespace sinter;
using namespace sinter::test;

/// How often each instruction occurs in the code of an object.
static std::map<std::string, int> countInstructions(llvm::StringRef object) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86Disassembler();
  std::map<std::string, int> counts;
  auto file = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(object, "object"));
  if (!file) {
    ADD_FAILURE() << toString(file.takeError());
    return counts;
  }
  LLVMDisasmContextRef context =
      LLVMCreateDisasmCPU("x86_64-unknown-linux-gnu", "sapphirerapids", nullptr,
                          0, nullptr, nullptr);
  for (const llvm::object::SectionRef &section : (*file)->sections()) {
    if (!section.isText())
      continue;
    llvm::StringRef code = llvm::cantFail(section.getContents());
    for (size_t at = 0; at < code.size();) {
      char text[128] = "";
      size_t size = LLVMDisasmInstruction(
          context, const_cast<uint8_t *>(code.bytes_begin()) + at,
          code.size() - at, at, text, sizeof text);
      EXPECT_GT(size, 0u) << "no instruction at " << at;
      if (size == 0)
        break;
      ++counts[llvm::StringRef(text).trim().split('\t').first.str()];
      at += size;
    }
  }
  LLVMDisasmDispose(context);
  return counts;
}

static std::map<std::string, int> compile(const std::string &source) {
  auto kernel =
      CompiledKernel::compile(source, *findInstructionSet("x86-64-v4+amx"));
  if (kernel)
    return countInstructions(kernel->getObject());
  ADD_FAILURE() << source;
  return {};
}

TEST(IntegerAmx, MatmulInFourTiles) {
  // [64, 192] x [192, 32]: two tiles of rows, two of columns, three rounds.
  auto counts = compile(
      "kernel.func @k(%a: tensor<64x192xui8>, %w: tensor<1x1x48x32x4xi8>) -> "
      "tensor<64x32xi32> attributes {kind = #kernel.kind<contract>} {\n"
      "  %0 = kernel.unpack %w : tensor<1x1x48x32x4xi8> -> tensor<192x32xi8>\n"
      "  %1 = nn.matmul %a, %0 : tensor<64x192xui8>, tensor<192x32xi8>\n"
      "  kernel.yield %1 : tensor<64x32xi32>\n}\n");
  EXPECT_EQ(counts["tdpbusd"], 4);
  EXPECT_EQ(counts["tileloadd"], 4);
  EXPECT_EQ(counts["tilestored"], 4);
  EXPECT_EQ(counts["ldtilecfg"], 1);
  EXPECT_EQ(counts["vpdpbusd"], 0);
}

TEST(IntegerAmx, LastStepsAreShorter) {
  // 13 rows and 20 steps: one full round, then four steps, each for two tiles.
  auto counts = compile(
      "kernel.func @k(%a: tensor<13x80xui8>, %w: tensor<1x1x20x32x4xi8>) -> "
      "tensor<13x32xi32> attributes {kind = #kernel.kind<contract>} {\n"
      "  %0 = kernel.unpack %w : tensor<1x1x20x32x4xi8> -> tensor<80x32xi8>\n"
      "  %1 = nn.matmul %a, %0 : tensor<13x80xui8>, tensor<80x32xi8>\n"
      "  kernel.yield %1 : tensor<13x32xi32>\n}\n");
  EXPECT_EQ(counts["tdpbusd"], 4);
  EXPECT_EQ(counts["tilestored"], 2);
}

TEST(IntegerAmx, ConvolutionsReadTheirWindow) {
  auto counts = compile(
      "kernel.func @k(%x: tensor<1x8x32x64xui8>, %w: "
      "tensor<1x1x3x3x16x32x4xi8>) -> tensor<1x8x32x32xi32> attributes {kind = "
      "#kernel.kind<contract>} {\n"
      "  %0 = kernel.unpack %w : tensor<1x1x3x3x16x32x4xi8> -> "
      "tensor<32x64x3x3xi8>\n"
      "  %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] "
      "group 1 channels_last pad_value 128 : tensor<1x8x32x64xui8>, "
      "tensor<32x64x3x3xi8>\n"
      "  kernel.yield %1 : tensor<1x8x32x32xi32>\n}\n");
  EXPECT_EQ(counts["tdpbusd"], 4);
  EXPECT_EQ(counts["vpdpbusd"], 0);
}

/// What does not lie as the tile registers read it goes through vectors.
TEST(IntegerAmx, OtherDepthsUseVectors) {
  auto counts = compile(
      "kernel.func @k(%a: tensor<64x67xui8>, %w: tensor<1x1x17x32x4xi8>) -> "
      "tensor<64x32xi32> attributes {kind = #kernel.kind<contract>} {\n"
      "  %0 = kernel.unpack %w : tensor<1x1x17x32x4xi8> -> tensor<67x32xi8>\n"
      "  %1 = nn.matmul %a, %0 : tensor<64x67xui8>, tensor<67x32xi8>\n"
      "  kernel.yield %1 : tensor<64x32xi32>\n}\n");
  EXPECT_EQ(counts["tdpbusd"], 0);
  EXPECT_GT(counts["vpdpbusd"], 0);
}
