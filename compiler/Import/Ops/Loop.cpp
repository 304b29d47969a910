//===- Loop.cpp - Loop, Scan --------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Body.h"
#include "compiler/Import/Ops/LoopImport.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Loop ---------------------------------------------------------------===//

/// The number of iterations that input 0 of a Loop allows; not negative.
static FailureOr<SizeAttr> readTripCount(NodeContext &node) {
  if (!node.hasInput(0))
    return node.getSize(std::numeric_limits<int64_t>::max());
  FailureOr<SizeAttr> read = node.readSize(0, "count");
  if (failed(read))
    return failure();
  SizeAttr count = *read;
  return nn::getRange(count).first >= 0 ? count
                                        : nn::max(count, node.getSize(0));
}

/// Loop opsets 1, 11, 13, 16, 19, 21, 23, 24, 25.
static LogicalResult buildLoop(NodeContext &node) {
  const onnx::Graph *graph = getGraph(node, "body");
  FailureOr<SizeAttr> count = readTripCount(node);
  if (!graph || failed(count))
    return failure();
  LoopParts parts{*graph, *count, {}, /*hasCondition=*/true, nullptr, {}, {}};
  if (node.hasInput(1)) {
    parts.condition = &node.getImported(1);
    if (!nn::getNumElements(node.getType(1)).isConstant(1))
      return node.invalid("a condition of one element",
                          nn::toString(node.getSizes(1)));
  }
  for (unsigned i = 2; i < node.getNumInputs(); ++i) {
    if (!node.hasInput(i))
      return node.invalid("a first value for each carried one",
                          "none for number " + Twine(i - 2));
    parts.carried.push_back(node.getImported(i));
  }
  // Some exporters make the number of the iteration and the condition vectors.
  auto isVector = [&](unsigned input) {
    return input < graph->inputs.size() && graph->inputs[input].hasShape &&
           graph->inputs[input].shape.size() == 1;
  };
  MLIRContext *context = node.getContext();
  parts.makeFirst = [&](SizeAttr index) -> std::vector<ImportedValue> {
    return {
        makeKnown(index, IntegerType::get(context, 64), isVector(0)),
        makeKnown(node.getSize(1), IntegerType::get(context, 1), isVector(1))};
  };
  parts.makeLast = [](SizeAttr) { return std::vector<ImportedValue>(); };
  bool hasContainer =
      llvm::any_of(parts.carried, [](const ImportedValue &value) {
        return !value.isTensor();
      });
  FailureOr<LoopResults> results =
      hasContainer ? unrollLoop(node, parts) : importLoop(node, parts);
  if (failed(results))
    return failure();
  for (Value value : results->stacked)
    results->carried.push_back(makeTensor(value));
  return setOutputs(node, results->carried);
}

//===- Scan ---------------------------------------------------------------===//

/// A size-1 slice of `value` along `axis`, without that dimension.
static Value takeOne(NodeContext &node, Value value, int64_t axis,
                     SizeAttr place) {
  SmallVector<SizeAttr> sizes = nn::getSizes(value.getType()),
                        starts(sizes.size(), node.getSize(0));
  SmallVector<int64_t> steps(sizes.size(), 1);
  starts[axis] = place;
  sizes[axis] = node.getSize(1);
  Value slice = node.create<nn::SliceOp>(
      value, nn::makeSizeArray(node.getContext(), starts),
      nn::makeSizeArray(node.getContext(), sizes), steps);
  sizes.erase(sizes.begin() + axis);
  return node.reshape(slice, sizes);
}

/// `value` in the opposite order along dimension 0.
static Value reverse(NodeContext &node, Value value) {
  SmallVector<SizeAttr> sizes = nn::getSizes(value.getType()),
                        starts(sizes.size(), node.getSize(0));
  SmallVector<int64_t> steps(sizes.size(), 1);
  starts[0] = nn::add(sizes[0], -1);
  steps[0] = -1;
  return node.create<nn::SliceOp>(
      value, nn::makeSizeArray(node.getContext(), starts),
      nn::makeSizeArray(node.getContext(), sizes), steps);
}

namespace {

/// A scanned input, as each iteration reads it.
struct Scanned {
  Value value;
  int64_t axis;
  bool isReverse;
};

} // namespace

/// A list attribute of a Scan with a number for each of `count`.
static FailureOr<SmallVector<int64_t>>
getNumbers(NodeContext &node, StringRef name, size_t count) {
  SmallVector<int64_t> numbers =
      node.getInts(name).value_or(SmallVector<int64_t>(count, 0));
  if (numbers.size() != count)
    return node.invalid("an element of " + name + " for each of " +
                            Twine(count) + " tensors",
                        Twine(numbers.size()));
  return numbers;
}

static FailureOr<LoopResults>
importScan(NodeContext &node, const onnx::Graph &graph, SizeAttr count,
           std::vector<ImportedValue> states, ArrayRef<Scanned> inputs) {
  LoopParts parts{
      graph, count, std::move(states), /*hasCondition=*/false, nullptr, {}, {}};
  parts.makeFirst = [](SizeAttr) { return std::vector<ImportedValue>(); };
  parts.makeLast = [&](SizeAttr index) {
    std::vector<ImportedValue> values;
    for (const Scanned &input : inputs)
      values.push_back(makeTensor(takeOne(
          node, input.value, input.axis,
          input.isReverse ? nn::sub(nn::add(count, -1), index) : index)));
    return values;
  };
  return importLoop(node, parts);
}

/// Scan opsets 9, 11, 16, 19, 21, 23, 24, 25.
static LogicalResult buildScan(NodeContext &node) {
  const onnx::Graph *graph = getGraph(node, "body");
  if (!graph)
    return failure();
  int64_t numScanned = node.getInt("num_scan_inputs", 0),
          numStates = int64_t(node.getNumInputs()) - numScanned;
  if (numScanned < 1 || numStates < 0)
    return node.invalid("num_scan_inputs from 1 to the number of inputs",
                        Twine(numScanned));
  size_t numStacked = graph->outputs.size() -
                      std::min<size_t>(graph->outputs.size(), numStates);
  auto inputDirections = getNumbers(node, "scan_input_directions", numScanned),
       inputAxes = getNumbers(node, "scan_input_axes", numScanned),
       outputDirections =
           getNumbers(node, "scan_output_directions", numStacked),
       outputAxes = getNumbers(node, "scan_output_axes", numStacked);
  if (failed(inputDirections) || failed(inputAxes) ||
      failed(outputDirections) || failed(outputAxes))
    return failure();
  std::vector<ImportedValue> states;
  SmallVector<Scanned> scanned;
  SizeAttr count;
  for (int64_t i = 0; i < int64_t(node.getNumInputs()); ++i) {
    if (!node.hasInput(i))
      return node.invalid("all inputs of a Scan",
                          "none for number " + Twine(i));
    if (i < numStates) {
      states.push_back(node.getImported(i));
      continue;
    }
    int64_t place = i - numStates;
    FailureOr<int64_t> axis =
        node.normalizeAxis((*inputAxes)[place], node.getRank(i));
    if (failed(axis))
      return failure();
    SizeAttr size = node.getSizes(i)[*axis];
    FailureOr<SizeAttr> both =
        count ? node.unify(count, size, "scanned inputs of one length")
              : FailureOr<SizeAttr>(size);
    if (failed(both))
      return failure();
    count = *both;
    scanned.push_back(
        {node.getInput(i), *axis, (*inputDirections)[place] != 0});
  }
  auto results = importScan(node, *graph, count, std::move(states), scanned);
  if (failed(results))
    return failure();
  for (auto [i, value] : llvm::enumerate(results->stacked)) {
    if ((*outputDirections)[i] != 0)
      value = reverse(node, value);
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    FailureOr<int64_t> axis = node.normalizeAxis((*outputAxes)[i], rank);
    if (failed(axis))
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t dim = 1; dim < rank; ++dim)
      permutation.push_back(dim);
    permutation.insert(permutation.begin() + *axis, 0);
    results->carried.push_back(makeTensor(node.transpose(value, permutation)));
  }
  return setOutputs(node, results->carried);
}

/// `value` with zeros behind, so that its first dimension has `size`.
static Value padTo(NodeContext &node, Value value, SizeAttr size) {
  SmallVector<SizeAttr> sizes = nn::getSizes(value.getType()),
                        before(sizes.size(), node.getSize(0)), after = before;
  if (sizes[0] == size)
    return value;
  after[0] = nn::sub(size, sizes[0]);
  Value zero =
      node.scalar(0, cast<RankedTensorType>(value.getType()).getElementType());
  Value padded = node.create<nn::PadOp>(
      value, zero, nn::makeSizeArray(node.getContext(), before),
      nn::makeSizeArray(node.getContext(), after), nn::PadMode::Constant);
  sizes[0] = size;
  return node.reshape(padded, sizes);
}

/// Scan opset 8: the first dimension of all is the batch, whose elements are
/// scanned one by one along the second one; a sequence may be shorter.
static LogicalResult buildBatchedScan(NodeContext &node) {
  const onnx::Graph *graph = getGraph(node, "body");
  if (!graph)
    return failure();
  int64_t numScanned = node.getInt("num_scan_inputs", 0),
          numStates = int64_t(node.getNumInputs()) - 1 - numScanned;
  if (numScanned < 1 || numStates < 0)
    return node.invalid("num_scan_inputs from 1 to the number of inputs",
                        Twine(numScanned));
  auto directions = getNumbers(node, "directions", numScanned);
  if (failed(directions))
    return failure();
  SizeAttr batch, steps;
  for (unsigned i = 1; i < node.getNumInputs(); ++i) {
    bool isScanned = i > numStates;
    if (!node.hasInput(i) || node.getRank(i) < (isScanned ? 2 : 1))
      return node.invalid("states and inputs with a batch dimension, inputs "
                          "with one of the sequence too",
                          "input " + Twine(i) + " without");
    SmallVector<SizeAttr> sizes = node.getSizes(i);
    auto merge = [&](SizeAttr &known, SizeAttr size) {
      FailureOr<SizeAttr> both =
          known ? node.unify(known, size, "one batch and sequence length")
                : FailureOr<SizeAttr>(size);
      if (succeeded(both))
        known = *both;
      return LogicalResult(both);
    };
    if (failed(merge(batch, sizes[0])) ||
        (isScanned && failed(merge(steps, sizes[1]))))
      return failure();
  }

  GraphImporter &importer = node.getImporter();
  auto makeElement = [&](SizeAttr index,
                         ValueRange) -> FailureOr<SmallVector<Value>> {
    SizeAttr count = steps;
    if (node.hasInput(0)) {
      SizeAttr length =
          node.readSizes(takeOne(node, node.getInput(0), 0, index), "length")
              .front();
      count = nn::min(nn::max(length, node.getSize(0)), steps);
    }
    std::vector<ImportedValue> states;
    SmallVector<Scanned> scanned;
    for (unsigned i = 1; i < node.getNumInputs(); ++i) {
      Value element = takeOne(node, node.getInput(i), 0, index);
      if (i <= numStates)
        states.push_back(makeTensor(element));
      else
        scanned.push_back({element, 0, (*directions)[i - 1 - numStates] != 0});
    }
    auto results = importScan(node, *graph, count, std::move(states), scanned);
    if (failed(results))
      return failure();
    SmallVector<Value> values;
    for (ImportedValue &state : results->carried)
      values.push_back(importer.materialize(state, node.getLocation()));
    for (Value value : results->stacked)
      values.push_back(padTo(node, value, steps));
    if (node.hasFailed() || llvm::is_contained(values, Value()))
      return failure();
    return values;
  };
  SmallVector<Value> results =
      buildCountedLoop(node, batch, /*states=*/{}, makeElement);
  if (results.empty())
    return failure();
  std::vector<ImportedValue> outputs;
  for (Value value : results)
    outputs.push_back(makeTensor(value));
  return setOutputs(node, outputs);
}

ArrayRef<OpRow> sinter::getLoopRows() {
  static const OpRow rows[] = {
      {"Loop", buildLoop},
      {"Scan", buildBatchedScan, nullptr, 8, 8},
      {"Scan", buildScan, nullptr, 9},
  };
  return rows;
}
