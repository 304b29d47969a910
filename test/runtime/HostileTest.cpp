//===- HostileTest.cpp - artifacts that lie, with right hashes ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Somebody who changes an artifact on purpose also renews its hashes. What
// open then sees must never lead it out of its bounds; running such code is
// another matter.
//
//===----------------------------------------------------------------------===//

#include "ArtifactBytes.h"
#include "Handles.h"
#include "sinter/manifest_generated.h"
#include <elf.h>
#include <functional>
#include <random>
#include <sodium.h>

using namespace sinter::test;
namespace fb = sinter::manifest;

namespace {

struct Hostile : testing::Test {
  Hostile() : good(readFile(SINTER_FIXTURE)), bytes(good) {}

  const fb::Manifest *manifest() {
    return fb::GetManifest(bytes.data() + readSeal(bytes).manifest_offset);
  }

  /// Changes a scalar field of a table of the manifest.
  template <typename Table, typename T>
  void set(const Table *table, flatbuffers::voffset_t field, T value) {
    auto *generic = reinterpret_cast<const flatbuffers::Table *>(table);
    const uint8_t *place = generic->GetAddressOf(field);
    ASSERT_NE(place, nullptr) << "the field is not there";
    std::memcpy(const_cast<uint8_t *>(place), &value, sizeof value);
  }

  void renewHash(const flatbuffers::Vector<uint8_t> *hash, uint64_t offset,
                 uint64_t count) {
    crypto_generichash(const_cast<uint8_t *>(hash->data()), 32,
                       bytes.data() + offset, count, nullptr, 0);
  }

  /// Makes all hashes right again, those of the image too if asked to.
  sinter_status_t open(bool imageToo = false) {
    sinter_seal_t seal = readSeal(bytes);
    if (imageToo)
      renewHash(manifest()->image_hash(), 0, manifest()->image()->bytes());
    crypto_generichash(seal.manifest_hash, 32,
                       bytes.data() + seal.manifest_offset, seal.manifest_bytes,
                       nullptr, 0);
    writeSeal(bytes, seal);
    return tryOpen(bytes, error);
  }

  /// Reads and writes a structure in the image, then opens.
  template <typename T>
  sinter_status_t openWith(uint64_t offset,
                           const std::function<void(T &)> &change) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    change(value);
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    sinter_status_t status = open(/*imageToo=*/true);
    bytes = good;
    return status;
  }

  /// Offset of the first program header of this type (and flags).
  uint64_t findHeader(uint32_t type, uint32_t flags = 0) {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr program;
      uint64_t offset = header.e_phoff + i * sizeof program;
      std::memcpy(&program, bytes.data() + offset, sizeof program);
      if (program.p_type == type && (program.p_flags & flags) == flags)
        return offset;
    }
    ADD_FAILURE() << "no program header of type " << type;
    return 0;
  }

  /// The address behind the image, which ends with a whole page.
  uint64_t getImageEnd() {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    uint64_t end = 0;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr program;
      std::memcpy(&program, bytes.data() + header.e_phoff + i * sizeof program,
                  sizeof program);
      if (program.p_type == PT_LOAD)
        end = std::max(end, program.p_vaddr + program.p_memsz);
    }
    return (end + 4095) / 4096 * 4096;
  }

  /// File offset of a virtual address.
  uint64_t getOffset(uint64_t address) {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr program;
      std::memcpy(&program, bytes.data() + header.e_phoff + i * sizeof program,
                  sizeof program);
      if (program.p_type == PT_LOAD && address >= program.p_vaddr &&
          address < program.p_vaddr + program.p_filesz)
        return program.p_offset + (address - program.p_vaddr);
    }
    ADD_FAILURE() << "no segment at " << address;
    return 0;
  }

  /// Offset of the dynamic entry with this tag.
  uint64_t findDynamic(int64_t tag) {
    Elf64_Phdr dynamic;
    std::memcpy(&dynamic, bytes.data() + findHeader(PT_DYNAMIC),
                sizeof dynamic);
    for (uint64_t at = dynamic.p_offset;; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry;
      std::memcpy(&entry, bytes.data() + at, sizeof entry);
      if (entry.d_tag == tag)
        return at;
      if (entry.d_tag == DT_NULL) {
        ADD_FAILURE() << "no dynamic entry " << tag;
        return at;
      }
    }
  }

  /// Offset of the first relocation.
  uint64_t findRelocation() {
    Elf64_Dyn entry;
    std::memcpy(&entry, bytes.data() + findDynamic(DT_RELA), sizeof entry);
    return getOffset(entry.d_un.d_ptr);
  }

  void expectRefused(sinter_status_t status, const char *part) {
    EXPECT_EQ(status, SINTER_STATUS_BAD_ARTIFACT);
    EXPECT_TRUE(contains(error.message, part)) << error.message;
  }

  const Bytes good;
  Bytes bytes;
  sinter_error_t error = {};
};

} // namespace

TEST_F(Hostile, RenewedHashesAreAccepted) {
  EXPECT_EQ(open(/*imageToo=*/true), SINTER_STATUS_OK) << error.message;
}

TEST_F(Hostile, OtherAbiVersion) {
  set(manifest(), fb::Manifest::VT_ABI_VERSION, uint32_t(7));
  EXPECT_EQ(open(), SINTER_STATUS_BAD_VERSION);
  EXPECT_STREQ(error.found, "ABI version 7");
  EXPECT_TRUE(contains(error.message, "sinter test")) << "names the compiler";
}

TEST_F(Hostile, SectionsOutsideTheFile) {
  const uint64_t far = uint64_t(1) << 62;
  struct {
    const fb::Section *(fb::Manifest::*section)() const;
    flatbuffers::voffset_t field;
    uint64_t value;
  } cases[] = {{&fb::Manifest::image, fb::Section::VT_BYTES, far},
               {&fb::Manifest::image, fb::Section::VT_BYTES, UINT64_MAX},
               {&fb::Manifest::image, fb::Section::VT_OFFSET, 4096},
               {&fb::Manifest::weights, fb::Section::VT_OFFSET, far},
               {&fb::Manifest::weights, fb::Section::VT_OFFSET, 0},
               {&fb::Manifest::tail, fb::Section::VT_OFFSET, UINT64_MAX},
               {&fb::Manifest::tail, fb::Section::VT_BYTES, far}};
  for (auto &entry : cases) {
    set((manifest()->*entry.section)(), entry.field, entry.value);
    expectRefused(open(), "parts that are not there");
    bytes = good;
  }
  set(manifest()->weights(), fb::Section::VT_BYTES, UINT64_MAX);
  expectRefused(open(), "number of hashes");
}

TEST_F(Hostile, IndicesOutOfRange) {
  set(manifest()->launches()->Get(0), fb::Launch::VT_KERNEL, int32_t(3));
  expectRefused(open(), "a launch refers to a kernel");
  bytes = good;
  set(manifest()->launches()->Get(0), fb::Launch::VT_KERNEL, int32_t(-1));
  expectRefused(open(), "a launch refers to a kernel");
  bytes = good;
  set(manifest()->inputs()->Get(0)->dims()->Get(0), fb::Dim::VT_FREE_DIM,
      int32_t(2));
  expectRefused(open(), "a free dimension that is not there");
  bytes = good;
  set(manifest()->inputs()->Get(0)->dims()->Get(0), fb::Dim::VT_FREE_DIM,
      int32_t(-1));
  expectRefused(open(), "neither fixed nor free");
  bytes = good;
  set(manifest()->outputs()->Get(0)->dims()->Get(0), fb::Dim::VT_SIZE_INDEX,
      int32_t(5));
  expectRefused(open(), "a size that is not there");
}

TEST_F(Hostile, NumbersOutOfRange) {
  set(manifest(), fb::Manifest::VT_SIZE_COUNT, uint32_t(2));
  expectRefused(open(), "number of sizes");
  bytes = good;
  set(manifest(), fb::Manifest::VT_SIZE_COUNT, UINT32_MAX);
  expectRefused(open(), "number of sizes");
  bytes = good;
  set(manifest()->free_dims()->Get(0), fb::FreeDim::VT_MAX, int64_t(0));
  expectRefused(open(), "range of a free dimension");
  bytes = good;
  set(manifest()->inputs()->Get(0), fb::Tensor::VT_TYPE, uint8_t(200));
  expectRefused(open(), "unknown element type");
  bytes = good;
  set(manifest(), fb::Manifest::VT_WEIGHTS_LEAF_BYTES, uint64_t(0));
  expectRefused(open(), "unknown size");
}

TEST_F(Hostile, LateSizesThatAreNotThere) {
  const Bytes late = readFile(SINTER_LATE_FIXTURE);
  bytes = late;
  auto setLate = [&](unsigned number, uint32_t index) {
    const uint32_t *list = manifest()->late_sizes()->data();
    const_cast<uint32_t *>(list)[number] = index;
  };
  EXPECT_EQ(open(), SINTER_STATUS_OK) << error.message;
  setLate(1, 5);
  expectRefused(open(), "a late size is not there");
  bytes = late;
  setLate(0, 0);
  expectRefused(open(), "depends on late dimensions");
  bytes = late;
  set(manifest(), fb::Manifest::VT_LATE_DIMS, UINT32_MAX);
  expectRefused(open(), "late dimensions or of slots");
  bytes = late;
  set(manifest(), fb::Manifest::VT_SLOTS, UINT32_MAX);
  expectRefused(open(), "late dimensions or of slots");
}

TEST_F(Hostile, RootOutsideTheImage) {
  for (uint64_t address : {uint64_t(0) - 8, uint64_t(1) << 40, uint64_t(4)}) {
    set(manifest(), fb::Manifest::VT_ROOT_ADDRESS, address);
    expectRefused(open(), "sinter_root is not inside");
    bytes = good;
  }
}

TEST_F(Hostile, NoVariantForThisProcessor) {
  for (unsigned i = 0; i < 2; ++i)
    set(manifest()->variants()->Get(i), fb::Variant::VT_FEATURES,
        uint64_t(1) << 63);
  EXPECT_EQ(open(), SINTER_STATUS_UNSUPPORTED_CPU);
  EXPECT_STREQ(error.expected, "a processor with x86-64-v4, x86-64-v3");
  EXPECT_TRUE(contains(error.remedy, "AVX2"));
}

TEST_F(Hostile, ElfHeader) {
  auto expect = [&](const std::function<void(Elf64_Ehdr &)> &change,
                    const char *part) {
    expectRefused(openWith<Elf64_Ehdr>(0, change), part);
  };
  expect([](auto &h) { h.e_ident[EI_CLASS] = ELFCLASS32; }, "x86-64");
  expect([](auto &h) { h.e_machine = EM_AARCH64; }, "x86-64");
  expect([](auto &h) { h.e_type = ET_EXEC; }, "x86-64");
  expect([](auto &h) { h.e_phoff = UINT64_MAX - 8; }, "program headers");
  expect([](auto &h) { h.e_phnum = 0xffff; }, "program headers");
  expect([](auto &h) { h.e_phentsize = 1; }, "program headers");
  expect([](auto &h) { h.e_phnum = 0; }, "no segment");
}

TEST_F(Hostile, Segments) {
  auto expect = [&](uint64_t header,
                    const std::function<void(Elf64_Phdr &)> &change,
                    const char *part) {
    expectRefused(openWith<Elf64_Phdr>(header, change), part);
  };
  uint64_t code = findHeader(PT_LOAD, PF_X), data = findHeader(PT_LOAD, PF_W);
  expect(code, [](auto &p) { p.p_flags |= PF_W; }, "flags other than");
  expect(
      code, [](auto &p) { p.p_filesz = p.p_memsz = UINT64_MAX; },
      "not inside the file");
  expect(code, [](auto &p) { p.p_offset = UINT64_MAX; }, "not inside the file");
  expect(code, [](auto &p) { p.p_memsz = 1; }, "not inside the file");
  expect(code, [](auto &p) { p.p_vaddr = 0; }, "shares a page");
  expect(data, [](auto &p) { p.p_vaddr = UINT64_MAX - 100; }, "shares a page");
  expect(data, [](auto &p) { p.p_memsz = uint64_t(1) << 40; }, "shares a page");
  expect(
      findHeader(PT_GNU_STACK), [](auto &p) { p.p_flags = 7; },
      "executable stack");
  for (uint32_t type : {PT_INTERP, PT_TLS, PT_GNU_RELRO, 0x12345678})
    expect(
        findHeader(PT_PHDR), [&](auto &p) { p.p_type = type; }, "not allowed");
  expect(
      findHeader(PT_DYNAMIC), [](auto &p) { p.p_vaddr = 1u << 30; },
      "dynamic section");
}

TEST_F(Hostile, DynamicSection) {
  auto expect = [&](int64_t entry,
                    const std::function<void(Elf64_Dyn &)> &change,
                    const char *part) {
    expectRefused(openWith<Elf64_Dyn>(findDynamic(entry), change), part);
  };
  for (int64_t tag :
       {DT_NEEDED, DT_INIT, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_JMPREL, DT_REL,
        DT_TEXTREL, DT_FLAGS, DT_PREINIT_ARRAY})
    expect(DT_HASH, [&](auto &d) { d.d_tag = tag; }, "not allowed");
  expect(
      DT_RELA, [](auto &d) { d.d_un.d_ptr = UINT64_MAX - 23; }, "relocations");
  expect(
      DT_RELASZ, [](auto &d) { d.d_un.d_val = uint64_t(24) << 40; },
      "relocations");
  expect(DT_RELASZ, [](auto &d) { d.d_un.d_val -= 1; }, "relocations");
  expect(DT_RELAENT, [](auto &d) { d.d_un.d_val = 8; }, "relocations");
}

TEST_F(Hostile, Relocations) {
  auto expect = [&](const std::function<void(Elf64_Rela &)> &change,
                    const char *part) {
    expectRefused(openWith<Elf64_Rela>(findRelocation(), change), part);
  };
  Elf64_Phdr code;
  std::memcpy(&code, bytes.data() + findHeader(PT_LOAD, PF_X), sizeof code);
  expect([](auto &r) { r.r_info = ELF64_R_INFO(1, R_X86_64_64); },
         "R_X86_64_RELATIVE");
  expect([](auto &r) { r.r_info = ELF64_R_INFO(0, R_X86_64_IRELATIVE); },
         "RELATIVE");
  expect([](auto &r) { r.r_info = ELF64_R_INFO(1, R_X86_64_RELATIVE); },
         "RELATIVE");
  expect([](auto &r) { r.r_offset = UINT64_MAX - 4; },
         "not inside a data segment");
  expect([&](auto &r) { r.r_offset = code.p_vaddr; },
         "not inside a data segment");
  expect([](auto &r) { r.r_addend = -1; }, "points outside");
  expect([](auto &r) { r.r_addend = int64_t(1) << 40; }, "points outside");
  // The image ends with the page of its last byte.
  uint64_t end = getImageEnd();
  expect([&](auto &r) { r.r_addend = end; }, "points outside");
}

TEST_F(Hostile, TablesThatLeadOutside) {
  // Every relocation in turn points to the start of the image, which holds no
  // code.
  Elf64_Dyn size;
  std::memcpy(&size, bytes.data() + findDynamic(DT_RELASZ), sizeof size);
  size_t count = size.d_un.d_val / sizeof(Elf64_Rela);
  ASSERT_GE(count, 3u + 2u + 6u) << "root, variants, kernels";
  uint64_t table = findRelocation();
  for (size_t i = 0; i < count; ++i) {
    sinter_status_t status = openWith<Elf64_Rela>(
        table + i * sizeof(Elf64_Rela), [](auto &r) { r.r_addend = 0; });
    EXPECT_EQ(status, SINTER_STATUS_BAD_ARTIFACT) << i;
  }
}

TEST_F(Hostile, RandomManifestsNeverCrash) {
  std::mt19937 random(1);
  sinter_seal_t seal = readSeal(bytes);
  for (int round = 0; round < 500; ++round) {
    for (unsigned change = random() % 4 + 1; change; --change)
      bytes[seal.manifest_offset + random() % seal.manifest_bytes] =
          random() % 3 ? random() : 0xff;
    open();
    if (round % 3 == 0)
      bytes = good;
  }
}

TEST_F(Hostile, RandomImagesNeverCrash) {
  std::mt19937 random(2);
  Elf64_Phdr dynamic;
  std::memcpy(&dynamic, bytes.data() + findHeader(PT_DYNAMIC), sizeof dynamic);
  uint64_t relocations = findRelocation();
  struct {
    uint64_t begin, bytes;
  } places[] = {{0, 64 + 10 * 56},
                {dynamic.p_offset, dynamic.p_filesz},
                {relocations, 12 * sizeof(Elf64_Rela)}};
  for (int round = 0; round < 500; ++round) {
    const auto &place = places[random() % 3];
    for (unsigned change = random() % 3 + 1; change; --change)
      bytes[place.begin + random() % place.bytes] =
          random() % 2 ? random() : 0xff;
    open(/*imageToo=*/true);
    std::memcpy(bytes.data(), good.data(), manifest()->image()->bytes());
  }
}
