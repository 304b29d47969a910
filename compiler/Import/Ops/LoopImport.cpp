//===- LoopImport.cpp - loops whose body is a graph -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The types of a body follow from those of its arguments, and these from what
// the body yields. The first attempt takes the types of the values that enter;
// sizes that come out different are late dimensions in the next one. An attempt
// adds at least one such dimension, so there are few.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/LoopImport.h"
#include "compiler/Import/Ops/Body.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// Known values of more elements are carried as tensors.
static constexpr size_t kMaxKnownElements = 16;
/// Loops of more iterations are not unrolled.
static constexpr int64_t kMaxUnrolled = 1024;

namespace {

/// A carried value.
struct Carried {
  ImportedValue *init;
  /// Its elements are known, and take part as `sizes`; else the sizes are those
  /// of its dimensions.
  bool isKnown = false;
  SmallVector<SizeAttr> inits, nexts;
  /// The late dimensions of those that change; null for others.
  SmallVector<SizeAttr> names;

  SizeAttr getSize(size_t i) const { return names[i] ? names[i] : inits[i]; }
  SmallVector<SizeAttr> getSizes() const {
    SmallVector<SizeAttr> sizes;
    for (size_t i = 0; i < inits.size(); ++i)
      sizes.push_back(getSize(i));
    return sizes;
  }
  Type getElementType() const { return init->type.getElementType(); }
};

enum class Outcome { Done, Again, Failed };

class LoopImport {
public:
  LoopImport(NodeContext &node, LoopParts &parts)
      : node(node), importer(node.getImporter()), parts(parts) {}

  FailureOr<LoopResults> run();

private:
  void start(Carried &carried, bool mayBeKnown);
  /// Makes size number `i` of a carried value a late dimension.
  void release(Carried &carried, size_t i);
  bool releaseAll();
  ImportedValue makeValue(const Carried &carried);
  Outcome attempt();
  /// Compares what an iteration yields with its arguments: what changes is
  /// released for the next attempt.
  FailureOr<bool> compare(ArrayRef<ImportedValue> yielded);
  LogicalResult finish(Body &body, std::vector<ImportedValue> &outputs);
  FailureOr<Value> makeTensor(ImportedValue &value);

  NodeContext &node;
  GraphImporter &importer;
  LoopParts &parts;
  SizeAttr index;
  std::vector<Carried> all;
  LoopResults results;
};

} // namespace

void LoopImport::start(Carried &carried, bool mayBeKnown) {
  const Content *content = importer.getContent(*carried.init);
  auto known = content && !content->isFloat() && mayBeKnown &&
                       content->elements.size() <= kMaxKnownElements
                   ? content->getSizes()
                   : std::nullopt;
  carried.isKnown = known.has_value();
  carried.inits = known ? *known : nn::getSizes(carried.init->type);
  carried.names.assign(carried.inits.size(), SizeAttr());
}

void LoopImport::release(Carried &carried, size_t i) {
  std::string name =
      importer.makeLateDim(node.getName() + ".carried." +
                           Twine(&carried - all.data()) + "." + Twine(i));
  carried.names[i] = nn::getSymbol(node.getContext(), name);
}

bool LoopImport::releaseAll() {
  bool isMore = false;
  for (Carried &carried : all)
    for (size_t i = 0; i < carried.inits.size(); ++i)
      if (!carried.names[i]) {
        release(carried, i);
        isMore = true;
      }
  return isMore;
}

FailureOr<Value> LoopImport::makeTensor(ImportedValue &value) {
  if (!value.isTensor())
    return node.unsupported(
        "a loop that carries and gives tensors", "a sequence or an optional",
        "give the loop a constant number of iterations: then it is unrolled");
  if (Value tensor = importer.materialize(value, node.getLocation()))
    return tensor;
  return node.unsupported("a value that can be computed when running",
                          "a mix of sizes and numbers",
                          "simplify the shape computation of the model");
}

/// A carried value before its block argument is made: of known ones, the
/// content.
ImportedValue LoopImport::makeValue(const Carried &carried) {
  ImportedValue value;
  if (carried.isKnown) {
    Content content = *importer.getContent(*carried.init);
    content.elements.clear();
    for (SizeAttr size : carried.getSizes())
      content.elements.push_back(Element::ofSize(size));
    value.type = carried.init->type;
    value.content = std::move(content);
  } else {
    value.type =
        nn::makeTensorType(carried.getSizes(), carried.getElementType());
  }
  return value;
}

FailureOr<bool> LoopImport::compare(ArrayRef<ImportedValue> yielded) {
  bool isStable = true;
  for (auto [carried, value] : llvm::zip_equal(all, yielded)) {
    ImportedValue copy = value;
    if (!value.isTensor()) {
      (void)makeTensor(copy);
      return failure();
    }
    std::string number = std::to_string(&carried - all.data());
    if (value.type.getElementType() != carried.getElementType())
      return node.invalid("carried value " + number +
                              " to keep its element type",
                          "a body that changes it");
    if (value.type.getRank() != carried.init->type.getRank())
      return node.unsupported(
          "carried value " + number + " to keep its rank",
          "ranks " + Twine(carried.init->type.getRank()) + " and " +
              Twine(value.type.getRank()),
          "reshape the value to one rank in the body and after the loop");
    if (carried.isKnown) {
      const Content *content = importer.getContent(copy);
      auto sizes = content && content->shape == carried.init->content->shape
                       ? content->getSizes()
                       : std::nullopt;
      if (!sizes) {
        start(carried, /*mayBeKnown=*/false);
        isStable = false;
        continue;
      }
      carried.nexts = *sizes;
    } else {
      carried.nexts = nn::getSizes(value.type);
    }
    for (size_t i = 0; i < carried.inits.size(); ++i)
      if (!carried.names[i] && carried.nexts[i] != carried.inits[i]) {
        release(carried, i);
        isStable = false;
      }
  }
  return isStable;
}

Outcome LoopImport::attempt() {
  OpBuilder &builder = importer.getBuilder();
  GraphImporter::Checkpoint checkpoint = importer.getCheckpoint();
  Body body(node);
  std::vector<ImportedValue> outputs;
  bool isStable = false;
  {
    OpBuilder::InsertionGuard guard(builder);
    body.enter();
    std::vector<ImportedValue> inputs = parts.makeFirst(index);
    for (Carried &carried : all) {
      ImportedValue &value = inputs.emplace_back(makeValue(carried));
      if (!carried.isKnown)
        value.value = body.addArgument(value.type);
    }
    llvm::append_range(inputs, parts.makeLast(index));
    for (ImportedValue &input : inputs)
      input.home = &body.getBlock();
    auto made = importer.importGraph(parts.graph, inputs, node);
    if (failed(made))
      return Outcome::Failed;
    outputs = std::move(*made);
    if (outputs.size() < all.size() + parts.hasCondition) {
      (void)node.invalid("a body with an output for each of " +
                             Twine(all.size()) + " carried values",
                         Twine(outputs.size()) + " outputs");
      return Outcome::Failed;
    }
    FailureOr<bool> same =
        compare(ArrayRef(outputs).slice(parts.hasCondition, all.size()));
    if (failed(same))
      return Outcome::Failed;
    isStable = *same;
  }
  if (!isStable) {
    importer.rollBack(checkpoint);
    return Outcome::Again;
  }
  return succeeded(finish(body, outputs)) ? Outcome::Done : Outcome::Failed;
}

LogicalResult LoopImport::finish(Body &body,
                                 std::vector<ImportedValue> &outputs) {
  OpBuilder &builder = importer.getBuilder();
  OpBuilder::InsertPoint outer = builder.saveInsertionPoint();
  auto isTrue = [&](ImportedValue &value) {
    const Content *content = importer.getContent(value);
    return content && content->elements.size() == 1 &&
           content->elements[0].getInteger().value_or(0) != 0;
  };
  bool isConditional =
      parts.hasCondition && (!isTrue(outputs.front()) ||
                             (parts.condition && !isTrue(*parts.condition)));
  auto makeCondition = [&](ImportedValue &value) -> FailureOr<Value> {
    FailureOr<Value> tensor = makeTensor(value);
    if (failed(tensor))
      return failure();
    if (!value.type.getElementType().isInteger(1) ||
        !nn::getNumElements(value.type).isConstant(1))
      return node.invalid("a condition of one truth value",
                          GraphImporter::getTypeName(value) + " of shape " +
                              nn::toString(nn::getSizes(value.type)));
    return node.reshape(*tensor, {});
  };
  Value first, next;
  if (isConditional) {
    ImportedValue holds = makeKnown(node.getSize(1), builder.getI1Type());
    FailureOr<Value> before =
        makeCondition(parts.condition ? *parts.condition : holds);
    if (failed(before))
      return failure();
    first = *before;
  }
  SmallVector<Value> inits, carried, stacked;
  for (Carried &each : all) {
    if (each.isKnown)
      continue;
    FailureOr<Value> init = makeTensor(*each.init);
    if (failed(init))
      return failure();
    inits.push_back(*init);
  }

  body.enter();
  if (isConditional) {
    FailureOr<Value> after = makeCondition(outputs.front());
    if (failed(after))
      return failure();
    next = *after;
  }
  for (auto [i, output] :
       llvm::enumerate(llvm::drop_begin(outputs, parts.hasCondition))) {
    if (i < all.size() && all[i].isKnown)
      continue;
    FailureOr<Value> value = makeTensor(output);
    if (failed(value))
      return failure();
    (i < all.size() ? carried : stacked).push_back(*value);
  }
  body.yield(next, carried, stacked);
  builder.restoreInsertionPoint(outer);

  std::string executed = importer.makeLateDim(node.getName() + ".executed");
  SizeAttr lead =
      isConditional ? nn::getSymbol(node.getContext(), executed) : parts.count;
  SmallVector<Type> types(body.getBlock().getArgumentTypes());
  SmallVector<SizeAttr> own = {index}, nameInits, nameNexts;
  SmallVector<Attribute> names;
  auto getName = [](SizeAttr symbol) {
    SmallVector<StringRef> symbols;
    nn::collectSymbols(symbol, symbols);
    return symbols.front();
  };
  for (Carried &each : all)
    for (size_t i = 0; i < each.names.size(); ++i) {
      if (!each.names[i])
        continue;
      own.push_back(each.names[i]);
      names.push_back(builder.getStringAttr(getName(each.names[i])));
      nameInits.push_back(each.inits[i]);
      nameNexts.push_back(each.nexts[i]);
    }
  for (Value value : stacked) {
    FailureOr<Type> type = body.stackType(value.getType(), lead, own);
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  auto loop = nn::LoopOp::create(
      builder, node.getLocation(), types, parts.count, getName(index), executed,
      builder.getArrayAttr(names),
      nn::makeSizeArray(node.getContext(), nameInits),
      nn::makeSizeArray(node.getContext(), nameNexts), first, inits);
  body.moveTo(loop.getBody());
  size_t place = 0;
  for (Carried &each : all) {
    ImportedValue &value = results.carried.emplace_back(makeValue(each));
    if (!each.isKnown)
      value.value = loop.getResult(place++);
  }
  results.stacked.assign(loop.getStacked().begin(), loop.getStacked().end());
  return success();
}

FailureOr<LoopResults> LoopImport::run() {
  index = nn::getSymbol(node.getContext(),
                        importer.makeLateDim(node.getName() + ".iteration"));
  all.resize(parts.carried.size());
  for (auto [carried, init] : llvm::zip_equal(all, parts.carried)) {
    carried.init = &init;
    if (!init.isTensor()) {
      (void)makeTensor(init);
      return failure();
    }
    start(carried, /*mayBeKnown=*/true);
  }
  GraphImporter::Checkpoint checkpoint = importer.getCheckpoint();
  std::vector<ImportIssue> firstIssues;
  while (true) {
    switch (attempt()) {
    case Outcome::Done:
      return std::move(results);
    case Outcome::Again:
      continue;
    case Outcome::Failed:
      break;
    }
    // What does not fit may be a size that changes later: the body has the last
    // word with all of them open. Its first complaint is the clearer one.
    std::vector<ImportIssue> issues = importer.takeIssues(checkpoint);
    if (firstIssues.empty())
      firstIssues = std::move(issues);
    if (releaseAll())
      continue;
    for (ImportIssue &issue : firstIssues)
      importer.report(std::move(issue));
    return failure();
  }
}

FailureOr<LoopResults> sinter::importLoop(NodeContext &node, LoopParts &parts) {
  return LoopImport(node, parts).run();
}

FailureOr<LoopResults> sinter::unrollLoop(NodeContext &node, LoopParts &parts) {
  GraphImporter &importer = node.getImporter();
  std::optional<int64_t> count = parts.count.getConstant();
  auto refuse = [&](const Twine &found) {
    return node.unsupported(
        "a loop over sequences with at most " + Twine(kMaxUnrolled) +
            " iterations, known when compiling",
        found, "make the number of iterations a constant, or use tensors");
  };
  if (!count || *count > kMaxUnrolled)
    return refuse(nn::toString(parts.count) + " iterations");
  auto getTruth = [&](ImportedValue &value) -> std::optional<int64_t> {
    const Content *content = importer.getContent(value);
    return content && content->elements.size() == 1
               ? content->elements[0].getInteger()
               : std::nullopt;
  };
  LoopResults results;
  results.carried = parts.carried;
  SmallVector<SmallVector<Value>> rows;
  std::optional<int64_t> goesOn = 1;
  if (parts.condition)
    goesOn = getTruth(*parts.condition);
  size_t numStacked = parts.graph.outputs.size() -
                      std::min(parts.graph.outputs.size(),
                               parts.carried.size() + parts.hasCondition);
  rows.resize(numStacked);
  for (int64_t i = 0; i < *count && goesOn.value_or(0); ++i) {
    SizeAttr index = node.getSize(i);
    std::vector<ImportedValue> inputs = parts.makeFirst(index);
    llvm::append_range(inputs, results.carried);
    llvm::append_range(inputs, parts.makeLast(index));
    auto outputs = importer.importGraph(parts.graph, inputs, node);
    if (failed(outputs))
      return failure();
    if (outputs->size() !=
        parts.hasCondition + results.carried.size() + numStacked)
      return node.invalid("a body with an output for each carried value",
                          Twine(outputs->size()) + " outputs");
    if (parts.hasCondition)
      goesOn = getTruth(outputs->front());
    auto begin = outputs->begin() + parts.hasCondition;
    auto end = begin + results.carried.size();
    results.carried.assign(begin, end);
    for (auto [row, output] :
         llvm::zip_equal(rows, llvm::make_range(end, outputs->end()))) {
      Value value = importer.materialize(output, node.getLocation());
      if (!value)
        return refuse("outputs to stack that are no tensors");
      SmallVector<SizeAttr> sizes = nn::getSizes(value.getType());
      sizes.insert(sizes.begin(), node.getSize(1));
      row.push_back(node.reshape(value, sizes));
    }
  }
  if (!goesOn)
    return refuse("a condition that depends on data");
  for (ArrayRef<Value> row : rows) {
    if (row.empty())
      return refuse("no iteration, whose stacked outputs have no shape");
    results.stacked.push_back(
        row.size() == 1
            ? row.front()
            : node.create<nn::ConcatOp>(ValueRange(row), int64_t(0)));
  }
  return results;
}
