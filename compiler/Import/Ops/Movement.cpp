//===- Movement.cpp - operators that move elements ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Folding.h"
#include <numeric>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Transpose ----------------------------------------------------------===//

static FailureOr<SmallVector<int64_t>> getPermutation(NodeContext &node) {
  int64_t rank = node.getRank(0);
  SmallVector<int64_t> reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  SmallVector<int64_t> permutation = node.getInts("perm").value_or(reversed);
  if (static_cast<int64_t>(permutation.size()) != rank)
    return node.invalid("a permutation of " + Twine(rank) + " dimensions",
                        "one of " + Twine(permutation.size()));
  return node.normalizeAxes(permutation, rank);
}

static bool foldTranspose(NodeContext &node) {
  const Content *content = node.getContent(0);
  if (!content)
    return false;
  FailureOr<SmallVector<int64_t>> permutation = getPermutation(node);
  if (failed(permutation))
    return false;
  SmallVector<int64_t> shape;
  for (int64_t source : *permutation)
    shape.push_back(content->shape[source]);
  return setElements(node, *content, shape, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> source(index.size());
    for (auto [i, axis] : llvm::enumerate(*permutation))
      source[axis] = index[i];
    int64_t place = 0;
    for (auto [i, size] : llvm::zip_equal(source, content->shape))
      place = place * size + i;
    return place;
  });
}

static LogicalResult importTranspose(NodeContext &node) {
  FailureOr<SmallVector<int64_t>> permutation = getPermutation(node);
  return failed(permutation)
             ? failure()
             : node.setOutput(0,
                              node.transpose(node.getInput(0), *permutation));
}

//===- Concat, Split ------------------------------------------------------===//

static bool foldConcat(NodeContext &node) {
  int64_t rank = node.getRank(0), axis = node.getInt("axis", 1);
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return false;
  Content result;
  SmallVector<const Content *> parts;
  int64_t outer = 1;
  for (unsigned i = 0; i < node.getNumInputs(); ++i) {
    const Content *part = node.getContent(i);
    if (!part || static_cast<int64_t>(part->shape.size()) != rank)
      return false;
    if (i == 0) {
      result.shape = part->shape;
      result.elementType = part->elementType;
      continue;
    }
    SmallVector<int64_t> expected = result.shape;
    expected[axis] = part->shape[axis];
    if (part->shape != expected)
      return false;
    result.shape[axis] += part->shape[axis];
  }
  if (!mayHaveContent(result.shape, result.elementType))
    return false;
  for (int64_t size : ArrayRef(result.shape).take_front(axis))
    outer *= size;
  for (int64_t o = 0; o < outer; ++o)
    for (unsigned i = 0; i < node.getNumInputs(); ++i) {
      const Content *part = node.getContent(i);
      size_t inner = part->elements.size() / std::max<int64_t>(outer, 1);
      result.elements.append(part->elements.begin() + o * inner,
                             part->elements.begin() + (o + 1) * inner);
    }
  return succeeded(node.setContent(0, std::move(result)));
}

static LogicalResult importConcat(NodeContext &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 1), rank);
  if (failed(axis))
    return failure();
  SmallVector<SizeAttr> common = node.getSizes(0);
  for (unsigned i = 1; i < node.getNumInputs(); ++i) {
    SmallVector<SizeAttr> sizes = node.getSizes(i);
    if (static_cast<int64_t>(sizes.size()) != rank)
      return node.invalid("inputs of one rank", "ranks " + Twine(rank) +
                                                    " and " +
                                                    Twine(sizes.size()));
    for (int64_t d = 0; d < rank; ++d) {
      if (d == *axis)
        continue;
      FailureOr<SizeAttr> size = node.unify(
          common[d], sizes[d], "inputs of equal sizes but along the axis");
      if (failed(size))
        return failure();
      common[d] = *size;
    }
  }
  SmallVector<Value> parts;
  for (unsigned i = 0; i < node.getNumInputs(); ++i) {
    common[*axis] = node.getSizes(i)[*axis];
    if (!common[*axis].isConstant(0))
      parts.push_back(node.reshape(node.getInput(i), common));
  }
  if (parts.empty())
    return node.forward(0);
  if (parts.size() == 1)
    return node.setOutput(0, parts.front());
  return node.setOutput(0, node.create<nn::ConcatOp>(ValueRange(parts), *axis));
}

/// The sizes of the parts, as attribute, as input, or equal ones.
static FailureOr<SmallVector<SizeAttr>> getSplitSizes(NodeContext &node,
                                                      SizeAttr total) {
  std::optional<SmallVector<SizeAttr>> given;
  if (node.getOpset() >= 13 && node.hasInput(1)) {
    auto sizes = node.readSizeList(1, "split");
    if (failed(sizes))
      return failure();
    given = std::move(*sizes);
  } else if (auto constants = node.getInts("split");
             constants && node.getOpset() < 13) {
    given = nn::getSizes(node.getContext(), *constants);
  }
  if (given) {
    if (given->size() != node.getNumOutputs())
      return node.invalid("a size for each of " + Twine(node.getNumOutputs()) +
                              " outputs",
                          Twine(given->size()));
    SizeAttr sum = node.getSize(0);
    for (SizeAttr size : *given)
      sum = nn::add(sum, size);
    if (failed(node.unify(sum, total, "parts that add up to the whole")))
      return failure();
    return std::move(*given);
  }
  // From opset 18 the last part may be smaller.
  int64_t parts = node.getInt("num_outputs", node.getNumOutputs());
  if (parts != static_cast<int64_t>(node.getNumOutputs()))
    return node.invalid("num_outputs to be the number of outputs",
                        Twine(parts));
  SizeAttr size = nn::ceilDiv(total, parts);
  if (node.getOpset() < 18 &&
      failed(node.unify(nn::mul(size, parts), total,
                        "a size that the number of outputs divides")))
    return failure();
  SmallVector<SizeAttr> sizes(parts, size);
  sizes.back() = nn::sub(total, nn::mul(size, parts - 1));
  return sizes;
}

static LogicalResult importSplit(NodeContext &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0), starts(rank, node.getSize(0));
  FailureOr<SmallVector<SizeAttr>> parts = getSplitSizes(node, sizes[*axis]);
  if (failed(parts))
    return failure();
  SmallVector<int64_t> steps(rank, 1);
  for (auto [i, size] : llvm::enumerate(*parts)) {
    if (failed(
            node.needNonNegative(size, "parts whose sizes are not negative")))
      return failure();
    sizes[*axis] = size;
    if (node.hasOutput(i) &&
        failed(node.setOutput(
            i,
            node.create<nn::SliceOp>(
                node.getInput(0), nn::makeSizeArray(node.getContext(), starts),
                nn::makeSizeArray(node.getContext(), sizes), steps))))
      return failure();
    starts[*axis] = nn::add(starts[*axis], size);
  }
  return success();
}

//===- DepthToSpace, SpaceToDepth -----------------------------------------===//

static LogicalResult importDepthToSpace(NodeContext &node) {
  SmallVector<SizeAttr> in = node.getSizes(0);
  int64_t block = node.getInt("blocksize", 1);
  if (in.size() != 4 || block < 1)
    return node.invalid("a tensor of rank 4 and a positive block size",
                        "rank " + Twine(in.size()) + ", block size " +
                            Twine(block));
  SizeAttr b = node.getSize(block),
           channels = nn::floorDiv(in[1], block * block);
  if (failed(node.unify(nn::mul(channels, block * block), in[1],
                        "channels that the square of the block size divides")))
    return failure();
  bool isDcr = node.getString("mode", "DCR") == "DCR";
  Value split = node.reshape(
      node.getInput(0),
      isDcr ? ArrayRef<SizeAttr>{in[0], b, b, channels, in[2], in[3]}
            : ArrayRef<SizeAttr>{in[0], channels, b, b, in[2], in[3]});
  Value moved =
      node.transpose(split, isDcr ? ArrayRef<int64_t>{0, 3, 4, 1, 5, 2}
                                  : ArrayRef<int64_t>{0, 1, 4, 2, 5, 3});
  return node.setOutput(
      0, node.reshape(moved, {in[0], channels, nn::mul(in[2], block),
                              nn::mul(in[3], block)}));
}

static LogicalResult importSpaceToDepth(NodeContext &node) {
  SmallVector<SizeAttr> in = node.getSizes(0);
  int64_t block = node.getInt("blocksize", 1);
  if (in.size() != 4 || block < 1)
    return node.invalid("a tensor of rank 4 and a positive block size",
                        "rank " + Twine(in.size()) + ", block size " +
                            Twine(block));
  SizeAttr b = node.getSize(block), height = nn::floorDiv(in[2], block),
           width = nn::floorDiv(in[3], block);
  if (failed(node.unify(nn::mul(height, block), in[2],
                        "a height that the block size divides")) ||
      failed(node.unify(nn::mul(width, block), in[3],
                        "a width that the block size divides")))
    return failure();
  Value split =
      node.reshape(node.getInput(0), {in[0], in[1], height, b, width, b});
  bool isDcr = node.getString("mode", "DCR") == "DCR";
  Value moved =
      node.transpose(split, isDcr ? ArrayRef<int64_t>{0, 3, 5, 1, 2, 4}
                                  : ArrayRef<int64_t>{0, 1, 3, 5, 2, 4});
  return node.setOutput(
      0, node.reshape(moved,
                      {in[0], nn::mul(in[1], block * block), height, width}));
}

//===- Pad ----------------------------------------------------------------===//

static LogicalResult importPad(NodeContext &node) {
  int64_t rank = node.getRank(0);
  bool byInput = node.getOpset() >= 11;
  FailureOr<SmallVector<SizeAttr>> given = failure();
  if (byInput)
    given = node.readSizeList(1, "pads");
  else if (auto pads = node.getInts("pads"))
    given = nn::getSizes(node.getContext(), *pads);
  FailureOr<AxisSet> axes = failure();
  if (node.getOpset() >= 18 && node.hasInput(3)) {
    axes = node.readAxes(3, rank);
  } else {
    SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    axes = node.makeAxes(nn::getSizes(node.getContext(), all), rank);
  }
  if (failed(given) || failed(axes))
    return failure();
  size_t count = axes->hits.size();
  if (given->size() != 2 * count)
    return node.invalid(Twine(2 * count) +
                            " amounts, a begin and an end for each axis",
                        Twine(given->size()));
  SmallVector<SizeAttr> before, after, sizes = node.getSizes(0);
  SizeAttr zero = node.getSize(0);
  for (int64_t dim = 0; dim < rank; ++dim) {
    before.push_back(axes->pick(ArrayRef(*given).take_front(count), dim, zero));
    after.push_back(axes->pick(ArrayRef(*given).drop_front(count), dim, zero));
  }
  before = node.settle(before, "before");
  after = node.settle(after, "after");
  for (int64_t dim = 0; dim < rank; ++dim)
    if (failed(node.needNonNegative(
            nn::add(sizes[dim], nn::add(before[dim], after[dim])),
            "amounts that leave a size of 0 or more")))
      return failure();
  StringRef name = node.getString("mode", "constant");
  std::optional<nn::PadMode> mode = nn::symbolizePadMode(name);
  if (!mode)
    return node.invalid("mode to be constant, reflect, edge or wrap",
                        "'" + name + "'");
  if (llvm::all_of(*given, [](SizeAttr size) { return size.isConstant(0); }))
    return node.forward(0);

  Type type = node.getElementType(0);
  Value value = byInput && node.hasInput(2)
                    ? node.reshape(node.getInput(2), {})
                    : node.scalar(node.getFloat("value", 0), type);
  return node.setOutput(
      0, node.create<nn::PadOp>(node.getInput(0), value,
                                nn::makeSizeArray(node.getContext(), before),
                                nn::makeSizeArray(node.getContext(), after),
                                *mode));
}

llvm::ArrayRef<OpRow> sinter::getMovementRows() {
  static const OpRow rows[] = {
      {"Concat", importConcat, foldConcat},
      {"DepthToSpace", importDepthToSpace},
      {"Pad", importPad},
      {"SpaceToDepth", importSpaceToDepth},
      {"Split", importSplit},
      {"Transpose", importTranspose, foldTranspose},
  };
  return rows;
}
