//===- WindowQuads.cpp - depthwise convolutions of bytes ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/WindowQuads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <map>

using namespace mlir;
using namespace sinter;

/// Rows of the window in a quad.
static constexpr int64_t groupRows = 4;

QuadTaps::QuadTaps(KernelBuilder &kb, const WindowPlan &plan)
    : kb(kb), plan(plan), rowCount(plan.getTaps() / plan.window.back()),
      inputStrides(getRowMajorStrides(kb.b.getContext(), plan.inputSizes)) {
  nn::SizeAttr quads = nn::mul(plan.sizes.back(), plan.getTaps());
  filterQuads = kb.getView(kb.getBuffer(plan.filter), kb.b.getI32Type(),
                           nn::getSize(kb.b.getContext(), 0), quads);
}

void QuadTaps::startRow(Value newImage, ArrayRef<Value> newRow) {
  image = newImage;
  row.assign(newRow.begin(), newRow.end());
}

void QuadTaps::startChannels(Value newChannel, Value newMask) {
  channel = newChannel;
  mask = newMask;
  filters.clear();
  if (plan.getTaps() > WindowPlan::maxUnrolledTaps)
    return;
  for (int64_t group = 0; group * groupRows < rowCount; ++group)
    for (int64_t tap = 0; tap < plan.window.back(); ++tap)
      filters.push_back(loadFilter(kb.index(group), kb.index(tap)));
}

DotOperand QuadTaps::loadFilter(Value group, Value tap) {
  Value place = kb.add(kb.mul(group, kb.index(plan.window.back())), tap);
  Value offset = kb.add(kb.mul(place, kb.size(plan.sizes.back())), channel);
  Value quads = kb.loadVector(filterQuads, kb.b.getI32Type(), offset, mask);
  auto bytes = VectorType::get({4 * kb.getLanes()}, kb.b.getI8Type());
  return makeSignedQuads(kb,
                         vector::BitCastOp::create(kb.b, kb.loc, bytes, quads));
}

SmallVector<QuadTaps::Row, 4> QuadTaps::getRows(Value group, bool isInside) {
  SmallVector<Row, 4> rows;
  for (int64_t i = 0; i < groupRows; ++i) {
    Value number = kb.add(kb.mul(group, kb.index(groupRows)), kb.index(i));
    if (auto fixed = number.getDefiningOp<arith::ConstantIndexOp>()) {
      if (fixed.value() >= rowCount)
        break;
    } else {
      // Rows beyond the last meet zeros in the filter.
      number = kb.min(number, kb.index(rowCount - 1));
    }
    Row found{kb.add(kb.mul(image, kb.size(inputStrides[0])), channel), {}};
    for (unsigned d = plan.getColumn(); d-- > 0;) {
      Value tap = kb.rem(number, kb.index(plan.window[d]));
      number = kb.div(number, kb.index(plan.window[d]));
      Value position = kb.add(kb.mul(row[d], kb.index(plan.strides[d])),
                              kb.mul(tap, kb.index(plan.dilations[d])));
      position = kb.sub(position, kb.index(plan.padsBefore[d]));
      Value size = kb.size(plan.getInputSize(d));
      if (!isInside) {
        // One unsigned comparison covers both edges.
        Value inside = arith::CmpIOp::create(
            kb.b, kb.loc, arith::CmpIPredicate::ult, position, size);
        found.inside =
            found.inside
                ? arith::AndIOp::create(kb.b, kb.loc, found.inside, inside)
                : inside;
        position =
            kb.max(kb.min(position, kb.sub(size, kb.index(1))), kb.index(0));
      }
      found.offset =
          kb.add(found.offset, kb.mul(position, kb.size(inputStrides[d + 1])));
    }
    rows.push_back(found);
  }
  return rows;
}

Value QuadTaps::getPadQuads() {
  uint32_t byte = plan.padValue & 0xff;
  auto quad = kb.b.getI32IntegerAttr(static_cast<int32_t>(byte * 0x01010101u));
  return kb.constant(kb.getVector(kb.b.getI32Type()), quad);
}

Value QuadTaps::loadQuads(ArrayRef<Row> rows, Value position) {
  Type byteType = getElementTypeOrSelf(plan.input.getType());
  VectorType words = kb.getVector(kb.b.getI32Type());
  Value columnOffset = kb.mul(position, kb.size(plan.sizes.back()));
  Value quads;
  for (auto [index, found] : llvm::enumerate(rows)) {
    Value bytes = kb.loadVector(kb.getBuffer(plan.input), byteType,
                                kb.add(found.offset, columnOffset), mask);
    if (found.inside) {
      auto pad = kb.b.getI64IntegerAttr(plan.padValue);
      bytes = arith::SelectOp::create(kb.b, kb.loc, found.inside, bytes,
                                      kb.constant(bytes.getType(), pad));
    }
    bytes = arith::ExtUIOp::create(kb.b, kb.loc, words, bytes);
    if (index == 0) {
      quads = bytes;
      continue;
    }
    auto shift = kb.b.getI64IntegerAttr(8 * static_cast<int64_t>(index));
    bytes =
        arith::ShLIOp::create(kb.b, kb.loc, bytes, kb.constant(words, shift));
    quads = arith::OrIOp::create(kb.b, kb.loc, quads, bytes);
  }
  return quads;
}

QuadTaps::Sums QuadTaps::emitGroup(Value group, Value column, Sums sums,
                                   const TapRange &taps, bool isInside) {
  unsigned w = plan.getColumn();
  SmallVector<Row, 4> rows = getRows(group, isInside);
  Value start = kb.sub(kb.mul(column, kb.index(plan.strides[w])),
                       kb.index(plan.padsBefore[w]));
  if (taps.low) {
    Value size = kb.size(plan.getInputSize(w));
    return kb.forLoop(
        kb.index(0), kb.index(plan.window[w]), kb.index(1), sums,
        [&](Value tap, ValueRange now) {
          Value position =
              kb.add(start, kb.mul(tap, kb.index(plan.dilations[w])));
          Value inside = arith::CmpIOp::create(
              kb.b, kb.loc, arith::CmpIPredicate::ult, position, size);
          position =
              kb.max(kb.min(position, kb.sub(size, kb.index(1))), kb.index(0));
          Value quads = arith::SelectOp::create(
              kb.b, kb.loc, inside, loadQuads(rows, position), getPadQuads());
          return Sums{emitDot(kb, makeUnsignedQuads(kb, quads),
                              loadFilter(group, tap), now.front())};
        });
  }
  // What meets the quads at a distance from the start: column and tap.
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> meets;
  SmallVector<std::pair<int64_t, int64_t>> beyond;
  for (int64_t tap = 0; tap < plan.window[w]; ++tap)
    for (int64_t i = 0, count = sums.size(); i < count; ++i) {
      if (tap < taps.first || tap >= taps.last)
        beyond.push_back({i, tap});
      else
        meets[i * plan.strides[w] + tap * plan.dilations[w]].push_back(
            {i, tap});
    }
  auto number = group.getDefiningOp<arith::ConstantIndexOp>();
  auto getFilter = [&](int64_t tap) {
    if (number && !filters.empty())
      return filters[number.value() * plan.window[w] + tap];
    return loadFilter(group, kb.index(tap));
  };
  auto add = [&](Value quads, ArrayRef<std::pair<int64_t, int64_t>> places) {
    DotOperand operand = makeUnsignedQuads(kb, quads);
    for (auto [i, tap] : places)
      sums[i] = emitDot(kb, operand, getFilter(tap), sums[i]);
  };
  for (auto &[distance, places] : meets)
    add(loadQuads(rows, kb.add(start, kb.index(distance))), places);
  if (plan.padValue != 0 && !beyond.empty())
    add(getPadQuads(), beyond);
  return sums;
}

SmallVector<Value> QuadTaps::emit(Value column, SmallVector<Value> sums,
                                  const TapRange &taps, bool isInside) {
  int64_t groups = llvm::divideCeil(rowCount, groupRows);
  if (plan.getTaps() <= WindowPlan::maxUnrolledTaps) {
    for (int64_t group = 0; group < groups; ++group)
      sums =
          emitGroup(kb.index(group), column, std::move(sums), taps, isInside);
    return sums;
  }
  return kb.forLoop(kb.index(0), kb.index(groups), kb.index(1), sums,
                    [&](Value group, ValueRange now) {
                      return emitGroup(group, column,
                                       Sums(now.begin(), now.end()), taps,
                                       isInside);
                    });
}
