//===- CorruptionTest.cpp - artifacts cut short or with a byte changed ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArtifactBytes.h"
#include "Handles.h"
#include <unistd.h>

using namespace sinter::test;

namespace {

/// The good artifact and where its weights lie.
struct Corruption : testing::Test {
  Corruption() : bytes(readFile(SINTER_FIXTURE)) {
    const sinter_model_info_t *info = sinter_model_info(model);
    weightsBegin = sinter_align_up(info->code_bytes, SINTER_WEIGHTS_ALIGN);
    weightsEnd = weightsBegin + info->weights_bytes;
  }
  Model model;
  Bytes bytes;
  size_t weightsBegin, weightsEnd;
  sinter_error_t error = {};
};

} // namespace

TEST_F(Corruption, TheGoodArtifactOpens) {
  EXPECT_EQ(tryOpen(bytes, error, /*verify=*/true), SINTER_STATUS_OK)
      << error.message;
}

TEST_F(Corruption, EmptyFile) {
  EXPECT_EQ(tryOpen({}, error), SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_TRUE(contains(error.message, "it is empty"));
}

TEST_F(Corruption, CutShortAtManyLengths) {
  for (size_t i = 1; i < 200; ++i) {
    Bytes part(bytes.begin(), bytes.begin() + bytes.size() * i / 200);
    ASSERT_EQ(tryOpen(part, error), SINTER_STATUS_BAD_ARTIFACT) << part.size();
    ASSERT_TRUE(contains(error.message, "cut short")) << error.message;
  }
  for (size_t missing = 1; missing <= 2 * sizeof(sinter_seal_t); ++missing) {
    Bytes part(bytes.begin(), bytes.end() - missing);
    ASSERT_EQ(tryOpen(part, error), SINTER_STATUS_BAD_ARTIFACT) << missing;
  }
  for (size_t length = 1; length <= 128; ++length) {
    Bytes part(bytes.begin(), bytes.begin() + length);
    ASSERT_EQ(tryOpen(part, error), SINTER_STATUS_BAD_ARTIFACT) << length;
  }
}

TEST_F(Corruption, CutShortInTheMiddleKeepingTheSeal) {
  Bytes shorter = bytes;
  shorter.erase(shorter.begin() + weightsBegin,
                shorter.begin() + weightsBegin + 4096);
  EXPECT_EQ(tryOpen(shorter, error), SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_STREQ(error.expected,
               (std::to_string(bytes.size()) + " bytes").c_str());
  EXPECT_STREQ(error.found,
               (std::to_string(shorter.size()) + " bytes").c_str());
}

TEST_F(Corruption, BytesAdded) {
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(tryOpen(longer, error), SINTER_STATUS_BAD_ARTIFACT);
}

TEST_F(Corruption, SomethingElse) {
  Bytes onnx(1000, 8);
  EXPECT_EQ(tryOpen(onnx, error), SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_TRUE(contains(error.message, "not a Sinter artifact"))
      << error.message;
  EXPECT_TRUE(contains(error.remedy, "sinter compile"));
  Model program("/proc/self/exe"); // an ELF file, but not ours
  EXPECT_EQ(program.status, SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_TRUE(contains(program.error.message, "not a Sinter artifact"));
}

TEST_F(Corruption, EveryFlippedByteOutsideTheWeightsIsFoundByOpen) {
  auto check = [&](size_t begin, size_t end, size_t step) {
    for (size_t at = begin; at < end; at += step) {
      bytes[at] ^= 0x10;
      sinter_status_t status = tryOpen(bytes, error);
      ASSERT_TRUE(status == SINTER_STATUS_BAD_ARTIFACT ||
                  status == SINTER_STATUS_BAD_VERSION)
          << "byte " << at << ": " << sinter_status_name(status);
      bytes[at] ^= 0x10;
    }
  };
  check(0, weightsBegin, 13);                // code and the gap after it
  check(weightsEnd, bytes.size() - 96, 7);   // headers, manifest and gaps
  check(bytes.size() - 96, bytes.size(), 1); // the seal
}

TEST_F(Corruption, FlippedByteInTheWeightsIsFoundByVerify) {
  const size_t leaf = SINTER_LEAF_BYTES;
  for (size_t at : {weightsBegin, weightsBegin + leaf - 1, weightsBegin + leaf,
                    weightsBegin + 2 * leaf + 5, weightsEnd - 1}) {
    bytes[at] ^= 1;
    EXPECT_EQ(tryOpen(bytes, error), SINTER_STATUS_OK)
        << "open does not read weights";
    ASSERT_EQ(tryOpen(bytes, error, /*verify=*/true),
              SINTER_STATUS_BAD_ARTIFACT);
    size_t begin = weightsBegin + (at - weightsBegin) / leaf * leaf;
    EXPECT_TRUE(
        contains(error.message, ("bytes " + std::to_string(begin)).c_str()))
        << error.message;
    bytes[at] ^= 1;
  }
}

TEST_F(Corruption, VerifyNamesTheFirstDamagedLeafAtAnyThreadCount) {
  bytes[weightsBegin + SINTER_LEAF_BYTES] ^= 1;
  bytes[weightsBegin + 2 * SINTER_LEAF_BYTES] ^= 1;
  AlignedBytes copy(bytes);
  sinter_model_t *damaged = nullptr;
  ASSERT_EQ(sinter_model_open_memory(copy.data(), copy.size(), nullptr,
                                     &damaged, &error),
            SINTER_STATUS_OK);
  std::string begin =
      "bytes " + std::to_string(weightsBegin + SINTER_LEAF_BYTES) + " to";
  for (int32_t threads = 1; threads <= 4; ++threads) {
    EXPECT_EQ(sinter_model_verify(damaged, threads, &error),
              SINTER_STATUS_BAD_ARTIFACT);
    EXPECT_TRUE(contains(error.message, begin.c_str())) << error.message;
  }
  sinter_model_close(damaged);
}

TEST_F(Corruption, OtherFormatVersionSaysSo) {
  sinter_seal_t seal = readSeal(bytes);
  seal.version = 2;
  writeSeal(bytes, seal);
  EXPECT_EQ(tryOpen(bytes, error), SINTER_STATUS_BAD_VERSION);
  EXPECT_STREQ(error.expected, "format version 1");
  EXPECT_STREQ(error.found, "format version 2");
  EXPECT_TRUE(contains(error.remedy, "compile the model again"));
}

TEST_F(Corruption, ErrorsNameTheFile) {
  std::string path = testing::TempDir() + "/sinter_cut.sinter";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), 5000);
  Model cut(path.c_str());
  EXPECT_EQ(cut.status, SINTER_STATUS_BAD_ARTIFACT);
  EXPECT_TRUE(contains(cut.error.message, path.c_str()));
  EXPECT_TRUE(contains(cut.error.message, "5000 bytes"));
  unlink(path.c_str());
}
