//===- ImageFile.cpp - the image and the headers around it ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ImageFile.h"
#include "compiler/Emit/ArtifactWriter.h"
#include "core/format.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace sinter::emit;
using llvm::StringRef;
namespace ELF = llvm::ELF;
using ElfFile = llvm::object::ELFFile<llvm::object::ELF64LE>;

static llvm::Error fail(const llvm::Twine &what) {
  return llvm::make_error<ArtifactError>(ArtifactError::Kind::Internal,
                                         "the linked code " + what.str());
}

/// Passes an error of LLVM's ELF reader on as one of ours.
static llvm::Error fail(llvm::Error error) {
  return fail("is not valid ELF: " + llvm::toString(std::move(error)));
}

/// Sections that may have the write flag: they hold addresses and nothing else,
/// and the loader makes them read-only once it has relocated them.
static bool mayBeWritable(StringRef name) {
  return name == ".dynamic" || name == ".got" || name == ".relro_padding" ||
         name.starts_with(".data.rel.ro");
}

/// The rules that only section headers show; the loader checks the others.
static llvm::Error checkSection(StringRef name, uint64_t flags) {
  if (flags & ELF::SHF_TLS)
    return fail("has thread-local data (" + name + ")");
  if ((flags & ELF::SHF_WRITE) && !mayBeWritable(name))
    return fail("has data that can be written (" + name +
                "): generated code must not have state");
  if ((flags & ELF::SHF_WRITE) && (flags & ELF::SHF_EXECINSTR))
    return fail("has code that can be written (" + name + ")");
  return llvm::Error::success();
}

llvm::Error ImageFile::readSegments(StringRef linked) {
  auto file = ElfFile::create(linked);
  if (!file)
    return fail(file.takeError());
  auto headers = file->program_headers();
  if (!headers)
    return fail(headers.takeError());
  uint64_t end = 0;
  for (const auto &header : *headers)
    if (header.p_type == ELF::PT_LOAD)
      end = std::max<uint64_t>(end, header.p_offset + header.p_filesz);
  if (end < sizeof(ELF::Elf64_Ehdr) || end > linked.size())
    return fail("has no segments");
  image = linked.take_front(end).str();
  std::memcpy(image.data() + SINTER_IMAGE_MARK_OFFSET, SINTER_IMAGE_MARK,
              SINTER_IMAGE_MARK_BYTES);
  return llvm::Error::success();
}

llvm::Error ImageFile::readSections(StringRef linked) {
  auto file = ElfFile::create(linked);
  if (!file)
    return fail(file.takeError());
  auto headers = file->sections();
  if (!headers)
    return fail(headers.takeError());
  bool isTail = false;
  for (const auto &header : *headers) {
    auto name = file->getSectionName(header);
    if (!name)
      return fail(name.takeError());
    if (header.sh_type == ELF::SHT_SYMTAB) {
      auto entries = file->symbols(&header);
      auto names = file->getStringTableForSymtab(header);
      if (!entries)
        return fail(entries.takeError());
      if (!names)
        return fail(names.takeError());
      symbols = StringRef(reinterpret_cast<const char *>(entries->data()),
                          header.sh_size)
                    .str();
      symbolNames = names->str();
      localSymbols = header.sh_info;
      for (const auto &symbol : *entries) {
        auto symbolName = symbol.getName(*names);
        if (symbolName && *symbolName == "sinter_root")
          rootAddress = symbol.st_value;
      }
    }
    bool isLoaded = header.sh_flags & ELF::SHF_ALLOC;
    if (!isLoaded && header.sh_type != ELF::SHT_NULL) {
      isTail = true;
      continue;
    }
    // Symbols refer to sections by number, so those that stay must come first.
    if (isTail)
      return fail("has a section in an unexpected place (" + *name + ")");
    if (llvm::Error error = checkSection(*name, header.sh_flags))
      return error;
    sections.push_back({name->str(), header.sh_type, header.sh_flags,
                        header.sh_addr, header.sh_offset, header.sh_size,
                        header.sh_link, header.sh_info, header.sh_addralign,
                        header.sh_entsize});
  }
  if (!rootAddress)
    return fail("does not define sinter_root");
  return llvm::Error::success();
}

llvm::Expected<ImageFile> ImageFile::create(StringRef linked) {
  ImageFile result;
  if (llvm::Error error = result.readSegments(linked))
    return std::move(error);
  if (llvm::Error error = result.readSections(linked))
    return std::move(error);
  return std::move(result);
}

//===----------------------------------------------------------------------===//
// The tail
//===----------------------------------------------------------------------===//

std::string ImageFile::makeNames(llvm::ArrayRef<DataSection> data,
                                 std::vector<uint32_t> &offsets) const {
  std::string names(1, '\0');
  auto add = [&](StringRef name) {
    offsets.push_back(name.empty() ? 0 : names.size());
    if (!name.empty())
      names.append(name.data(), name.size()).push_back('\0');
  };
  for (const Section &section : sections)
    add(section.name);
  add(".symtab");
  add(".strtab");
  for (const DataSection &section : data)
    add(section.name);
  add(".shstrtab");
  return names;
}

uint64_t ImageFile::getTailBytes(llvm::ArrayRef<DataSection> data) const {
  std::vector<uint32_t> offsets;
  uint64_t names = makeNames(data, offsets).size();
  return llvm::alignTo(symbols.size() + symbolNames.size() + names, 8) +
         offsets.size() * sizeof(ELF::Elf64_Shdr);
}

std::string ImageFile::makeTail(uint64_t offset,
                                llvm::ArrayRef<DataSection> data) {
  std::vector<uint32_t> nameOffsets;
  std::string names = makeNames(data, nameOffsets);
  uint64_t namesOffset = offset + symbols.size() + symbolNames.size();
  uint32_t strtabIndex = sections.size() + 1;

  std::vector<Section> all = sections;
  all.push_back({"", ELF::SHT_SYMTAB, 0, 0, offset, symbols.size(), strtabIndex,
                 localSymbols, 8, sizeof(ELF::Elf64_Sym)});
  all.push_back({"", ELF::SHT_STRTAB, 0, 0, offset + symbols.size(),
                 symbolNames.size(), 0, 0, 1, 0});
  for (const DataSection &section : data)
    all.push_back({"", ELF::SHT_PROGBITS, 0, 0, section.place.offset,
                   section.place.bytes, 0, 0, section.alignment, 0});
  all.push_back(
      {"", ELF::SHT_STRTAB, 0, 0, namesOffset, names.size(), 0, 0, 1, 0});

  std::string tail = symbols + symbolNames + names;
  tail.resize(llvm::alignTo(tail.size(), 8));
  uint64_t headersOffset = offset + tail.size();
  for (size_t i = 0; i < all.size(); ++i) {
    const Section &section = all[i];
    ELF::Elf64_Shdr header = {};
    header.sh_name = nameOffsets[i];
    header.sh_type = section.type;
    header.sh_flags = section.flags;
    header.sh_addr = section.address;
    header.sh_offset = section.offset;
    header.sh_size = section.size;
    header.sh_link = section.link;
    header.sh_info = section.info;
    header.sh_addralign = section.alignment;
    header.sh_entsize = section.entrySize;
    tail.append(reinterpret_cast<const char *>(&header), sizeof header);
  }

  ELF::Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  header.e_shoff = headersOffset;
  header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  header.e_shnum = all.size();
  header.e_shstrndx = all.size() - 1;
  std::memcpy(image.data(), &header, sizeof header);
  return tail;
}
