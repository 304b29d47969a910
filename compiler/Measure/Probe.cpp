//===- Probe.cpp - a small computation to be timed ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Probe.h"

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::measure;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

static nn::WeightAttr makeExpression(StringRef kind,
                                     ArrayRef<nn::WeightAttr> operands,
                                     DictionaryAttr params,
                                     RankedTensorType type) {
  MLIRContext *context = type.getContext();
  return nn::WeightAttr::get(context, StringAttr::get(context, kind), operands,
                             params ? params : DictionaryAttr::get(context),
                             type);
}

/// One number as a weight of rank 0.
static nn::WeightAttr makeScalar(MLIRContext *context, float value) {
  auto type = RankedTensorType::get({}, Float32Type::get(context));
  Builder b(context);
  return makeExpression("dense", {},
                        b.getDictionaryAttr(b.getNamedAttr(
                            "value", DenseElementsAttr::get(type, value))),
                        type);
}

nn::WeightAttr measure::makeWeight(RankedTensorType type) {
  Builder b(type.getContext());
  auto line = RankedTensorType::get({type.getNumElements()}, b.getF32Type());
  NamedAttribute params[] = {
      b.getNamedAttr("axis", b.getI64IntegerAttr(0)),
      b.getNamedAttr("start", nn::getSize(b.getContext(), 0)),
      b.getNamedAttr("step", nn::getSize(b.getContext(), 1))};
  // The sine of 0, 1, 2, ... comes near every value and never repeats.
  nn::WeightAttr value =
      makeExpression("iota", {}, b.getDictionaryAttr(params), line);
  value = makeExpression("sin", value, {}, line);
  auto floats = RankedTensorType::get(type.getShape(), b.getF32Type());
  value = makeExpression("reshape", value, {}, floats);
  Type element = type.getElementType();
  if (element.isF32())
    return value;
  if (element.isUnsignedInteger())
    value = makeExpression("abs", value, {}, floats);
  if (isa<IntegerType>(element))
    value = makeExpression("mul", {value, makeScalar(b.getContext(), 100)}, {},
                           floats);
  return makeExpression("cast", value, {}, type);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

OwningOpRef<func::FuncOp> measure::makeFunction(
    MLIRContext *context, TypeRange arguments,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> build) {
  OpBuilder b(context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<func::FuncOp> function = func::FuncOp::create(
      loc, "main", b.getFunctionType(arguments, TypeRange()));
  b.setInsertionPointToEnd(function->addEntryBlock());
  SmallVector<Value> results = build(b, function->getArguments());
  func::ReturnOp::create(b, loc, results);
  function->setFunctionType(
      b.getFunctionType(arguments, ValueRange(results).getTypes()));
  return function;
}

RankedTensorType measure::makeStatic(Type type, DimLookup lookup) {
  SmallVector<int64_t> shape;
  for (nn::SizeAttr size : nn::getSizes(type)) {
    std::optional<int64_t> value = nn::evaluate(size, lookup);
    if (!value)
      return {};
    shape.push_back(*value);
  }
  return RankedTensorType::get(shape, cast<ShapedType>(type).getElementType());
}

/// Puts values for the sizes of `op`; false where one is not known.
static bool makeStatic(Operation *op, DimLookup lookup) {
  bool known = true;
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [&](nn::SizeAttr size) -> std::pair<Attribute, WalkResult> {
        std::optional<int64_t> value = nn::evaluate(size, lookup);
        known &= value.has_value();
        return {value ? nn::getSize(op->getContext(), *value) : size,
                WalkResult::skip()};
      });
  replacer.addReplacement(
      [&](RankedTensorType type) -> std::pair<Type, WalkResult> {
        RankedTensorType result = measure::makeStatic(type, lookup);
        known &= bool(result);
        return {result ? result : type, WalkResult::skip()};
      });
  replacer.replaceElementsIn(op, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                             /*replaceTypes=*/true);
  return known;
}

OwningOpRef<func::FuncOp> measure::extractFunction(ArrayRef<Operation *> ops,
                                                   ValueRange results,
                                                   DimLookup lookup) {
  llvm::SetVector<Value> inputs, weights;
  SmallPtrSet<Operation *, 16> members(ops.begin(), ops.end());
  SmallVector<Type> types;
  bool known = true;
  for (Operation *op : ops)
    for (Value operand : op->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (members.contains(producer) || inputs.contains(operand))
        continue;
      if (isa_and_nonnull<nn::WeightOp>(producer)) {
        weights.insert(operand);
        continue;
      }
      inputs.insert(operand);
      types.push_back(measure::makeStatic(operand.getType(), lookup));
      known &= bool(types.back());
    }
  if (!known)
    return {};
  auto function = makeFunction(
      results.front().getContext(), types, [&](OpBuilder &b, ValueRange args) {
        IRMapping mapping;
        mapping.map(inputs.getArrayRef(), args);
        for (Value weight : weights) {
          auto type = cast<RankedTensorType>(weight.getType());
          // A single number, such as a scale, decides what code is made.
          auto value = type.getNumElements() == 1
                           ? weight.getDefiningOp<nn::WeightOp>().getValue()
                           : makeWeight(type);
          mapping.map(
              weight,
              nn::WeightOp::create(b, b.getUnknownLoc(), value).getResult());
        }
        for (Operation *op : ops) {
          Operation *copy = b.clone(*op, mapping);
          known &= ::makeStatic(copy, lookup);
          copy->setLoc(b.getUnknownLoc());
          copy->setDiscardableAttrs(b.getDictionaryAttr({}));
        }
        return llvm::map_to_vector(
            results, [&](Value value) { return mapping.lookup(value); });
      });
  return known ? std::move(function) : OwningOpRef<func::FuncOp>();
}

//===----------------------------------------------------------------------===//
// Keys and modules
//===----------------------------------------------------------------------===//

std::string measure::getKey(const Probe &probe, StringRef isa) {
  std::string text = isa.str();
  llvm::raw_string_ostream out(text);
  for (const Form &form : probe.forms) {
    out << '\n' << form.name << '\n';
    form.function.get()->print(out);
  }
  std::array<uint8_t, 32> hash = llvm::SHA256::hash(
      ArrayRef(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
  return llvm::toHex(ArrayRef(hash).take_front(16), /*LowerCase=*/true);
}

std::string measure::getFormName(size_t probe, size_t form) {
  return std::to_string(probe) + "." + std::to_string(form);
}

OwningOpRef<ModuleOp> measure::makeModule(ArrayRef<const Probe *> probes,
                                          StringRef model) {
  MLIRContext *context =
      probes.front()->forms.front().function.get().getContext();
  OpBuilder b(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getUnknownLoc());
  module.get()->setAttr("nn.model", b.getStringAttr(model));
  for (StringRef list : {"nn.free_dims", "nn.assumptions"})
    module.get()->setAttr(list, b.getArrayAttr({}));
  b.setInsertionPointToEnd(module->getBody());
  auto main = func::FuncOp::create(b, b.getUnknownLoc(), "main",
                                   b.getFunctionType({}, {}));
  Block *body = main.addEntryBlock();
  b.setInsertionPointToEnd(body);
  SmallVector<Value> results;
  int64_t count = 0;
  for (auto [number, probe] : llvm::enumerate(probes))
    for (auto [index, form] : llvm::enumerate(probe->forms)) {
      func::FuncOp function = *form.function;
      Location loc = nn::getNodeLocation(context, getFormName(number, index),
                                         form.name, count++);
      IRMapping mapping;
      for (BlockArgument argument : function.getArguments())
        mapping.map(argument, body->addArgument(argument.getType(), loc));
      for (Operation &op : function.getBody().front().without_terminator())
        b.clone(op, mapping)->setLoc(loc);
      for (Value result :
           function.getBody().front().getTerminator()->getOperands())
        results.push_back(mapping.lookup(result));
    }
  func::ReturnOp::create(b, b.getUnknownLoc(), results);
  main.setFunctionType(b.getFunctionType(body->getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    main.setArgAttr(i, "nn.name", b.getStringAttr("in" + std::to_string(i)));
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    main.setResultAttr(i, "nn.name",
                       b.getStringAttr("out" + std::to_string(i)));
  module.get()->setAttr("nn.node_count", b.getI64IntegerAttr(count));
  return module;
}
