//===- ContractQuads.cpp - 8-bit operands copied as quads -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractQuads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/IntegerDot.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;
using nn::SizeAttr;

/// Bytes of vector<lanes x i8> as the element `index` of quads.
static Value shiftIntoQuads(KernelBuilder &kb, Value bytes, int64_t index) {
  VectorType type = kb.getVector(kb.b.getI32Type());
  Value words = arith::ExtUIOp::create(kb.b, kb.loc, type, bytes);
  if (index == 0)
    return words;
  auto shift = kb.b.getI32IntegerAttr(8 * static_cast<int32_t>(index));
  return arith::ShLIOp::create(kb.b, kb.loc, words, kb.constant(type, shift));
}

static Value loadByteVector(KernelBuilder &kb, Value buffer, Value offset,
                            int64_t count) {
  return vector::LoadOp::create(kb.b, kb.loc,
                                VectorType::get({count}, kb.b.getI8Type()),
                                buffer, ValueRange{offset});
}

static Value castToQuads(KernelBuilder &kb, Value bytes) {
  return vector::BitCastOp::create(kb.b, kb.loc,
                                   kb.getVector(kb.b.getI32Type()), bytes);
}

static void storeQuads(KernelBuilder &kb, Value quads, BufferPlace target,
                       Value place) {
  vector::StoreOp::create(kb.b, kb.loc, quads, target.buffer,
                          ValueRange{kb.add(target.offset, place)});
}

/// A scalar quad.
static void storeQuad(KernelBuilder &kb, Value quad, BufferPlace target,
                      Value place) {
  Value one = vector::BroadcastOp::create(
      kb.b, kb.loc, VectorType::get({1}, quad.getType()), quad);
  storeQuads(kb, one, target, place);
}

/// Calls `body` for vectors of lanes, then `single` for what is left.
static void forRun(KernelBuilder &kb, Value count,
                   function_ref<void(Value)> body,
                   function_ref<void(Value)> single) {
  Value lanes = kb.index(kb.getLanes());
  Value whole = kb.mul(kb.div(count, lanes), lanes);
  kb.forLoop(kb.index(0), whole, lanes, body);
  kb.forLoop(whole, count, kb.index(1), single);
}

void contract::copyQuads(KernelBuilder &kb, BufferPlace source,
                         BufferPlace target, Value count) {
  Value bytes = kb.index(quadSize);
  forRun(
      kb, count,
      [&](Value place) {
        Value from = kb.add(source.offset, kb.mul(place, bytes));
        Value quads =
            loadByteVector(kb, source.buffer, from, quadSize * kb.getLanes());
        storeQuads(kb, castToQuads(kb, quads), target, place);
      },
      [&](Value place) {
        Value from = kb.add(source.offset, kb.mul(place, bytes));
        storeQuad(kb, loadQuad(kb, source.buffer, from), target, place);
      });
}

/// Pixels of fewer bytes than a quad that lie together.
static void spreadPixels(KernelBuilder &kb, BufferPlace source,
                         int64_t channels, BufferPlace target, Value count) {
  int64_t lanes = kb.getLanes();
  SmallVector<int64_t> spread;
  for (int64_t byte = 0; byte < quadSize * lanes; ++byte)
    spread.push_back(byte / quadSize * channels +
                     std::min(byte % quadSize, channels - 1));
  forRun(
      kb, count,
      [&](Value place) {
        Value from = kb.add(source.offset, kb.mul(place, kb.index(channels)));
        Value bytes = loadByteVector(kb, source.buffer, from, channels * lanes);
        Value quads =
            vector::ShuffleOp::create(kb.b, kb.loc, bytes, bytes, spread);
        storeQuads(kb, castToQuads(kb, quads), target, place);
      },
      [&](Value place) {
        Value from = kb.add(source.offset, kb.mul(place, kb.index(channels)));
        SmallVector<Value> offsets;
        for (int64_t byte = 0; byte < channels; ++byte)
          offsets.push_back(kb.add(from, kb.index(byte)));
        storeQuad(kb, loadQuadOf(kb, source.buffer, offsets), target, place);
      });
}

/// One pixel of `channels` bytes.
static void copyPixel(KernelBuilder &kb, BufferPlace source, int64_t channels,
                      BufferPlace target) {
  int64_t whole = channels / quadSize, rest = channels % quadSize;
  copyQuads(kb, source, target, kb.index(whole));
  Value last;
  if (whole == 0) {
    SmallVector<Value> offsets;
    for (int64_t byte = 0; byte < rest; ++byte)
      offsets.push_back(kb.add(source.offset, kb.index(byte)));
    last = loadQuadOf(kb, source.buffer, offsets);
  } else {
    // The four bytes that end with the last.
    Value from = kb.add(source.offset, kb.index(channels - quadSize));
    last = loadQuad(kb, source.buffer, from);
    Value shift =
        kb.constant(last.getType(), 8.0 * static_cast<double>(quadSize - rest));
    last = arith::ShRUIOp::create(kb.b, kb.loc, last, shift);
  }
  storeQuad(kb, last, target, kb.index(whole));
}

void contract::copyPixels(KernelBuilder &kb, BufferPlace source,
                          SizeAttr stride, int64_t channels, BufferPlace target,
                          Value count) {
  bool together = stride.isConstant(channels);
  int64_t steps = llvm::divideCeil(channels, quadSize);
  if (together && channels % quadSize == 0)
    return copyQuads(kb, source, target, kb.mul(count, kb.index(steps)));
  if (together && channels < quadSize)
    return spreadPixels(kb, source, channels, target, count);
  kb.forLoop(kb.index(0), count, kb.index(1), [&](Value place) {
    Value from = kb.add(source.offset, kb.mul(place, kb.size(stride)));
    Value to = kb.add(target.offset, kb.mul(place, kb.index(steps)));
    if (channels % quadSize == 0)
      copyQuads(kb, {source.buffer, from}, {target.buffer, to},
                kb.index(steps));
    else
      copyPixel(kb, {source.buffer, from}, channels, {target.buffer, to});
  });
}

void contract::interleaveChannels(KernelBuilder &kb, BufferPlace source,
                                  ArrayRef<Value> channels, SizeAttr stride,
                                  BufferPlace target, Value count) {
  auto single = [&](Value place) {
    Value from = kb.add(source.offset, kb.mul(place, kb.size(stride)));
    SmallVector<Value> offsets;
    for (Value channel : channels)
      offsets.push_back(kb.add(from, channel));
    storeQuad(kb, loadQuadOf(kb, source.buffer, offsets), target, place);
  };
  if (!stride.isConstant(1)) {
    kb.forLoop(kb.index(0), count, kb.index(1), single);
    return;
  }
  auto body = [&](Value place) {
    Value from = kb.add(source.offset, place), quads;
    for (auto [index, channel] : llvm::enumerate(channels)) {
      Value bytes = loadByteVector(kb, source.buffer, kb.add(from, channel),
                                   kb.getLanes());
      bytes = shiftIntoQuads(kb, bytes, index);
      quads = quads ? arith::OrIOp::create(kb.b, kb.loc, quads, bytes) : bytes;
    }
    storeQuads(kb, quads, target, place);
  };
  forRun(kb, count, body, single);
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

/// In the round of distance d, pairs of vectors d apart swap the off-diagonal
/// d x d blocks of their 2d x 2d blocks.
SmallVector<Value> contract::transposeSquare(KernelBuilder &kb,
                                             SmallVector<Value> rows) {
  int64_t lanes = kb.getLanes();
  for (int64_t distance = 1; distance < lanes; distance *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      bool second = lane & distance;
      low.push_back(second ? lanes + lane - distance : lane);
      high.push_back(second ? lanes + lane : lane + distance);
    }
    for (int64_t row = 0; row < lanes; ++row) {
      if (row & distance)
        continue;
      Value a = rows[row], b = rows[row + distance];
      rows[row] = vector::ShuffleOp::create(kb.b, kb.loc, a, b, low);
      rows[row + distance] =
          vector::ShuffleOp::create(kb.b, kb.loc, a, b, high);
    }
  }
  return rows;
}

namespace {

/// Copies the columns of one vector of a panel.
class ColumnCopier {
public:
  ColumnCopier(KernelBuilder &kb, const Contraction &c, Value base, Value first)
      : kb(kb), c(c), source(kb.getBuffer(c.rhs)), base(base), first(first),
        depth(kb.size(c.innerDepth)),
        steps(kb.size(c.parts.front().reduction.front().count)),
        whole(kb.div(depth, kb.index(quadSize))),
        depthStride(kb.size(c.parts.front().reduction.front().rhsStride)),
        columnStride(kb.size(c.parts.front().rhs.strides.back())) {}

  void copy(BufferPlace target);

private:
  void copyRows(Value from, Value to, bool isPartial, BufferPlace target);
  void copySquares(BufferPlace target);
  void copyElements(Value from, BufferPlace target);
  /// The offset of element k of a quad that begins at 4 * `step`; k may lie
  /// beyond the depth, then `isInside` is false.
  Value getDepthOffset(Value step, int64_t k, Value &isInside);
  Value getColumnOffset(int64_t lane) {
    // Columns beyond the last repeat it: they are never stored.
    Value last = kb.sub(kb.size(c.columns), kb.index(1));
    Value column = kb.min(kb.add(first, kb.index(lane)), last);
    return kb.add(base, kb.mul(column, columnStride));
  }

  KernelBuilder &kb;
  const Contraction &c;
  Value source, base, first, depth, steps, whole, depthStride, columnStride;
};

} // namespace

Value ColumnCopier::getDepthOffset(Value step, int64_t k, Value &isInside) {
  Value at = kb.add(kb.mul(step, kb.index(quadSize)), kb.index(k));
  isInside =
      arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::slt, at, depth);
  at = kb.min(at, kb.sub(depth, kb.index(1)));
  return kb.mul(at, depthStride);
}

/// Columns that lie together: four rows of them, interleaved.
void ColumnCopier::copyRows(Value from, Value to, bool isPartial,
                            BufferPlace target) {
  std::optional<int64_t> columns = c.columns.getConstant();
  Value mask;
  if (!columns || *columns % kb.getLanes() != 0)
    mask = kb.tailMask(kb.sub(kb.size(c.columns), first));
  Type type = kb.b.getI8Type();
  kb.forLoop(from, to, kb.index(1), [&](Value step) {
    Value quads;
    for (int64_t k = 0; k < quadSize; ++k) {
      Value isInside;
      Value offset =
          kb.add(kb.add(base, first), getDepthOffset(step, k, isInside));
      Value bytes = kb.loadVector(source, type, offset, mask);
      if (isPartial)
        bytes = arith::SelectOp::create(kb.b, kb.loc, isInside, bytes,
                                        kb.constant(bytes.getType(), 0.0));
      bytes = shiftIntoQuads(kb, bytes, k);
      quads = quads ? arith::OrIOp::create(kb.b, kb.loc, quads, bytes) : bytes;
    }
    storeQuads(kb, quads, target, kb.mul(step, kb.index(panelColumns)));
  });
}

/// Columns whose elements lie together along k: squares of quads.
void ColumnCopier::copySquares(BufferPlace target) {
  int64_t lanes = kb.getLanes();
  Value step = kb.index(lanes), end = kb.mul(kb.div(whole, step), step);
  kb.forLoop(kb.index(0), end, step, [&](Value k) {
    SmallVector<Value> rows;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value offset =
          kb.add(getColumnOffset(lane), kb.mul(k, kb.index(quadSize)));
      rows.push_back(castToQuads(
          kb, loadByteVector(kb, source, offset, quadSize * lanes)));
    }
    for (auto [lane, row] :
         llvm::enumerate(transposeSquare(kb, std::move(rows))))
      storeQuads(kb, row, target,
                 kb.mul(kb.add(k, kb.index(lane)), kb.index(panelColumns)));
  });
  copyElements(end, target);
}

/// Element by element, from step `from` on.
void ColumnCopier::copyElements(Value from, BufferPlace target) {
  int64_t lanes = kb.getLanes();
  kb.forLoop(from, steps, kb.index(1), [&](Value step) {
    SmallVector<Value> inside(quadSize), depthOffsets;
    for (int64_t k = 0; k < quadSize; ++k)
      depthOffsets.push_back(getDepthOffset(step, k, inside[k]));
    SmallVector<Value> quads;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      SmallVector<Value> offsets;
      for (Value offset : depthOffsets)
        offsets.push_back(kb.add(getColumnOffset(lane), offset));
      quads.push_back(loadQuadOf(kb, source, offsets));
    }
    // The bytes that exist.
    Type word = kb.b.getI32Type();
    Value bits = kb.constant(word, 0.0);
    for (auto [k, isInside] : llvm::enumerate(inside)) {
      auto byte = kb.b.getI32IntegerAttr(static_cast<int32_t>(0xffu << 8 * k));
      Value known = arith::SelectOp::create(kb.b, kb.loc, isInside,
                                            kb.constant(word, byte),
                                            kb.constant(word, 0.0));
      bits = arith::OrIOp::create(kb.b, kb.loc, bits, known);
    }
    Value vector =
        vector::FromElementsOp::create(kb.b, kb.loc, kb.getVector(word), quads);
    vector = arith::AndIOp::create(kb.b, kb.loc, vector, kb.broadcast(bits));
    storeQuads(kb, vector, target, kb.mul(step, kb.index(panelColumns)));
  });
}

void ColumnCopier::copy(BufferPlace target) {
  const ContractPart &part = c.parts.front();
  if (part.rhs.strides.back().isConstant(1)) {
    copyRows(kb.index(0), whole, /*isPartial=*/false, target);
    std::optional<int64_t> fixed = c.innerDepth.getConstant();
    if (!fixed || *fixed % quadSize != 0)
      copyRows(whole, steps, /*isPartial=*/true, target);
  } else if (part.reduction.front().rhsStride.isConstant(1)) {
    copySquares(target);
  } else {
    copyElements(kb.index(0), target);
  }
}

void contract::emitQuadPanelCopy(KernelBuilder &kb, const Contraction &c,
                                 Value base, Value column, Value target) {
  Value end =
      kb.min(kb.size(c.columns), kb.add(column, kb.index(panelColumns)));
  kb.forLoop(column, end, kb.index(kb.getLanes()), [&](Value first) {
    ColumnCopier(kb, c, base, first).copy({target, kb.sub(first, column)});
  });
}
