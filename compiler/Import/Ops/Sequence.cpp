//===- Sequence.cpp - sequences and optionals -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sequence is a list of values while importing, an optional one of at most
// one value. Their lengths, and the places where elements enter, are known.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Body.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;
using Kind = ImportedValue::Kind;

/// Sequences have no more elements: each is operations of its own.
static constexpr int64_t kMaxElements = 4096;

/// An empty container of what `element` names: `seq(tensor(float))`.
static ImportedValue makeContainer(Kind kind, const Twine &element) {
  ImportedValue value;
  value.kind = kind;
  value.containerType =
      ((kind == Kind::Sequence ? "seq(" : "optional(") + element + ")").str();
  return value;
}

/// The place that input `index` gives in a sequence, from 0 to `end`; `end`
/// counted from the back is where negative ones start.
static FailureOr<int64_t> readPlace(NodeContext &node, unsigned index,
                                    int64_t length, int64_t last) {
  auto places = node.getIntegerList(index);
  if (!places)
    return node.unsupported(
        "a place in the sequence known when compiling",
        "a value that is computed from data",
        "make the input a constant or a computation on shapes");
  if (places->size() != 1 || places->front() < -length ||
      places->front() > last)
    return node.invalid("a place from " + Twine(-length) + " to " + Twine(last),
                        places->size() == 1
                            ? Twine(places->front()).str()
                            : std::to_string(places->size()) + " places");
  return places->front() < 0 ? places->front() + length : places->front();
}

/// The elements of a sequence as tensors.
static FailureOr<SmallVector<Value>> getTensors(NodeContext &node,
                                                ImportedValue &sequence) {
  SmallVector<Value> tensors;
  for (ImportedValue &element : sequence.elements) {
    Value tensor = node.getImporter().materialize(element, node.getLocation());
    if (!tensor)
      return node.unsupported("elements that are tensors", "others",
                              "rewrite the model without nested sequences");
    tensors.push_back(tensor);
  }
  return tensors;
}

/// The tensors with a dimension of size 1 more at `axis`.
static SmallVector<Value> addDimension(NodeContext &node,
                                       ArrayRef<Value> tensors, int64_t axis) {
  SmallVector<Value> results;
  for (Value tensor : tensors) {
    SmallVector<SizeAttr> sizes = nn::getSizes(tensor.getType());
    sizes.insert(sizes.begin() + axis, node.getSize(1));
    results.push_back(node.reshape(tensor, sizes));
  }
  return results;
}

/// Joins tensors along `axis`; the other sizes must be equal.
static FailureOr<Value> concatenate(NodeContext &node, ArrayRef<Value> tensors,
                                    int64_t axis) {
  SmallVector<SizeAttr> common = nn::getSizes(tensors.front().getType());
  for (Value tensor : tensors) {
    SmallVector<SizeAttr> sizes = nn::getSizes(tensor.getType());
    if (sizes.size() != common.size())
      return node.invalid("elements of one rank",
                          "ranks " + Twine(common.size()) + " and " +
                              Twine(sizes.size()));
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
      if (int64_t(dim) == axis)
        continue;
      FailureOr<SizeAttr> size =
          node.unify(common[dim], sizes[dim],
                     "elements of equal sizes but along the axis");
      if (failed(size))
        return failure();
      common[dim] = *size;
    }
  }
  SmallVector<Value> parts;
  for (Value tensor : tensors) {
    common[axis] = nn::getSizes(tensor.getType())[axis];
    parts.push_back(node.reshape(tensor, common));
  }
  return parts.size() == 1 ? parts.front()
                           : node.create<nn::ConcatOp>(ValueRange(parts), axis);
}

//===- Making and changing sequences --------------------------------------===//

static LogicalResult buildSequenceEmpty(NodeContext &node) {
  auto type = static_cast<onnx::ElementType>(node.getInt("dtype", 1));
  return node.setImported(
      0, makeContainer(Kind::Sequence,
                       "tensor(" + onnx::getElementName(type) + ")"));
}

static LogicalResult buildSequenceConstruct(NodeContext &node) {
  ImportedValue sequence = makeContainer(
      Kind::Sequence, GraphImporter::getTypeName(node.getImported(0)));
  for (unsigned i = 0; i < node.getNumInputs(); ++i)
    sequence.elements.push_back(node.getImported(i));
  return node.setImported(0, std::move(sequence));
}

static LogicalResult buildSequenceInsert(NodeContext &node) {
  ImportedValue sequence = node.getImported(0);
  int64_t length = sequence.elements.size();
  FailureOr<int64_t> place =
      node.hasInput(2) ? readPlace(node, 2, length, length) : length;
  if (failed(place))
    return failure();
  if (length >= kMaxElements)
    return node.unsupported("sequences of at most " + Twine(kMaxElements) +
                                " elements",
                            "more", "make the sequence shorter");
  std::string given = GraphImporter::getTypeName(node.getImported(1));
  if (sequence.containerType != "seq(" + given + ")")
    return node.invalid("an element for a " + sequence.containerType, given);
  sequence.elements.insert(sequence.elements.begin() + *place,
                           node.getImported(1));
  return node.setImported(0, std::move(sequence));
}

static LogicalResult buildSequenceErase(NodeContext &node) {
  ImportedValue sequence = node.getImported(0);
  int64_t length = sequence.elements.size();
  FailureOr<int64_t> place =
      node.hasInput(1) ? readPlace(node, 1, length, length - 1) : length - 1;
  if (failed(place))
    return failure();
  if (length == 0)
    return node.invalid("a sequence with elements", "an empty one");
  sequence.elements.erase(sequence.elements.begin() + *place);
  return node.setImported(0, std::move(sequence));
}

/// Where the place is computed, the elements are joined, and one is gathered.
static LogicalResult buildSequenceAt(NodeContext &node) {
  ImportedValue &sequence = node.getImported(0);
  int64_t length = sequence.elements.size();
  if (length == 0)
    return node.invalid("a sequence with elements", "an empty one");
  if (node.getIntegerList(1)) {
    FailureOr<int64_t> place = readPlace(node, 1, length, length - 1);
    return failed(place) ? failure()
                         : node.setImported(0, sequence.elements[*place]);
  }
  FailureOr<SmallVector<Value>> tensors = getTensors(node, sequence);
  if (failed(tensors))
    return failure();
  if (!llvm::all_of(*tensors, [&](Value tensor) {
        return tensor.getType() == tensors->front().getType();
      }))
    return node.unsupported(
        "elements of one shape, or a place known when compiling",
        "elements of different shapes at a place that is computed",
        "make the place a constant or a computation on shapes");
  FailureOr<Value> joined =
      concatenate(node, addDimension(node, *tensors, 0), 0);
  Value place = node.getInput(1);
  if (failed(joined) || !place)
    return failure();
  return node.setOutput(0, node.create<nn::GatherOp>(
                               *joined, node.reshape(place, {}), int64_t(0)));
}

static LogicalResult buildSequenceLength(NodeContext &node) {
  return node.setImported(
      0, makeKnown(node.getSize(node.getImported(0).elements.size()),
                   IntegerType::get(node.getContext(), 64)));
}

//===- Splitting and joining ----------------------------------------------===//

static LogicalResult buildSplitToSequence(NodeContext &node) {
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", 0), node.getRank(0));
  if (failed(axis))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  SizeAttr total = sizes[*axis];
  SmallVector<SizeAttr> parts;
  bool isList = node.hasInput(1) && node.getRank(1) == 1;
  if (isList) {
    auto list = node.getSizeList(1);
    if (!list)
      return node.needConstant(1, "sizes of the parts that are");
    parts = std::move(*list);
    SizeAttr sum = node.getSize(0);
    for (SizeAttr part : parts)
      sum = nn::add(sum, part);
    if (failed(node.unify(sum, total, "parts that add up to the whole")))
      return failure();
  } else {
    auto chunk = node.hasInput(1) ? node.getIntegerList(1)
                                  : std::optional(SmallVector<int64_t>{1});
    std::optional<int64_t> length = total.getConstant();
    if (!chunk)
      return node.needConstant(1, "a size of the parts that is");
    if (!length)
      return node.unsupported(
          "a constant size along the axis, which gives the number of parts",
          nn::toString(total),
          "fix the dimension with --dim, or give the sizes of the parts");
    if (chunk->size() != 1 || chunk->front() < 1)
      return node.invalid(
          "a positive size of the parts",
          nn::toString(nn::getSizes(node.getContext(), *chunk)));
    if (llvm::divideCeil(*length, chunk->front()) <= kMaxElements)
      for (int64_t start = 0; start < *length; start += chunk->front())
        parts.push_back(
            node.getSize(std::min(chunk->front(), *length - start)));
    else
      parts.resize(kMaxElements + 1, total);
  }
  if (int64_t(parts.size()) > kMaxElements)
    return node.unsupported("at most " + Twine(kMaxElements) + " parts", "more",
                            "split into larger parts");

  ImportedValue sequence = makeContainer(
      Kind::Sequence, GraphImporter::getTypeName(node.getImported(0)));
  bool dropsAxis = !node.hasInput(1) && node.getInt("keepdims", 1) == 0;
  SmallVector<SizeAttr> starts(sizes.size(), node.getSize(0));
  SmallVector<int64_t> steps(sizes.size(), 1);
  for (SizeAttr part : parts) {
    if (nn::getRange(part).second < 0)
      return node.invalid("parts whose sizes are not negative",
                          nn::toString(part));
    sizes[*axis] = part;
    Value slice = node.create<nn::SliceOp>(
        node.getInput(0), nn::makeSizeArray(node.getContext(), starts),
        nn::makeSizeArray(node.getContext(), sizes), steps);
    if (dropsAxis) {
      SmallVector<SizeAttr> rest = sizes;
      rest.erase(rest.begin() + *axis);
      slice = node.reshape(slice, rest);
    }
    sequence.elements.push_back(makeTensor(slice));
    starts[*axis] = nn::add(starts[*axis], part);
  }
  return node.setImported(0, std::move(sequence));
}

static LogicalResult buildConcatFromSequence(NodeContext &node) {
  FailureOr<SmallVector<Value>> tensors = getTensors(node, node.getImported(0));
  if (failed(tensors))
    return failure();
  if (tensors->empty())
    return node.invalid("a sequence with elements", "an empty one");
  bool isNewAxis = node.getInt("new_axis", 0) != 0;
  int64_t rank =
      cast<RankedTensorType>(tensors->front().getType()).getRank() + isNewAxis;
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  for (Value tensor : *tensors)
    if (cast<RankedTensorType>(tensor.getType()).getRank() + isNewAxis != rank)
      return node.invalid("elements of one rank", "some that differ");
  FailureOr<Value> joined = concatenate(
      node, isNewAxis ? addDimension(node, *tensors, *axis) : *tensors, *axis);
  return failed(joined) ? failure() : node.setOutput(0, *joined);
}

/// The body runs for each element; further sequences have as many, and tensors
/// are the same for all.
static LogicalResult buildSequenceMap(NodeContext &node) {
  const onnx::Graph *graph = getGraph(node, "body");
  if (!graph)
    return failure();
  size_t length = node.getImported(0).elements.size();
  std::vector<ImportedValue> sequences(node.getNumOutputs());
  for (ImportedValue &sequence : sequences)
    sequence.kind = Kind::Sequence;
  for (size_t i = 0; i < length; ++i) {
    std::vector<ImportedValue> inputs;
    for (unsigned k = 0; k < node.getNumInputs(); ++k) {
      ImportedValue &input = node.getImported(k);
      if (!input.isTensor() && input.elements.size() != length)
        return node.invalid("sequences of one length",
                            Twine(length) + " and " +
                                Twine(input.elements.size()));
      inputs.push_back(input.isTensor() ? input : input.elements[i]);
    }
    auto outputs = node.getImporter().importGraph(*graph, inputs, node);
    if (failed(outputs))
      return failure();
    if (outputs->size() < sequences.size())
      return node.invalid("a body with " + Twine(sequences.size()) + " outputs",
                          Twine(outputs->size()));
    for (auto [sequence, output] : llvm::zip(sequences, *outputs)) {
      sequence.containerType =
          "seq(" + GraphImporter::getTypeName(output) + ")";
      sequence.elements.push_back(std::move(output));
    }
  }
  return setOutputs(node, sequences);
}

//===- Optionals ----------------------------------------------------------===//

static LogicalResult buildOptional(NodeContext &node) {
  if (!node.hasInput(0)) {
    ImportedValue none;
    none.kind = Kind::Optional;
    return node.setImported(0, std::move(none));
  }
  ImportedValue optional = makeContainer(
      Kind::Optional, GraphImporter::getTypeName(node.getImported(0)));
  optional.elements.push_back(node.getImported(0));
  return node.setImported(0, std::move(optional));
}

static LogicalResult buildOptionalHasElement(NodeContext &node) {
  bool hasElement = node.hasInput(0);
  if (hasElement && node.getImported(0).kind == Kind::Optional)
    hasElement = !node.getImported(0).elements.empty();
  return node.setImported(0, makeKnown(node.getSize(hasElement),
                                       IntegerType::get(node.getContext(), 1)));
}

/// From opset 18 a tensor or a sequence is its own element.
static LogicalResult buildOptionalGetElement(NodeContext &node) {
  ImportedValue &input = node.getImported(0);
  if (input.kind != Kind::Optional)
    return node.forward(0);
  if (input.elements.empty())
    return node.invalid("an optional that has an element", "an empty one");
  return node.setImported(0, input.elements.front());
}

ArrayRef<OpRow> sinter::getSequenceRows() {
  static const OpRow rows[] = {
      {"ConcatFromSequence", buildConcatFromSequence},
      {"Optional", buildOptional},
      {"OptionalGetElement", buildOptionalGetElement},
      {"OptionalHasElement", buildOptionalHasElement},
      {"SequenceAt", buildSequenceAt},
      {"SequenceConstruct", buildSequenceConstruct},
      {"SequenceEmpty", buildSequenceEmpty},
      {"SequenceErase", buildSequenceErase},
      {"SequenceInsert", buildSequenceInsert},
      {"SequenceLength", buildSequenceLength},
      {"SequenceMap", buildSequenceMap},
      {"SplitToSequence", buildSplitToSequence},
  };
  return rows;
}
