//===- ContractPlan.cpp - units of work of a contraction --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractPlan.h"
#include "passes/Lower/ContractEpilogue.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/Tiling.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;
using nn::SizeAttr;

/// Rows of the left operand and of an input window that one unit may hold.
static constexpr int64_t lhsBytes = 256 << 10;
static constexpr int64_t windowBytes = 192 << 10;
/// Below this many rows the stream of panels becomes the bottleneck.
static constexpr int64_t fewestRows = 84;
/// The same where the right operand is sparse: rounds jump along the left
/// operand, so it must be in the first-level cache, and its panels are short.
static constexpr int64_t sparseLhsBytes = 32 << 10;
static constexpr int64_t fewestSparseRows = 14;
/// Units to aim at, and multiply-adds of a whole vector a unit should have.
static constexpr int64_t wantedUnits = 32;
static constexpr int64_t wantedWork = 100000;
/// Copying a window may take this part of the time of its unit, estimated at
/// some cycles a vector copied and one cycle a row, panel and step of the sum.
static constexpr int64_t copyPart = 25;
static constexpr int64_t cyclesPerVectorCopy = 3;
/// Pixels of a line of free length, for planning.
static constexpr int64_t fewPixels = 128;
/// Height of the tallest tile of any instruction set.
static constexpr int64_t tallestTile = 14;
/// An operand of this size is still in the second-level cache when it is used
/// again.
static constexpr int64_t keptBytes = 1 << 20;

namespace {

/// Chooses blocks with free sizes at nominal values, then writes them down as
/// formulas.
class Planner {
public:
  explicit Planner(const Contraction &c)
      : c(c), context(c.columns.getContext()) {}

  ContractPlan run();

private:
  SizeAttr getSize(int64_t value) const { return nn::getSize(context, value); }
  /// The value of a size if every free dimension is `symbol`.
  static int64_t estimate(SizeAttr size, int64_t symbol) {
    auto lookup = [&](StringRef) { return std::optional<int64_t>(symbol); };
    return std::max<int64_t>(1, nn::evaluate(size, lookup).value_or(symbol));
  }
  int64_t getRowsPerBlock() const;
  void chooseRowBlocks();
  void chooseRowBlocksOfWindow();
  int64_t getWindowElements() const;
  int64_t getFewestPanels() const;
  void splitForThreads();
  void alignPixelBlocks();
  void chooseOrder();
  void writeBlocks();
  void writeScratch();

  const Contraction &c;
  MLIRContext *context;
  ContractPlan plan;
  /// Estimates, and blocks as numbers. The depth is in steps, whose elements
  /// are as large as a sum.
  int64_t lines, pixels, depth, outer, panels;
  int64_t lineBlocks = 1, pixelBlocks = 1, panelGroups = 1;
};

} // namespace

static int64_t ceilDivide(int64_t lhs, int64_t rhs) {
  return (lhs + rhs - 1) / rhs;
}

/// Input coordinates that some outputs in a row read.
static int64_t getSpan(const InputWindow::Dimension &dim, int64_t outputs) {
  return (outputs - 1) * dim.scale + dim.highest - dim.lowest + 1;
}

ContractPlan Planner::run() {
  lines = estimate(c.rows[c.getLine()], 64);
  pixels = estimate(c.rows[c.getPixel()], 64);
  // Even a short input must give work to all threads.
  if (!c.rows[c.getPixel()].getConstant())
    pixels = std::min(pixels, fewPixels);
  depth = estimate(c.getDepth(), 64);
  outer = 1;
  for (SizeAttr size : ArrayRef(c.rows).drop_back(2))
    outer *= estimate(size, 1);
  plan.panels = nn::ceilDiv(c.columns, panelColumns);
  panels = estimate(plan.panels, 4);
  if (c.window)
    chooseRowBlocksOfWindow();
  else
    chooseRowBlocks();
  splitForThreads();
  alignPixelBlocks();
  chooseOrder();
  writeBlocks();
  writeScratch();
  return plan;
}

int64_t Planner::getRowsPerBlock() const {
  if (c.sparse && !c.sparse->hasBlocks)
    return sparseRows;
  if (c.sparse)
    return std::max(fewestSparseRows,
                    sparseLhsBytes / getComputeBytes(c.elementType) / depth);
  return std::max(fewestRows,
                  lhsBytes / getComputeBytes(c.elementType) / depth);
}

void Planner::chooseRowBlocks() {
  int64_t rows = getRowsPerBlock();
  if (pixels >= rows) {
    lineBlocks = lines;
    pixelBlocks = std::max<int64_t>(1, (pixels + rows / 2) / rows);
  } else {
    lineBlocks = std::min(lines, ceilDivide(lines * pixels, rows));
  }
}

void Planner::chooseRowBlocksOfWindow() {
  int64_t bytes = getComputeBytes(c.elementType);
  const InputWindow::Dimension &pixel = c.window->dimensions.back();
  // Bytes of one input line, and how many lines an output line moves.
  int64_t perCoordinate = estimate(c.window->steps, 64) * bytes;
  int64_t scale = 1, halo = 1;
  for (const auto &dim : ArrayRef(c.window->dimensions).drop_back())
    if (dim.row == c.getLine()) {
      scale = dim.scale;
      halo = dim.highest - dim.lowest + 1;
    } else {
      perCoordinate *= dim.highest - dim.lowest + 1;
    }
  int64_t perLine = perCoordinate * getSpan(pixel, pixels);
  int64_t linesPerBlock = std::max((windowBytes / perLine - halo) / scale + 1,
                                   ceilDivide(fewestRows, pixels));
  lineBlocks = ceilDivide(lines, std::min(lines, linesPerBlock));
  // A line alone may be too long where there is but one spatial dimension.
  if (lines == 1)
    pixelBlocks = std::max<int64_t>(
        1, std::min(perLine / windowBytes, pixels / fewestRows));
}

/// That one unit copies.
int64_t Planner::getWindowElements() const {
  int64_t elements = estimate(c.window->channels, 64);
  for (const InputWindow::Dimension &dim : c.window->dimensions) {
    int64_t outputs = dim.row == c.getLine() ? ceilDivide(lines, lineBlocks)
                      : dim.row == c.getPixel()
                          ? ceilDivide(pixels, pixelBlocks)
                          : 1;
    elements *= getSpan(dim, outputs);
  }
  return elements;
}

/// Panels that share a window, or rows that are transposed, at least, because
/// each group copies it again.
int64_t Planner::getFewestPanels() const {
  if (c.sparse && !c.sparse->hasBlocks)
    return std::clamp<int64_t>(sparseColumns / panelColumns, 1, panels);
  if (!c.window)
    return 1;
  int64_t copied = getWindowElements() / 16 * cyclesPerVectorCopy;
  int64_t perPanel =
      ceilDivide(lines, lineBlocks) * ceilDivide(pixels, pixelBlocks) * depth;
  return std::clamp<int64_t>(copied * copyPart / perPanel, 1, panels);
}

void Planner::splitForThreads() {
  // With fewer rows the panels themselves are what takes time.
  int64_t rows = std::max<int64_t>(outer * lines * pixels, 8);
  int64_t work = rows * depth * panels * 2;
  int64_t wanted = std::clamp<int64_t>(work / wantedWork, 1, wantedUnits);
  int64_t units = outer * lineBlocks * pixelBlocks;
  panelGroups = std::clamp<int64_t>(ceilDivide(wanted, units), 1,
                                    panels / getFewestPanels());
  units *= panelGroups;
  if (units >= wanted)
    return;
  int64_t rowsPerBlock = lines * pixels / (lineBlocks * pixelBlocks);
  int64_t factor =
      std::min(ceilDivide(wanted, units), rowsPerBlock / fewestRows);
  if (factor <= 1)
    return;
  if (lines / lineBlocks >= factor)
    lineBlocks *= factor;
  else if (lines == 1)
    pixelBlocks *= factor;
}

/// Blocks that are whole numbers of the tallest tiles need but one kind of
/// tile.
void Planner::alignPixelBlocks() {
  if (pixelBlocks == 1 || pixels % tallestTile != 0)
    return;
  int64_t tiles = pixels / tallestTile;
  for (int64_t blocks = pixelBlocks; blocks <= pixelBlocks * 3 / 2; ++blocks)
    if (tiles % blocks == 0) {
      pixelBlocks = blocks;
      return;
    }
}

/// What does not stay in the cache is read again for every block, or group, of
/// the other operand. Free sizes count as large.
void Planner::chooseOrder() {
  if (!c.rows[c.getLine()].getConstant() || !c.rows[c.getPixel()].getConstant())
    return;
  int64_t bytes = getComputeBytes(c.elementType);
  int64_t left = lines * pixels * depth * bytes;
  if (c.window)
    left = lines * pixels * estimate(c.window->steps, 64) * bytes;
  int64_t right = panels * panelColumns * depth * bytes;
  int64_t blocks = lineBlocks * pixelBlocks;
  int64_t rowsFirst = left + right * (right > keptBytes ? blocks : 1);
  int64_t panelsFirst = right + left * (left > keptBytes ? panels : 1);
  plan.rowsFirst = rowsFirst <= panelsFirst;
}

void Planner::writeBlocks() {
  SizeAttr line = c.rows[c.getLine()], pixel = c.rows[c.getPixel()];
  // Blocks of free dimensions have a fixed size instead of a fixed number.
  plan.lineBlocks = getSize(lineBlocks);
  plan.linesPerBlock = getSize(ceilDivide(lines, lineBlocks));
  if (!line.getConstant())
    plan.lineBlocks = nn::ceilDiv(line, plan.linesPerBlock);
  plan.pixelBlocks = getSize(pixelBlocks);
  plan.pixelsPerBlock = getSize(ceilDivide(pixels, pixelBlocks));
  if (!pixel.getConstant()) {
    // One line may be as long as it likes. Of several, a block has them whole.
    if (line.isConstant(1)) {
      plan.pixelsPerBlock = getSize(std::min<int64_t>(getRowsPerBlock(), 4096));
      plan.pixelBlocks = nn::ceilDiv(pixel, plan.pixelsPerBlock);
    } else {
      plan.pixelsPerBlock = pixel;
    }
  }
  int64_t groups = panelGroups;
  plan.panelGroups = plan.panels.getConstant()
                         ? getSize(groups)
                         : nn::ceilDiv(plan.panels, ceilDivide(panels, groups));
  SmallVector<SizeAttr> counts(c.rows.begin(), c.rows.end() - 2);
  counts.append({plan.panelGroups, plan.lineBlocks, plan.pixelBlocks});
  plan.tiles = nn::product(context, counts);
}

void Planner::writeScratch() {
  SizeAttr zero = getSize(0);
  plan.windowElements = plan.panelElements = plan.tileElements = zero;
  if (c.window) {
    plan.windowElements = c.window->steps;
    for (const InputWindow::Dimension &dim : c.window->dimensions) {
      SizeAttr outputs = dim.row == c.getLine()    ? plan.linesPerBlock
                         : dim.row == c.getPixel() ? plan.pixelsPerBlock
                                                   : getSize(1);
      plan.windowSizes.push_back(
          nn::add(nn::mul(nn::add(outputs, -1), dim.scale),
                  dim.highest - dim.lowest + 1));
      plan.windowElements =
          nn::mul(plan.windowElements, plan.windowSizes.back());
    }
  }
  if (c.needsPackedRhs())
    plan.panelElements =
        nn::mul(nn::ceilDiv(c.parts.front().reduction.front().count, 16),
                16 * panelColumns);
  if (isHeavyEpilogue(c))
    plan.tileElements = getSize(maxTileElements);
  // The same for all instruction sets, so also where there is no AMX.
  if (c.step > 1)
    plan.tileElements = getSize(maxAmxElements);
  auto &sparse = plan.sparse;
  sparse.lhsElements = sparse.sumElements = sparse.squareElements = zero;
  if (c.sparse && !c.sparse->hasBlocks) {
    sparse.lhsElements = nn::mul(nn::ceilDiv(c.getDepth(), sparseLanes),
                                 sparseLanes * sparseRows);
    sparse.sumElements = getSize(sparseColumns * sparseRows);
    sparse.squareElements = getSize(sparseLanes * sparseLanes);
  }

  int64_t bytes = getComputeBytes(c.elementType);
  SizeAttr offset = zero;
  auto place = [&](SizeAttr elements) {
    SizeAttr start = offset;
    SizeAttr size = nn::mul(nn::ceilDiv(nn::mul(elements, bytes), 64), 64);
    offset = nn::add(offset, size);
    return start;
  };
  plan.tileOffset = place(plan.tileElements);
  plan.panelOffset = place(plan.panelElements);
  plan.windowOffset = place(plan.windowElements);
  sparse.lhsOffset = place(sparse.lhsElements);
  sparse.sumOffset = place(sparse.sumElements);
  sparse.squareOffset = place(sparse.squareElements);
  plan.scratch = offset;
}

ContractPlan sinter::contract::planContraction(const Contraction &contraction) {
  return Planner(contraction).run();
}

TilePlan sinter::planContractTiles(kernel::FuncOp kernel) {
  ContractObstacle obstacle;
  std::optional<Contraction> contraction = getContraction(kernel, obstacle);
  if (!contraction)
    return {};
  ContractPlan plan = planContraction(*contraction);
  return {plan.tiles, plan.scratch};
}
