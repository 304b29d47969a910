//===- Block.cpp - the warps of a block -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include <algorithm>

using namespace sinter::vgpu;

Block::Block(const Launch &launch, DeviceMemory &memory)
    : launch(launch), memory(memory),
      threadCount(static_cast<uint32_t>(launch.block.count())),
      argumentShadow(launch.arguments.size(), kDefined) {
  warps.resize((threadCount + kLanes - 1) / kLanes);
}

void Block::run(Dim3 at) {
  position = at;
  shared.reset(program(), launch.dynamicSharedBytes,
               static_cast<uint32_t>(warps.size()));
  localData.resize(program().localSpan * threadCount);
  localShadow.assign(localData.size(), kUnmapped);
  for (uint32_t thread = 0; thread < threadCount; ++thread)
    for (const Placement &variable : program().local)
      std::fill_n(localShadow.begin() +
                      static_cast<ptrdiff_t>(thread * program().localSpan +
                                             variable.offset),
                  variable.bytes, kUndefined);
  barriers.fill(Barrier());
  for (uint32_t i = 0; i < warps.size(); ++i) {
    uint32_t count = std::min(threadCount - i * kLanes, kLanes);
    warps[i].reset(*this, i, count == kLanes ? kAllLanes : (1u << count) - 1);
  }
  runWarps();
}

void Block::runWarps() {
  std::optional<Report> kept;
  for (;;) {
    bool hasRun = false, isDone = true;
    for (Warp &warp : warps) {
      if (warp.state == Warp::State::Running) {
        hasRun = true;
        running = &warp;
        try {
          warp.run();
        } catch (const Fault &fault) {
          keepOrThrow(warp, fault, kept);
        }
      }
      isDone &= warp.state == Warp::State::Ended;
    }
    if (isDone || !hasRun) {
      if (kept)
        throw *kept;
      if (isDone)
        return;
      reportStuck();
    }
  }
}

/// What a warp finds undefined in shared memory, another may be about to write:
/// then the race is the defect. The other warps run on to tell.
void Block::keepOrThrow(Warp &warp, const Fault &fault,
                        std::optional<Report> &kept) {
  if (fault.kind == FaultKind::Uninitialised && warps.size() > 1) {
    if (!kept)
      kept = makeReport(warp, fault);
    warp.state = Warp::State::Ended;
    return;
  }
  if (kept && fault.kind != FaultKind::SharedRace)
    throw *kept;
  throw makeReport(warp, fault);
}

void Block::reportStuck() {
  std::string message = "the block cannot go on:";
  const Warp *waiting = nullptr;
  for (const Warp &warp : warps) {
    message += " warp " + std::to_string(warp.index);
    if (warp.state == Warp::State::Waiting) {
      waiting = &warp;
      message += " waits at " + program().where(*warp.current) + ";";
    } else {
      message += " has ended;";
    }
  }
  message.pop_back();
  throw makeReport(*waiting, {FaultKind::DivergentBarrier, message, -1});
}

Report Block::makeReport(const Warp &warp, const Fault &fault) const {
  auto triple = [](uint32_t x, uint32_t y, uint32_t z) {
    return "(" + std::to_string(x) + "," + std::to_string(y) + "," +
           std::to_string(z) + ")";
  };
  std::string text = std::string(faultName(fault.kind)) + ": kernel '" +
                     program().name + "', " + program().where(*warp.current) +
                     ", block " + triple(position.x, position.y, position.z);
  if (fault.lane >= 0) {
    uint32_t thread = warp.index * kLanes + static_cast<uint32_t>(fault.lane);
    text += ", thread " + triple(thread % launch.block.x,
                                 thread / launch.block.x % launch.block.y,
                                 thread / launch.block.x / launch.block.y);
  } else {
    text += ", warp " + std::to_string(warp.index);
  }
  text += ": " + std::string(warp.current->text) + ": " + fault.message;
  return Report{fault.kind, text};
}

Space Block::locate(uint64_t &address) {
  if (address - kSharedWindow < kWindowSpan) {
    address -= kSharedWindow;
    return Space::Shared;
  }
  if (address - kLocalWindow < kWindowSpan) {
    address -= kLocalWindow;
    return Space::Local;
  }
  if (address - kParamWindow < kWindowSpan) {
    address -= kParamWindow;
    return Space::Param;
  }
  return Space::Global;
}

View Block::local(uint32_t lane, uint64_t address, uint32_t bytes) {
  uint64_t span = program().localSpan;
  if (address > span || bytes > span - address)
    fail(FaultKind::OutOfBounds, describe(Space::Local, address, bytes),
         static_cast<int>(lane));
  uint64_t at = (running->index * kLanes + lane) * span + address;
  return {&localData[at], &localShadow[at]};
}

View Block::resolve(Space space, uint32_t lane, uint64_t address,
                    uint32_t bytes) {
  if (space == Space::Generic)
    space = locate(address);
  if (address & (bytes - 1))
    fail(FaultKind::Misaligned,
         std::to_string(bytes) + " bytes at " + hex(address) +
             " do not lie at a multiple of their length",
         static_cast<int>(lane));
  switch (space) {
  case Space::Shared:
    if (!shared.contains(address, bytes))
      break;
    return shared.view(address);
  case Space::Local:
    return local(lane, address, bytes);
  case Space::Param:
    if (address + bytes > launch.arguments.size())
      break;
    return {const_cast<uint8_t *>(launch.arguments.data()) + address,
            argumentShadow.data() + address};
  default:
    if (!memory.contains(address) || !memory.contains(address + bytes))
      break;
    return memory.view(address);
  }
  fail(FaultKind::OutOfBounds, describe(space, address, bytes),
       static_cast<int>(lane));
}

std::string Block::describe(Space space, uint64_t address,
                            uint64_t bytes) const {
  if (space == Space::Generic)
    space = locate(address);
  if (space == Space::Shared)
    return shared.describe(address, bytes);
  std::string what = std::to_string(bytes) + " bytes at ";
  if (space == Space::Local)
    return what + "local address " + hex(address) +
           " lie in no variable of the thread";
  if (space == Space::Param)
    return what + "parameter offset " + hex(address) +
           " lie past the parameters";
  return memory.describe(address, bytes);
}

void Block::arrive(uint32_t id, uint32_t threads, bool waits) {
  Barrier &barrier = barriers[id];
  uint32_t bit = 1u << running->index;
  uint32_t expected =
      threads ? threads / kLanes : static_cast<uint32_t>(warps.size());
  if (barrier.arrivedWarps && barrier.expected != expected)
    fail(FaultKind::DivergentBarrier,
         "barrier " + std::to_string(id) + " is used with " +
             std::to_string(expected) + " and with " +
             std::to_string(barrier.expected) + " warps");
  barrier.expected = expected;
  barrier.arrivedWarps |= bit;
  if (waits) {
    barrier.waitingWarps |= bit;
    running->state = Warp::State::Waiting;
  }
  if (static_cast<uint32_t>(__builtin_popcount(barrier.arrivedWarps)) <
      expected)
    return;
  shared.joinWarps(barrier.arrivedWarps);
  for (Warp &warp : warps)
    if (barrier.waitingWarps >> warp.index & 1)
      warp.state = Warp::State::Running;
  uint32_t sum = barrier.trueLanes;
  barrier = Barrier();
  barrier.lastTrue = sum;
}

void Block::reduce(uint32_t id, uint32_t trueLanes) {
  barriers[id].trueLanes += trueLanes;
}

uint64_t sinter::vgpu::runLaunch(const Launch &launch, DeviceMemory &memory) {
  Block block(launch, memory);
  for (uint32_t z = 0; z < launch.grid.z; ++z)
    for (uint32_t y = 0; y < launch.grid.y; ++y)
      for (uint32_t x = 0; x < launch.grid.x; ++x)
        block.run({x, y, z});
  return block.steps;
}
