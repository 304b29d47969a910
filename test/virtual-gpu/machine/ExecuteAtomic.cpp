//===- ExecuteAtomic.cpp - atom and red -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryAccess.h"

using namespace sinter::vgpu;

namespace {

template <typename T>
T add(T old, T b, T) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(old + b);
  else if constexpr (std::is_floating_point_v<T>)
    return old + b;
  else
    return roundTo<T>(static_cast<double>(toFloat(old)) + toFloat(b));
}
template <typename T>
Two<T> addTwo(Two<T> old, Two<T> b, Two<T>) {
  return {add(old.low, b.low, b.low), add(old.high, b.high, b.high)};
}
template <typename T>
T min(T old, T b, T) {
  return std::min(old, b);
}
template <typename T>
T max(T old, T b, T) {
  return std::max(old, b);
}
template <typename T>
T bitAnd(T old, T b, T) {
  return old & b;
}
template <typename T>
T bitOr(T old, T b, T) {
  return old | b;
}
template <typename T>
T bitXor(T old, T b, T) {
  return old ^ b;
}
template <typename T>
T exchange(T, T b, T) {
  return b;
}
template <typename T>
T compareAndSwap(T old, T b, T c) {
  return old == b ? c : old;
}
uint32_t increment(uint32_t old, uint32_t b, uint32_t) {
  return old >= b ? 0 : old + 1;
}
uint32_t decrement(uint32_t old, uint32_t b, uint32_t) {
  return old == 0 || old > b ? b : old - 1;
}

template <typename T, T (*function)(T, T, T)>
void atomic(Warp &warp, const Inst &inst, uint32_t mask) {
  Block &block = *warp.block;
  constexpr auto bytes = static_cast<uint32_t>(sizeof(T));
  uint64_t addresses[kLanes];
  gatherAddresses(warp, inst.a, inst.imm, mask, addresses);
  warp.require(inst.b, mask, "in an atomic operation");
  warp.require(inst.c, mask, "in an atomic operation");
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    auto lane = static_cast<uint32_t>(firstLane(rest));
    uint64_t address = addresses[lane];
    Space space =
        inst.space == Space::Generic ? Block::locate(address) : inst.space;
    View view = block.resolve(space, lane, address, bytes);
    checkWrite(warp, space, lane, address, bytes, view);
    if (!isDefined(view, bytes))
      fail(FaultKind::Uninitialised,
           "an atomic operation on memory that nothing has written, at " +
               hex(address),
           static_cast<int>(lane));
    if (space == Space::Shared)
      block.shared.note(warp.index, lane, address, bytes,
                        SharedMemory::Access::Atomic, inst.line);
    T old;
    std::memcpy(&old, view.data, bytes);
    T b = fromStored<T>(static_cast<Stored<T>>(warp.value(inst.b, lane)));
    T c = inst.c
              ? fromStored<T>(static_cast<Stored<T>>(warp.value(inst.c, lane)))
              : b;
    T result = function(old, b, c);
    std::memcpy(view.data, &result, bytes);
    if (inst.dst)
      warp.setValue(inst.dst, lane, toStored(old));
  }
  if (inst.dst)
    warp.define(inst.dst, mask);
}

template <typename T>
void addArithmetic(std::map<std::string, Execute> &table,
                   const std::string &type) {
  table["add." + type] = atomic<T, add<T>>;
  table["min." + type] = atomic<T, min<T>>;
  table["max." + type] = atomic<T, max<T>>;
}
template <typename T>
void addBits(std::map<std::string, Execute> &table, const std::string &type) {
  table["and." + type] = atomic<T, bitAnd<T>>;
  table["or." + type] = atomic<T, bitOr<T>>;
  table["xor." + type] = atomic<T, bitXor<T>>;
  table["exch." + type] = atomic<T, exchange<T>>;
  table["cas." + type] = atomic<T, compareAndSwap<T>>;
}

} // namespace

Execute sinter::vgpu::findAtomic(std::string_view operation,
                                 std::string_view type) {
  static const std::map<std::string, Execute> table = [] {
    std::map<std::string, Execute> made;
    addArithmetic<uint32_t>(made, "u32");
    addArithmetic<int32_t>(made, "s32");
    addArithmetic<uint64_t>(made, "u64");
    addArithmetic<int64_t>(made, "s64");
    addBits<uint32_t>(made, "b32");
    addBits<uint64_t>(made, "b64");
    made["cas.b16"] = atomic<uint16_t, compareAndSwap<uint16_t>>;
    made["inc.u32"] = atomic<uint32_t, increment>;
    made["dec.u32"] = atomic<uint32_t, decrement>;
    made["add.f32"] = atomic<float, add<float>>;
    made["add.f64"] = atomic<double, add<double>>;
    made["add.f16"] = atomic<Half, add<Half>>;
    made["add.bf16"] = atomic<Bfloat, add<Bfloat>>;
    made["add.f16x2"] = atomic<Two<Half>, addTwo<Half>>;
    made["add.bf16x2"] = atomic<Two<Bfloat>, addTwo<Bfloat>>;
    return made;
  }();
  auto it = table.find(std::string(operation) + "." + std::string(type));
  return it == table.end() ? nullptr : it->second;
}
