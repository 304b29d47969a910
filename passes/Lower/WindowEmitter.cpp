//===- WindowEmitter.cpp - kernels of kind window -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row of results is walked in blocks of columns, for all channels of the
// tile, so that memory is read in its order; vectors run along the channels.
// Columns whose window lies inside of the input form blocks that share what
// they read, columns at the border are computed one by one with the taps that
// exist. Border rows run over the rows of the window that exist in a loop.
// Nothing is padded and no load masked for the border's sake.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/TileLoops.h"
#include "passes/Lower/WindowPlan.h"
#include "passes/Lower/WindowQuads.h"
#include "passes/Lower/WindowTaps.h"

using namespace mlir;
using namespace sinter;

static constexpr int64_t maxUnrolledTaps = WindowPlan::maxUnrolledTaps;

namespace {

/// Emits one kernel.
class WindowEmitter {
public:
  WindowEmitter(KernelBuilder &kb, const WindowPlan &plan);
  void emitTile(Value tile);

private:
  void startChannels(Value first, Value mask);
  void emitRow(bool isInside);
  void emitBorderColumns(nn::SizeAttr low, nn::SizeAttr high, bool isInside);
  void emitColumns(Value column, unsigned count, const TapRange &taps,
                   bool isInside);
  SmallVector<Value> emitRowTaps(ArrayRef<Value> rowTaps, Value column,
                                 SmallVector<Value> sums, const TapRange &taps);
  SmallVector<Value> emitTaps(Value rowOffset, Value filterOffset,
                              ArrayRef<Value> filters, Value column,
                              SmallVector<Value> sums, const TapRange &taps);
  SmallVector<Value> forRowTaps(SmallVector<Value> rowTaps, Value column,
                                SmallVector<Value> sums, const TapRange &taps,
                                bool isInside);
  void finishColumn(Value column, Value sum, const TapRange &taps,
                    bool isInside);
  Value getCount(const TapRange &taps, Value column, bool isInside);
  Value loadFilter(Value offset);
  unsigned getBlock() const;

  KernelBuilder &kb;
  const WindowPlan &plan;
  PointEmitter epilogue;
  Type elementType, filterType, sumType;
  std::optional<QuadTaps> quads;
  SmallVector<nn::SizeAttr> inputStrides, strides;
  /// Of the tile: image, indices of the outer spatial dimensions, and the taps
  /// of these that exist.
  Value image;
  SmallVector<Value> row;
  SmallVector<std::pair<Value, Value>> rowTapRanges;
  Value isInsideRow, firstChannel, lastChannel;
  /// Of the vector of channels: its first one, its mask, the filter.
  Value channel, channelMask;
  SmallVector<Value> filters;
};

} // namespace

WindowEmitter::WindowEmitter(KernelBuilder &kb, const WindowPlan &plan)
    : kb(kb), plan(plan), epilogue(kb, plan.epilogue),
      elementType(getElementTypeOrSelf(plan.input.getType())),
      inputStrides(getRowMajorStrides(kb.b.getContext(), plan.inputSizes)),
      strides(getRowMajorStrides(kb.b.getContext(), plan.sizes)) {
  sumType =
      getComputeType(getElementTypeOrSelf(plan.op->getResult(0).getType()));
  if (plan.filter)
    filterType = getElementTypeOrSelf(plan.filter.getType());
  if (plan.hasQuads())
    quads.emplace(kb, plan);
}

/// Columns computed at a time.
unsigned WindowEmitter::getBlock() const {
  if (plan.getTaps() > maxUnrolledTaps)
    return 1;
  return kb.getRegisters() == 32 && plan.getTaps() <= 25 ? 8 : 4;
}

//===----------------------------------------------------------------------===//
// Taps
//===----------------------------------------------------------------------===//

Value WindowEmitter::loadFilter(Value offset) {
  return kb.loadVector(kb.getBuffer(plan.filter), filterType, offset,
                       channelMask);
}

/// Adds the taps of one row of the window. `rowOffset` is the offset of the
/// input row at the channel, `filterOffset` that of the filter's row; `filters`
/// holds the row of the filter if it is in registers.
SmallVector<Value> WindowEmitter::emitTaps(Value rowOffset, Value filterOffset,
                                           ArrayRef<Value> filters,
                                           Value column,
                                           SmallVector<Value> sums,
                                           const TapRange &taps) {
  unsigned w = plan.getColumn();
  Value channels = kb.size(plan.sizes.back());
  Value start = getWindowStart(kb, plan, w, column);
  Value input = kb.getBuffer(plan.input);
  auto load = [&](Value position) {
    Value offset = kb.add(rowOffset, kb.mul(position, channels));
    return kb.loadVector(input, elementType, offset, channelMask);
  };
  auto filterAt = [&](Value tap) -> Value {
    if (!plan.filter)
      return {};
    return loadFilter(kb.add(filterOffset, kb.mul(tap, channels)));
  };
  if (taps.low) {
    return kb.forLoop(taps.low, taps.high, kb.index(1), sums,
                      [&](Value tap, ValueRange carried) {
                        Value position = kb.add(
                            start, kb.mul(tap, kb.index(plan.dilations[w])));
                        Value sum =
                            accumulateTap(kb, plan, elementType, carried[0],
                                          load(position), filterAt(tap));
                        return SmallVector<Value>{sum};
                      });
  }
  // Columns of a block share what they read.
  DenseMap<int64_t, Value> loaded;
  for (int64_t tap = taps.first; tap < taps.last; ++tap) {
    Value filter = !plan.filter      ? Value()
                   : filters.empty() ? filterAt(kb.index(tap))
                                     : filters[tap];
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t distance = i * plan.strides[w] + tap * plan.dilations[w];
      Value &value = loaded[distance];
      if (!value)
        value = load(kb.add(start, kb.index(distance)));
      sum = accumulateTap(kb, plan, elementType, sum, value, filter);
    }
  }
  return sums;
}

/// The taps of the window's row `rowTaps` (an index each outer dimension).
SmallVector<Value> WindowEmitter::emitRowTaps(ArrayRef<Value> rowTaps,
                                              Value column,
                                              SmallVector<Value> sums,
                                              const TapRange &taps) {
  Value offset = kb.add(kb.mul(image, kb.size(inputStrides[0])), channel);
  Value filterRow = kb.index(0);
  int64_t number = 0;
  bool isConstant = true;
  for (auto [d, tap] : llvm::enumerate(rowTaps)) {
    Value position = kb.add(getWindowStart(kb, plan, d, row[d]),
                            kb.mul(tap, kb.index(plan.dilations[d])));
    offset = kb.add(offset, kb.mul(position, kb.size(inputStrides[d + 1])));
    filterRow = kb.add(kb.mul(filterRow, kb.index(plan.window[d])), tap);
    auto constant = tap.getDefiningOp<arith::ConstantIndexOp>();
    isConstant &= static_cast<bool>(constant);
    if (constant)
      number = number * plan.window[d] + constant.value();
  }
  int64_t columns = plan.window.back();
  ArrayRef<Value> known;
  if (isConstant && !filters.empty())
    known = ArrayRef(filters).slice(number * columns, columns);
  Value channels = kb.size(plan.sizes.back());
  Value filterOffset =
      kb.add(kb.mul(kb.mul(filterRow, kb.index(columns)), channels), channel);
  return emitTaps(offset, filterOffset, known, column, std::move(sums), taps);
}

/// Runs over the rows of the window: unrolled if all of them are inside.
SmallVector<Value> WindowEmitter::forRowTaps(SmallVector<Value> rowTaps,
                                             Value column,
                                             SmallVector<Value> sums,
                                             const TapRange &taps,
                                             bool isInside) {
  unsigned d = rowTaps.size();
  if (d == plan.getColumn())
    return emitRowTaps(rowTaps, column, std::move(sums), taps);
  rowTaps.push_back({});
  if (isInside && plan.getTaps() <= maxUnrolledTaps) {
    for (int64_t tap = 0; tap < plan.window[d]; ++tap) {
      rowTaps.back() = kb.index(tap);
      sums = forRowTaps(rowTaps, column, std::move(sums), taps, isInside);
    }
    return sums;
  }
  auto [low, high] = rowTapRanges[d];
  return kb.forLoop(
      low, high, kb.index(1), sums, [&](Value tap, ValueRange carried) {
        rowTaps.back() = tap;
        return forRowTaps(rowTaps, column, SmallVector<Value>(carried), taps,
                          isInside);
      });
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

Value WindowEmitter::getCount(const TapRange &taps, Value column,
                              bool isInside) {
  unsigned w = plan.getColumn();
  bool isWhole = !taps.low && taps.first == 0 && taps.last == plan.window[w];
  Value count =
      isWhole ? kb.index(plan.window[w]) : getTapCount(kb, plan, w, column);
  for (unsigned d = 0; d < w; ++d)
    count = kb.mul(count, isInside ? kb.index(plan.window[d])
                                   : getTapCount(kb, plan, d, row[d]));
  return count;
}

void WindowEmitter::finishColumn(Value column, Value sum, const TapRange &taps,
                                 bool isInside) {
  if (plan.kind == nn::ReduceKind::Mean)
    sum = divideByCount(kb, sum, getCount(taps, column, isInside));
  Point point{{image}, static_cast<int>(plan.sizes.size()) - 1, channelMask};
  point.indices.append(row.begin(), row.end());
  point.indices.append({column, channel});
  epilogue.startPoint(point);
  epilogue.setSeed(plan.op->getResult(0), sum);
  SmallVector<Value> values;
  for (unsigned root : plan.roots)
    values.push_back(epilogue.emit(root));
  epilogue.setSeed(plan.op->getResult(0), {});
  Value offset = kb.index(0);
  for (auto [index, stride] : llvm::zip_equal(point.indices, strides))
    offset = kb.add(offset, kb.mul(index, kb.size(stride)));
  for (auto [number, value] : llvm::enumerate(values))
    kb.storeVector(value, kb.getResultBuffer(number),
                   getElementTypeOrSelf(
                       kb.getKernel().getFunctionType().getResult(number)),
                   offset, channelMask);
}

/// Computes `count` neighbouring columns with the same taps.
void WindowEmitter::emitColumns(Value column, unsigned count,
                                const TapRange &taps, bool isInside) {
  forEachVector(kb, firstChannel, lastChannel, [&](Value first, Value mask) {
    startChannels(first, mask);
    Value start = kb.constant(
        kb.getVector(sumType),
        getNeutral(plan.kind, elementType.isUnsignedInteger(), sumType));
    SmallVector<Value> sums(count, start);
    sums = quads ? quads->emit(column, std::move(sums), taps, isInside)
                 : forRowTaps({}, column, std::move(sums), taps, isInside);
    for (auto [i, sum] : llvm::enumerate(sums))
      finishColumn(kb.add(column, kb.index(i)), sum, taps, isInside);
  });
}

/// Columns whose window is cut by the border.
void WindowEmitter::emitBorderColumns(nn::SizeAttr low, nn::SizeAttr high,
                                      bool isInside) {
  unsigned w = plan.getColumn();
  auto first = low.getConstant(), last = high.getConstant();
  auto extent = plan.getInputSize(w).getConstant();
  if (first && last && extent && *last - *first <= 4 &&
      plan.getTaps() <= maxUnrolledTaps) {
    for (int64_t column = *first; column < *last; ++column) {
      int64_t start = column * plan.strides[w] - plan.padsBefore[w];
      TapRange taps{plan.window[w], 0, {}, {}};
      for (int64_t tap = 0; tap < plan.window[w]; ++tap) {
        int64_t position = start + tap * plan.dilations[w];
        if (position < 0 || position >= *extent)
          continue;
        taps.first = std::min(taps.first, tap);
        taps.last = tap + 1;
      }
      emitColumns(kb.index(column), 1, taps, isInside);
    }
    return;
  }
  kb.forLoop(kb.size(low), kb.size(high), kb.index(1), [&](Value column) {
    auto [lowTap, highTap] = getTapRange(kb, plan, w, column);
    emitColumns(column, 1, TapRange{0, 0, lowTap, highTap}, isInside);
  });
}

void WindowEmitter::emitRow(bool isInside) {
  // The columns [low, high) have their window inside of the input.
  unsigned w = plan.getColumn();
  MLIRContext *context = kb.b.getContext();
  nn::SizeAttr zero = nn::getSize(context, 0), columns = plan.getSize(w);
  int64_t reach = (plan.window[w] - 1) * plan.dilations[w];
  nn::SizeAttr low = nn::min(
      nn::ceilDiv(nn::getSize(context, plan.padsBefore[w]), plan.strides[w]),
      columns);
  nn::SizeAttr high =
      nn::add(nn::floorDiv(
                  nn::add(plan.getInputSize(w), plan.padsBefore[w] - 1 - reach),
                  plan.strides[w]),
              1);
  high = nn::max(low, nn::min(high, columns));
  emitBorderColumns(zero, low, isInside);

  TapRange all{0, plan.window[w], {}, {}};
  if (plan.getTaps() > maxUnrolledTaps)
    all = TapRange{0, 0, kb.index(0), kb.index(plan.window[w])};
  Value start = kb.size(low), end = kb.size(high);
  unsigned block = getBlock();
  if (block > 1) {
    Value step = kb.index(block);
    Value blocks = kb.div(kb.sub(end, start), step);
    Value middle = kb.add(start, kb.mul(blocks, step));
    kb.forLoop(start, middle, step, [&](Value column) {
      emitColumns(column, block, all, isInside);
    });
    start = middle;
  }
  kb.forLoop(start, end, kb.index(1),
             [&](Value column) { emitColumns(column, 1, all, isInside); });
  emitBorderColumns(high, columns, isInside);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void WindowEmitter::startChannels(Value first, Value mask) {
  channel = first;
  channelMask = mask;
  filters.clear();
  if (quads) {
    quads->startChannels(channel, channelMask);
  } else if (plan.filter && plan.getTaps() <= maxUnrolledTaps) {
    Value channels = kb.size(plan.sizes.back());
    for (int64_t tap = 0; tap < plan.getTaps(); ++tap)
      filters.push_back(
          loadFilter(kb.add(kb.mul(kb.index(tap), channels), channel)));
  }
  // What does not depend on the column (a bias) is read once.
  unsigned rank = plan.sizes.size();
  Point point{{image}, static_cast<int>(rank) - 1, mask};
  point.indices.append(row.begin(), row.end());
  point.indices.append({kb.index(0), channel});
  llvm::BitVector later(rank);
  later.set(rank - 2);
  epilogue.emitInvariant(plan.roots, point, later);
}

void WindowEmitter::emitTile(Value tile) {
  // Rows of an image are neighbours, for one chunk of its channels.
  unsigned outer = plan.getColumn();
  SmallVector<nn::SizeAttr> order{plan.sizes[0], plan.channelChunks};
  order.append(plan.sizes.begin() + 1, plan.sizes.begin() + 1 + outer);
  SmallVector<Value> indices = delinearize(kb, tile, order);
  image = indices[0];
  row.assign(indices.begin() + 2, indices.end());
  if (quads)
    quads->startRow(image, row);

  rowTapRanges.clear();
  isInsideRow = {};
  for (unsigned d = 0; d < outer; ++d) {
    rowTapRanges.push_back(getTapRange(kb, plan, d, row[d]));
    Value count = kb.sub(rowTapRanges[d].second, rowTapRanges[d].first);
    Value isWhole =
        arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::eq, count,
                              kb.index(plan.window[d]));
    isInsideRow =
        isInsideRow ? arith::AndIOp::create(kb.b, kb.loc, isInsideRow, isWhole)
                    : isWhole;
  }
  Value step = kb.index(WindowPlan::channelsPerTile);
  firstChannel = kb.mul(indices[1], step);
  lastChannel = kb.min(kb.add(firstChannel, step), kb.size(plan.sizes.back()));

  if (outer == 0)
    return emitRow(/*isInside=*/true);
  OpBuilder::InsertionGuard guard(kb.b);
  auto branch = scf::IfOp::create(kb.b, kb.loc, isInsideRow,
                                  /*withElseRegion=*/true);
  kb.b.setInsertionPointToStart(branch.thenBlock());
  emitRow(/*isInside=*/true);
  kb.b.setInsertionPointToStart(branch.elseBlock());
  emitRow(/*isInside=*/false);
}

LogicalResult sinter::emitWindowKernel(KernelBuilder &kb) {
  FailureOr<WindowPlan> plan = makeWindowPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  WindowEmitter emitter(kb, *plan);
  kb.forTiles([&](Value tile) { emitter.emitTile(tile); });
  return success();
}
