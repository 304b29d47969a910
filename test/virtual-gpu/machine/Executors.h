//===- Executors.h - what instructions do -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions beside plain arithmetic (Lanes.h). Which fields of `Inst` each
// one reads is said here; the decoder fills them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_EXECUTORS_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_EXECUTORS_H

#include "Lanes.h"

namespace sinter::vgpu {

/// Types as instructions name them.
enum class Type : uint8_t {
  U8,
  S8,
  U16,
  S16,
  U32,
  S32,
  U64,
  S64,
  F16,
  BF16,
  F32,
  F64,
  Count
};

//===- Moves (ExecuteMove.cpp) --------------------------------------------===//

/// dst = a.
void executeMove(Warp &warp, const Inst &inst, uint32_t mask);
/// dst = the `count` slots from `extra` on, the first lowest.
void executePack(Warp &warp, const Inst &inst, uint32_t mask);
/// The `count` slots from `extra` on = a, the first lowest.
void executeUnpack(Warp &warp, const Inst &inst, uint32_t mask);
/// dst = c ? a : b, negated when `flags` is 1.
void executeSelect(Warp &warp, const Inst &inst, uint32_t mask);
/// dst = a with bits inserted: the 4 operands are the slots from `extra` on.
void executeInsertBits(Warp &warp, const Inst &inst, uint32_t mask);
/// dst = the function of three bits with truth table `imm`.
void executeLogic3(Warp &warp, const Inst &inst, uint32_t mask);
/// dst = a + imm, on 64 bits: cvta.
void executeAddOffset(Warp &warp, const Inst &inst, uint32_t mask);
/// Predicates; `flags`: PredicateLogic, bit 4: a negated, bit 5: b negated.
void executePredicate(Warp &warp, const Inst &inst, uint32_t mask);
enum PredicateLogic : uint32_t {
  kPredicateMove,
  kPredicateNot,
  kPredicateAnd,
  kPredicateOr,
  kPredicateXor,
  kPredicateKind = 7,
  kNegateA = 16,
  kNegateB = 32
};

//===- Comparisons (ExecuteCompare.cpp) -----------------------------------===//

/// setp and set: null when there is no such comparison.
Execute findCompare(std::string_view comparison, Type type);
/// `flags` of a comparison. The second predicate is in `slots[extra]` when
/// `count` is 2.
enum CompareFlags : uint32_t {
  kCombineAnd = 1,
  kCombineOr = 2,
  kCombineXor = 3,
  kCombineMask = 3,
  kNegateC = 4,
  kResultPredicate = 0,
  kResultOnes = 8,
  kResultFloat = 16,
  kResultMask = 24
};
/// testp: the class of a number.
Execute findClassTest(std::string_view property, Type type);

//===- Conversions (ExecuteConvert.cpp) -----------------------------------===//

/// cvt between two scalar types.
Execute findConvert(Type to, Type from);
/// cvt of two numbers into one register: a is the high one.
Execute findConvertPair(Type to);
/// cvt.rna.tf32.f32 and cvt.rn.tf32.f32 (`flags` kRoundNearest).
void executeToTf32(Warp &warp, const Inst &inst, uint32_t mask);
enum ConvertFlags : uint32_t {
  kRoundNearest = 1,
  kRoundZero = 2,
  kRoundDown = 3,
  kRoundUp = 4,
  kRoundMask = 7,
  kToIntegral = 8,
  kFlush = 16,
  kSaturate = 32,
  kRelu = 64
};

//===- Control (ExecuteControl.cpp) ---------------------------------------===//

void executeNothing(Warp &warp, const Inst &inst, uint32_t mask);
/// Goes to `target`; paths meet at `reconverge`.
void executeBranch(Warp &warp, const Inst &inst, uint32_t mask);
/// Goes to `targets[extra + a]`; there are `imm`.
void executeIndexedBranch(Warp &warp, const Inst &inst, uint32_t mask);
/// Calls `target`.
void executeCall(Warp &warp, const Inst &inst, uint32_t mask);
/// Copies `imm` bytes of local memory from `target` to `extra`: an argument.
void executeCopyLocal(Warp &warp, const Inst &inst, uint32_t mask);
void executeReturn(Warp &warp, const Inst &inst, uint32_t mask);
void executeExit(Warp &warp, const Inst &inst, uint32_t mask);
void executeTrap(Warp &warp, const Inst &inst, uint32_t mask);
/// Barrier a with b threads; `flags`: BarrierFlags.
void executeBarrier(Warp &warp, const Inst &inst, uint32_t mask);
/// The result of the reduction of barrier a.
void executeBarrierResult(Warp &warp, const Inst &inst, uint32_t mask);
enum BarrierFlags : uint32_t {
  kBarrierWaits = 1,
  kBarrierReduces = 2, // and kNegateC
  kReducePopc = 8,
  kReduceAnd = 16,
  kReduceOr = 32
};

//===- Lanes of a warp (ExecuteWarp.cpp) ----------------------------------===//

/// dst|slots[extra] = a of another lane; b, c and slots[extra + 1], the mask.
void executeShuffle(Warp &warp, const Inst &inst, uint32_t mask);
enum ShuffleMode : uint32_t {
  kShuffleUp,
  kShuffleDown,
  kShuffleXor,
  kShuffleIndex
};
/// dst = vote over predicate a; c is the mask.
void executeVote(Warp &warp, const Inst &inst, uint32_t mask);
enum VoteMode : uint32_t { kVoteAll, kVoteAny, kVoteUni, kVoteBallot };
/// dst = reduction of a; c is the mask.
void executeRedux(Warp &warp, const Inst &inst, uint32_t mask);
enum ReduxMode : uint32_t {
  kReduxAdd,
  kReduxMinU,
  kReduxMaxU,
  kReduxMinS,
  kReduxMaxS,
  kReduxAnd,
  kReduxOr,
  kReduxXor
};
void executeMatchAny(Warp &warp, const Inst &inst, uint32_t mask);
void executeActiveMask(Warp &warp, const Inst &inst, uint32_t mask);
/// The lanes of mask a meet.
void executeWarpSync(Warp &warp, const Inst &inst, uint32_t mask);
/// Faults unless the lanes of `members` run together.
void requireTogether(Warp &warp, uint32_t members, uint32_t mask);

//===- Memory (ExecuteMemory.cpp, ExecuteAtomic.cpp, ExecuteAsync.cpp) ----===//

/// `count` elements of `size` bytes at a + imm in `space`, to the slots from
/// `extra` on; `flags` 1: sign-extended.
void executeLoad(Warp &warp, const Inst &inst, uint32_t mask);
void executeStore(Warp &warp, const Inst &inst, uint32_t mask);
/// dst = old value at a + imm; b and c are the operands; null if unknown.
Execute findAtomic(std::string_view operation, std::string_view type);
/// Copies `size` bytes from global address b + offsetB to shared address
/// a + imm; of these c are read, if it is there, and the rest is zero.
void executeAsyncCopy(Warp &warp, const Inst &inst, uint32_t mask);
void executeAsyncCommit(Warp &warp, const Inst &inst, uint32_t mask);
/// Waits until `imm` groups at most are in flight; -1: for all, open ones too.
void executeAsyncWait(Warp &warp, const Inst &inst, uint32_t mask);
/// `count` matrices of 8x8x16 bits from the rows at a + imm; `flags` 1:
/// transposed.
void executeLoadMatrix(Warp &warp, const Inst &inst, uint32_t mask);

//===- Matrices (ExecuteMatrix.cpp) ---------------------------------------===//

/// D = A * B + C of one shape and type; null when it is not known. The slots
/// from `extra` on are those of D, A, B and C, in this order.
struct MatrixForm {
  Execute execute;
  uint32_t d, a, b, c; ///< registers of each
};
const MatrixForm *findMatrix(std::string_view key);
constexpr uint32_t kMatrixSaturates = 1;

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_EXECUTORS_H
