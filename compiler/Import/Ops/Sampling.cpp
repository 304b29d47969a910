//===- Sampling.cpp - operators that read at computed places --------------===//
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

/// Places of a unit of runtime/support/Sampling.cpp, and bytes of scratch of
/// one tap.
static constexpr int64_t samplePlaces = 64, tapBytes = 16 * samplePlaces;

/// What coordinates and weights of values of `type` are computed in.
static Type getCoordinateType(Type type) {
  return type.isF64() ? type : Type(Float32Type::get(type.getContext()));
}

static SizeAttr getPlaces(NodeContext &node, ArrayRef<SizeAttr> sizes) {
  return nn::product(node.getContext(), sizes);
}

/// An attribute with an entry for each dimension.
static SmallVector<int64_t> getList(NodeContext &node, StringRef name,
                                    unsigned count, int64_t missing) {
  return node.getInts(name).value_or(SmallVector<int64_t>(count, missing));
}

static bool arePositive(ArrayRef<int64_t> list) {
  return llvm::all_of(list, [](int64_t entry) { return entry > 0; });
}

//===- GridSample ---------------------------------------------------------===//

static LogicalResult importGridSample(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0), grid = node.getSizes(1);
  int64_t rank = sizes.size(), dims = rank - 2;
  constexpr int64_t maxDims = 3;
  if (rank < 3 || grid.size() != sizes.size() || !grid.back().isConstant(dims))
    return node.invalid("x [n, channels, spatial..] and a grid [n, places.., " +
                            Twine(dims) + "]",
                        "other shapes");
  if (dims > maxDims)
    return node.unsupported("at most 3 spatial dimensions", Twine(dims),
                            "sample the other dimensions before");
  FailureOr<SizeAttr> batch =
      node.unify(sizes[0], grid[0], "a grid for each batch");
  if (failed(batch))
    return failure();
  auto taps = llvm::StringSwitch<std::optional<int64_t>>(
                  node.getString("mode", "linear"))
                  .Case("nearest", 1)
                  .Cases({"linear", "bilinear"}, 2)
                  .Cases({"cubic", "bicubic"}, 4)
                  .Default(std::nullopt);
  auto padding = llvm::StringSwitch<std::optional<int64_t>>(
                     node.getString("padding_mode", "zeros"))
                     .Case("zeros", 0)
                     .Case("border", 1)
                     .Case("reflection", 2)
                     .Default(std::nullopt);
  if (!taps || !padding)
    return node.invalid("a known mode and padding_mode", "another");
  MLIRContext *context = node.getContext();
  Type given = node.getElementType(0), element = given;
  // Other numbers go through the float that holds most of them.
  if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element))
    element = element.getIntOrFloatBitWidth() > 16
                  ? Type(Float64Type::get(context))
                  : Type(Float32Type::get(context));
  SmallVector<SizeAttr> results{*batch, sizes[1]};
  results.append(grid.begin() + 1, std::prev(grid.end()));
  int64_t all = 1;
  for (int64_t d = 0; d < dims; ++d)
    all *= *taps;
  AlgorithmCall call{getTypedName("grid_sample", element),
                     {*taps, *padding, node.getInt("align_corners", 0)}};
  call.units = nn::mul(
      *batch, nn::ceilDiv(getPlaces(node, ArrayRef(results).drop_front(2)),
                          samplePlaces));
  call.scratch = node.getSize(all * tapBytes);
  Value sampled =
      createAlgorithm(node, call,
                      {node.cast(node.getInput(0), element),
                       node.cast(node.getInput(1), getCoordinateType(element))},
                      nn::makeTensorType(results, element))
          .front();
  return node.setOutput(0, node.cast(sampled, given));
}

//===- Regions of interest ------------------------------------------------===//

/// Regions [n, columns] of x [batch, channels, h, w].
static LogicalResult checkRegions(NodeContext &node, int64_t columns) {
  if (node.getRank(0) == 4 && node.getRank(1) == 2 &&
      node.getSizes(1)[1].isConstant(columns))
    return success();
  return node.invalid("x [n, channels, h, w] and regions [m, " +
                          Twine(columns) + "]",
                      "other shapes");
}

static LogicalResult importRoiAlign(NodeContext &node) {
  if (failed(checkRegions(node, 4)))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  FailureOr<SizeAttr> count = failure();
  if (node.getRank(2) == 1)
    count = node.unify(node.getSizes(1)[0], node.getSizes(2)[0],
                       "a batch for each region");
  if (failed(count))
    return node.invalid("a batch for each region", "another shape");
  int64_t high = node.getInt("output_height", 1),
          wide = node.getInt("output_width", 1);
  StringRef mode = node.getString("mode", "avg");
  StringRef transform = node.getString(
      "coordinate_transformation_mode",
      node.getOpset() >= 16 ? "half_pixel" : "output_half_pixel");
  bool isHalf = transform == "half_pixel";
  if (high < 1 || wide < 1 || (mode != "avg" && mode != "max") ||
      (!isHalf && transform != "output_half_pixel"))
    return node.invalid("bins of at least one element, the mode avg or max, "
                        "and half_pixel or output_half_pixel",
                        "other attributes");
  Type element = node.getElementType(0);
  SmallVector<SizeAttr> results{*count, sizes[1], node.getSize(high),
                                node.getSize(wide)};
  AlgorithmCall call{getTypedName("roi_align", element),
                     {node.getInt("sampling_ratio", 0), mode == "max", isHalf},
                     {node.getFloat("spatial_scale", 1)}};
  call.units = nn::mul(*count, high * wide);
  call.scratch = nn::mul(sizes[1], 8);
  call.check = "batches b of regions with 0 <= b < " + nn::toString(sizes[0]);
  return node.setOutput(
      0,
      createAlgorithm(node, call,
                      {node.getInput(0),
                       node.cast(node.getInput(1), getCoordinateType(element)),
                       node.cast(node.getInput(2),
                                 IntegerType::get(node.getContext(), 64))},
                      nn::makeTensorType(results, element))
          .front());
}

static LogicalResult importMaxRoiPool(NodeContext &node) {
  if (failed(checkRegions(node, 5)))
    return failure();
  auto pooled = node.getInts("pooled_shape");
  if (!pooled || pooled->size() != 2 || (*pooled)[0] < 1 || (*pooled)[1] < 1)
    return node.invalid("'pooled_shape' with two sizes above 0", "another");
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  SizeAttr count = node.getSizes(1)[0];
  Type element = node.getElementType(0);
  AlgorithmCall call{getTypedName("max_roi_pool", element),
                     {},
                     {node.getFloat("spatial_scale", 1)}};
  call.units = nn::mul(count, sizes[1]);
  call.check = "batches b of regions with 0 <= b < " + nn::toString(sizes[0]);
  return node.setOutput(
      0, createAlgorithm(
             node, call,
             {node.getInput(0),
              node.cast(node.getInput(1), getCoordinateType(element))},
             nn::makeTensorType({count, sizes[1], node.getSize((*pooled)[0]),
                                 node.getSize((*pooled)[1])},
                                element))
             .front());
}

//===- DeformConv ---------------------------------------------------------===//

namespace {
/// The attributes of DeformConv, completed.
struct DeformForm {
  SmallVector<int64_t> kernel, strides, pads, dilations;
  int64_t group, offsetGroup;
};
} // namespace

static FailureOr<DeformForm> readDeformForm(NodeContext &node) {
  auto fail = [&](const Twine &expected) {
    return failure(failed(node.invalid(expected, "another shape or list")));
  };
  if (node.getRank(0) != 4 || node.getRank(1) != 4 || node.getRank(2) != 4)
    return failure(failed(
        node.unsupported("DeformConv of two spatial dimensions", "another rank",
                         "reshape to two spatial dimensions")));
  DeformForm form;
  for (SizeAttr size : ArrayRef(node.getSizes(1)).drop_front(2)) {
    if (!size.getConstant())
      return fail("a filter of fixed size");
    form.kernel.push_back(*size.getConstant());
  }
  form.strides = getList(node, "strides", 2, 1);
  form.pads = getList(node, "pads", 4, 0);
  form.dilations = getList(node, "dilations", 2, 1);
  form.group = node.getInt("group", 1);
  form.offsetGroup = node.getInt("offset_group", 1);
  if (form.strides.size() != 2 || form.pads.size() != 4 ||
      form.dilations.size() != 2 || !arePositive(form.strides) ||
      !arePositive(form.dilations) || form.group < 1 || form.offsetGroup < 1)
    return fail("strides, dilations and groups above 0 and four pads");
  if (getList(node, "kernel_shape", 2, 0) != form.kernel &&
      node.hasAttribute("kernel_shape"))
    return fail("'kernel_shape' equal to the size of the filter");
  SmallVector<SizeAttr> sizes = node.getSizes(0), filter = node.getSizes(1),
                        offsets = node.getSizes(2);
  int64_t window = form.kernel[0] * form.kernel[1] * form.offsetGroup;
  std::optional<int64_t> channels = sizes[1].getConstant(),
                         outputs = filter[0].getConstant();
  if (!channels || !outputs || *channels % form.group ||
      *outputs % form.group || *channels % form.offsetGroup ||
      !filter[1].isConstant(*channels / form.group) ||
      !offsets[1].isConstant(2 * window))
    return fail("channels that fit the groups, and two offsets for each "
                "element of the window");
  for (unsigned d = 0; d < 2; ++d) {
    int64_t extent = (form.kernel[d] - 1) * form.dilations[d] + 1;
    SizeAttr room =
        nn::add(sizes[d + 2], form.pads[d] + form.pads[d + 2] - extent);
    if (failed(node.unify(offsets[d + 2],
                          nn::add(nn::floorDiv(room, form.strides[d]), 1),
                          "offsets for each element of the result")))
      return failure();
  }
  if (failed(node.unify(sizes[0], offsets[0], "offsets for each batch")))
    return failure();
  return form;
}

/// What the windows read, by an algorithm, times the filter.
static LogicalResult importDeformConv(NodeContext &node) {
  FailureOr<DeformForm> form = readDeformForm(node);
  if (failed(form))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0), filter = node.getSizes(1),
                        offsets = node.getSizes(2);
  Type element = node.getElementType(0),
       coordinate = getCoordinateType(element);
  int64_t window = form->kernel[0] * form->kernel[1];
  SizeAttr places = nn::mul(offsets[2], offsets[3]);
  SmallVector<Value> inputs{node.getInput(0),
                            node.cast(node.getInput(2), coordinate)};
  bool hasMask = node.hasInput(4);
  if (hasMask) {
    SmallVector<SizeAttr> expected = offsets;
    expected[1] = node.getSize(window * form->offsetGroup);
    if (node.getSizes(4) != expected)
      return node.invalid("a mask with a factor for each offset",
                          "another shape");
    inputs.push_back(node.cast(node.getInput(4), coordinate));
  }
  AlgorithmCall call{getTypedName("deform", element)};
  call.integers = {form->offsetGroup, form->kernel[0],    form->kernel[1],
                   form->strides[0],  form->strides[1],   form->pads[0],
                   form->pads[1],     form->dilations[0], form->dilations[1],
                   int64_t(hasMask)};
  call.units = nn::mul(nn::mul(sizes[0], form->offsetGroup * window),
                       nn::ceilDiv(places, samplePlaces));
  call.scratch = node.getSize(4 * tapBytes);
  Value columns =
      createAlgorithm(
          node, call, inputs,
          nn::makeTensorType({sizes[0], sizes[1], node.getSize(window), places},
                             element))
          .front();
  SizeAttr group = node.getSize(form->group);
  SizeAttr depth = nn::mul(filter[1], window);
  SizeAttr perGroup = node.getSize(*filter[0].getConstant() / form->group);
  Value taps =
      node.reshape(node.getInput(1), {node.getSize(1), group, perGroup, depth});
  columns = node.reshape(columns, {sizes[0], group, depth, places});
  Value result = node.reshape(node.create<nn::MatmulOp>(taps, columns),
                              {sizes[0], filter[0], offsets[2], offsets[3]});
  if (node.hasInput(3))
    result = node.elementwise<nn::AddOp>(
        {result, node.alignChannels(node.getInput(3), 4)});
  return node.setOutput(0, result);
}

//===- Windows ------------------------------------------------------------===//

/// More spatial dimensions than runtime/support/Windows.cpp has room for.
static constexpr unsigned maxWindowDims = 6;

/// Sums columns of windows where they overlap.
static LogicalResult importCol2Im(NodeContext &node) {
  FailureOr<SmallVector<SizeAttr>> image = node.readSizeList(1, "image_shape");
  if (failed(image))
    return failure();
  FailureOr<SmallVector<SizeAttr>> block = node.readSizeList(2, "block_shape");
  if (failed(block))
    return failure();
  unsigned dims = block->size();
  SmallVector<int64_t> strides = getList(node, "strides", dims, 1),
                       pads = getList(node, "pads", 2 * dims, 0),
                       dilations = getList(node, "dilations", dims, 1);
  if (node.getRank(0) != 3 || dims == 0 || dims > maxWindowDims ||
      image->size() != dims || strides.size() != dims ||
      pads.size() != 2 * dims || dilations.size() != dims ||
      !arePositive(strides) || !arePositive(dilations))
    return node.invalid("columns [n, channels * window, positions] and lists "
                        "of as many dimensions as the image (at most 6)",
                        "another rank or length");
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  SizeAttr window = nn::product(context, *block),
           channels = nn::floorDiv(sizes[1], window);
  if (auto size = window.getConstant();
      size && (*size < 1 || !nn::divideExactly(sizes[1], window)))
    return node.invalid("a multiple of " + Twine(*size) + " as dimension 1",
                        nn::toString(sizes[1]));
  for (SizeAttr size : *image)
    if (failed(node.needNonNegative(size, "sizes of the image >= 0")))
      return failure();
  SmallVector<SizeAttr> results{sizes[0], channels};
  results.append(*image);
  Type element = node.getElementType(0);
  AlgorithmCall call{getTypedName("col2im", element)};
  for (ArrayRef<int64_t> list :
       {ArrayRef(strides), ArrayRef(pads), ArrayRef(dilations)})
    call.integers.append(list.begin(), list.end());
  call.units = nn::mul(sizes[0], channels);
  call.check =
      "as many rows and positions as windows have and fit in the image";
  return node.setOutput(
      0, createAlgorithm(
             node, call,
             {node.getInput(0),
              node.cast(node.getInput(2), IntegerType::get(context, 64))},
             nn::makeTensorType(results, element))
             .front());
}

/// Elements at their places in zeros.
static LogicalResult importMaxUnpool(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0), results(sizes);
  auto kernel = node.getInts("kernel_shape");
  unsigned dims = sizes.size() < 2 ? 0 : sizes.size() - 2;
  SmallVector<int64_t> strides = getList(node, "strides", dims, 1),
                       pads = getList(node, "pads", 2 * dims, 0);
  if (!kernel || kernel->size() != dims || strides.size() != dims ||
      pads.size() != 2 * dims || dims > maxWindowDims ||
      node.getSizes(1) != node.getSizes(0))
    return node.invalid("places of the shape of the input, and lists for each "
                        "spatial dimension (at most 6)",
                        "another shape or length");
  SmallVector<SizeAttr> covered = sizes;
  for (unsigned d = 0; d < dims; ++d)
    covered[d + 2] =
        nn::add(nn::mul(nn::sub(sizes[d + 2], node.getSize(1)), strides[d]),
                (*kernel)[d] - pads[d] - pads[dims + d]);
  results = covered;
  if (node.hasInput(2)) {
    FailureOr<SmallVector<SizeAttr>> list =
        node.readSizeList(2, "output_shape");
    if (failed(list))
      return failure();
    if (list->size() != sizes.size())
      return node.invalid("an output_shape of " + Twine(sizes.size()) +
                              " sizes",
                          Twine(list->size()));
    results = *list;
    for (SizeAttr size : results)
      if (failed(node.needNonNegative(size, "an output_shape of sizes >= 0")))
        return failure();
  }
  Type element = node.getElementType(0);
  AlgorithmCall call{getMovingName("max_unpool", element)};
  for (ArrayRef<int64_t> list :
       {ArrayRef(*kernel), ArrayRef(strides), ArrayRef(pads)})
    call.integers.append(list.begin(), list.end());
  call.check = "places i with 0 <= i < " +
               nn::toString(nn::product(node.getContext(), covered)) +
               " that lie in the result";
  return node.setOutput(0, createAlgorithm(node, call,
                                           {node.getInput(0), node.getInput(1)},
                                           nn::makeTensorType(results, element))
                               .front());
}

llvm::ArrayRef<OpRow> sinter::getSamplingRows() {
  static const OpRow rows[] = {
      {"Col2Im", importCol2Im},         {"DeformConv", importDeformConv},
      {"GridSample", importGridSample}, {"MaxRoiPool", importMaxRoiPool},
      {"MaxUnpool", importMaxUnpool},   {"RoiAlign", importRoiAlign},
  };
  return rows;
}
