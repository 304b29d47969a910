//===- DeviceMemory.cpp - global memory with a shadow ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceMemory.h"
#include <algorithm>
#include <cstring>
#include <new>
#include <sys/mman.h>

using namespace sinter::vgpu;

namespace {

/// Bytes that belong to nothing, between two allocations.
constexpr uint64_t kGap = 4096;
constexpr uint64_t kPage = 4096;

uint8_t *reserve(uint64_t bytes, int protection) {
  void *memory = mmap(nullptr, bytes, protection,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  return static_cast<uint8_t *>(memory);
}

uint64_t roundUp(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

} // namespace

const char *sinter::vgpu::faultName(FaultKind kind) {
  switch (kind) {
  case FaultKind::OutOfBounds:
    return "out-of-bounds access";
  case FaultKind::UseAfterFree:
    return "use of freed memory";
  case FaultKind::Misaligned:
    return "misaligned access";
  case FaultKind::Uninitialised:
    return "use of an uninitialised value";
  case FaultKind::SharedRace:
    return "race in shared memory";
  case FaultKind::DivergentBarrier:
    return "divergent barrier";
  case FaultKind::DivergentWarp:
    return "divergent warp instruction";
  case FaultKind::AsyncRead:
    return "use of an asynchronous copy before its wait";
  case FaultKind::ReadOnlyWrite:
    return "write to constant memory";
  case FaultKind::LaunchLimits:
    return "launch beyond the limits";
  case FaultKind::InvalidInstruction:
    return "invalid instruction";
  case FaultKind::NoProgress:
    return "no progress";
  case FaultKind::Trap:
    return "trap";
  }
  return "fault";
}

std::string sinter::vgpu::hex(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

DeviceMemory::DeviceMemory(uint64_t capacity) : limit(capacity) {
  base = reinterpret_cast<uint64_t>(reserve(kSpan, PROT_NONE));
  contents = reserve(kSpan, PROT_READ | PROT_WRITE);
  shadows = reserve(kSpan, PROT_READ | PROT_WRITE);
  next = roundUp(base + kGap, kPage);
}

DeviceMemory::~DeviceMemory() {
  munmap(reinterpret_cast<void *>(base), kSpan);
  munmap(contents, kSpan);
  munmap(shadows, kSpan);
}

uint64_t DeviceMemory::allocate(uint64_t bytes) {
  if (bytes > limit - allocated || bytes > base + kSpan - kGap - next)
    return 0;
  uint64_t address = next;
  next = roundUp(address + bytes + kGap, kPage);
  if (next > base + kSpan - kGap)
    return 0;
  allocations[address] = {bytes, false};
  allocated += bytes;
  setShadow(address, bytes, kUndefined);
  return address;
}

bool DeviceMemory::release(uint64_t address) {
  auto it = allocations.find(address);
  if (it == allocations.end() || it->second.isFreed)
    return false;
  it->second.isFreed = true;
  allocated -= it->second.bytes;
  setShadow(address, it->second.bytes, kFreed);
  // Allocations start at pages: the whole pages of this one go back.
  madvise(view(address).data, it->second.bytes / kPage * kPage, MADV_DONTNEED);
  return true;
}

std::pair<uint64_t, uint64_t> DeviceMemory::range(uint64_t address) const {
  auto it = allocations.upper_bound(address);
  if (it == allocations.begin())
    return {0, 0};
  --it;
  if (it->second.isFreed || address - it->first >= it->second.bytes)
    return {0, 0};
  return {it->first, it->second.bytes};
}

bool DeviceMemory::isLive(uint64_t address, uint64_t bytes) const {
  auto [start, length] = range(address);
  return length != 0 && bytes <= start + length - address;
}

uint64_t DeviceMemory::countUndefined(uint64_t address, uint64_t bytes) const {
  const uint8_t *shadow = view(address).shadow;
  return static_cast<uint64_t>(std::count(shadow, shadow + bytes, kUndefined));
}

void DeviceMemory::setShadow(uint64_t address, uint64_t bytes, Shadow state) {
  std::memset(view(address).shadow, state, bytes);
}

std::string DeviceMemory::describe(uint64_t address, uint64_t bytes) const {
  std::string what = std::to_string(bytes) + " bytes at " + hex(address);
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin() && after == allocations.end())
    return what + " lie in no allocation";
  auto name = [](const std::pair<const uint64_t, Allocation> &entry) {
    return std::string(entry.second.isFreed ? "the freed" : "the") +
           " allocation of " + std::to_string(entry.second.bytes) +
           " bytes at " + hex(entry.first);
  };
  if (after != allocations.begin()) {
    auto before = std::prev(after);
    uint64_t end = before->first + before->second.bytes;
    bool isNearer =
        after == allocations.end() || address - end <= after->first - address;
    if (address < end && address + bytes > end)
      return what + " reach " + std::to_string(address + bytes - end) +
             " bytes past the end of " + name(*before);
    if (address < end)
      return what + " lie " + std::to_string(address - before->first) +
             " bytes into " + name(*before);
    if (isNearer)
      return what + " lie " + std::to_string(address - end) +
             " bytes past the end of " + name(*before);
  }
  return what + " lie " + std::to_string(after->first - address) +
         " bytes before " + name(*after);
}
