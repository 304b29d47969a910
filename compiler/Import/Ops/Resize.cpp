//===- Resize.cpp - resampling --------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Resampling.h"

#include <cmath>
#include <string>

using namespace mlir;
using namespace sinter;

namespace {

/// How one dimension of the output relates to that of the input.
struct Dimension {
  nn::SizeAttr size;
  /// Output over input; 0 where it follows from the sizes, or is `computed`.
  double scale = 1;
  /// The scale (f32, rank 0) where it comes from data.
  Value computed = {};

  bool stays() const { return scale == 1; }
};

/// The input of a node, and what becomes of it.
struct Resampling {
  SmallVector<int64_t> axes;
  SmallVector<Dimension> dimensions;
};

} // namespace

static Resampling getIdentity(NodeContext &node, ArrayRef<int64_t> axes) {
  Resampling result;
  result.axes.assign(axes.begin(), axes.end());
  for (nn::SizeAttr size : node.getSizes(0))
    result.dimensions.push_back({size});
  return result;
}

/// The dimensions that the lists `scales` and `sizes` speak of, `count` long.
static FailureOr<SmallVector<int64_t>> readAxes(NodeContext &node,
                                                StringRef what, size_t count) {
  int64_t rank = node.getRank(0);
  FailureOr<SmallVector<int64_t>> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (std::optional<SmallVector<int64_t>> given = node.getInts("axes"))
    axes = node.normalizeAxes(*given, rank);
  if (succeeded(axes) && axes->size() != count)
    return node.invalid("'" + what + "' with " + Twine(axes->size()) +
                            " entries",
                        Twine(count));
  return axes;
}

/// floor(size * scale), in single precision, as a formula: exact where the
/// scale is a ratio of small integers. Null for another scale of a size that is
/// not constant.
static nn::SizeAttr scaleSize(NodeContext &node, nn::SizeAttr size,
                              double scale) {
  if (std::optional<int64_t> value = size.getConstant())
    return node.getSize(
        int64_t(std::floor(float(*value) * static_cast<float>(scale))));
  for (int64_t divisor = 1; divisor <= 64; ++divisor) {
    double factor = scale * double(divisor);
    if (factor >= 1 && factor < 1e6 &&
        std::abs(factor - std::round(factor)) < 1e-6 * factor)
      return nn::floorDiv(nn::mul(size, int64_t(std::round(factor))), divisor);
  }
  return {};
}

/// floor(sizes * scales + shift), computed when running and read then.
static SmallVector<nn::SizeAttr> computeSizes(NodeContext &node,
                                              ArrayRef<nn::SizeAttr> sizes,
                                              ArrayRef<Value> scales,
                                              double shift) {
  Type f32 = Float32Type::get(node.getContext());
  SmallVector<Value> products;
  for (auto [size, scale] : llvm::zip_equal(sizes, scales)) {
    Value product =
        node.elementwise<nn::MulOp>({node.sizeValue(size, f32), scale});
    products.push_back(node.reshape(product, node.getSize(1)));
  }
  Value all = products.size() == 1
                  ? products.front()
                  : node.create<nn::ConcatOp>(ValueRange(products), int64_t(0));
  if (shift != 0)
    all = node.elementwise<nn::AddOp>({all, node.scalar(shift, f32)});
  return node.readSizes(node.cast(node.elementwise<nn::FloorOp>({all}),
                                  IntegerType::get(node.getContext(), 64)),
                        "size");
}

/// Element `index` of a vector of floats as f32 of rank 0.
static Value takeElement(NodeContext &node, Value vector, int64_t index) {
  MLIRContext *context = node.getContext();
  Value element = node.create<nn::SliceOp>(
      vector, nn::makeSizeArray(context, node.getSize(index)),
      nn::makeSizeArray(context, node.getSize(1)), ArrayRef<int64_t>(1));
  return node.cast(node.reshape(element, {}), Float32Type::get(context));
}

static FailureOr<Resampling> applyScales(NodeContext &node,
                                         ArrayRef<double> scales) {
  auto axes = readAxes(node, "scales", scales.size());
  if (failed(axes))
    return failure();
  Resampling result = getIdentity(node, *axes);
  for (auto [axis, scale] : llvm::zip_equal(*axes, scales)) {
    if (!(scale > 0) || !std::isfinite(scale))
      return failure(
          failed(node.invalid("scales above 0", Twine(std::to_string(scale)))));
    Dimension &dimension = result.dimensions[axis];
    dimension.scale = scale;
    nn::SizeAttr size = scaleSize(node, dimension.size, scale);
    dimension.size =
        size ? size
             : computeSizes(
                   node, dimension.size,
                   node.scalar(scale, Float32Type::get(node.getContext())),
                   /*shift=*/0)
                   .front();
  }
  return result;
}

/// Scales that are quotients of formulas: `size / divisor` of a computed shape.
static FailureOr<Resampling> applyQuotients(NodeContext &node,
                                            const Content &content) {
  auto axes = readAxes(node, "scales", content.elements.size());
  if (failed(axes))
    return failure();
  Resampling result = getIdentity(node, *axes);
  for (auto [axis, element] : llvm::zip_equal(*axes, content.elements)) {
    Dimension &dimension = result.dimensions[axis];
    if (element.isNumber()) {
      dimension.scale = element.number;
      if (nn::SizeAttr size = scaleSize(node, dimension.size, element.number)) {
        dimension.size = size;
        continue;
      }
      return failure(failed(node.unsupported(
          "a scale that is a ratio of small integers where the size is free",
          "the scale " + Twine(std::to_string(element.number)) + " of size " +
              nn::toString(dimension.size),
          "fix the dimension with --dim or --shape, or export with 'sizes'")));
    }
    nn::SizeAttr product = nn::mul(dimension.size, element.size);
    dimension.size =
        element.divisor ? nn::floorDiv(product, element.divisor) : product;
    dimension.scale = 0;
  }
  return result;
}

/// Scales that come from data.
static FailureOr<Resampling> applyComputed(NodeContext &node, unsigned input) {
  Value scales = node.getInput(input);
  std::optional<int64_t> count =
      nn::getNumElements(scales.getType()).getConstant();
  if (!count || node.getRank(input) != 1)
    return failure(failed(node.unsupported(
        "scales with a number of elements known when compiling",
        "a tensor of shape " + nn::toString(node.getSizes(input)),
        "give one scale for each axis")));
  auto axes = readAxes(node, "scales", *count);
  if (failed(axes))
    return failure();
  Resampling result = getIdentity(node, *axes);
  SmallVector<nn::SizeAttr> sizes;
  SmallVector<Value> elements;
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    Dimension &dimension = result.dimensions[axis];
    dimension.scale = 0;
    dimension.computed = takeElement(node, scales, i);
    sizes.push_back(dimension.size);
    elements.push_back(dimension.computed);
  }
  sizes = computeSizes(node, sizes, elements, /*shift=*/0);
  for (auto [axis, size] : llvm::zip_equal(*axes, sizes))
    result.dimensions[axis].size = size;
  return result;
}

/// Sizes of which only the quotient with the input counts that keeps the whole
/// output within them (`isSmallest`), or them within the output.
static LogicalResult keepRatio(NodeContext &node, Resampling &result,
                               ArrayRef<nn::SizeAttr> sizes, bool isSmallest) {
  std::optional<float> known;
  Value computed;
  Type f32 = Float32Type::get(node.getContext());
  bool isKnown = true;
  for (auto [axis, size] : llvm::zip_equal(result.axes, sizes))
    isKnown &= size.getConstant() && result.dimensions[axis].size.getConstant();
  for (auto [axis, size] : llvm::zip_equal(result.axes, sizes)) {
    nn::SizeAttr from = result.dimensions[axis].size;
    if (isKnown) {
      float ratio = float(*size.getConstant()) / float(*from.getConstant());
      known = !known       ? ratio
              : isSmallest ? std::min(*known, ratio)
                           : std::max(*known, ratio);
      continue;
    }
    Value ratio = node.elementwise<nn::DivOp>(
        {node.sizeValue(size, f32), node.sizeValue(from, f32)});
    computed = !computed    ? ratio
               : isSmallest ? node.elementwise<nn::MinOp>({computed, ratio})
                            : node.elementwise<nn::MaxOp>({computed, ratio});
  }
  SmallVector<nn::SizeAttr> kept;
  for (int64_t axis : result.axes)
    kept.push_back(result.dimensions[axis].size);
  if (known) {
    for (nn::SizeAttr &size : kept)
      size = node.getSize(static_cast<int64_t>(
          std::floor(float(*size.getConstant()) * *known + 0.5F)));
  } else {
    kept = computeSizes(node, kept, SmallVector<Value>(kept.size(), computed),
                        /*shift=*/0.5);
  }
  for (auto [axis, size] : llvm::zip_equal(result.axes, kept)) {
    Dimension &dimension = result.dimensions[axis];
    dimension.size = size;
    dimension.scale = known.value_or(0);
    dimension.computed = computed;
  }
  return success();
}

static FailureOr<Resampling> applySizes(NodeContext &node,
                                        ArrayRef<nn::SizeAttr> sizes) {
  auto axes = readAxes(node, "sizes", sizes.size());
  if (failed(axes))
    return failure();
  Resampling result = getIdentity(node, *axes);
  for (nn::SizeAttr size : sizes)
    if (failed(node.needNonNegative(size, "sizes that are not negative")))
      return failure();
  StringRef policy = node.getString("keep_aspect_ratio_policy", "stretch");
  if (policy == "not_larger" || policy == "not_smaller") {
    if (failed(keepRatio(node, result, sizes, policy == "not_larger")))
      return failure();
    return result;
  }
  if (policy != "stretch")
    return failure(failed(
        node.invalid("'keep_aspect_ratio_policy' to be stretch, not_larger or "
                     "not_smaller",
                     policy)));
  for (auto [axis, size] : llvm::zip_equal(*axes, sizes)) {
    Dimension &dimension = result.dimensions[axis];
    dimension.scale = size == dimension.size ? 1.0 : 0.0;
    dimension.size = size;
  }
  return result;
}

/// Reads the inputs 'scales' and 'sizes' at the given places (0: there is
/// none).
static FailureOr<Resampling>
readResampling(NodeContext &node, unsigned scalesInput, unsigned sizesInput) {
  auto isGiven = [&](unsigned input) {
    return input && node.hasInput(input) &&
           !nn::getNumElements(node.getType(input)).isConstant(0);
  };
  if (isGiven(sizesInput)) {
    auto sizes = node.readSizeList(sizesInput, "sizes");
    return failed(sizes) ? FailureOr<Resampling>(failure())
                         : applySizes(node, *sizes);
  }
  if (!isGiven(scalesInput))
    return failure(failed(node.invalid("'scales' or 'sizes'", "neither")));
  if (auto scales = node.getNumberList(scalesInput))
    return applyScales(node, *scales);
  if (const Content *content = node.getContent(scalesInput))
    return applyQuotients(node, *content);
  return applyComputed(node, scalesInput);
}

/// One dimension after the other, by gathers and weighted sums.
static LogicalResult finishByAxis(NodeContext &node,
                                  const Resampling &resampling,
                                  const ResampleRules &rules) {
  bool hasRegion = rules.coordinates == "tf_crop_and_resize";
  size_t count = resampling.axes.size();
  if (hasRegion &&
      (!node.hasInput(1) ||
       !nn::getNumElements(node.getType(1)).isConstant(2 * int64_t(count))))
    return node.invalid("'roi' with a start and an end for each axis",
                        node.hasInput(1) ? nn::toString(node.getSizes(1))
                                         : "none");
  MLIRContext *context = node.getContext();
  Type f32 = Float32Type::get(context), type = node.getElementType(0);
  Value value = node.getInput(0);
  if (rules.mode != nn::ResizeMode::Nearest)
    value = node.cast(value, f32);
  for (auto [i, dim] : llvm::enumerate(resampling.axes)) {
    const Dimension &dimension = resampling.dimensions[dim];
    if (dimension.stays() && !hasRegion)
      continue;
    ResampleAxis axis{dim, node.getSizes(0)[dim], dimension.size,
                      dimension.computed, dimension.scale};
    if (dimension.scale != 0)
      axis.scale = node.scalar(dimension.scale, f32);
    if (hasRegion) {
      axis.regionStart = takeElement(node, node.getInput(1), i);
      axis.regionEnd = takeElement(node, node.getInput(1), i + count);
    }
    value = resample(node, value, axis, rules);
  }
  return node.setOutput(0, node.cast(value, type));
}

static LogicalResult finish(NodeContext &node, const Resampling &resampling,
                            StringRef coordinateName, StringRef roundingName) {
  StringRef modeName = node.getString("mode", "nearest");
  std::optional<nn::ResizeMode> mode = nn::symbolizeResizeMode(modeName);
  std::optional<nn::ResizeCoordinates> coordinates =
      nn::symbolizeResizeCoordinates(coordinateName);
  std::optional<nn::ResizeRounding> rounding =
      nn::symbolizeResizeRounding(roundingName);
  if (!isKnownCoordinates(coordinateName))
    return node.unsupported("a known 'coordinate_transformation_mode'",
                            coordinateName,
                            "export with half_pixel, pytorch_half_pixel, "
                            "align_corners or asymmetric coordinates");
  if (!mode || !rounding)
    return node.invalid("a mode and rounding of ONNX Resize",
                        modeName + ", " + roundingName);
  ResampleRules rules{*mode, *rounding, coordinateName};
  rules.cubicCoefficient = node.getFloat("cubic_coeff_a", -0.75);
  rules.extrapolation = node.getFloat("extrapolation_value", 0);
  rules.antialias =
      *mode != nn::ResizeMode::Nearest && node.getInt("antialias", 0) != 0;
  rules.excludeOutside = *mode != nn::ResizeMode::Nearest &&
                         node.getInt("exclude_outside", 0) != 0;

  // nn.resize takes a product of taps over the dimensions: those of two are as
  // many as it is made for.
  constexpr int kMaxResampled = 2;
  int resampled = 0;
  bool isComputed = false;
  SmallVector<nn::SizeAttr> sizes;
  SmallVector<double> scales;
  for (const Dimension &dimension : resampling.dimensions) {
    resampled += !dimension.stays();
    isComputed |= dimension.computed != nullptr;
    sizes.push_back(dimension.size);
    scales.push_back(dimension.scale);
  }
  auto type = nn::makeTensorType(sizes, node.getElementType(0));
  if (isComputed || !coordinates || rules.antialias || rules.excludeOutside ||
      (nn::hasLate(type) && resampled > kMaxResampled))
    return finishByAxis(node, resampling, rules);
  MLIRContext *context = node.getContext();
  return node.setOutput(
      0,
      node.createTyped<nn::ResizeOp>(
          type, node.getInput(0), nn::ResizeModeAttr::get(context, *mode),
          nn::ResizeCoordinatesAttr::get(context, *coordinates),
          nn::ResizeRoundingAttr::get(context, *rounding),
          DenseF64ArrayAttr::get(context, scales),
          FloatAttr::get(Float64Type::get(context), rules.cubicCoefficient)));
}

/// Resize from opset 11 on: inputs x, roi, scales, sizes.
static LogicalResult buildResize(NodeContext &node) {
  auto resampling = readResampling(node, /*scalesInput=*/2, /*sizesInput=*/3);
  if (failed(resampling))
    return failure();
  return finish(node, *resampling,
                node.getString("coordinate_transformation_mode", "half_pixel"),
                node.getString("nearest_mode", "round_prefer_floor"));
}

/// Upsample 9 and Resize 10: inputs x, scales; asymmetric coordinates.
static LogicalResult buildScaled(NodeContext &node) {
  auto resampling = readResampling(node, /*scalesInput=*/1, /*sizesInput=*/0);
  if (failed(resampling))
    return failure();
  return finish(node, *resampling, "asymmetric", "floor");
}

/// Upsample 7: the scales are an attribute.
static LogicalResult buildUpsample(NodeContext &node) {
  auto resampling = applyScales(
      node, node.getFloats("scales").value_or(SmallVector<double>()));
  if (failed(resampling))
    return failure();
  return finish(node, *resampling, "asymmetric", "floor");
}

ArrayRef<OpRow> sinter::getResizeRows() {
  static const OpRow rows[] = {
      {"Resize", buildScaled, nullptr, 10, 10},
      {"Resize", buildResize, nullptr, 11},
      {"Upsample", buildUpsample, nullptr, 7, 8},
      {"Upsample", buildScaled, nullptr, 9, 9},
  };
  return rows;
}
