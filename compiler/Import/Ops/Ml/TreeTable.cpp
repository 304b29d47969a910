//===- TreeTable.cpp - decision trees as tables ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Ml/TreeTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "compiler/Weights/Element.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <map>
#include <set>

using namespace mlir;
using namespace sinter;

/// Flags of a node's feature, as of runtime/support/Trees.cpp.
static constexpr uint32_t kIsEqual = 1U << 31, kMissingIsYes = 1U << 30;

//===- Attributes ---------------------------------------------------------===//

static std::vector<double> readTensor(NodeContext &node,
                                      const onnx::Tensor &tensor) {
  GraphImporter &importer = node.getImporter();
  Type type = importer.getElementType(tensor.type);
  auto kind = type ? weights::getElementKind(type) : std::nullopt;
  int64_t count = tensor.getNumElements();
  if (!kind || count <= 0)
    return {};
  SmallVector<char, 0> bytes(count * onnx::getElementBytes(tensor.type));
  if (failed(importer.getFile().readElements(tensor, bytes)))
    return {};
  SmallVector<weights::Scalar, 0> scalars(count);
  weights::loadElements(*kind, bytes.data(), 1, count, scalars.data());
  std::vector<double> numbers;
  for (weights::Scalar scalar : scalars)
    numbers.push_back(isa<FloatType>(type) ? scalar.f
                                           : static_cast<double>(scalar.i));
  return numbers;
}

std::vector<double> sinter::readTreeNumbers(NodeContext &node, StringRef name) {
  for (const std::string &given : {name.str() + "_as_tensor", name.str()})
    if (const onnx::Attribute *attribute = node.findAttribute(given)) {
      if (!attribute->tensors.empty())
        return readTensor(node, attribute->tensors.front());
      if (!attribute->floats.empty())
        return {attribute->floats.begin(), attribute->floats.end()};
    }
  return {};
}

static ArrayRef<int64_t> readIntegers(NodeContext &node, StringRef name) {
  const onnx::Attribute *attribute = node.findAttribute(name);
  return attribute ? ArrayRef<int64_t>(attribute->ints) : ArrayRef<int64_t>();
}

/// Whether each of `sizes` is `count`; an empty optional list is.
static LogicalResult checkLengths(NodeContext &node, size_t count,
                                  ArrayRef<size_t> sizes) {
  for (size_t size : sizes)
    if (size != count)
      return node.invalid("attributes with an entry for each of " +
                              Twine(count) + " nodes",
                          "one with " + Twine(size));
  return success();
}

//===- Trees --------------------------------------------------------------===//

/// No node is reached twice from the roots, so that every walk ends; nodes and
/// features exist.
static LogicalResult checkTrees(NodeContext &node, const TreeTable &table) {
  int64_t count = table.entries.size();
  std::vector<bool> isReached(count, false);
  SmallVector<int64_t> open(table.roots.begin(), table.roots.end());
  if (open.empty())
    return node.invalid("a tree at least", "none");
  while (!open.empty()) {
    int64_t index = open.pop_back_val();
    if (index < 0 || index >= count)
      return node.invalid("trees whose nodes exist", "node " + Twine(index));
    const TreeEntry &entry = table.entries[index];
    if (entry.mode == TreeMode::Leaf)
      continue;
    if (isReached[index])
      return node.invalid("trees, whose nodes have one parent each",
                          "a node that is reached twice");
    isReached[index] = true;
    if (entry.feature < 0 || entry.feature >= kMissingIsYes)
      return node.invalid("features from 0 on",
                          "feature " + Twine(entry.feature));
    open.append({entry.yes, entry.no});
  }
  return success();
}

static std::optional<TreeMode> parseMode(StringRef mode) {
  return llvm::StringSwitch<std::optional<TreeMode>>(mode)
      .Case("BRANCH_LEQ", TreeMode::Leq)
      .Case("BRANCH_LT", TreeMode::Lt)
      .Case("BRANCH_GTE", TreeMode::Gte)
      .Case("BRANCH_GT", TreeMode::Gt)
      .Case("BRANCH_EQ", TreeMode::Eq)
      .Case("BRANCH_NEQ", TreeMode::Neq)
      .Case("LEAF", TreeMode::Leaf)
      .Default(std::nullopt);
}

FailureOr<TreeTable> sinter::readTrees(NodeContext &node, StringRef prefix) {
  auto getIntegers = [&](const Twine &name) {
    return readIntegers(node, name.str());
  };
  ArrayRef<int64_t> trees = getIntegers("nodes_treeids"),
                    ids = getIntegers("nodes_nodeids"),
                    features = getIntegers("nodes_featureids"),
                    yes = getIntegers("nodes_truenodeids"),
                    no = getIntegers("nodes_falsenodeids"),
                    missing = getIntegers("nodes_missing_value_tracks_true");
  std::vector<double> values = readTreeNumbers(node, "nodes_values");
  const onnx::Attribute *modes = node.findAttribute("nodes_modes");
  size_t count = trees.size();
  if (failed(checkLengths(node, count,
                          {ids.size(), features.size(), yes.size(), no.size(),
                           values.size(), modes ? modes->strings.size() : 0,
                           missing.empty() ? count : missing.size()})))
    return failure();
  TreeTable table;
  std::map<std::pair<int64_t, int64_t>, int64_t> places;
  std::set<int64_t> known;
  for (size_t index = 0; index < count; ++index) {
    if (!places.try_emplace({trees[index], ids[index]}, index).second)
      return failure(
          failed(node.invalid("one node of each number in a tree",
                              "node " + Twine(ids[index]) + " of tree " +
                                  Twine(trees[index]) + " twice")));
    // The first node of a tree is its root.
    if (known.insert(trees[index]).second)
      table.roots.push_back(index);
  }
  auto find = [&](int64_t tree, int64_t id) {
    auto place = places.find({tree, id});
    return place == places.end() ? -1 : place->second;
  };
  for (size_t index = 0; index < count; ++index) {
    std::optional<TreeMode> mode = parseMode(modes->strings[index]);
    if (!mode)
      return failure(failed(
          node.invalid("'nodes_modes' BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, "
                       "BRANCH_GT, BRANCH_EQ, BRANCH_NEQ or LEAF",
                       "'" + modes->strings[index] + "'")));
    TreeEntry &entry = table.entries.emplace_back();
    entry.mode = *mode;
    entry.yes = entry.no = index;
    if (*mode == TreeMode::Leaf)
      continue;
    entry.value = values[index];
    entry.feature = features[index];
    entry.yes = find(trees[index], yes[index]);
    entry.no = find(trees[index], no[index]);
    entry.missingIsYes = !missing.empty() && missing[index] != 0;
  }
  ArrayRef<int64_t> weightTrees = getIntegers(prefix + "treeids"),
                    weightNodes = getIntegers(prefix + "nodeids"),
                    targets = getIntegers(prefix + "ids");
  std::vector<double> weights =
      readTreeNumbers(node, (prefix + "weights").str());
  if (failed(checkLengths(
          node, targets.size(),
          {weightTrees.size(), weightNodes.size(), weights.size()})))
    return failure();
  for (size_t index = 0; index < targets.size(); ++index) {
    int64_t place = find(weightTrees[index], weightNodes[index]);
    if (place < 0)
      return failure(
          failed(node.invalid("weights of nodes that exist",
                              "node " + Twine(weightNodes[index]) +
                                  " of tree " + Twine(weightTrees[index]))));
    table.entries[place].weights.push_back({targets[index], weights[index]});
  }
  if (failed(checkTrees(node, table)))
    return failure();
  return table;
}

/// A chain of comparisons with each of `members` in place of node `index`.
static void expandMembers(TreeTable &table, int64_t index,
                          ArrayRef<double> members) {
  TreeEntry last = table.entries[index];
  last.mode = TreeMode::Eq;
  if (members.empty()) {
    // NaN is equal to nothing.
    table.entries[index].mode = TreeMode::Eq;
    table.entries[index].value = NAN;
    return;
  }
  int64_t place = index;
  for (auto [position, member] : llvm::enumerate(members)) {
    TreeEntry entry = last;
    entry.value = member;
    if (position + 1 < members.size())
      entry.no = table.entries.size();
    table.entries[place] = entry;
    if (position + 1 < members.size()) {
      place = table.entries.size();
      table.entries.emplace_back();
    }
  }
}

FailureOr<TreeTable> sinter::readEnsemble(NodeContext &node) {
  auto getIntegers = [&](StringRef name) { return readIntegers(node, name); };
  ArrayRef<int64_t> features = getIntegers("nodes_featureids"),
                    yes = getIntegers("nodes_truenodeids"),
                    no = getIntegers("nodes_falsenodeids"),
                    yesLeaves = getIntegers("nodes_trueleafs"),
                    noLeaves = getIntegers("nodes_falseleafs"),
                    missing = getIntegers("nodes_missing_value_tracks_true"),
                    roots = getIntegers("tree_roots"),
                    targets = getIntegers("leaf_targetids");
  std::vector<double> values = readTreeNumbers(node, "nodes_splits"),
                      modes = readTreeNumbers(node, "nodes_modes"),
                      weights = readTreeNumbers(node, "leaf_weights"),
                      members = readTreeNumbers(node, "membership_values");
  size_t count = features.size();
  if (failed(checkLengths(node, count,
                          {yes.size(), no.size(), yesLeaves.size(),
                           noLeaves.size(), values.size(), modes.size(),
                           missing.empty() ? count : missing.size()})) ||
      failed(checkLengths(node, targets.size(), weights.size())))
    return failure();
  TreeTable table;
  table.roots.assign(roots.begin(), roots.end());
  // Leaves follow the nodes.
  auto getPlace = [&](bool isLeaf, int64_t index) {
    int64_t limit = isLeaf ? targets.size() : count;
    return index < 0 || index >= limit ? -1 : index + (isLeaf ? count : 0);
  };
  for (size_t index = 0; index < count; ++index) {
    TreeEntry &entry = table.entries.emplace_back();
    if (!(modes[index] >= 0 && modes[index] <= 6))
      return failure(failed(node.invalid("'nodes_modes' from 0 to 6",
                                         std::to_string(modes[index]))));
    entry.mode = static_cast<TreeMode>(static_cast<int>(modes[index]));
    entry.value = values[index];
    entry.feature = features[index];
    entry.yes = getPlace(yesLeaves[index] != 0, yes[index]);
    entry.no = getPlace(noLeaves[index] != 0, no[index]);
    entry.missingIsYes = !missing.empty() && missing[index] != 0;
  }
  for (auto [target, weight] : llvm::zip_equal(targets, weights)) {
    TreeEntry &entry = table.entries.emplace_back();
    entry.yes = entry.no = table.entries.size() - 1;
    entry.weights.push_back({target, weight});
  }
  // The members of all such nodes follow one another, a NaN after each list.
  ArrayRef<double> rest = members;
  for (size_t index = 0; index < count; ++index) {
    if (table.entries[index].mode != TreeMode::Member)
      continue;
    ArrayRef<double> own =
        rest.take_until([](double member) { return std::isnan(member); });
    if (own.size() == rest.size())
      return failure(failed(node.invalid(
          "'membership_values' with a NaN after the members of each node",
          "no further one")));
    rest = rest.drop_front(own.size() + 1);
    expandMembers(table, index, own);
  }
  if (failed(checkTrees(node, table)))
    return failure();
  return table;
}

//===- The table ----------------------------------------------------------===//

/// A node as the walk compares it: <= or ==, by the largest value of type T
/// that is smaller where it is <, with the branches exchanged where it is the
/// opposite.
template <typename T>
static TreeEntry normalize(TreeEntry entry) {
  bool isOpposite = entry.mode == TreeMode::Gte || entry.mode == TreeMode::Gt ||
                    entry.mode == TreeMode::Neq;
  if (entry.mode == TreeMode::Leaf)
    entry.value = INFINITY;
  else if (entry.mode == TreeMode::Lt || entry.mode == TreeMode::Gte)
    entry.value = entry.value == -INFINITY
                      ? NAN
                      : std::nextafter(static_cast<T>(entry.value),
                                       -std::numeric_limits<T>::infinity());
  if (isOpposite) {
    std::swap(entry.yes, entry.no);
    // NaN is unequal to everything.
    entry.missingIsYes = entry.mode != TreeMode::Neq && !entry.missingIsYes;
  }
  bool isEqual = entry.mode == TreeMode::Eq || entry.mode == TreeMode::Neq;
  entry.mode = isEqual ? TreeMode::Eq : TreeMode::Leq;
  return entry;
}

/// The nodes as 32-bit words: value, feature and flags, branches.
template <typename T>
static void packEntry(const TreeEntry &entry, SmallVectorImpl<int32_t> &words) {
  T value = static_cast<T>(entry.value);
  int32_t parts[sizeof(T) / 4];
  std::memcpy(parts, &value, sizeof(T));
  words.append(std::begin(parts), std::end(parts));
  uint32_t feature = static_cast<uint32_t>(entry.feature);
  if (entry.mode == TreeMode::Eq)
    feature |= kIsEqual;
  if (entry.missingIsYes)
    feature |= kMissingIsYes;
  words.push_back(static_cast<int32_t>(feature));
  words.push_back(static_cast<int32_t>(entry.yes));
  words.push_back(static_cast<int32_t>(entry.no));
  // Nodes of doubles are aligned to them.
  words.append(words.size() % (sizeof(T) / 4), 0);
}

FailureOr<Term> sinter::evaluateTrees(NodeContext &node, Term x,
                                      const TreeTable &table, int64_t targets,
                                      TreeAggregate aggregate) {
  Builder builder(node.getContext());
  Type type = x.getElementType();
  bool isDouble = type.isF64(), hasFlags = false;
  int64_t count = table.entries.size(), features = 0;
  SmallVector<int32_t, 0> words, starts, places, roots;
  SmallVector<double> weights;
  for (const TreeEntry &given : table.entries) {
    bool isLeaf = given.mode == TreeMode::Leaf;
    TreeEntry entry =
        isDouble ? normalize<double>(given) : normalize<float>(given);
    if (isDouble)
      packEntry<double>(entry, words);
    else
      packEntry<float>(entry, words);
    hasFlags |= entry.missingIsYes || entry.mode == TreeMode::Eq;
    features = std::max(features, entry.feature + 1);
    starts.push_back(places.size());
    for (auto [target, weight] : entry.weights) {
      if (!isLeaf)
        break;
      if (target < 0 || target >= targets)
        return failure(failed(
            node.invalid("targets below " + Twine(targets), Twine(target))));
      places.push_back(target);
      weights.push_back(weight);
    }
  }
  starts.push_back(places.size());
  roots.assign(table.roots.begin(), table.roots.end());
  if (places.empty()) {
    places.push_back(0);
    weights.push_back(0);
  }
  if (std::optional<int64_t> size = x.getSize(1).getConstant();
      size && *size < features)
    return failure(
        failed(node.invalid("rows of " + Twine(features) + " features or more",
                            Twine(*size) + " features")));
  auto makeTable = [&](ArrayRef<int32_t> numbers, ArrayRef<int64_t> shape) {
    return Term::dense(
        node, DenseElementsAttr::get(
                  RankedTensorType::get(shape, builder.getI32Type()), numbers));
  };
  auto makeVector = [&](ArrayRef<int32_t> numbers) {
    return makeTable(numbers, static_cast<int64_t>(numbers.size()));
  };
  AlgorithmCall call{getTypedName("tree_ensemble", type),
                     {static_cast<int64_t>(aggregate), hasFlags, features}};
  double most = isDouble ? std::numeric_limits<double>::max()
                         : std::numeric_limits<float>::max();
  call.numbers = {aggregate == TreeAggregate::Sum   ? 0
                  : aggregate == TreeAggregate::Min ? most
                                                    : -most};
  call.units = x.getSize(0);
  call.check = "rows of " + std::to_string(features) + " features or more";
  Value scores = createAlgorithm(
      node, call,
      {x, makeTable(words, {count, static_cast<int64_t>(words.size()) / count}),
       makeVector(roots), makeVector(starts), makeVector(places),
       Term::vector(node, weights, type)},
      nn::makeTensorType({x.getSize(0), node.getSize(targets)}, type))[0];
  return Term(node, scores);
}
