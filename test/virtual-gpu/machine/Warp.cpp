//===- Warp.cpp - 32 lanes that run together ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Warp.h"
#include "Block.h"
#include <algorithm>
#include <cstring>

using namespace sinter::vgpu;

/// Origin of a value that no instruction has made.
static constexpr uint32_t kNeverWritten = ~0u;

std::string Program::where(const Inst &inst) const {
  std::string text = "PTX line " + std::to_string(inst.line);
  auto file = module->files.find(inst.loc.file);
  if (inst.loc.line && file != module->files.end())
    text += " (" + file->second + ":" + std::to_string(inst.loc.line) + ")";
  return text;
}

void Warp::reset(Block &owner, uint32_t warpIndex, uint32_t liveLanes) {
  const Program &program = owner.program();
  block = &owner;
  index = warpIndex;
  live = liveLanes;
  state = State::Running;
  registers.resize((program.registerBytes + 7) / 8 + 8);
  undef.assign(program.registerCount, kAllLanes);
  undef[0] = 0;
  undefBytes.resize(program.registerCount);
  origin.assign(program.registerCount, kNeverWritten);
  paths.assign(1, Path{0, live, ~0u});
  frames.clear();
  pending.clear();
  std::fill_n(committedGroups, kLanes, 0);
  bases[Slot::Registers] = reinterpret_cast<char *>(registers.data());
  bases[Slot::Constants] = const_cast<char *>(
      reinterpret_cast<const char *>(program.constants.data()));
  fillSpecials();
  bases[Slot::Specials] = reinterpret_cast<char *>(specials.data());
}

void Warp::fillSpecials() {
  constexpr auto count = static_cast<size_t>(Special::Count);
  specials.resize(count * kLanes / 2);
  auto *values = reinterpret_cast<uint32_t *>(specials.data());
  const Launch &launch = block->launch;
  auto put = [&](Special special, uint32_t lane, uint32_t value) {
    values[static_cast<uint32_t>(special) * kLanes + lane] = value;
  };
  auto putAll = [&](Special special, uint32_t value) {
    std::fill_n(values + static_cast<uint32_t>(special) * kLanes, kLanes,
                value);
  };
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    uint32_t thread = index * kLanes + lane;
    put(Special::TidX, lane, thread % launch.block.x);
    put(Special::TidY, lane, thread / launch.block.x % launch.block.y);
    put(Special::TidZ, lane, thread / launch.block.x / launch.block.y);
    put(Special::LaneId, lane, lane);
    put(Special::LaneMaskEq, lane, 1u << lane);
    put(Special::LaneMaskLt, lane, (1u << lane) - 1);
    put(Special::LaneMaskLe, lane, ((1u << lane) - 1) | 1u << lane);
    put(Special::LaneMaskGe, lane, ~((1u << lane) - 1));
    put(Special::LaneMaskGt, lane, ~(((1u << lane) - 1) | 1u << lane));
  }
  putAll(Special::NtidX, launch.block.x);
  putAll(Special::NtidY, launch.block.y);
  putAll(Special::NtidZ, launch.block.z);
  putAll(Special::CtaidX, block->position.x);
  putAll(Special::CtaidY, block->position.y);
  putAll(Special::CtaidZ, block->position.z);
  putAll(Special::NctaidX, launch.grid.x);
  putAll(Special::NctaidY, launch.grid.y);
  putAll(Special::NctaidZ, launch.grid.z);
  putAll(Special::WarpId, index);
  putAll(Special::NwarpId, (block->threadCount + kLanes - 1) / kLanes);
  putAll(Special::SmId, 0);
  putAll(Special::NsmId, 1);
  putAll(Special::GridId, 0);
  putAll(Special::WarpSize, kLanes);
  putAll(Special::DynamicSharedBytes,
         static_cast<uint32_t>(launch.dynamicSharedBytes));
  putAll(Special::TotalSharedBytes,
         static_cast<uint32_t>(launch.dynamicSharedBytes +
                               launch.program->staticSharedBytes));
}

void Warp::run() {
  const Inst *code = block->program().code.data();
  uint64_t limit = block->launch.stepLimit;
  while (state == State::Running) {
    Path &top = paths.back();
    pc = top.pc++;
    const Inst &inst = code[pc];
    current = &inst;
    uint32_t mask = top.mask;
    if (inst.guard) {
      require(inst.guard, mask, "as the guard of an instruction");
      uint32_t holds = predicate(inst.guard);
      mask &= inst.guardNegated ? ~holds : holds;
    }
    if (mask)
      inst.execute(*this, inst, mask);
    if (++block->steps == limit)
      fail(FaultKind::NoProgress, "the launch has run " +
                                      std::to_string(limit) +
                                      " warp instructions, which is its limit");
    while (!paths.empty() && paths.back().pc == paths.back().reconverge)
      paths.pop_back();
  }
}

uint64_t Warp::value(const Slot &slot, uint32_t lane) {
  if (slot.bits == 1)
    return predicate(slot) >> lane & 1;
  return slot.bits == 64 ? lanes<uint64_t>(slot)[lane]
                         : lanes<uint32_t>(slot)[lane];
}

void Warp::setValue(const Slot &slot, uint32_t lane, uint64_t value) {
  if (slot.bits == 1) {
    uint32_t &bits = *lanes<uint32_t>(slot);
    bits = (bits & ~(1u << lane)) | static_cast<uint32_t>(value & 1) << lane;
  } else if (slot.bits == 64) {
    lanes<uint64_t>(slot)[lane] = value;
  } else {
    lanes<uint32_t>(slot)[lane] =
        static_cast<uint32_t>(slot.bits == 16 ? value & 0xffff : value);
  }
}

void Warp::setUndefinedBytes(const Slot &slot, uint32_t lane, uint8_t bytes) {
  if (slot.id == 0)
    return;
  undefBytes[slot.id][lane] = bytes;
  uint32_t bit = 1u << lane;
  undef[slot.id] = bytes ? undef[slot.id] | bit : undef[slot.id] & ~bit;
}

void Warp::copyOrigin(const Slot &to, const Slot &from) {
  origin[to.id] = origin[from.id] == kNeverWritten ? pc : origin[from.id];
}

void Warp::spread(const Inst &inst, uint32_t mask, uint32_t any) {
  if (!inst.dst)
    return;
  uint32_t from = undef[inst.a.id] & any   ? inst.a.id
                  : undef[inst.b.id] & any ? inst.b.id
                                           : inst.c.id;
  // The name of a register that nothing has written is told where it is used.
  uint32_t since = origin[from] == kNeverWritten ? pc : origin[from];
  define(inst.dst, mask);
  if (inst.dst.id == 0)
    return;
  undef[inst.dst.id] |= any;
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (any >> lane & 1)
      undefBytes[inst.dst.id][lane] = 0xff;
  origin[inst.dst.id] = since;
}

void Warp::reportUndefined(const Slot &slot, uint32_t lanes, const char *what) {
  const Program &program = block->program();
  std::string message =
      "register " + program.registerNames[slot.id] + " is used " + what;
  uint32_t since = origin[slot.id];
  if (since == kNeverWritten)
    message += "; nothing has written it";
  else
    message += "; its value comes from " + program.where(program.code[since]) +
               ": " + std::string(program.code[since].text) +
               ", which reads what nothing has written";
  fail(FaultKind::Uninitialised, message, firstLane(lanes));
}

void Warp::branch(uint32_t taken, uint32_t target, uint32_t reconverge) {
  uint32_t rest = active() & ~taken;
  if (!rest)
    return jump(target);
  branchMany({{rest, pc + 1}, {taken, target}}, reconverge);
}

void Warp::branchMany(const std::vector<std::pair<uint32_t, uint32_t>> &groups,
                      uint32_t reconverge) {
  // The path under the new ones waits where they meet; a path that would end at
  // once is not made, so that a loop whose lanes leave one by one stays flat.
  if (paths.back().reconverge == reconverge)
    paths.pop_back();
  else
    paths.back().pc = reconverge;
  for (auto [mask, target] : groups)
    if (target != reconverge)
      paths.push_back({target, mask, reconverge});
}

void Warp::call(uint32_t target, uint32_t mask) {
  frames.push_back(paths.size());
  paths.push_back({target, mask, ~0u});
}

void Warp::returnFromCall() {
  paths.pop_back();
  frames.pop_back();
}

void Warp::end(uint32_t mask) {
  live &= ~mask;
  for (Path &path : paths)
    path.mask &= ~mask;
  while (!paths.empty() && paths.back().mask == 0)
    paths.pop_back();
  while (!frames.empty() && frames.back() >= paths.size())
    frames.pop_back();
  if (paths.empty())
    state = State::Ended;
}
