//===- MemoryAccess.h - the checks of every access --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_MEMORYACCESS_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_MEMORYACCESS_H

#include "Block.h"
#include "Executors.h"
#include <algorithm>

namespace sinter::vgpu {

/// Addresses slot + offset; faults when one of `mask` is not defined.
void gatherAddresses(Warp &warp, const Slot &slot, int64_t offset,
                     uint32_t mask, uint64_t (&addresses)[kLanes]);

/// A mask of the undefined bytes; faults on bytes that may not be read.
uint32_t checkRead(Warp &warp, Space space, uint32_t lane, uint64_t address,
                   uint32_t bytes, const View &view);

/// Faults on bytes that may not be written.
void checkWrite(Warp &warp, Space space, uint32_t lane, uint64_t address,
                uint32_t bytes, const View &view);

/// The shadow of up to 8 bytes as one number.
inline uint64_t shadowWord(const uint8_t *shadow, uint32_t bytes) {
  uint64_t word = 0x0303030303030303;
  switch (bytes) {
  case 1:
    std::memcpy(&word, shadow, 1);
    break;
  case 2:
    std::memcpy(&word, shadow, 2);
    break;
  case 4:
    std::memcpy(&word, shadow, 4);
    break;
  default:
    std::memcpy(&word, shadow, 8);
    break;
  }
  return word;
}

/// True when all bytes (1, 2, 4 or a multiple of 8) were written: the usual
/// case, told apart quickly.
inline bool isDefined(const View &view, uint32_t bytes) {
  constexpr uint64_t kAll = 0x0303030303030303;
  for (uint32_t i = 0; i < bytes; i += 8)
    if (shadowWord(view.shadow + i, bytes) != kAll)
      return false;
  return true;
}

/// True when all bytes are writable: undefined (1) or defined (3).
inline bool isWritable(const View &view, uint32_t bytes) {
  constexpr uint64_t kOne = 0x0101010101010101;
  for (uint32_t i = 0; i < bytes; i += 8)
    if ((shadowWord(view.shadow + i, bytes) & ~(kOne << 1)) != kOne)
      return false;
  return true;
}

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_MEMORYACCESS_H
