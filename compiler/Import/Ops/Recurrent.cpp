//===- Recurrent.cpp - RNN, GRU, LSTM -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The product of all steps' inputs with the input weights is one matmul before
// the loop; a step multiplies the hidden state and applies the gates. Both
// directions of a layer are one loop, of tensors that begin with the direction,
// unless their activations differ.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Activation.h"
#include "compiler/Import/Ops/Body.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

/// An activation function with its numbers.
struct Gate {
  const ActivationFunction *function;
  double alpha, beta;

  bool operator==(const Gate &other) const {
    auto same = [](double a, double b) {
      return a == b || (std::isnan(a) && std::isnan(b));
    };
    return function == other.function && same(alpha, other.alpha) &&
           same(beta, other.beta);
  }
};

/// Directions `first`, .., `first + count - 1` of a layer, which run in one
/// loop. Sizes: c directions, s steps, b batch, i inputs, h hidden, g gates.
struct Group {
  int64_t first, count;
  Value recurrence;          ///< [c, g*h, h]
  Value recurrentBias;       ///< [c, g*h], or null
  Value peepholes;           ///< [c, 3*h], or null
  SmallVector<Value> states; ///< [c, b, h] each
  ArrayRef<Gate> gates;
};

/// What the three operators have in common.
class Layer {
public:
  /// `gateCount` rows of blocks in the weights; `names` of the activations of
  /// one direction; the inputs of the initial states and of the peepholes.
  Layer(NodeContext &node, int64_t gateCount, ArrayRef<StringLiteral> names,
        ArrayRef<unsigned> stateInputs)
      : node(node), gateCount(gateCount), names(names),
        stateInputs(stateInputs), context(node.getContext()) {}
  virtual ~Layer() = default;

  LogicalResult build();

protected:
  /// The next states, hidden first, from `x`, the inputs' share of all gates
  /// [c, b, g*h], and the states [c, b, h].
  virtual SmallVector<Value> makeStep(const Group &group, Value x,
                                      ValueRange states) = 0;
  /// How many of the gates, from the first one, have the recurrent bias added
  /// before the loop.
  virtual int64_t getHoistedBiases() const { return gateCount; }

  Value add(Value a, Value b) { return node.elementwise<nn::AddOp>({a, b}); }
  Value sub(Value a, Value b) { return node.elementwise<nn::SubOp>({a, b}); }
  Value mul(Value a, Value b) { return node.elementwise<nn::MulOp>({a, b}); }
  /// The function of `gate` on `x`, cut to [-clip, clip].
  Value apply(const Gate &gate, Value x);
  /// state * recurrence^T, of `count` gates from `begin` on.
  Value multiply(const Group &group, Value state, int64_t begin, int64_t count);
  /// Blocks of h elements in the last dimension.
  Value takeBlocks(Value value, int64_t begin, int64_t count) {
    return take(value, cast<RankedTensorType>(value.getType()).getRank() - 1,
                nn::mul(hidden, begin), nn::mul(hidden, count));
  }
  Value take(Value value, int64_t dim, SizeAttr start, SizeAttr size,
             int64_t step = 1);

  NodeContext &node;
  int64_t gateCount;
  ArrayRef<StringLiteral> names;
  ArrayRef<unsigned> stateInputs;
  MLIRContext *context;
  Type type;
  SizeAttr steps, batch, hidden;

private:
  LogicalResult readAttributes();
  LogicalResult readSizes();
  LogicalResult readGates();
  /// Input `index`, whose sizes must be `sizes`.
  FailureOr<Value> read(unsigned index, ArrayRef<SizeAttr> sizes,
                        StringRef what);
  FailureOr<Value> readBias();
  bool hasLengths();
  LogicalResult run(int64_t first, int64_t count);
  Value project(const Group &group);
  Value reverse(Value value, int64_t dim) {
    return take(value, dim, nn::add(steps, -1), steps, -1);
  }
  Value takeDirections(Value value, const Group &group) {
    return group.count == directions ? value
                                     : take(value, 0, node.getSize(group.first),
                                            node.getSize(group.count));
  }
  bool isReverse(int64_t direction) const {
    return direction == 1 || isReverseLayer;
  }
  /// `value` [s, c, b, h] with the steps of reverse directions turned round.
  Value turnSteps(const Group &group, Value value);
  /// The place in the sequence of an iteration, for each direction: [c, 1, 1].
  Value makePlaces(const Group &group, SizeAttr index);
  LogicalResult setResults();

  int64_t directions = 1;
  bool isReverseLayer = false, isBatchFirst = false;
  double clip = 0;
  Value input, weights, recurrence, inputBias, recurrentBias, peepholes,
      lengths;
  SmallVector<Value> initial;
  SmallVector<Gate> gates;
  /// Of each group: Y as [s, c, b, h], and the last states.
  SmallVector<Value> sequences;
  SmallVector<SmallVector<Value>> finals;
};

} // namespace

Value Layer::take(Value value, int64_t dim, SizeAttr start, SizeAttr size,
                  int64_t step) {
  SmallVector<SizeAttr> sizes = nn::getSizes(value.getType());
  if (start.isConstant(0) && step == 1 && sizes[dim] == size)
    return value;
  SmallVector<SizeAttr> starts(sizes.size(), node.getSize(0));
  SmallVector<int64_t> allSteps(sizes.size(), 1);
  starts[dim] = start;
  sizes[dim] = size;
  allSteps[dim] = step;
  return node.create<nn::SliceOp>(value, nn::makeSizeArray(context, starts),
                                  nn::makeSizeArray(context, sizes), allSteps);
}

Value Layer::apply(const Gate &gate, Value x) {
  if (clip > 0)
    x = node.create<nn::ClampOp>(x, llvm::APFloat(-clip), llvm::APFloat(clip));
  return gate.function->apply(node, x, gate.alpha, gate.beta);
}

Value Layer::multiply(const Group &group, Value state, int64_t begin,
                      int64_t count) {
  SizeAttr rows = nn::mul(hidden, count);
  Value matrix = take(group.recurrence, 1, nn::mul(hidden, begin), rows);
  if (group.count > 1)
    return node.create<nn::MatmulOp>(state, node.transpose(matrix, {0, 2, 1}));
  Value product = node.create<nn::MatmulOp>(
      node.reshape(state, {batch, hidden}),
      node.transpose(node.reshape(matrix, {rows, hidden}), {1, 0}));
  return node.reshape(product, {node.getSize(1), batch, rows});
}

//===- Reading the node ---------------------------------------------------===//

LogicalResult Layer::readAttributes() {
  StringRef direction = node.getString("direction", "forward");
  if (direction != "forward" && direction != "reverse" &&
      direction != "bidirectional")
    return node.invalid("direction to be forward, reverse or bidirectional",
                        "'" + direction + "'");
  directions = direction == "bidirectional" ? 2 : 1;
  isReverseLayer = direction == "reverse";
  isBatchFirst = node.getInt("layout", 0) != 0;
  clip = node.getFloat("clip", 0);
  if (!(clip >= 0))
    return node.invalid("a clip that is not negative", std::to_string(clip));
  return readGates();
}

LogicalResult Layer::readGates() {
  SmallVector<StringRef> given;
  if (const onnx::Attribute *list = node.findAttribute("activations"))
    given.assign(list->strings.begin(), list->strings.end());
  if (given.empty())
    for (int64_t i = 0; i < directions; ++i)
      given.append(names.begin(), names.end());
  if (given.size() != names.size() * directions)
    return node.invalid(Twine(names.size()) + " activations for each of " +
                            Twine(directions) + " directions",
                        Twine(given.size()));
  // Functions that use a number take the next one of its list.
  SmallVector<double>
      alphas =
          node.getFloats("activation_alpha").value_or(SmallVector<double>()),
      betas = node.getFloats("activation_beta").value_or(SmallVector<double>());
  auto next = [](SmallVector<double> &list, bool isUsed, double otherwise) {
    if (!isUsed || list.empty())
      return otherwise;
    double value = list.front();
    list.erase(list.begin());
    return value;
  };
  for (StringRef name : given) {
    const ActivationFunction *f = findActivation(name);
    if (!f)
      return node.invalid("the names of activation functions of ONNX",
                          "'" + name + "'");
    double alpha = next(alphas, f->usesAlpha(), f->alpha),
           beta = next(betas, f->usesBeta(), f->beta);
    gates.push_back({f, alpha, beta});
  }
  return success();
}

FailureOr<Value> Layer::read(unsigned index, ArrayRef<SizeAttr> sizes,
                             StringRef what) {
  if (node.getRank(index) != static_cast<int64_t>(sizes.size()))
    return node.invalid(what + " of rank " + Twine(sizes.size()),
                        "rank " + Twine(node.getRank(index)));
  for (auto [own, wanted] : llvm::zip_equal(node.getSizes(index), sizes))
    if (failed(
            node.unify(own, wanted, what + " of shape " + nn::toString(sizes))))
      return failure();
  return node.reshape(node.getInput(index), sizes);
}

LogicalResult Layer::readSizes() {
  if (node.getRank(0) != 3 || node.getRank(1) != 3 || node.getRank(2) != 3)
    return node.invalid("inputs and weights of rank 3",
                        "ranks " + Twine(node.getRank(0)) + ", " +
                            Twine(node.getRank(1)) + " and " +
                            Twine(node.getRank(2)));
  type = node.getElementType(0);
  input = node.getInput(0);
  if (isBatchFirst)
    input = node.transpose(input, {1, 0, 2});
  SmallVector<SizeAttr> x = nn::getSizes(input.getType());
  steps = x[0];
  batch = x[1];
  hidden = node.getSizes(2)[2];
  if (int64_t given = node.getInt("hidden_size", 0)) {
    FailureOr<SizeAttr> both =
        node.unify(hidden, node.getSize(given), "weights of hidden_size");
    if (failed(both))
      return failure();
    hidden = *both;
  }
  return success();
}

FailureOr<Value> Layer::readBias() {
  SizeAttr c = node.getSize(directions), rows = nn::mul(hidden, gateCount);
  FailureOr<Value> both = read(3, {c, nn::mul(rows, 2)}, "biases");
  if (failed(both))
    return failure();
  // Gates whose recurrent bias is added before the loop have one bias.
  Value own = takeBlocks(*both, 0, gateCount);
  int64_t hoisted = getHoistedBiases();
  Value sum =
      add(takeBlocks(own, 0, hoisted), takeBlocks(*both, gateCount, hoisted));
  if (hoisted == gateCount)
    return sum;
  recurrentBias = takeBlocks(*both, gateCount, gateCount);
  SmallVector<Value> parts{sum, takeBlocks(own, hoisted, gateCount - hoisted)};
  return node.create<nn::ConcatOp>(ValueRange(parts), int64_t(1));
}

bool Layer::hasLengths() {
  if (!node.hasInput(4))
    return false;
  // Sequences that are all as long as the input need no mask.
  auto constant = node.getSizeList(4);
  return !constant ||
         !llvm::all_of(*constant, [&](SizeAttr s) { return s == steps; });
}

LogicalResult Layer::build() {
  if (failed(readAttributes()) || failed(readSizes()))
    return failure();
  SizeAttr c = node.getSize(directions), rows = nn::mul(hidden, gateCount);
  SizeAttr width = nn::getSizes(input.getType())[2];
  FailureOr<Value> w = read(1, {c, rows, width}, "input weights"),
                   r = read(2, {c, rows, hidden}, "recurrent weights");
  if (failed(w) || failed(r))
    return failure();
  weights = *w;
  recurrence = *r;
  if (node.hasInput(3)) {
    FailureOr<Value> bias = readBias();
    if (failed(bias))
      return failure();
    inputBias = *bias;
  }
  if (hasLengths()) {
    FailureOr<Value> given = read(4, batch, "lengths of sequences");
    if (failed(given))
      return failure();
    lengths = node.reshape(node.cast(*given, IntegerType::get(context, 64)),
                           {node.getSize(1), batch, node.getSize(1)});
  }
  for (unsigned index : stateInputs) {
    if (!node.hasInput(index)) {
      initial.push_back(
          node.broadcastTo(node.scalar(0, type), {c, batch, hidden}));
      continue;
    }
    FailureOr<Value> state =
        isBatchFirst ? read(index, {batch, c, hidden}, "initial states")
                     : read(index, {c, batch, hidden}, "initial states");
    if (failed(state))
      return failure();
    initial.push_back(isBatchFirst ? node.transpose(*state, {1, 0, 2})
                                   : *state);
  }
  constexpr unsigned kPeepholes = 7;
  if (node.hasInput(kPeepholes)) {
    FailureOr<Value> given =
        read(kPeepholes, {c, nn::mul(hidden, 3)}, "peepholes");
    if (failed(given))
      return failure();
    peepholes = *given;
  }

  ArrayRef all(gates);
  bool isUniform = all.take_front(names.size()) == all.take_back(names.size());
  if (isUniform ? failed(run(0, directions))
                : failed(run(0, 1)) || failed(run(1, 1)))
    return failure();
  return setResults();
}

//===- The loop -----------------------------------------------------------===//

/// The inputs' share of the gates at every step: [s, c, b, g*h], the steps of
/// a reverse direction that is not alone turned round.
Value Layer::project(const Group &group) {
  SizeAttr rows = nn::mul(hidden, gateCount), one = node.getSize(1),
           all = nn::mul(rows, group.count),
           width = nn::getSizes(input.getType())[2];
  Value matrix = node.transpose(
      node.reshape(takeDirections(weights, group), {all, width}), {1, 0});
  Value product = node.create<nn::MatmulOp>(
      node.reshape(input, {nn::mul(steps, batch), width}), matrix);
  if (inputBias)
    product =
        add(product, node.reshape(takeDirections(inputBias, group), {all}));
  if (group.count == 1)
    return node.reshape(product, {steps, one, batch, rows});
  product = node.reshape(product, {steps, batch, all});
  SmallVector<Value> parts;
  for (int64_t i = 0; i < group.count; ++i) {
    Value part = take(product, 2, nn::mul(rows, i), rows);
    if (isReverse(group.first + i))
      part = reverse(part, 0);
    parts.push_back(node.reshape(part, {steps, one, batch, rows}));
  }
  return node.create<nn::ConcatOp>(ValueRange(parts), int64_t(1));
}

Value Layer::makePlaces(const Group &group, SizeAttr index) {
  Content places;
  places.elementType = IntegerType::get(context, 64);
  places.shape = {group.count, 1, 1};
  for (int64_t i = 0; i < group.count; ++i)
    places.elements.push_back(Element::ofSize(
        isReverse(group.first + i) ? nn::sub(nn::add(steps, -1), index)
                                   : index));
  return node.getImporter().createConstant(places, node.getLocation());
}

LogicalResult Layer::run(int64_t first, int64_t count) {
  Group group;
  group.first = first;
  group.count = count;
  group.gates = ArrayRef(gates).slice(first * names.size(), names.size());
  group.recurrence = takeDirections(recurrence, group);
  if (recurrentBias)
    group.recurrentBias = takeDirections(recurrentBias, group);
  if (peepholes)
    group.peepholes = takeDirections(peepholes, group);
  for (Value state : initial)
    group.states.push_back(takeDirections(state, group));
  Value shares = project(group);
  bool isAloneReverse = count == 1 && isReverse(first);

  auto makeIteration = [&](SizeAttr index,
                           ValueRange states) -> FailureOr<SmallVector<Value>> {
    SmallVector<SizeAttr> sizes = nn::getSizes(shares.getType());
    SizeAttr place =
        isAloneReverse ? nn::sub(nn::add(steps, -1), index) : index;
    Value x = node.reshape(take(shares, 0, place, node.getSize(1)),
                           ArrayRef(sizes).drop_front());
    SmallVector<Value> next = makeStep(group, x, states);
    Value result = next.front();
    if (lengths) {
      // Beyond the end of a sequence its states stay and its results are 0.
      Value isInside =
          node.elementwise<nn::LessOp>({makePlaces(group, index), lengths});
      for (auto [value, old] : llvm::zip_equal(next, states))
        value = node.elementwise<nn::WhereOp>({isInside, value, old});
      result = node.elementwise<nn::WhereOp>(
          {isInside, result, node.scalar(0, type)});
    }
    if (node.hasOutput(0))
      next.push_back(result);
    if (node.hasFailed())
      return failure();
    return next;
  };
  SmallVector<Value> results =
      buildCountedLoop(node, steps, group.states, makeIteration);
  if (results.empty())
    return failure();
  finals.emplace_back(results.begin(), results.begin() + group.states.size());
  if (node.hasOutput(0))
    sequences.push_back(turnSteps(group, results.back()));
  return success();
}

Value Layer::turnSteps(const Group &group, Value value) {
  SmallVector<Value> parts;
  bool isTurned = false;
  for (int64_t i = 0; i < group.count; ++i) {
    Value part = take(value, 1, node.getSize(i), node.getSize(1));
    if (isReverse(group.first + i)) {
      part = reverse(part, 0);
      isTurned = true;
    }
    parts.push_back(part);
  }
  if (!isTurned || parts.size() == 1)
    return parts.front();
  return node.create<nn::ConcatOp>(ValueRange(parts), int64_t(1));
}

LogicalResult Layer::setResults() {
  auto join = [&](ArrayRef<Value> parts, int64_t axis) {
    return parts.size() == 1
               ? parts.front()
               : node.create<nn::ConcatOp>(ValueRange(parts), axis);
  };
  if (node.hasOutput(0)) {
    Value all = join(sequences, 1);
    if (isBatchFirst)
      all = node.transpose(all, {2, 0, 1, 3});
    if (failed(node.setOutput(0, all)))
      return failure();
  }
  for (unsigned i = 0; i < stateInputs.size(); ++i) {
    if (!node.hasOutput(1 + i))
      continue;
    SmallVector<Value> parts;
    for (ArrayRef<Value> states : finals)
      parts.push_back(states[i]);
    Value last = join(parts, 0);
    if (isBatchFirst)
      last = node.transpose(last, {1, 0, 2});
    if (failed(node.setOutput(1 + i, last)))
      return failure();
  }
  return success();
}

//===- RNN ----------------------------------------------------------------===//

namespace {

/// Ht = f(Xt*W^T + Ht-1*R^T + Wb + Rb).
class RnnLayer : public Layer {
public:
  using Layer::Layer;
  SmallVector<Value> makeStep(const Group &group, Value x,
                              ValueRange states) override {
    return {apply(group.gates[0], add(x, multiply(group, states[0], 0, 1)))};
  }
};

//===- GRU ----------------------------------------------------------------===//

/// Gates z, r, h: zt = f(..), rt = f(..), Ht = (1 - zt) . ht + zt . Ht-1, and
///   ht = g(Xt*Wh^T + (rt . Ht-1)*Rh^T + Rbh + Wbh)    linear_before_reset = 0
///   ht = g(Xt*Wh^T + rt . (Ht-1*Rh^T + Rbh) + Wbh)    else
class GruLayer : public Layer {
public:
  GruLayer(NodeContext &node, int64_t gateCount, ArrayRef<StringLiteral> names,
           ArrayRef<unsigned> stateInputs)
      : Layer(node, gateCount, names, stateInputs),
        isLinearFirst(node.getInt("linear_before_reset", 0) != 0) {}

  int64_t getHoistedBiases() const override { return isLinearFirst ? 2 : 3; }

  SmallVector<Value> makeStep(const Group &group, Value x,
                              ValueRange states) override {
    Value old = states[0];
    Value products = multiply(group, old, 0, isLinearFirst ? 3 : 2);
    auto gate = [&](int64_t i) {
      return apply(group.gates[0],
                   add(takeBlocks(x, i, 1), takeBlocks(products, i, 1)));
    };
    Value update = gate(0), reset = gate(1), share;
    if (isLinearFirst) {
      share = takeBlocks(products, 2, 1);
      if (group.recurrentBias)
        share = add(share, node.reshape(takeBlocks(group.recurrentBias, 2, 1),
                                        {node.getSize(group.count),
                                         node.getSize(1), hidden}));
      share = mul(reset, share);
    } else {
      share = multiply(group, mul(reset, old), 2, 1);
    }
    Value fresh = apply(group.gates[1], add(takeBlocks(x, 2, 1), share));
    Value rest = sub(node.scalar(1, type), update);
    return {add(mul(rest, fresh), mul(update, old))};
  }

private:
  bool isLinearFirst;
};

//===- LSTM ---------------------------------------------------------------===//

/// Gates i, o, f, c; the states are H and C:
///   it = f(.. + Pi . Ct-1), ft = f(.. + Pf . Ct-1), ct = g(..),
///   Ct = ft . Ct-1 + it . ct, ot = f(.. + Po . Ct), Ht = ot . h(Ct).
/// With input_forget, ft = 1 - it.
class LstmLayer : public Layer {
public:
  using Layer::Layer;
  SmallVector<Value> makeStep(const Group &group, Value x,
                              ValueRange states) override {
    Value old = states[1];
    Value sum = add(x, multiply(group, states[0], 0, 4));
    // Peepholes are in the order i, o, f.
    auto gate = [&](int64_t i, Value cell) {
      Value share = takeBlocks(sum, i, 1);
      if (group.peepholes)
        share = add(share, mul(node.reshape(takeBlocks(group.peepholes, i, 1),
                                            {node.getSize(group.count),
                                             node.getSize(1), hidden}),
                               cell));
      return apply(group.gates[0], share);
    };
    Value in = gate(0, old);
    Value forget = node.getInt("input_forget", 0) != 0
                       ? sub(node.scalar(1, type), in)
                       : gate(2, old);
    Value fresh = apply(group.gates[1], takeBlocks(sum, 3, 1));
    Value cell = add(mul(forget, old), mul(in, fresh));
    Value out = gate(1, cell);
    const Gate &last = group.gates[2];
    return {mul(out, last.function->apply(node, cell, last.alpha, last.beta)),
            cell};
  }
};

} // namespace

/// RNN opsets 1, 7, 14, 22.
static LogicalResult buildRnn(NodeContext &node) {
  static constexpr StringLiteral names[] = {"Tanh"};
  static constexpr unsigned states[] = {5};
  return RnnLayer(node, 1, names, states).build();
}

/// GRU opsets 1, 3, 7, 14, 22.
static LogicalResult buildGru(NodeContext &node) {
  static constexpr StringLiteral names[] = {"Sigmoid", "Tanh"};
  static constexpr unsigned states[] = {5};
  return GruLayer(node, 3, names, states).build();
}

/// LSTM opsets 1, 7, 14, 22.
static LogicalResult buildLstm(NodeContext &node) {
  static constexpr StringLiteral names[] = {"Sigmoid", "Tanh", "Tanh"};
  static constexpr unsigned states[] = {5, 6};
  return LstmLayer(node, 4, names, states).build();
}

ArrayRef<OpRow> sinter::getRecurrentRows() {
  static const OpRow rows[] = {
      {"GRU", buildGru},
      {"LSTM", buildLstm},
      {"RNN", buildRnn},
  };
  return rows;
}
