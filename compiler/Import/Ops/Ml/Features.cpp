//===- Features.cpp - preparation of features of ai.onnx.ml ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Ml/Scores.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Numbers to numbers -------------------------------------------------===//

static LogicalResult buildArrayFeatureExtractor(NodeContext &node) {
  Term x = Term::input(node, 0), indices = Term::input(node, 1);
  if (x.getRank() == 0)
    return node.invalid("an input of rank 1 or more", "a scalar");
  Term flat = indices.reshape(nn::getNumElements(indices.getType()));
  Term result = x.gather(flat, x.getRank() - 1);
  return node.setOutput(0, x.getRank() == 1 ? result.unsqueeze(0) : result);
}

static LogicalResult buildBinarizer(NodeContext &node) {
  Term x = Term::input(node, 0);
  // Compared as real numbers, whatever the input is.
  Term real = isa<FloatType>(x.getElementType())
                  ? x
                  : x.cast(Float64Type::get(node.getContext()));
  Term isAbove = real.like(node.getFloat("threshold", 0)) < real;
  return node.setOutput(0, isAbove.cast(x.getElementType()));
}

/// Inputs side by side, cut or filled with zeros to 'inputdimensions'.
static LogicalResult buildFeatureVectorizer(NodeContext &node) {
  auto dimensions = node.getInts("inputdimensions");
  SmallVector<Term> parts;
  for (unsigned index = 0; index < node.getNumInputs(); ++index) {
    Term x = Term::input(node, index).cast(Float32Type::get(node.getContext()));
    if (x.getRank() == 1)
      x = x.unsqueeze(1);
    if (x.getRank() != 2)
      return node.invalid("inputs of rank 1 or 2",
                          "rank " + Twine(x.getRank()));
    if (dimensions && index < dimensions->size()) {
      SizeAttr wanted = node.getSize((*dimensions)[index]);
      x = x.pad(1, node.getSize(0), nn::sub(wanted, x.getSize(1)));
    }
    parts.push_back(x);
  }
  if (parts.empty())
    return node.invalid("one input or more", "none");
  return node.setOutput(0,
                        parts.front().concat(ArrayRef(parts).drop_front(), 1));
}

/// Replaces NaN, or another value, by one value or one of each column.
static LogicalResult buildImputer(NodeContext &node) {
  Term x = Term::input(node, 0);
  Type type = x.getElementType();
  bool isFloat = isa<FloatType>(type);
  SmallVector<double> values;
  if (auto floats = node.getFloats("imputed_value_floats"); isFloat && floats)
    values = *floats;
  if (auto integers = node.getInts("imputed_value_int64s");
      !isFloat && integers)
    values.assign(integers->begin(), integers->end());
  if (values.empty())
    return node.invalid("values to impute, of the type of the input", "none");
  SizeAttr columns = node.getSize(values.size());
  if (values.size() != 1 &&
      (x.getRank() < 1 ||
       failed(node.unify(x.getSize(-1), columns, "a value for each column"))))
    return failure(succeeded(
        node.invalid("a value for each column", "another number of values")));
  double replaced =
      isFloat ? node.getFloat("replaced_value_float", 0)
              : static_cast<double>(node.getInt("replaced_value_int64", 0));
  Term isReplaced = std::isnan(replaced) ? x.isNan() : x.equals(replaced);
  return node.setOutput(0,
                        isReplaced.select(Term::vector(node, values, type), x));
}

/// Rows divided by a norm.
static LogicalResult buildNormalizer(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  StringRef kind = node.getString("norm", "MAX");
  Term norm;
  if (kind == "MAX")
    norm = x->abs().maximum(1);
  else if (kind == "L1")
    norm = x->abs().sum(1);
  else if (kind == "L2")
    norm = (*x * *x).sum(1).sqrt();
  else
    return node.invalid("'norm' MAX, L1 or L2", "'" + kind + "'");
  Term result = *x / norm.equals(0).select(norm.like(1), norm);
  return node.setOutput(0, result.cast(Float32Type::get(node.getContext()))
                               .reshape(node.getSizes(0)));
}

/// (x - offset) * scale, with one of each or one for each column.
static LogicalResult buildScaler(NodeContext &node) {
  Term x = Term::input(node, 0).cast(Float32Type::get(node.getContext()));
  Term offset = readVector(node, "offset", x.getElementType()),
       scale = readVector(node, "scale", x.getElementType());
  if (offset)
    x = x - offset;
  if (scale)
    x = x * scale;
  return node.setOutput(0, x);
}

//===- Categories ---------------------------------------------------------===//

/// Where each element of x is one of `keys` (rank 1): truth values, with a last
/// dimension of keys. NaN is equal to itself.
static Term matchKeys(Term x, Term keys) {
  Term value = x.unsqueeze(x.getRank());
  Term isEqual = value.equals(keys);
  return isa<FloatType>(x.getElementType())
             ? isEqual | (value.isNan() & keys.isNan())
             : isEqual;
}

namespace {
/// Numbers that an attribute lists, and their type; null where it lists none.
struct NumberList {
  SmallVector<double> numbers;
  Type type;
};
} // namespace

/// The numbers of the attribute `<name>_int64s`, `_floats` or `_tensor`.
static NumberList readNumbers(NodeContext &node, const Twine &name) {
  Builder builder(node.getContext());
  if (auto list = node.getInts((name + "_int64s").str());
      list && !list->empty())
    return {SmallVector<double>(list->begin(), list->end()),
            builder.getI64Type()};
  if (auto list = node.getFloats((name + "_floats").str());
      list && !list->empty())
    return {*list, builder.getF32Type()};
  const onnx::Attribute *tensor = node.findAttribute((name + "_tensor").str());
  if (!tensor || tensor->tensors.empty())
    return {};
  ImportedValue value;
  value.tensor = &tensor->tensors.front();
  Type type = node.getImporter().getElementType(value.tensor->type);
  if (!type)
    return {};
  value.type = RankedTensorType::get(value.tensor->dims, type);
  const Content *content = node.getImporter().getContent(value);
  auto numbers = content ? content->getNumbers() : std::nullopt;
  return numbers ? NumberList{*numbers, type} : NumberList();
}

static LogicalResult refuseStrings(NodeContext &node) {
  return node.unsupported(
      "keys and values that are numbers, 1024 at most in a tensor",
      "strings, or a larger table",
      "encode the strings outside of the model, and give it the numbers");
}

/// The value whose key is the element, or the default.
static LogicalResult buildLabelEncoder(NodeContext &node) {
  NumberList keys = readNumbers(node, "keys"),
             values = readNumbers(node, "values");
  Term x = Term::input(node, 0);
  if (!keys.type || !values.type)
    return refuseStrings(node);
  if (keys.type != x.getElementType() ||
      keys.numbers.size() != values.numbers.size())
    return node.invalid("keys of the type of the input, and a value for each",
                        Twine(keys.numbers.size()) + " keys and " +
                            Twine(values.numbers.size()) + " values");
  double fallback = values.type.isInteger(64)
                        ? static_cast<double>(node.getInt("default_int64", -1))
                        : node.getFloat("default_float", -0.0);
  if (NumberList given = readNumbers(node, "default"); !given.numbers.empty())
    fallback = given.numbers.front();
  Term table = Term::vector(node, values.numbers, values.type);
  int64_t rank = x.getRank();
  Term matches = matchKeys(x, Term::vector(node, keys.numbers, keys.type))
                     .cast(IntegerType::get(node.getContext(), 32));
  Term isFound = matches.like(0) < matches.maximum(rank).squeeze(rank);
  Term found = table.gather(matches.argMax(rank).squeeze(rank), 0);
  return node.setOutput(0, isFound.select(found, found.like(fallback)));
}

static LogicalResult buildOneHotEncoder(NodeContext &node) {
  auto categories = node.getInts("cats_int64s");
  if (!categories || categories->empty())
    return refuseStrings(node);
  Builder builder(node.getContext());
  Type i64 = builder.getI64Type(), f32 = builder.getF32Type();
  SmallVector<double> numbers(categories->begin(), categories->end());
  Term x = Term::input(node, 0).cast(i64);
  int64_t rank = x.getRank();
  Term matches = matchKeys(x, Term::vector(node, numbers, i64));
  if (node.getInt("zeros", 1) == 0) {
    // An index out of range, which is an error when running, for no match.
    Term hits = matches.cast(builder.getI32Type());
    SizeAttr count = node.getSize(numbers.size());
    Term isFound = hits.like(0) < hits.maximum(rank);
    Term index =
        isFound.select(hits.argMax(rank), Term::size(node, count, i64));
    Term places = Term::iota(node, count, i64);
    matches = places.equals(places.gather(index, 0));
  }
  return node.setOutput(0, matches.cast(f32));
}

ArrayRef<OpRow> sinter::getFeatureRows() {
  static constexpr llvm::StringLiteral domain = "ai.onnx.ml";
  static auto makeRow = [](llvm::StringLiteral op, NodeBuilder build) {
    return OpRow{op, build, nullptr, 1, INT64_MAX, domain};
  };
  static const OpRow rows[] = {
      makeRow("ArrayFeatureExtractor", buildArrayFeatureExtractor),
      makeRow("Binarizer", buildBinarizer),
      makeRow("FeatureVectorizer", buildFeatureVectorizer),
      makeRow("Imputer", buildImputer),
      makeRow("LabelEncoder", buildLabelEncoder),
      makeRow("Normalizer", buildNormalizer),
      makeRow("OneHotEncoder", buildOneHotEncoder),
      makeRow("Scaler", buildScaler),
  };
  return rows;
}
