//===- Resize.cpp - resampling --------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"

#include <cmath>
#include <string>

using namespace mlir;
using namespace sinter;

namespace {

/// How the output relates to the input, one entry a dimension.
struct Resampling {
  SmallVector<nn::SizeAttr> sizes;
  /// Output over input; 0 where it follows from the sizes.
  SmallVector<double> scales;
};

} // namespace

/// floor(size * scale): exact where the scale is a ratio of small integers,
/// which it must be where the size is not constant.
static FailureOr<nn::SizeAttr> scaleSize(NodeContext &node, nn::SizeAttr size,
                                         double scale) {
  if (std::optional<int64_t> value = size.getConstant())
    return node.getSize(int64_t(std::floor(double(*value) * scale)));
  for (int64_t divisor = 1; divisor <= 64; ++divisor) {
    double factor = scale * double(divisor);
    if (factor >= 1 && factor < 1e6 &&
        std::abs(factor - std::round(factor)) < 1e-6 * factor)
      return nn::floorDiv(nn::mul(size, int64_t(std::round(factor))), divisor);
  }
  return failure(failed(node.unsupported(
      "a scale that is a ratio of small integers where the size is free",
      "the scale " + Twine(std::to_string(scale)) + " of size " +
          nn::toString(size),
      "fix the dimension with --dim or --shape, or export with 'sizes'")));
}

/// The dimensions that the lists `scales` and `sizes` speak of.
static FailureOr<SmallVector<int64_t>> readAxes(NodeContext &node) {
  int64_t rank = node.getRank(0);
  if (std::optional<SmallVector<int64_t>> axes = node.getInts("axes"))
    return node.normalizeAxes(*axes, rank);
  return llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

static Resampling getIdentity(NodeContext &node) {
  return {node.getSizes(0), SmallVector<double>(node.getRank(0), 1.0)};
}

static LogicalResult checkLength(NodeContext &node, StringRef what,
                                 size_t found, size_t expected) {
  if (found == expected)
    return success();
  return node.invalid("'" + what + "' with " + Twine(expected) + " entries",
                      Twine(found));
}

static FailureOr<Resampling> applyScales(NodeContext &node,
                                         ArrayRef<double> scales) {
  auto axes = readAxes(node);
  if (failed(axes) ||
      failed(checkLength(node, "scales", scales.size(), axes->size())))
    return failure();
  Resampling result = getIdentity(node);
  for (auto [axis, scale] : llvm::zip_equal(*axes, scales)) {
    if (!(scale > 0) || !std::isfinite(scale))
      return failure(
          failed(node.invalid("scales above 0", Twine(std::to_string(scale)))));
    auto size = scaleSize(node, result.sizes[axis], scale);
    if (failed(size))
      return failure();
    result.sizes[axis] = *size;
    result.scales[axis] = scale;
  }
  return result;
}

/// Scales that are quotients of formulas: `size / divisor` of a computed shape.
static FailureOr<Resampling> applyQuotients(NodeContext &node,
                                            const Content &content) {
  auto axes = readAxes(node);
  if (failed(axes) ||
      failed(
          checkLength(node, "scales", content.elements.size(), axes->size())))
    return failure();
  Resampling result = getIdentity(node);
  for (auto [axis, element] : llvm::zip_equal(*axes, content.elements)) {
    if (element.isNumber()) {
      auto size = scaleSize(node, result.sizes[axis], element.number);
      if (failed(size))
        return failure();
      result.sizes[axis] = *size;
      result.scales[axis] = element.number;
      continue;
    }
    nn::SizeAttr product = nn::mul(result.sizes[axis], element.size);
    result.sizes[axis] =
        element.divisor ? nn::floorDiv(product, element.divisor) : product;
    result.scales[axis] = 0;
  }
  return result;
}

static FailureOr<Resampling> applySizes(NodeContext &node,
                                        ArrayRef<nn::SizeAttr> sizes) {
  auto axes = readAxes(node);
  if (failed(axes) ||
      failed(checkLength(node, "sizes", sizes.size(), axes->size())))
    return failure();
  StringRef policy = node.getString("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch")
    return failure(failed(node.unsupported(
        "'keep_aspect_ratio_policy' stretch", policy,
        "compute the sizes before the node and give them with stretch")));
  Resampling result = getIdentity(node);
  for (auto [axis, size] : llvm::zip_equal(*axes, sizes)) {
    result.scales[axis] = size == result.sizes[axis] ? 1.0 : 0.0;
    result.sizes[axis] = size;
  }
  return result;
}

/// Reads the inputs 'scales' and 'sizes' at the given places (0: there is
/// none).
static FailureOr<Resampling>
readResampling(NodeContext &node, unsigned scalesInput, unsigned sizesInput) {
  if (sizesInput && node.hasInput(sizesInput)) {
    if (auto sizes = node.getSizeList(sizesInput))
      return applySizes(node, *sizes);
    return failure(failed(node.needConstant(sizesInput, "sizes")));
  }
  if (!node.hasInput(scalesInput))
    return failure(failed(node.invalid("'scales' or 'sizes'", "neither")));
  if (auto scales = node.getNumberList(scalesInput))
    return applyScales(node, *scales);
  if (const Content *content = node.getContent(scalesInput))
    return applyQuotients(node, *content);
  return failure(failed(node.needConstant(scalesInput, "scales")));
}

static LogicalResult finish(NodeContext &node, const Resampling &resampling,
                            StringRef coordinateName, StringRef roundingName) {
  StringRef modeName = node.getString("mode", "nearest");
  std::optional<nn::ResizeMode> mode = nn::symbolizeResizeMode(modeName);
  std::optional<nn::ResizeCoordinates> coordinates =
      nn::symbolizeResizeCoordinates(coordinateName);
  std::optional<nn::ResizeRounding> rounding =
      nn::symbolizeResizeRounding(roundingName);
  StringRef remedy = "export with half_pixel, pytorch_half_pixel, "
                     "align_corners or asymmetric coordinates";
  if (!coordinates)
    return node.unsupported("a known 'coordinate_transformation_mode'",
                            coordinateName, remedy);
  if (!mode || !rounding)
    return node.invalid("a mode and rounding of ONNX Resize",
                        modeName + ", " + roundingName);
  if (node.getInt("antialias", 0) != 0)
    return node.unsupported("'antialias' 0", "1",
                            "export with antialias=False");
  if (*mode == nn::ResizeMode::Cubic && node.getInt("exclude_outside", 0) != 0)
    return node.unsupported("'exclude_outside' 0", "1",
                            "export without exclude_outside");
  auto type = nn::makeTensorType(resampling.sizes, node.getElementType(0));
  MLIRContext *context = node.getContext();
  auto coefficient = FloatAttr::get(Float64Type::get(context),
                                    node.getFloat("cubic_coeff_a", -0.75));
  return node.setOutput(
      0, node.createTyped<nn::ResizeOp>(
             type, node.getInput(0), nn::ResizeModeAttr::get(context, *mode),
             nn::ResizeCoordinatesAttr::get(context, *coordinates),
             nn::ResizeRoundingAttr::get(context, *rounding),
             DenseF64ArrayAttr::get(context, resampling.scales), coefficient));
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
