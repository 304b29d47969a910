//===- Scan.cpp - operators that carry along an axis ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "dialects/NN/NNShapes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// Columns of a unit of runtime/support/Scan.cpp.
static constexpr int64_t scanColumns = 64;

/// Sums or products of all elements up to each.
template <bool isProduct>
static LogicalResult importAccumulate(NodeContext &node) {
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  SmallVector<Value> inputs{node.getInput(0)};
  Type element = node.getElementType(0);
  AlgorithmCall call{getTypedName("accumulate", element)};
  int64_t axis = -1;
  if (auto list = node.getIntegerList(1)) {
    if (list->size() != 1)
      return node.invalid("one axis", Twine(list->size()));
    FailureOr<int64_t> known = node.normalizeAxis(list->front(), sizes.size());
    if (failed(known))
      return failure();
    axis = *known;
    call.units = nn::mul(
        nn::product(context, ArrayRef(sizes).take_front(axis)),
        nn::ceilDiv(nn::product(context, ArrayRef(sizes).drop_front(axis + 1)),
                    scanColumns));
  } else {
    inputs.push_back(
        node.cast(node.getInput(1), IntegerType::get(context, 64)));
    call.check = "an axis a with -" + std::to_string(sizes.size()) +
                 " <= a < " + std::to_string(sizes.size());
  }
  call.integers = {axis, node.getInt("exclusive", 0), node.getInt("reverse", 0),
                   isProduct};
  return node.setOutput(
      0, createAlgorithm(node, call, inputs, nn::makeTensorType(sizes, element))
             .front());
}

/// The first elements of each sequence in reverse.
static LogicalResult importReverseSequence(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  int64_t batchAxis = node.getInt("batch_axis", 1),
          timeAxis = node.getInt("time_axis", 0);
  if (sizes.size() < 2 || batchAxis + timeAxis != 1 ||
      std::abs(batchAxis - timeAxis) != 1)
    return node.invalid("the axes 0 and 1 as those of batch and time",
                        "other axes");
  if (node.getRank(1) != 1 ||
      failed(node.unify(sizes[batchAxis], node.getSizes(1).front(),
                        "a length for each sequence")))
    return node.invalid("a length for each sequence", "another shape");
  Type element = node.getElementType(0);
  AlgorithmCall call{getMovingName("reverse_sequence", element),
                     {batchAxis, timeAxis}};
  call.units = sizes[0];
  call.check = "lengths from 0 to " + nn::toString(sizes[timeAxis]);
  return node.setOutput(
      0, createAlgorithm(node, call,
                         {node.getInput(0),
                          node.cast(node.getInput(1),
                                    IntegerType::get(node.getContext(), 64))},
                         nn::makeTensorType(sizes, element))
             .front());
}

//===- TfIdfVectorizer ----------------------------------------------------===//

/// A constant list.
static Value createList(NodeContext &node, ArrayRef<int64_t> elements) {
  Content content;
  content.elementType = IntegerType::get(node.getContext(), 64);
  content.shape.push_back(elements.size());
  for (int64_t element : elements)
    content.elements.push_back(Element::ofSize(node.getSize(element)));
  return node.getImporter().createConstant(content, node.getLocation());
}

namespace {
/// The n-grams of TfIdfVectorizer.
struct Grams {
  /// Where each begins in the pool, and the output that it counts for.
  SmallVector<int64_t> begins, columns;
  int64_t outputs = 0;
};
} // namespace

/// Cuts the pool into n-grams: ngram_counts[i] is where those of i + 1 elements
/// begin.
static FailureOr<Grams> readGrams(NodeContext &node, int64_t poolSize) {
  auto counts = node.getInts("ngram_counts");
  auto columns = node.getInts("ngram_indexes");
  Grams grams;
  bool isValid = counts && columns && !columns->empty();
  for (size_t i = 0; isValid && i < counts->size(); ++i) {
    int64_t length = i + 1, begin = (*counts)[i];
    int64_t end = i + 1 < counts->size() ? (*counts)[i + 1] : poolSize;
    isValid = begin >= 0 && begin <= end && end <= poolSize &&
              (end - begin) % length == 0;
    for (int64_t at = begin; isValid && at < end; at += length)
      grams.begins.push_back(at);
  }
  if (!isValid || grams.begins.size() > columns->size() ||
      llvm::any_of(*columns, [](int64_t column) { return column < 0; }))
    return failure(failed(node.invalid(
        "a pool of n-grams with as many of 'ngram_indexes'", "other lists")));
  grams.columns.assign(columns->begin(),
                       columns->begin() + grams.begins.size());
  grams.outputs = *llvm::max_element(*columns) + 1;
  grams.begins.push_back(poolSize);
  return grams;
}

/// How often n-grams occur in each row.
static LogicalResult importTfIdfVectorizer(NodeContext &node) {
  auto pool = node.getInts("pool_int64s");
  if (!pool)
    return node.unsupported("n-grams of integers ('pool_int64s')",
                            "n-grams of strings",
                            "map strings to integers before the model");
  FailureOr<Grams> grams = readGrams(node, pool->size());
  if (failed(grams))
    return failure();
  auto mode =
      llvm::StringSwitch<std::optional<int64_t>>(node.getString("mode", ""))
          .Case("TF", 0)
          .Case("IDF", 1)
          .Case("TFIDF", 2)
          .Default(std::nullopt);
  if (!mode || node.getRank(0) > 2)
    return node.invalid("the mode TF, IDF or TFIDF and a rank of at most 2",
                        "another mode or rank");
  MLIRContext *context = node.getContext();
  Type f32 = Float32Type::get(context);
  Value weights;
  if (auto list = node.getFloats("weights")) {
    if (static_cast<int64_t>(list->size()) < grams->outputs)
      return node.invalid("a weight for each of " + Twine(grams->outputs) +
                              " outputs",
                          Twine(list->size()));
    Content content;
    content.elementType = f32;
    content.shape.push_back(grams->outputs);
    for (double weight : ArrayRef(*list).take_front(grams->outputs))
      content.elements.push_back(Element::ofNumber(weight));
    weights = node.getImporter().createConstant(content, node.getLocation());
  } else {
    weights =
        node.broadcastTo(node.scalar(1, f32), {node.getSize(grams->outputs)});
  }
  SmallVector<SizeAttr> sizes = node.getSizes(0), results = sizes;
  SizeAttr rows = sizes.size() == 2 ? sizes[0] : node.getSize(1);
  SizeAttr length = sizes.empty() ? node.getSize(1) : sizes.back();
  Value x =
      node.reshape(node.cast(node.getInput(0), IntegerType::get(context, 64)),
                   {rows, length});
  AlgorithmCall call{"count_grams",
                     {node.getInt("max_skip_count", 0) + 1, *mode,
                      node.getInt("min_gram_length", 1),
                      node.getInt("max_gram_length", 1)}};
  call.units = rows;
  Value counted =
      createAlgorithm(
          node, call,
          {x, createList(node, *pool), createList(node, grams->begins),
           createList(node, grams->columns), weights},
          nn::makeTensorType({rows, node.getSize(grams->outputs)}, f32))
          .front();
  if (sizes.size() < 2)
    counted = node.reshape(counted, {node.getSize(grams->outputs)});
  return node.setOutput(0, counted);
}

llvm::ArrayRef<OpRow> sinter::getScanRows() {
  static const OpRow rows[] = {
      {"CumProd", importAccumulate<true>},
      {"CumSum", importAccumulate<false>},
      {"ReverseSequence", importReverseSequence},
      {"TfIdfVectorizer", importTfIdfVectorizer},
  };
  return rows;
}
