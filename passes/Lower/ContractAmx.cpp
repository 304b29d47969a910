//===- ContractAmx.cpp - register tiles of matrix instructions --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractAmx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;

/// Bytes of a row of a tile register, and steps that it holds.
static constexpr int64_t rowBytes = 64;
static constexpr int64_t registerSteps = rowBytes / quadSize;

bool contract::canUseAmx(const KernelBuilder &kb, const Contraction &c) {
  if (!kb.getInstructionSet().hasAmx || c.step != quadSize)
    return false;
  for (const ContractPart &part : c.parts)
    if (!part.reduction.back().count.getConstant())
      return false;
  if (c.window)
    return c.window->channelsLast();
  std::optional<int64_t> depth = c.innerDepth.getConstant();
  return c.innerStride.isConstant(1) && depth && *depth % c.step == 0;
}

namespace {

class AmxEmitter {
public:
  using Sums = SmallVector<Value>;

  AmxEmitter(KernelBuilder &kb, int64_t rows, unsigned vectors,
             const AmxOperand &lhs, nn::SizeAttr rowStride,
             const AmxOperand &rhs)
      : kb(kb), rows(rows), vectors(vectors), lhs(lhs), rhs(rhs),
        lhsRowBytes(kb.mul(kb.size(rowStride), kb.index(lhs.elementBytes))),
        type(LLVM::LLVMX86AMXType::get(kb.b.getContext())) {}

  Sums makeZeros();
  Sums emitLoops(ArrayRef<ReductionLoop> loops, Value lhsOffset,
                 Value rhsOffset, Sums sums);
  void store(const Sums &sums, Value buffer);

private:
  /// Rows of the tile register `number`.
  int64_t getHeight(int64_t number) const {
    return std::min(amxRegisterRows, rows - number * amxRegisterRows);
  }
  int64_t getHeights() const { return llvm::divideCeil(rows, amxRegisterRows); }
  Sums emitSteps(Value lhsOffset, Value rhsOffset, int64_t steps, Sums sums);
  Value load(const AmxOperand &operand, Value offset, Value bytes,
             Value rowBytes, int64_t height, int64_t width);

  Value getCount(int64_t value) {
    return arith::ConstantOp::create(
        kb.b, kb.loc, kb.b.getI16IntegerAttr(static_cast<int16_t>(value)));
  }
  Value getWide(Value index) {
    return arith::IndexCastOp::create(kb.b, kb.loc, kb.b.getI64Type(), index);
  }
  /// The address `bytes` after the begin of a buffer.
  Value getAddress(Value buffer, Value bytes) {
    Value start =
        memref::ExtractAlignedPointerAsIndexOp::create(kb.b, kb.loc, buffer);
    return LLVM::IntToPtrOp::create(
        kb.b, kb.loc, LLVM::LLVMPointerType::get(kb.b.getContext()),
        getWide(kb.add(start, bytes)));
  }
  Value call(StringRef name, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(kb.b, kb.loc, type,
                                         kb.b.getStringAttr("llvm.x86." + name),
                                         operands)
        .getResult(0);
  }

  KernelBuilder &kb;
  int64_t rows;
  unsigned vectors;
  AmxOperand lhs, rhs;
  Value lhsRowBytes;
  Type type;
};

} // namespace

AmxEmitter::Sums AmxEmitter::makeZeros() {
  Sums sums;
  for (int64_t number = 0; number < getHeights(); ++number)
    for (unsigned vector = 0; vector < vectors; ++vector)
      sums.push_back(call("tilezero.internal",
                          {getCount(getHeight(number)), getCount(rowBytes)}));
  return sums;
}

Value AmxEmitter::load(const AmxOperand &operand, Value offset, Value bytes,
                       Value stride, int64_t height, int64_t width) {
  Value at = kb.add(kb.mul(offset, kb.index(operand.elementBytes)), bytes);
  return call("tileloadd64.internal",
              {getCount(height), getCount(width),
               getAddress(operand.buffer, at), getWide(stride)});
}

AmxEmitter::Sums AmxEmitter::emitSteps(Value lhsOffset, Value rhsOffset,
                                       int64_t steps, Sums sums) {
  int64_t width = steps * quadSize;
  Sums columns;
  for (unsigned vector = 0; vector < vectors; ++vector)
    columns.push_back(load(rhs, rhsOffset, kb.index(vector * rowBytes),
                           kb.index(panelColumns * quadSize), steps, rowBytes));
  for (int64_t number = 0; number < getHeights(); ++number) {
    int64_t height = getHeight(number);
    Value first = kb.mul(kb.index(number * amxRegisterRows), lhsRowBytes);
    Value left = load(lhs, lhsOffset, first, lhsRowBytes, height, width);
    for (unsigned vector = 0; vector < vectors; ++vector) {
      Value &sum = sums[number * vectors + vector];
      sum = call("tdpbusd.internal",
                 {getCount(height), getCount(rowBytes), getCount(width), sum,
                  left, columns[vector]});
    }
  }
  return sums;
}

AmxEmitter::Sums AmxEmitter::emitLoops(ArrayRef<ReductionLoop> loops,
                                       Value lhsOffset, Value rhsOffset,
                                       Sums sums) {
  const ReductionLoop &loop = loops.front();
  auto move = [&](Value offset, nn::SizeAttr stride, Value round) {
    return kb.add(offset, kb.mul(round, kb.size(stride)));
  };
  if (loops.size() > 1)
    return kb.forLoop(kb.index(0), kb.size(loop.count), kb.index(1), sums,
                      [&](Value round, ValueRange now) {
                        return emitLoops(loops.drop_front(),
                                         move(lhsOffset, loop.lhsStride, round),
                                         move(rhsOffset, loop.rhsStride, round),
                                         Sums(now.begin(), now.end()));
                      });
  int64_t steps = loop.count.getConstant().value_or(0);
  int64_t rest = steps % registerSteps;
  if (steps > rest)
    sums = kb.forLoop(
        kb.index(0), kb.index(steps - rest), kb.index(registerSteps), sums,
        [&](Value round, ValueRange now) {
          return emitSteps(move(lhsOffset, loop.lhsStride, round),
                           move(rhsOffset, loop.rhsStride, round),
                           registerSteps, Sums(now.begin(), now.end()));
        });
  if (rest == 0)
    return sums;
  Value round = kb.index(steps - rest);
  return emitSteps(move(lhsOffset, loop.lhsStride, round),
                   move(rhsOffset, loop.rhsStride, round), rest,
                   std::move(sums));
}

void AmxEmitter::store(const Sums &sums, Value buffer) {
  int64_t stride = vectors * rowBytes;
  for (int64_t number = 0; number < getHeights(); ++number)
    for (unsigned vector = 0; vector < vectors; ++vector) {
      int64_t bytes =
          number * amxRegisterRows * stride + int64_t(vector) * rowBytes;
      LLVM::CallIntrinsicOp::create(
          kb.b, kb.loc, kb.b.getStringAttr("llvm.x86.tilestored64.internal"),
          {getCount(getHeight(number)), getCount(rowBytes),
           getAddress(buffer, kb.index(bytes)), getWide(kb.index(stride)),
           sums[number * vectors + vector]});
    }
}

void contract::emitAmxTile(KernelBuilder &kb, int64_t rows, unsigned vectors,
                           ArrayRef<ReductionLoop> reduction,
                           const AmxOperand &lhs, nn::SizeAttr rowStride,
                           const AmxOperand &rhs, Value sums) {
  AmxEmitter emitter(kb, rows, vectors, lhs, rowStride, rhs);
  emitter.store(
      emitter.emitLoops(reduction, lhs.offset, rhs.offset, emitter.makeZeros()),
      sums);
}
