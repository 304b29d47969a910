/*===- image.c - code in memory -------------------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The bytes have the hash that the manifest gives, so accidents are excluded
 * before this file sees them. It still trusts no number in them: every offset
 * and address is compared with its bounds before it is used.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "core/image.h"
#include "core/error.h"
#include "core/format.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_SEGMENTS = 16, PAGE_BYTES = 4096 };
#define MAX_SPAN (1ull << 31)

/* What is read out of the headers. */
typedef struct layout {
  Elf64_Phdr
      segments[MAX_SEGMENTS]; /* PT_LOAD, ascending, on pages of their own */
  int segment_count;
  Elf64_Phdr dynamic;
  uint64_t span; /* bytes from address 0 to the end of the last segment, whole
                    pages */
} layout;

static sinter_status_t fail_image(sinter_error_t *error, const char *what) {
  return sinter_fail(error, SINTER_STATUS_BAD_ARTIFACT,
                     "the code in the artifact is invalid: %s", what);
}

static int is_in(uint64_t begin, uint64_t bytes, uint64_t limit) {
  return begin <= limit && bytes <= limit - begin;
}

/* The segment that holds [address, address + bytes), or NULL. */
static const Elf64_Phdr *find_segment(const layout *layout, uint64_t address,
                                      uint64_t bytes) {
  for (int i = 0; i < layout->segment_count; ++i) {
    const Elf64_Phdr *segment = &layout->segments[i];
    if (address >= segment->p_vaddr &&
        is_in(address - segment->p_vaddr, bytes, segment->p_memsz))
      return segment;
  }
  return NULL;
}

/*===- Headers ------------------------------------------------------------===*/

static const char *add_segment(const Elf64_Phdr *header, size_t image_bytes,
                               layout *layout) {
  uint32_t flags = header->p_flags;
  if (layout->segment_count == MAX_SEGMENTS)
    return "it has too many segments";
  if (flags != PF_R && flags != (PF_R | PF_X) && flags != (PF_R | PF_W))
    return "a segment has flags other than R, RX and RW";
  if (header->p_filesz > header->p_memsz ||
      !is_in(header->p_offset, header->p_filesz, image_bytes))
    return "a segment is not inside the file";
  if (!is_in(header->p_vaddr, header->p_memsz, MAX_SPAN) ||
      header->p_vaddr / PAGE_BYTES * PAGE_BYTES < layout->span)
    return "a segment shares a page with another one or is out of order";
  layout->segments[layout->segment_count++] = *header;
  layout->span = sinter_align_up(header->p_vaddr + header->p_memsz, PAGE_BYTES);
  return NULL;
}

static const char *read_headers(const uint8_t *data, size_t bytes,
                                layout *layout) {
  Elf64_Ehdr header;
  memset(layout, 0, sizeof *layout);
  if (bytes < sizeof header)
    return "it is shorter than an ELF header";
  memcpy(&header, data, sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) ||
      header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_ident[EI_VERSION] != EV_CURRENT || header.e_type != ET_DYN ||
      header.e_machine != EM_X86_64)
    return "it is not an ELF shared object for x86-64";
  if (header.e_phentsize != sizeof(Elf64_Phdr) ||
      !is_in(header.e_phoff, (uint64_t)header.e_phnum * sizeof(Elf64_Phdr),
             bytes))
    return "its program headers are not inside the file";
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr program;
    memcpy(&program, data + header.e_phoff + i * sizeof program,
           sizeof program);
    const char *complaint = NULL;
    switch (program.p_type) {
    case PT_LOAD:
      complaint = add_segment(&program, bytes, layout);
      break;
    case PT_DYNAMIC:
      if (layout->dynamic.p_type)
        return "it has two dynamic sections";
      layout->dynamic = program;
      break;
    case PT_GNU_STACK:
      if (program.p_flags & PF_X)
        return "it asks for an executable stack";
      break;
    case PT_NULL:
    case PT_NOTE:
    case PT_PHDR:
    case PT_GNU_EH_FRAME:
      break;
    default: /* PT_INTERP, PT_TLS, ... */
      return "it has a program header of a kind that is not allowed";
    }
    if (complaint)
      return complaint;
  }
  if (!layout->segment_count)
    return "it has no segment";
  return NULL;
}

/*===- Relocations --------------------------------------------------------===*/

/* Finds the table of relocations; refuses what would need a dynamic linker. */
static const char *read_dynamic(const layout *layout, const uint8_t *base,
                                uint64_t *out_address, uint64_t *out_bytes) {
  uint64_t entry_bytes = sizeof(Elf64_Rela);
  *out_address = *out_bytes = 0;
  if (!layout->dynamic.p_type)
    return NULL;
  if (!find_segment(layout, layout->dynamic.p_vaddr, layout->dynamic.p_memsz))
    return "its dynamic section is not inside a segment";
  uint64_t count = layout->dynamic.p_memsz / sizeof(Elf64_Dyn);
  for (uint64_t i = 0; i < count; ++i) {
    Elf64_Dyn entry;
    memcpy(&entry, base + layout->dynamic.p_vaddr + i * sizeof entry,
           sizeof entry);
    switch (entry.d_tag) {
    case DT_NULL:
      count = i;
      break;
    case DT_RELA:
      *out_address = entry.d_un.d_ptr;
      break;
    case DT_RELASZ:
      *out_bytes = entry.d_un.d_val;
      break;
    case DT_RELAENT:
      entry_bytes = entry.d_un.d_val;
      break;
    case DT_HASH:
    case DT_GNU_HASH:
    case DT_STRTAB:
    case DT_STRSZ:
    case DT_SYMTAB:
    case DT_SYMENT:
    case DT_RELACOUNT:
      break;
    default: /* DT_NEEDED, DT_INIT_ARRAY, DT_JMPREL, DT_TEXTREL, ... */
      return "its dynamic section has an entry of a kind that is not allowed";
    }
  }
  if (entry_bytes != sizeof(Elf64_Rela) || *out_bytes % sizeof(Elf64_Rela) ||
      (*out_bytes && !find_segment(layout, *out_address, *out_bytes)))
    return "its relocations are not inside a segment";
  return NULL;
}

static const char *relocate(const layout *layout, uint8_t *base) {
  uint64_t table, bytes;
  const char *complaint = read_dynamic(layout, base, &table, &bytes);
  for (uint64_t at = 0; !complaint && at < bytes; at += sizeof(Elf64_Rela)) {
    Elf64_Rela entry;
    memcpy(&entry, base + table + at, sizeof entry);
    if (entry.r_info != ELF64_R_INFO(0, R_X86_64_RELATIVE))
      return "it has a relocation other than R_X86_64_RELATIVE";
    const Elf64_Phdr *segment =
        find_segment(layout, entry.r_offset, sizeof(uint64_t));
    if (!segment || !(segment->p_flags & PF_W))
      return "a relocation is not inside a data segment";
    if (entry.r_addend < 0 || (uint64_t)entry.r_addend >= layout->span)
      return "a relocation points outside the code";
    uint64_t value = (uint64_t)(uintptr_t)base + (uint64_t)entry.r_addend;
    memcpy(base + entry.r_offset, &value, sizeof value);
  }
  return complaint;
}

/*===- The root -----------------------------------------------------------===*/

/* 1 if [pointer, pointer + bytes) is in one segment (that can be executed). */
static int is_inside(const layout *layout, const uint8_t *base,
                     const void *pointer, uint64_t bytes, uint32_t flags) {
  uint64_t address = (uint64_t)(uintptr_t)pointer - (uint64_t)(uintptr_t)base;
  const Elf64_Phdr *segment = find_segment(layout, address, bytes);
  return segment && (segment->p_flags & flags) == flags;
}

static sinter_status_t check_root(const layout *layout, const uint8_t *base,
                                  const sinter_image_promise_t *promise,
                                  const sinter_abi_root **out_root,
                                  sinter_error_t *error) {
  if (promise->root_address % _Alignof(sinter_abi_root) ||
      !find_segment(layout, promise->root_address, sizeof(sinter_abi_root)))
    return fail_image(error, "sinter_root is not inside a segment");
  const sinter_abi_root *root =
      (const sinter_abi_root *)(base + promise->root_address);
  if (root->version != SINTER_ABI_VERSION) {
    sinter_fail(
        error, SINTER_STATUS_BAD_VERSION,
        "the code in the artifact has ABI version %u, but this runtime has "
        "version %u",
        root->version, SINTER_ABI_VERSION);
    sinter_error_remedy(error,
                        "compile the model again with this version of Sinter");
    return SINTER_STATUS_BAD_VERSION;
  }
  if (root->variant_count != promise->variant_count)
    return fail_image(error, "its variants are not those of the manifest");
  uint64_t variant_bytes = promise->variant_count * sizeof(sinter_abi_variant);
  if ((uintptr_t)root->variants % _Alignof(sinter_abi_variant) ||
      !is_inside(layout, base, root->variants, variant_bytes, PF_R))
    return fail_image(error, "its table of variants is not inside a segment");
  if (!is_inside(layout, base, (const void *)root->prepare, 1, PF_X) ||
      !is_inside(layout, base, (const void *)root->run, 1, PF_X))
    return fail_image(error, "prepare or run is not inside its code");
  for (uint64_t i = 0; i < promise->variant_count; ++i) {
    const sinter_abi_kernel_fn *kernels = root->variants[i].kernels;
    uint64_t bytes = promise->kernel_count * sizeof *kernels;
    if (!bytes)
      continue;
    if ((uintptr_t)kernels % sizeof(void *) ||
        !is_inside(layout, base, kernels, bytes, PF_R))
      return fail_image(error, "its table of kernels is not inside a segment");
    for (uint64_t k = 0; k < promise->kernel_count; ++k)
      if (!is_inside(layout, base, (const void *)kernels[k], 1, PF_X))
        return fail_image(error, "a kernel is not inside its code");
  }
  *out_root = root;
  return SINTER_STATUS_OK;
}

/*===- Memory -------------------------------------------------------------===*/

/* Makes every page read-only, then the pages of code executable. */
static int protect(const layout *layout, uint8_t *base) {
  if (mprotect(base, layout->span, PROT_READ))
    return 0;
  for (int i = 0; i < layout->segment_count; ++i) {
    const Elf64_Phdr *segment = &layout->segments[i];
    uint64_t begin = segment->p_vaddr / PAGE_BYTES * PAGE_BYTES;
    uint64_t end =
        sinter_align_up(segment->p_vaddr + segment->p_memsz, PAGE_BYTES);
    if ((segment->p_flags & PF_X) &&
        mprotect(base + begin, end - begin, PROT_READ | PROT_EXEC))
      return 0;
  }
  return 1;
}

static sinter_status_t fill(const uint8_t *data, const layout *layout,
                            const sinter_image_promise_t *promise,
                            sinter_image_t *image, sinter_error_t *error) {
  for (int i = 0; i < layout->segment_count; ++i)
    memcpy(image->base + layout->segments[i].p_vaddr,
           data + layout->segments[i].p_offset, layout->segments[i].p_filesz);
  const char *complaint = relocate(layout, image->base);
  if (complaint)
    return fail_image(error, complaint);
  sinter_status_t status =
      check_root(layout, image->base, promise, &image->root, error);
  if (status)
    return status;
  if (!protect(layout, image->base)) {
    sinter_fail(
        error, SINTER_STATUS_IO,
        "the system does not allow executable memory for the code of the "
        "artifact");
    sinter_error_remedy(error, "allow mprotect(PROT_EXEC) for this process");
    return SINTER_STATUS_IO;
  }
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_image_load(const uint8_t *data, size_t bytes,
                                  const sinter_image_promise_t *promise,
                                  sinter_image_t *out_image,
                                  sinter_error_t *error) {
  layout layout;
  sinter_image_t image = {0};
  memset(out_image, 0, sizeof *out_image);
  const char *complaint = read_headers(data, bytes, &layout);
  if (complaint)
    return fail_image(error, complaint);
  image.bytes = layout.span;
  void *memory = mmap(NULL, image.bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for %llu bytes of code",
                       (unsigned long long)image.bytes);
  image.base = memory;
  sinter_status_t status = fill(data, &layout, promise, &image, error);
  if (status)
    sinter_image_unload(&image);
  else
    *out_image = image;
  return status;
}

void sinter_image_unload(sinter_image_t *image) {
  if (image->base)
    munmap(image->base, image->bytes);
  memset(image, 0, sizeof *image);
}
