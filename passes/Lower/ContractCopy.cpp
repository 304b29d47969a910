//===- ContractCopy.cpp - operands copied to scratch ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractCopy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Lower/ContractQuads.h"
#include "passes/Lower/RegisterTranspose.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;
using nn::SizeAttr;

WindowStrides sinter::contract::getWindowStrides(const InputWindow &window,
                                                 const ContractPlan &plan) {
  WindowStrides strides;
  SizeAttr one = nn::getSize(window.channels.getContext(), 1);
  SizeAttr next = window.channelsLast() ? window.steps : one;
  strides.dimensions.resize(window.dimensions.size());
  for (unsigned dim = window.dimensions.size(); dim-- > 0;) {
    strides.dimensions[dim] = next;
    next = nn::mul(next, plan.windowSizes[dim]);
  }
  strides.channel = window.channelsLast() ? one : next;
  return strides;
}

namespace {

/// Copies one window.
class WindowCopier {
public:
  WindowCopier(KernelBuilder &kb, const Contraction &c,
               const ContractPlan &plan, Value target)
      : kb(kb), window(*c.window), step(c.step),
        strides(getWindowStrides(window, plan)), source(kb.getBuffer(c.lhs)),
        target(target), type(getElementTypeOrSelf(c.lhs.getType())),
        held(getComputeType(c.elementType)),
        lastContiguous(window.dimensions.back().stride == window.channels ||
                       !window.channelsLast()) {}

  void copy(Value base, ArrayRef<std::pair<Value, Value>> ranges);

private:
  void copyDimension(unsigned dim, Value sourceOffset, Value targetOffset);
  void copyLast(Value sourceOffset, Value targetOffset);
  void fillRun(Value targetOffset, Value count);
  void copyRun(Value sourceOffset, Value targetOffset, Value count);
  void copyStrided(Value sourceOffset, Value sourceStride, Value targetOffset,
                   Value count);
  /// `for` over vectors of a run of `count` elements.
  void forRun(Value count, function_ref<void(Value, Value)> body);

  KernelBuilder &kb;
  const InputWindow &window;
  int64_t step;
  WindowStrides strides;
  Value source, target;
  Type type, held; ///< of the elements of source and target
  bool lastContiguous;
  /// If channels of one quad are apart: their offsets from the first.
  SmallVector<Value> quadChannels;
  /// For each dimension: input coordinate of window place 0, and how many
  /// places this unit needs.
  SmallVector<Value> starts, counts;
};

} // namespace

void WindowCopier::copy(Value base, ArrayRef<std::pair<Value, Value>> ranges) {
  for (auto [dim, range] : llvm::zip_equal(window.dimensions, ranges)) {
    Value scale = kb.index(dim.scale);
    starts.push_back(kb.add(kb.mul(range.first, scale), kb.index(dim.lowest)));
    Value outputs = kb.sub(range.second, range.first);
    counts.push_back(kb.add(kb.mul(kb.sub(outputs, kb.index(1)), scale),
                            kb.index(dim.highest - dim.lowest + 1)));
  }
  Value zero = kb.index(0);
  if (window.channelsLast()) {
    copyDimension(0, base, zero);
    return;
  }
  Value sourceStride = kb.size(window.channelStride);
  Value targetStride = kb.size(strides.channel);
  kb.forLoop(zero, kb.size(window.steps), kb.index(1), [&](Value number) {
    Value channel = kb.mul(number, kb.index(step));
    quadChannels.clear();
    // Channels beyond the last repeat it.
    Value left = kb.sub(kb.sub(kb.size(window.channels), kb.index(1)), channel);
    for (int64_t i = 0; step > 1 && i < step; ++i)
      quadChannels.push_back(kb.mul(kb.min(kb.index(i), left), sourceStride));
    copyDimension(0, kb.add(base, kb.mul(channel, sourceStride)),
                  kb.mul(number, targetStride));
  });
}

void WindowCopier::copyDimension(unsigned dim, Value sourceOffset,
                                 Value targetOffset) {
  if (dim + 1 == window.dimensions.size()) {
    copyLast(sourceOffset, targetOffset);
    return;
  }
  Value zero = kb.index(0);
  kb.forLoop(zero, counts[dim], kb.index(1), [&](Value place) {
    Value coordinate = kb.add(starts[dim], place);
    Value targetPlace =
        kb.add(targetOffset, kb.mul(place, kb.size(strides.dimensions[dim])));
    // One unsigned comparison covers both edges.
    Value inside =
        arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::ult,
                              coordinate, kb.size(window.dimensions[dim].size));
    auto branch = scf::IfOp::create(kb.b, kb.loc, inside,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(kb.b);
    kb.b.setInsertionPointToStart(branch.thenBlock());
    Value stride = kb.size(window.dimensions[dim].stride);
    copyDimension(dim + 1, kb.add(sourceOffset, kb.mul(coordinate, stride)),
                  targetPlace);
    kb.b.setInsertionPointToStart(branch.elseBlock());
    // Inner dimensions have gaps only where this unit is smaller than others.
    fillRun(targetPlace, kb.size(strides.dimensions[dim]));
  });
}

void WindowCopier::copyLast(Value sourceOffset, Value targetOffset) {
  // [0, left) and [right, count) are beyond the edges.
  const InputWindow::Dimension &dim = window.dimensions.back();
  Value zero = kb.index(0), count = counts.back(), start = starts.back();
  Value left = kb.min(kb.max(kb.sub(zero, start), zero), count);
  Value right = kb.min(kb.max(kb.sub(kb.size(dim.size), start), left), count);
  Value unit = kb.size(strides.dimensions.back());
  fillRun(targetOffset, kb.mul(left, unit));
  Value rightOffset = kb.add(targetOffset, kb.mul(right, unit));
  fillRun(rightOffset, kb.mul(kb.sub(count, right), unit));

  Value sourceStride = kb.size(dim.stride);
  Value from = kb.add(sourceOffset, kb.mul(kb.add(start, left), sourceStride));
  Value to = kb.add(targetOffset, kb.mul(left, unit));
  Value inside = kb.sub(right, left);
  if (step > 1) {
    if (window.channelsLast())
      copyPixels(kb, {source, from}, dim.stride,
                 window.channels.getConstant().value_or(0), {target, to},
                 inside);
    else
      interleaveChannels(kb, {source, from}, quadChannels, dim.stride,
                         {target, to}, inside);
    return;
  }
  if (window.channelsLast()) {
    if (lastContiguous) {
      copyRun(from, to, kb.mul(inside, unit));
      return;
    }
    kb.forLoop(zero, inside, kb.index(1), [&](Value place) {
      copyRun(kb.add(from, kb.mul(place, sourceStride)),
              kb.add(to, kb.mul(place, unit)), unit);
    });
    return;
  }
  if (dim.stride.isConstant(1))
    copyRun(from, to, inside);
  else
    copyStrided(from, sourceStride, to, inside);
}

void WindowCopier::forRun(Value count, function_ref<void(Value, Value)> body) {
  Value lanes = kb.index(kb.getLanes());
  Value whole = kb.mul(kb.div(count, lanes), lanes);
  kb.forLoop(kb.index(0), whole, lanes,
             [&](Value place) { body(place, Value()); });
  Value rest = kb.sub(count, whole);
  if (auto fixed = rest.getDefiningOp<arith::ConstantIndexOp>();
      fixed && fixed.value() == 0)
    return;
  Value some = arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::ne,
                                     rest, kb.index(0));
  kb.ifThen(some, [&] { body(whole, kb.tailMask(rest)); });
}

void WindowCopier::fillRun(Value targetOffset, Value count) {
  int64_t fill = window.padValue & 0xff;
  for (int64_t i = 1; i < step; ++i)
    fill = fill << 8 | (window.padValue & 0xff);
  Value value = kb.constant(kb.getVector(held), kb.b.getI64IntegerAttr(fill));
  forRun(count, [&](Value place, Value mask) {
    kb.storeVector(value, target, held, kb.add(targetOffset, place), mask);
  });
}

void WindowCopier::copyRun(Value sourceOffset, Value targetOffset,
                           Value count) {
  forRun(count, [&](Value place, Value mask) {
    Value value =
        kb.loadVector(source, type, kb.add(sourceOffset, place), mask);
    kb.storeVector(value, target, held, kb.add(targetOffset, place), mask);
  });
}

void WindowCopier::copyStrided(Value sourceOffset, Value sourceStride,
                               Value targetOffset, Value count) {
  kb.forLoop(kb.index(0), count, kb.index(1), [&](Value place) {
    Value value = kb.loadScalar(
        source, type, kb.add(sourceOffset, kb.mul(place, sourceStride)));
    kb.storeScalar(value, target, held, kb.add(targetOffset, place));
  });
}

void sinter::contract::emitWindowCopy(KernelBuilder &kb, const Contraction &c,
                                      const ContractPlan &plan, Value base,
                                      ArrayRef<std::pair<Value, Value>> ranges,
                                      Value target) {
  WindowCopier(kb, c, plan, target).copy(base, ranges);
}

/// Copies a panel whose rows (along k) lie together in memory, square by
/// square.
static void emitTransposedPanelCopy(KernelBuilder &kb, const Contraction &c,
                                    Value base, Value column, Value target) {
  const ContractPart &part = c.parts.front();
  Type type = cast<RankedTensorType>(c.rhs.getType()).getElementType();
  int64_t lanes = kb.getLanes();
  Value depth = kb.size(part.reduction.front().count);
  Value columns = kb.size(c.columns);
  Value stride = kb.size(part.rhs.strides.back());
  Value step = kb.index(lanes);
  Value end = kb.min(columns, kb.add(column, kb.index(panelColumns)));
  kb.forLoop(column, end, step, [&](Value first) {
    kb.forLoop(kb.index(0), depth, step, [&](Value k) {
      Value mask;
      if (auto count = part.reduction.front().count.getConstant();
          !count || *count % lanes != 0)
        mask = kb.tailMask(kb.sub(depth, k));
      SmallVector<Value> rows;
      // Columns beyond the last repeat it: they are never stored.
      Value last = kb.sub(columns, kb.index(1));
      for (int64_t lane = 0; lane < lanes; ++lane) {
        Value at = kb.min(kb.add(first, kb.index(lane)), last);
        Value offset = kb.add(kb.add(base, k), kb.mul(at, stride));
        rows.push_back(kb.loadVector(kb.getBuffer(c.rhs), type, offset, mask));
      }
      for (auto [lane, row] :
           llvm::enumerate(emitRegisterTranspose(kb.b, kb.loc, rows))) {
        Value place = kb.add(k, kb.index(lane));
        Value offset = kb.add(kb.mul(place, kb.index(panelColumns)),
                              kb.sub(first, column));
        kb.storeVector(row, target, getComputeType(type), offset);
      }
    });
  });
}

void sinter::contract::emitPanelCopy(KernelBuilder &kb, const Contraction &c,
                                     Value base, Value column, Value target) {
  if (c.step > 1) {
    emitQuadPanelCopy(kb, c, base, column, target);
    return;
  }
  const ContractPart &part = c.parts.front();
  const ReductionLoop &loop = part.reduction.front();
  if (loop.rhsStride.isConstant(1)) {
    emitTransposedPanelCopy(kb, c, base, column, target);
    return;
  }
  Type type = cast<RankedTensorType>(c.rhs.getType()).getElementType();
  Value columns = kb.size(c.columns);
  Value stride = kb.size(part.rhs.strides.back());
  Value end = kb.min(columns, kb.add(column, kb.index(panelColumns)));
  Value lanes = arith::MulIOp::create(kb.b, kb.loc, kb.laneNumbers(),
                                      kb.broadcast(stride));
  kb.forLoop(column, end, kb.index(kb.getLanes()), [&](Value first) {
    Value mask = kb.tailMask(kb.sub(columns, first));
    kb.forLoop(kb.index(0), kb.size(loop.count), kb.index(1), [&](Value k) {
      Value offset = kb.add(base, kb.mul(first, stride));
      offset = kb.add(offset, kb.mul(k, kb.size(loop.rhsStride)));
      Value row =
          kb.gatherVector(kb.getBuffer(c.rhs), type, offset, lanes, mask);
      Value to =
          kb.add(kb.mul(k, kb.index(panelColumns)), kb.sub(first, column));
      kb.storeVector(row, target, getComputeType(type), to);
    });
  });
}
