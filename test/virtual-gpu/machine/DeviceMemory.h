//===- DeviceMemory.h - global memory with a shadow -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three reservations of address space of the same length: device addresses,
// which the host cannot touch (a dereference of a device pointer on the host
// ends the process), their contents, and one shadow byte for each byte.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_DEVICEMEMORY_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_DEVICEMEMORY_H

#include "Fault.h"
#include <map>

namespace sinter::vgpu {

/// States of a byte in any memory of the device.
enum Shadow : uint8_t {
  kUnmapped = 0,  ///< belongs to nothing
  kUndefined = 1, ///< allocated, never written
  kFreed = 2,     ///< belonged to an allocation that was freed
  kDefined = 3,   ///< written
  kInFlight = 4,  ///< the target of a cp.async that was not waited for
  kReadOnly = 11  ///< a constant
};

/// The bytes of an access and their shadow.
struct View {
  uint8_t *data;
  uint8_t *shadow;
};

/// The memory of the device. Addresses are never given out twice, so that a use
/// of freed memory is always seen.
class DeviceMemory {
public:
  /// Reserves address space; `capacity` bytes can be allocated at a time.
  explicit DeviceMemory(uint64_t capacity);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  /// The address of `bytes` new bytes (a multiple of 256), or 0 when the device
  /// is full.
  uint64_t allocate(uint64_t bytes);
  /// False when nothing starts at `address`, or it was freed already.
  bool release(uint64_t address);

  uint64_t capacity() const { return limit; }
  uint64_t used() const { return allocated; }

  bool contains(uint64_t address) const { return address - base < kSpan; }
  /// The bytes at `address`, which `contains` holds; nothing is checked.
  View view(uint64_t address) const {
    uint64_t offset = address - base;
    return {contents + offset, shadows + offset};
  }
  /// Whether `bytes` from `address` on lie in one live allocation.
  bool isLive(uint64_t address, uint64_t bytes) const;
  /// Start and length of the allocation that holds `address`; length 0 if none.
  std::pair<uint64_t, uint64_t> range(uint64_t address) const;
  /// Number of bytes in the range that nothing has written.
  uint64_t countUndefined(uint64_t address, uint64_t bytes) const;
  void setShadow(uint64_t address, uint64_t bytes, Shadow state);

  /// "4 bytes at 0x10 lie 4 bytes past the end of the allocation of ..."
  std::string describe(uint64_t address, uint64_t bytes) const;

private:
  static constexpr uint64_t kSpan = uint64_t{1} << 36;
  struct Allocation {
    uint64_t bytes = 0;
    bool isFreed = false;
  };
  uint64_t limit, allocated = 0;
  uint64_t base = 0, next = 0;
  uint8_t *contents = nullptr, *shadows = nullptr;
  std::map<uint64_t, Allocation> allocations; ///< by address, freed ones too
};

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_DEVICEMEMORY_H
