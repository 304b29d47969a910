//===- ArtifactWriterTest.cpp - what is written, and what is refused ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ArtifactWriter.h"
#include "Fixture.h"
#include "sinter/model.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace sinter::emit;
using llvm::StringRef;

static std::unique_ptr<llvm::MemoryBuffer> readObject(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE(bool(buffer)) << path.str();
  return buffer ? std::move(*buffer) : nullptr;
}

/// The object of inputs/<name>.c; the build lists them with bars between.
static std::unique_ptr<llvm::MemoryBuffer> readBadObject(StringRef name) {
  for (StringRef path : llvm::split(BAD_OBJECTS, '|'))
    if (llvm::sys::path::filename(path).starts_with(name))
      return readObject(path);
  ADD_FAILURE() << name.str();
  return nullptr;
}

namespace {

struct Writer : testing::Test {
  Writer() : spec(sinter::test::makeFixture(readObject(FIXTURE_OBJECT))) {
    llvm::sys::fs::createUniqueDirectory("sinter-emit-test", folder);
    path = getPath("model.sinter");
  }
  ~Writer() override { llvm::sys::fs::remove_directories(folder); }

  std::string getPath(StringRef name) {
    llvm::SmallString<128> result(folder);
    llvm::sys::path::append(result, name);
    return std::string(result);
  }

  std::string read(const std::string &file) {
    auto buffer = llvm::MemoryBuffer::getFile(file);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

  std::vector<std::string> listFolder() {
    std::vector<std::string> names;
    std::error_code ec;
    for (llvm::sys::fs::directory_iterator it(folder, ec), end;
         it != end && !ec; it.increment(ec))
      names.push_back(llvm::sys::path::filename(it->path()).str());
    return names;
  }

  /// Writes, expects an ArtifactError of this kind, returns its message.
  std::string fail(ArtifactError::Kind kind) {
    auto info = writeArtifact(path, spec);
    EXPECT_FALSE(bool(info));
    std::string message;
    if (info)
      return message;
    llvm::handleAllErrors(info.takeError(), [&](const ArtifactError &error) {
      EXPECT_EQ(error.getKind(), kind) << error.getMessage();
      message = error.getMessage();
    });
    return message;
  }

  llvm::SmallString<128> folder;
  std::string path;
  ArtifactSpec spec;
};

} // namespace

TEST_F(Writer, WhatItWritesOpensAndVerifies) {
  auto info = writeArtifact(path, spec);
  ASSERT_TRUE(bool(info)) << llvm::toString(info.takeError());
  EXPECT_EQ(info->weightsBytes, sinter::test::fixtureWeightsBytes);
  EXPECT_EQ(info->artifactBytes, read(path).size());
  sinter_open_options_t options;
  sinter_open_options_init(&options);
  options.verify = 1;
  sinter_model_t *model = nullptr;
  sinter_error_t error;
  ASSERT_EQ(sinter_model_open(path.c_str(), &options, &model, &error),
            SINTER_STATUS_OK)
      << error.message;
  EXPECT_EQ(sinter_model_info(model)->code_bytes, info->codeBytes);
  sinter_model_close(model);
}

TEST_F(Writer, SameInputSameBytes) {
  ASSERT_FALSE(llvm::errorToBool(writeArtifact(path, spec).takeError()));
  std::string other = getPath("another-name.sinter");
  ASSERT_FALSE(llvm::errorToBool(writeArtifact(other, spec).takeError()));
  std::string bytes = read(path);
  EXPECT_FALSE(bytes.empty());
  EXPECT_TRUE(bytes == read(other));
  EXPECT_EQ(bytes.find("another-name"), std::string::npos);
  EXPECT_EQ(bytes.find("sinter-link"), std::string::npos)
      << "no temporary path";
  EXPECT_EQ(bytes.find("model.c"), std::string::npos)
      << "no path of the object";
}

TEST_F(Writer, ElfToolsSeeTheParts) {
  ASSERT_FALSE(llvm::errorToBool(writeArtifact(path, spec).takeError()));
  std::string bytes = read(path);
  auto file = llvm::object::ELFFile<llvm::object::ELF64LE>::create(bytes);
  ASSERT_TRUE(bool(file));
  auto sections = file->sections();
  ASSERT_TRUE(bool(sections)) << llvm::toString(sections.takeError());
  std::string names;
  for (const auto &section : *sections) {
    auto name = file->getSectionName(section);
    ASSERT_TRUE(bool(name)) << llvm::toString(name.takeError());
    names += name->str() + " ";
    if (*name == ".sinter.weights") {
      EXPECT_EQ(section.sh_size, sinter::test::fixtureWeightsBytes);
      EXPECT_EQ(section.sh_offset % 4096, 0u);
      EXPECT_EQ(section.sh_flags, 0u) << "not loaded";
      auto contents = file->getSectionContents(section);
      ASSERT_TRUE(bool(contents));
      EXPECT_EQ((*contents)[3], 0x40) << "2.0f";
    }
  }
  for (const char *name : {".text", ".data.rel.ro", ".symtab", ".strtab",
                           ".sinter.weights", ".sinter.manifest", ".shstrtab"})
    EXPECT_NE(names.find(name), std::string::npos) << name << " in " << names;
}

TEST_F(Writer, ElfToolsSeeTheFunctions) {
  ASSERT_FALSE(llvm::errorToBool(writeArtifact(path, spec).takeError()));
  std::string bytes = read(path);
  auto file = llvm::cantFail(
      llvm::object::ELFFile<llvm::object::ELF64LE>::create(bytes));
  std::string found;
  for (const auto &section : llvm::cantFail(file.sections())) {
    if (section.sh_type != llvm::ELF::SHT_SYMTAB)
      continue;
    auto names = llvm::cantFail(file.getStringTableForSymtab(section));
    for (const auto &symbol : llvm::cantFail(file.symbols(&section)))
      found += llvm::cantFail(symbol.getName(names)).str() + " ";
  }
  EXPECT_NE(found.find("fixture_run"), std::string::npos) << found;
  EXPECT_NE(found.find("sinter_root"), std::string::npos) << found;
}

TEST_F(Writer, WeightsAreFilledInOrderOneAtATime) {
  std::vector<int> order;
  spec.weights.clear();
  for (int i : {2, 0, 1})
    spec.weights.push_back(
        {static_cast<uint64_t>(i) * 64, 10,
         [&order, i](llvm::MutableArrayRef<uint8_t> bytes) -> llvm::Error {
           EXPECT_EQ(bytes.size(), 10u);
           EXPECT_EQ(bytes[9], 0);
           order.push_back(i);
           return llvm::Error::success();
         }});
  std::vector<uint64_t> done;
  spec.progress = [&](uint64_t bytes, uint64_t total) {
    EXPECT_EQ(total, 138u);
    done.push_back(bytes);
  };
  ASSERT_FALSE(llvm::errorToBool(writeArtifact(path, spec).takeError()));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(done, (std::vector<uint64_t>{10, 74, 138}));
}

TEST_F(Writer, NoWeightsAtAll) {
  spec.weights.clear();
  auto info = writeArtifact(path, spec);
  ASSERT_TRUE(bool(info)) << llvm::toString(info.takeError());
  EXPECT_EQ(info->weightsBytes, 0u);
}

TEST_F(Writer, OverlappingOrUnalignedWeights) {
  spec.weights[1].offset = 0;
  EXPECT_NE(fail(ArtifactError::Kind::Internal).find("overlaps"),
            std::string::npos);
  spec.weights[1].offset = 1000;
  fail(ArtifactError::Kind::Internal);
  EXPECT_TRUE(listFolder().empty());
}

TEST_F(Writer, FailingWeightLeavesNothingAndKeepsTheOldFile) {
  ASSERT_FALSE(llvm::errorToBool(writeArtifact(path, spec).takeError()));
  std::string before = read(path);
  spec.weights[1].fill = [](llvm::MutableArrayRef<uint8_t>) -> llvm::Error {
    return llvm::createStringError("external data is too short");
  };
  auto info = writeArtifact(path, spec);
  ASSERT_FALSE(bool(info));
  EXPECT_EQ(llvm::toString(info.takeError()), "external data is too short");
  EXPECT_TRUE(read(path) == before);
  EXPECT_EQ(listFolder(), std::vector<std::string>{"model.sinter"});
}

TEST_F(Writer, FullDevice) {
  // A limit on the length of files stands for a device that is full.
  rlimit limit, small;
  getrlimit(RLIMIT_FSIZE, &limit);
  small = limit;
  small.rlim_cur = 1 << 20;
  auto *handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message = fail(ArtifactError::Kind::File);
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(message.find(path), std::string::npos) << message;
  EXPECT_TRUE(listFolder().empty());
}

TEST_F(Writer, OutputsThatCannotBeWritten) {
  for (std::string output :
       {getPath("missing/model.sinter"), std::string(folder),
        std::string("/dev/null"), std::string()}) {
    path = output;
    std::string message = fail(ArtifactError::Kind::File);
    EXPECT_NE(message.find("cannot write '" + output + "'"), std::string::npos)
        << message;
    EXPECT_TRUE(llvm::errorToBool(checkWritable(output)));
  }
  EXPECT_FALSE(llvm::errorToBool(checkWritable(getPath("new.sinter"))));
  EXPECT_TRUE(listFolder().empty()) << "checkWritable leaves nothing";
}

TEST_F(Writer, CodeThatNeedsASymbol) {
  spec.objects[0] = readBadObject("undefined");
  std::string message = fail(ArtifactError::Kind::Link);
  EXPECT_NE(message.find("undefined symbol: missing_function"),
            std::string::npos)
      << message;
  EXPECT_EQ(message.find("/sinter-link"), std::string::npos) << message;
}

TEST_F(Writer, CodeWithState) {
  spec.objects[0] = readBadObject("writable");
  std::string message = fail(ArtifactError::Kind::Internal);
  EXPECT_NE(message.find("can be written (.data)"), std::string::npos)
      << message;
}

TEST_F(Writer, CodeWithoutRoot) {
  spec.objects[0] = readBadObject("no_root");
  std::string message = fail(ArtifactError::Kind::Link);
  EXPECT_NE(message.find("sinter_root"), std::string::npos) << message;
}

TEST_F(Writer, SomethingThatIsNoObject) {
  spec.objects[0] = llvm::MemoryBuffer::getMemBuffer("hello");
  EXPECT_FALSE(fail(ArtifactError::Kind::Link).empty());
  spec.objects.clear();
  EXPECT_FALSE(fail(ArtifactError::Kind::Link).empty());
}

TEST_F(Writer, ManifestThatDoesNotFitTheCode) {
  spec.manifest.variants.pop_back();
  std::string message = fail(ArtifactError::Kind::Internal);
  EXPECT_NE(message.find("variants are not those of the manifest"),
            std::string::npos)
      << message;
  EXPECT_TRUE(listFolder().empty());
}

TEST_F(Writer, ManifestThatTheLoaderRefuses) {
  spec.manifest.outputs[0].dims[0].sizeIndex = 77;
  std::string message = fail(ArtifactError::Kind::Internal);
  EXPECT_NE(message.find("the loader refuses"), std::string::npos) << message;
}
