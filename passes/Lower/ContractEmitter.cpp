//===- ContractEmitter.cpp - kernels with a contraction ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops around the register tile. A unit of work, once it has copied what
// it must, runs through its panels of columns; for each panel through its lines
// and pixels in register tiles. No loop splits the sums: their order does not
// depend on units, slots or threads.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Lower/ContractCopy.h"
#include "passes/Lower/ContractEpilogue.h"
#include "passes/Lower/ContractPlan.h"
#include "passes/Lower/ContractTile.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/SparseElements.h"
#include "passes/Lower/SparseTile.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;
using nn::SizeAttr;

/// Panels up to which a last vector of columns gets tiles of its own.
static constexpr int64_t fewPanels = 8;

namespace {

class ContractEmitter {
public:
  ContractEmitter(KernelBuilder &kb, const Contraction &c)
      : kb(kb), c(c), plan(planContraction(c)), choice(chooseTile(kb, c)),
        tiles(kb, choice, c, getScratch(plan.tileElements, plan.tileOffset)),
        window(getScratch(plan.windowElements, plan.windowOffset)),
        packedPanel(getScratch(plan.panelElements, plan.panelOffset)),
        epilogue(kb, c, getScratch(plan.tileElements, plan.tileOffset)) {}

  void run() {
    kb.forTiles([&](Value unit) { emitUnit(unit); });
  }

private:
  /// [first, second).
  using Range = std::pair<Value, Value>;
  /// The smallest and the largest size of a range; nothing if they are free.
  using Bounds = std::optional<std::pair<int64_t, int64_t>>;
  using TileBody = function_ref<void(Value start, int64_t height)>;

  /// A part at the outer rows of the unit: offsets of its operands at line 0,
  /// pixel 0 and column 0, and how lhs is read.
  struct PartState {
    const ContractPart *part;
    Value lhs, rhs, result;
    SmallVector<Value> leaves;
    SizeAttr lhsLine, lhsPixel;
    SmallVector<ReductionLoop> reduction;
    Range lines, pixels;
    Bounds lineBounds, pixelBounds;
  };
  /// The columns that the tiles of a loop have in common.
  struct Columns {
    Value rhsOffset; ///< of the column, from the part's
    Value column;
    unsigned vectors;
    SmallVector<Value> masks;
  };

  Value getScratch(SizeAttr elements, SizeAttr offset);
  Range getBlock(Value block, SizeAttr blocks, SizeAttr size);
  Bounds getBounds(SizeAttr blocks, SizeAttr size, SizeAttr partSize);
  Value evaluate(const LinearForm &form);

  void emitUnit(Value unit);
  void emitSparseLines(Range panels);
  void copyWindow();
  PartState enterPart(const ContractPart &part);
  void enterWindow(PartState &state);
  void emitPanel(Value panel);
  void emitColumns(Value panel, Value column);
  void emitParts(const Columns &columns);
  void emitRows(const PartState &state, const Columns &columns);
  void emitTile(const PartState &state, const Columns &columns, Value line,
                Value pixel, int64_t lineCount, int64_t pixelCount);

  /// Cuts a range into tiles of at most `largest`.
  void emitSplit(Range range, Bounds bounds, int64_t largest, TileBody body);
  void emitEvenSplit(Range range, std::pair<int64_t, int64_t> bounds,
                     int64_t count, TileBody body);
  void emitFreeSplit(Range range, int64_t largest, TileBody body);

  KernelBuilder &kb;
  const Contraction &c;
  ContractPlan plan;
  TileChoice choice;
  TileEmitter tiles;
  Value window, packedPanel;
  EpilogueEmitter epilogue;

  /// The unit being emitted: place in the outer rows, and blocks.
  SmallVector<Value> outer;
  Range lines, pixels;
  std::vector<PartState> parts;
};

} // namespace

Value ContractEmitter::getScratch(SizeAttr elements, SizeAttr offset) {
  if (elements.isConstant(0))
    return {};
  return kb.getScratchView(getComputeType(c.elementType), offset, elements);
}

ContractEmitter::Range ContractEmitter::getBlock(Value block, SizeAttr blocks,
                                                 SizeAttr size) {
  Value count = kb.size(blocks), whole = kb.size(size);
  if (blocks.isConstant(1))
    return {kb.index(0), whole};
  Value next = kb.add(block, kb.index(1));
  return {kb.div(kb.mul(block, whole), count),
          kb.div(kb.mul(next, whole), count)};
}

ContractEmitter::Bounds
ContractEmitter::getBounds(SizeAttr blocks, SizeAttr size, SizeAttr partSize) {
  std::optional<int64_t> count = blocks.getConstant();
  std::optional<int64_t> whole = partSize.getConstant();
  if (!count || !whole || (size != partSize && *count != 1))
    return std::nullopt;
  return std::make_pair(*whole / *count, (*whole + *count - 1) / *count);
}

Value ContractEmitter::evaluate(const LinearForm &form) {
  Value offset = kb.size(form.base);
  for (auto [index, stride] : llvm::zip(outer, form.strides))
    offset = kb.add(offset, kb.mul(index, kb.size(stride)));
  return offset;
}

//===----------------------------------------------------------------------===//
// Units
//===----------------------------------------------------------------------===//

void ContractEmitter::emitUnit(Value unit) {
  auto take = [&](SizeAttr count) {
    Value index = kb.rem(unit, kb.size(count));
    unit = kb.div(unit, kb.size(count));
    return count.isConstant(1) ? kb.index(0) : index;
  };
  Range panels;
  auto takePanels = [&] {
    panels = getBlock(take(plan.panelGroups), plan.panelGroups, plan.panels);
  };
  if (plan.rowsFirst)
    takePanels();
  pixels =
      getBlock(take(plan.pixelBlocks), plan.pixelBlocks, c.rows[c.getPixel()]);
  lines = getBlock(take(plan.lineBlocks), plan.lineBlocks, c.rows[c.getLine()]);
  if (!plan.rowsFirst)
    takePanels();
  outer.assign(c.rows.size() - 2, Value());
  for (unsigned row = outer.size(); row-- > 0;)
    outer[row] = take(c.rows[row]);

  if (c.window)
    copyWindow();
  parts.clear();
  for (const ContractPart &part : c.parts)
    parts.push_back(enterPart(part));
  if (c.sparse && !c.sparse->hasBlocks) {
    emitSparseLines(panels);
    return;
  }
  kb.forLoop(panels.first, panels.second, kb.index(1),
             [&](Value panel) { emitPanel(panel); });
}

void ContractEmitter::emitSparseLines(Range panels) {
  SparseElementsEmitter emitter(kb, c, plan, epilogue);
  const PartState &state = parts.front();
  const ContractPart &part = *state.part;
  kb.forLoop(
      state.lines.first, state.lines.second, kb.index(1), [&](Value line) {
        auto move = [&](Value offset, const LinearForm &form) {
          Value stride = kb.size(form.strides[c.getLine()]);
          return kb.add(offset, kb.mul(line, stride));
        };
        SparseLine work;
        work.lhs = move(state.lhs, part.lhs);
        work.result = move(state.result, part.result);
        for (auto [form, offset] : llvm::zip_equal(part.leaves, state.leaves))
          work.leaves.push_back(move(offset, form));
        work.pixels = state.pixels;
        work.panels = panels;
        emitter.emit(work);
      });
}

void ContractEmitter::copyWindow() {
  SmallVector<Range> ranges;
  for (const InputWindow::Dimension &dim : c.window->dimensions) {
    if (dim.row == c.getLine())
      ranges.push_back(lines);
    else if (dim.row == c.getPixel())
      ranges.push_back(pixels);
    else
      ranges.push_back({outer[dim.row], kb.add(outer[dim.row], kb.index(1))});
  }
  emitWindowCopy(kb, c, plan, evaluate(c.window->base), ranges, window);
}

ContractEmitter::PartState
ContractEmitter::enterPart(const ContractPart &part) {
  PartState state;
  state.part = &part;
  state.rhs = evaluate(part.rhs);
  state.result = evaluate(part.result);
  for (const LinearForm &leaf : part.leaves)
    state.leaves.push_back(evaluate(leaf));
  SmallVector<ReductionLoop> reduction = part.reduction;
  if (c.needsPackedRhs())
    reduction.front().rhsStride = nn::getSize(kb.b.getContext(), panelColumns);
  state.reduction = std::move(reduction);
  if (c.window) {
    enterWindow(state);
  } else {
    state.lhs = evaluate(part.lhs);
    state.lhsLine = part.lhs.strides[c.getLine()];
    state.lhsPixel = part.lhs.strides[c.getPixel()];
  }
  state.reduction = mergeReduction(state.reduction);

  // A part may end before the largest one does.
  auto clip = [&](Range range, unsigned row) -> Range {
    if (part.rows[row] == c.rows[row])
      return range;
    return {range.first, kb.min(range.second, kb.size(part.rows[row]))};
  };
  state.lines = clip(lines, c.getLine());
  state.pixels = clip(pixels, c.getPixel());
  state.lineBounds =
      getBounds(plan.lineBlocks, c.rows[c.getLine()], part.rows[c.getLine()]);
  state.pixelBounds = getBounds(plan.pixelBlocks, c.rows[c.getPixel()],
                                part.rows[c.getPixel()]);
  return state;
}

void ContractEmitter::enterWindow(PartState &state) {
  WindowStrides strides = getWindowStrides(*c.window, plan);
  SizeAttr zero = nn::getSize(kb.b.getContext(), 0);
  state.lhsLine = state.lhsPixel = zero;
  state.lhs = kb.index(0);
  for (auto [index, dim] : llvm::enumerate(c.window->dimensions)) {
    const FilterTaps &taps = state.part->taps[index];
    SizeAttr stride = strides.dimensions[index];
    SizeAttr scaled = nn::mul(stride, dim.scale);
    state.lhs =
        kb.add(state.lhs, kb.size(nn::mul(stride, taps.lhsStart - dim.lowest)));
    state.reduction[index].lhsStride = nn::mul(stride, taps.lhsStep);
    // The window begins at the first output of the unit.
    Value begin;
    if (dim.row == c.getLine()) {
      state.lhsLine = scaled;
      begin = lines.first;
    } else if (dim.row == c.getPixel()) {
      state.lhsPixel = scaled;
      begin = pixels.first;
    } else {
      continue;
    }
    state.lhs = kb.sub(state.lhs, kb.mul(begin, kb.size(scaled)));
  }
  state.reduction.back().lhsStride = strides.channel;
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

void ContractEmitter::emitPanel(Value panel) {
  Value column = kb.mul(panel, kb.index(panelColumns));
  if (c.needsPackedRhs())
    emitPanelCopy(kb, c, parts.front().rhs, column, packedPanel);
  int64_t step = choice.vectors * kb.getLanes();
  if (step == panelColumns) {
    emitColumns(panel, column);
    return;
  }
  Value end = kb.add(column, kb.index(panelColumns));
  std::optional<int64_t> all = c.columns.getConstant();
  if (!all || *all % panelColumns != 0)
    end = kb.min(end, kb.size(c.columns));
  kb.forLoop(column, end, kb.index(step),
             [&](Value first) { emitColumns(panel, first); });
}

void ContractEmitter::emitColumns(Value panel, Value column) {
  Columns columns;
  columns.column = column;
  columns.vectors = choice.vectors;
  Value inPanel = kb.sub(column, kb.mul(panel, kb.index(panelColumns)));
  if (c.needsPackedRhs())
    columns.rhsOffset = inPanel;
  else if (c.packed)
    columns.rhsOffset = kb.add(kb.mul(panel, kb.size(c.panelStride)),
                               kb.mul(inPanel, kb.index(c.step)));
  else
    columns.rhsOffset = column;

  int64_t lanes = kb.getLanes(), step = choice.vectors * lanes;
  std::optional<int64_t> all = c.columns.getConstant();
  if (all && *all % step == 0) {
    emitParts(columns);
    return;
  }
  Value left = kb.sub(kb.size(c.columns), column);
  // A last vector of columns has tiles of its own where that saves much.
  if (choice.vectors == 2 && all && *all % step <= lanes &&
      *all <= fewPanels * panelColumns) {
    Value narrow = arith::CmpIOp::create(
        kb.b, kb.loc, arith::CmpIPredicate::sle, left, kb.index(lanes));
    auto branch =
        scf::IfOp::create(kb.b, kb.loc, narrow, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(kb.b);
    kb.b.setInsertionPointToStart(branch.elseBlock());
    emitParts(columns);
    kb.b.setInsertionPointToStart(branch.thenBlock());
    columns.vectors = 1;
    if (*all % lanes != 0)
      columns.masks.push_back(kb.tailMask(left));
    emitParts(columns);
    return;
  }
  for (unsigned vector = 0; vector < choice.vectors; ++vector)
    columns.masks.push_back(
        kb.tailMask(kb.sub(left, kb.index(vector * lanes))));
  emitParts(columns);
}

void ContractEmitter::emitParts(const Columns &columns) {
  for (const PartState &state : parts) {
    Value inside;
    for (auto [row, index] : llvm::enumerate(outer)) {
      if (state.part->rows[row] == c.rows[row])
        continue;
      Value here =
          arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::slt, index,
                                kb.size(state.part->rows[row]));
      inside =
          inside ? arith::AndIOp::create(kb.b, kb.loc, inside, here) : here;
    }
    if (inside)
      kb.ifThen(inside, [&] { emitRows(state, columns); });
    else
      emitRows(state, columns);
  }
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

void ContractEmitter::emitRows(const PartState &state, const Columns &columns) {
  int64_t largest =
      columns.vectors < choice.vectors ? choice.narrowRows : choice.rows;
  // Short lines of a fixed length: tiles span several.
  Bounds bounds = state.pixelBounds;
  if (!choice.isAmx && bounds && bounds->first == bounds->second &&
      bounds->first * 2 <= largest &&
      !state.part->rows[c.getLine()].isConstant(1)) {
    int64_t length = bounds->first;
    emitSplit(state.lines, state.lineBounds, largest / length,
              [&](Value line, int64_t count) {
                emitTile(state, columns, line, state.pixels.first, count,
                         length);
              });
    return;
  }
  kb.forLoop(state.lines.first, state.lines.second, kb.index(1),
             [&](Value line) {
               emitSplit(state.pixels, bounds, largest,
                         [&](Value pixel, int64_t count) {
                           emitTile(state, columns, line, pixel, 1, count);
                         });
             });
}

void ContractEmitter::emitSplit(Range range, Bounds bounds, int64_t largest,
                                TileBody body) {
  if (!bounds) {
    emitFreeSplit(range, largest, body);
    return;
  }
  if (bounds->second == 0)
    return;
  int64_t count = (bounds->second + largest - 1) / largest;
  if (count > bounds->first)
    emitFreeSplit(range, std::min(largest, bounds->second), body);
  else
    emitEvenSplit(range, *bounds, count, body);
}

/// `count` tiles of two heights that differ by 1, the higher ones first.
void ContractEmitter::emitEvenSplit(Range range,
                                    std::pair<int64_t, int64_t> bounds,
                                    int64_t count, TileBody body) {
  int64_t low = bounds.first / count;
  Value size = bounds.first == bounds.second
                   ? kb.index(bounds.first)
                   : kb.sub(range.second, range.first);
  Value high = kb.sub(size, kb.index(low * count));
  Value middle = kb.add(range.first, kb.mul(high, kb.index(low + 1)));
  if (bounds.second > low * count)
    kb.forLoop(range.first, middle, kb.index(low + 1),
               [&](Value start) { body(start, low + 1); });
  if (bounds.first < (low + 1) * count)
    kb.forLoop(middle, range.second, kb.index(low),
               [&](Value start) { body(start, low); });
}

/// Tiles of the largest height that fits, then one of the smallest height that
/// covers the rest; it overlaps the one before, whose values it repeats.
void ContractEmitter::emitFreeSplit(Range range, int64_t largest,
                                    TileBody body) {
  SmallVector<int64_t> heights = choice.getHeights(largest);
  auto select = [&](arith::CmpIPredicate predicate, Value lhs, int64_t rhs,
                    int64_t yes, Value no) -> Value {
    Value holds =
        arith::CmpIOp::create(kb.b, kb.loc, predicate, lhs, kb.index(rhs));
    return arith::SelectOp::create(kb.b, kb.loc, holds, kb.index(yes), no);
  };
  Value size = kb.sub(range.second, range.first);
  Value mainHeight = kb.index(1), one = kb.index(1);
  for (int64_t height : llvm::reverse(heights))
    mainHeight =
        select(arith::CmpIPredicate::sge, size, height, height, mainHeight);
  Value full = kb.div(size, mainHeight);
  Value rest = kb.sub(size, kb.mul(full, mainHeight));
  Value restHeight = kb.index(heights.front());
  for (int64_t height : heights)
    restHeight =
        select(arith::CmpIPredicate::sle, rest, height, height, restHeight);
  Value extra = arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::ne,
                                      rest, kb.index(0));
  Value count = kb.add(
      full, arith::SelectOp::create(kb.b, kb.loc, extra, one, kb.index(0)));
  kb.forLoop(kb.index(0), count, one, [&](Value tile) {
    Value isFull = arith::CmpIOp::create(kb.b, kb.loc,
                                         arith::CmpIPredicate::slt, tile, full);
    Value height =
        arith::SelectOp::create(kb.b, kb.loc, isFull, mainHeight, restHeight);
    Value start = arith::SelectOp::create(
        kb.b, kb.loc, isFull, kb.add(range.first, kb.mul(tile, mainHeight)),
        kb.sub(range.second, restHeight));
    ArrayRef<int64_t> cases = ArrayRef(heights).drop_back();
    auto choose = scf::IndexSwitchOp::create(kb.b, kb.loc, TypeRange(), height,
                                             cases, cases.size());
    OpBuilder::InsertionGuard guard(kb.b);
    auto fill = [&](Region &region, int64_t rows) {
      kb.b.createBlock(&region);
      body(start, rows);
      scf::YieldOp::create(kb.b, kb.loc);
    };
    for (auto [region, rows] : llvm::zip_equal(choose.getCaseRegions(), cases))
      fill(region, rows);
    fill(choose.getDefaultRegion(), heights.back());
  });
}

void ContractEmitter::emitTile(const PartState &state, const Columns &columns,
                               Value line, Value pixel, int64_t lineCount,
                               int64_t pixelCount) {
  TileShape shape{lineCount, pixelCount, columns.vectors};
  auto move = [&](Value offset, SizeAttr lineStride, SizeAttr pixelStride) {
    offset = kb.add(offset, kb.mul(line, kb.size(lineStride)));
    return kb.add(offset, kb.mul(pixel, kb.size(pixelStride)));
  };
  Type compute = getComputeType(c.elementType);
  TileOperand lhs{c.window ? window : kb.getBuffer(c.lhs),
                  c.window ? compute : getElementTypeOrSelf(c.lhs.getType()),
                  move(state.lhs, state.lhsLine, state.lhsPixel)};
  TileOperand rhs{packedPanel ? packedPanel : kb.getBuffer(c.rhs),
                  packedPanel ? compute : getElementTypeOrSelf(c.rhs.getType()),
                  columns.rhsOffset};
  if (!packedPanel)
    rhs.offset = kb.add(rhs.offset, state.rhs);
  SmallVector<Value> sums =
      c.sparse
          ? emitSparseTile(kb, c, shape, state.reduction.back().lhsStride, lhs,
                           state.lhsLine, state.lhsPixel, columns.column)
          : tiles.emit(shape, state.reduction, lhs, state.lhsLine,
                       state.lhsPixel, rhs, columns.masks);

  auto getPosition = [&](const LinearForm &form, Value offset) {
    TilePosition position;
    SizeAttr lineStride = form.strides[c.getLine()];
    SizeAttr pixelStride = form.strides[c.getPixel()];
    position.columnStride = form.strides.back();
    position.offset =
        kb.add(move(offset, lineStride, pixelStride),
               kb.mul(columns.column, kb.size(position.columnStride)));
    position.lineStride = kb.size(lineStride);
    position.pixelStride = kb.size(pixelStride);
    position.sameForRows =
        lineStride.isConstant(0) && pixelStride.isConstant(0);
    position.rowsTogether =
        pixelStride.isConstant(1) && !position.columnStride.isConstant(1) &&
        (lineCount == 1 || lineStride.isConstant(pixelCount));
    return position;
  };
  SmallVector<TilePosition> leaves;
  for (auto [form, offset] : llvm::zip_equal(state.part->leaves, state.leaves))
    leaves.push_back(getPosition(form, offset));
  epilogue.emit(shape, sums, leaves,
                getPosition(state.part->result, state.result), columns.masks);
}

LogicalResult sinter::emitContractKernel(KernelBuilder &builder) {
  ContractObstacle obstacle;
  std::optional<Contraction> contraction =
      getContraction(builder.getKernel(), obstacle);
  if (!contraction)
    return emitUnsupported(obstacle.op, obstacle.reason);
  ContractEmitter(builder, *contraction).run();
  return success();
}
