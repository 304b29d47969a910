//===- Evaluator.cpp - evaluation of weight expressions -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include "compiler/Weights/WeightStore.h"
#include <cstring>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;
using nn::WeightAttr;

LogicalResult Expression::fail(StringRef reason) const {
  *error = ("a weight of kind '" + weight.getKind().getValue() + "': " + reason)
               .str();
  return failure();
}

bool Expression::getInt(StringRef name, int64_t &value) const {
  auto attribute = weight.getParams().getAs<IntegerAttr>(name);
  if (!attribute)
    return (void)fail(("expects the integer parameter '" + name + "'").str()),
           false;
  value = attribute.getInt();
  return true;
}

bool Expression::getInts(StringRef name,
                         SmallVectorImpl<int64_t> &values) const {
  auto attribute = weight.getParams().getAs<DenseI64ArrayAttr>(name);
  if (!attribute)
    return (void)fail(("expects the integer list '" + name + "'").str()), false;
  values.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  return true;
}

bool Expression::getSizes(StringRef name,
                          SmallVectorImpl<int64_t> &values) const {
  auto attribute = weight.getParams().getAs<ArrayAttr>(name);
  for (Attribute element :
       attribute ? attribute.getValue() : ArrayRef<Attribute>()) {
    auto size = dyn_cast<nn::SizeAttr>(element);
    std::optional<int64_t> value = size ? size.getConstant() : std::nullopt;
    if (!value)
      return (void)fail(("expects constant sizes in '" + name + "'").str()),
             false;
    values.push_back(*value);
  }
  if (!attribute)
    return (void)fail(("expects the list of sizes '" + name + "'").str()),
           false;
  return true;
}

SmallVector<int64_t> sinter::weights::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

//===- Leaves -------------------------------------------------------------===//

static LogicalResult writeDense(WeightAttr weight, MutableArrayRef<char> out,
                                std::string &error) {
  auto value = weight.getParams().getAs<DenseElementsAttr>("value");
  if (!value || value.getType() != weight.getType()) {
    error = "a 'dense' weight expects a value of its own type";
    return failure();
  }
  if (weight.getType().getElementType().isInteger(1)) {
    for (auto [byte, bit] : llvm::zip_equal(out, value.getValues<bool>()))
      byte = bit;
    return success();
  }
  std::optional<ElementKind> kind =
      getElementKind(weight.getType().getElementType());
  if (kind && getElementBits(*kind) < 8 &&
      getDomain(*kind) != Domain::Float) { // Extended by the sign in memory.
    for (auto [byte, number] : llvm::zip_equal(out, value.getValues<APInt>()))
      byte = static_cast<char>(getDomain(*kind) == Domain::Signed
                                   ? number.getSExtValue()
                                   : number.getZExtValue());
    return success();
  }
  ArrayRef<char> raw = value.getRawData();
  if (raw.size() == out.size()) {
    std::memcpy(out.data(), raw.data(), raw.size());
    return success();
  }
  for (size_t i = 0; i + raw.size() <= out.size(); i += raw.size()) // A splat.
    std::memcpy(out.data() + i, raw.data(), raw.size());
  return success();
}

//===- Expressions --------------------------------------------------------===//

static EvaluateFunction findFunction(StringRef kind) {
  for (auto find :
       {findElementwise, findMovement, findReduction, findPacking, findPruning})
    if (EvaluateFunction function = find(kind))
      return function;
  return nullptr;
}

bool sinter::isWeightKind(StringRef kind) {
  return kind == "file" || kind == "dense" || findFunction(kind);
}

uint64_t sinter::getWeightBytes(WeightAttr weight) {
  std::optional<ElementKind> kind =
      getElementKind(weight.getType().getElementType());
  return kind ? weight.getType().getNumElements() *
                    uint64_t(getElementBytes(*kind))
              : 0;
}

static LogicalResult checkType(WeightAttr weight, std::string &error) {
  if (weight.getType().hasStaticShape() &&
      getElementKind(weight.getType().getElementType()))
    return success();
  error = "a weight of kind '" + weight.getKind().str() +
          "' expects a static shape and a number type";
  return failure();
}

FailureOr<Data> sinter::weights::evaluate(WeightAttr weight,
                                          LeafReader readLeaf,
                                          std::string &error) {
  if (failed(checkType(weight, error)))
    return failure();
  StringRef kind = weight.getKind().getValue();
  if (kind == "file")
    return readLeaf(weight);
  if (kind == "reshape" && weight.getOperands().size() == 1 &&
      getWeightBytes(weight.getOperands().front()) == getWeightBytes(weight))
    return evaluate(weight.getOperands().front(), readLeaf, error);
  Data data = Data::allocate(getWeightBytes(weight));
  if (failed(evaluateInto(weight, data.getMutable(), readLeaf, error)))
    return failure();
  return data;
}

LogicalResult sinter::weights::evaluateInto(WeightAttr weight,
                                            MutableArrayRef<char> out,
                                            LeafReader readLeaf,
                                            std::string &error) {
  if (failed(checkType(weight, error)))
    return failure();
  if (out.size() != getWeightBytes(weight)) {
    error = "a weight of " + std::to_string(getWeightBytes(weight)) +
            " bytes does not fit " + std::to_string(out.size());
    return failure();
  }
  StringRef kind = weight.getKind().getValue();
  if (kind == "dense")
    return writeDense(weight, out, error);
  if (kind == "file" || kind == "reshape") {
    FailureOr<Data> data = evaluate(weight, readLeaf, error);
    if (failed(data))
      return failure();
    if (data->getBytes().size() != out.size()) {
      error = "a weight of kind '" + kind.str() +
              "' has another number of elements than its operand";
      return failure();
    }
    if (!out.empty())
      std::memcpy(out.data(), data->get(), out.size());
    return success();
  }
  EvaluateFunction function = findFunction(kind);
  if (!function) {
    error = "'" + kind.str() + "' is no known kind of weight";
    return failure();
  }
  SmallVector<Data> operands;
  for (WeightAttr operand : weight.getOperands()) {
    FailureOr<Data> data = evaluate(operand, readLeaf, error);
    if (failed(data))
      return failure();
    operands.push_back(std::move(*data));
  }
  return function({weight, operands, &error}, out.data());
}

WeightAttr sinter::evaluateSmall(WeightAttr weight, uint64_t maxBytes) {
  std::string error;
  if (failed(checkType(weight, error)) || getWeightBytes(weight) > maxBytes)
    return nullptr;
  if (weight.getKind() == "dense")
    return weight;
  auto noFiles = [](WeightAttr) -> FailureOr<Data> { return failure(); };
  FailureOr<Data> data = evaluate(weight, noFiles, error);
  if (failed(data))
    return nullptr;
  StringRef bytes = data->getBytes();
  DenseElementsAttr value = makeDenseElements(
      weight.getType(), ArrayRef<char>(bytes.data(), bytes.size()));
  MLIRContext *context = weight.getContext();
  auto params = DictionaryAttr::get(
      context, NamedAttribute(StringAttr::get(context, "value"), value));
  return WeightAttr::get(context, StringAttr::get(context, "dense"), {}, params,
                         weight.getType());
}
