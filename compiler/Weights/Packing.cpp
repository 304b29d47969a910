//===- Packing.cpp - weights in the order that kernels read them ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A packed contraction weight is [groups, ceil(n / panel), .., panel]: panels
// of output columns, zero beyond the last column. P is the panel, G the groups.
//
//   pack_matmul [1.., k, n]:
//     [0][p][k][j] = w[.., k, p*P+j]
//   pack_conv [o, i/G, s..]:
//     [g][p][s..][i][j] = w[g*(o/G) + p*P+j][i][s..]
//   pack_conv_transpose [i, o/G, s..]:
//     [g][p][s..][i][j] = w[g*(i/G) + i][p*P+j][s..]
//   pack_depthwise [c, 1, s..]:
//     [s..][c] = w[c][0][s..]
//
// With a step S, S neighbours in k (or i) lie together: [..][k][j] is at
// [..][k / S][j][k % S], zero beyond the last k. So do, in a depthwise filter,
// S neighbours among its rows t (all of s.. but the last, w): w[c][0][t][w] is
// at [t / S][w][c][t % S].
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;

namespace {
/// How a panel is read: element [g][p][rest..][j] of the packed weight lies at
/// g * groupStride + (p*P + j) * columnStride + rest . restStrides. `step` of
/// the last of `rest` lie together.
struct PanelForm {
  int64_t groups = 1, columns = 0, panel = 0, step = 1;
  int64_t groupStride = 0, columnStride = 1;
  SmallVector<int64_t> rest, restStrides;
};
} // namespace

/// Copies elements [.., i, j] of a shape to [.., i / step, j, i % step]. The
/// strides are those of the shape in `in`; what does not exist in the last step
/// is left as it is.
static void copySteps(ArrayRef<int64_t> shape, int64_t step, unsigned bytes,
                      const char *in, ArrayRef<int64_t> inStrides, char *out,
                      ArrayRef<int64_t> outStrides) {
  SmallVector<int64_t> copied(shape), strides(inStrides);
  size_t stepped = shape.size() - 2;
  strides[stepped] *= step;
  for (int64_t i = 0; i < std::min(step, shape[stepped]); ++i) {
    copied[stepped] = llvm::divideCeil(shape[stepped] - i, step);
    copyStrided(copied, bytes, in + i * inStrides[stepped] * bytes, strides,
                out + i * bytes, outStrides);
  }
}

static LogicalResult copyPanels(const Expression &e, const PanelForm &form,
                                char *out) {
  int64_t panels = llvm::divideCeil(form.columns, form.panel);
  SmallVector<int64_t> shape = {form.groups, panels};
  shape.append(form.rest);
  shape.back() = llvm::divideCeil(shape.back(), form.step);
  shape.push_back(form.panel);
  if (form.step > 1)
    shape.push_back(form.step);
  if (ArrayRef<int64_t>(shape) != e.getShape())
    return e.fail("has a packed shape that does not fit its operand");
  int64_t bytes = getElementBytes(e.getKind());
  SmallVector<int64_t> outStrides =
      getStrides(ArrayRef<int64_t>(shape).drop_front(2));
  int64_t panelBytes = bytes;
  for (int64_t size : ArrayRef<int64_t>(shape).drop_front(2))
    panelBytes *= size;
  // Those of copySteps do not name the elements of a step.
  if (form.step > 1)
    outStrides.pop_back();

  SmallVector<int64_t> copied(form.rest), inStrides(form.restStrides);
  copied.push_back(0);
  inStrides.push_back(form.columnStride);
  for (int64_t g = 0; g < form.groups; ++g)
    for (int64_t p = 0; p < panels; ++p, out += panelBytes) {
      copied.back() = std::min(form.panel, form.columns - p * form.panel);
      if (copied.back() < form.panel || form.rest.back() % form.step != 0)
        std::memset(out, 0, panelBytes);
      const char *in =
          e.operands[0].get() +
          (g * form.groupStride + p * form.panel * form.columnStride) * bytes;
      copySteps(copied, form.step, bytes, in, inStrides, out, outStrides);
    }
  return success();
}

/// `step` is 1 where it is not given.
static bool getStep(const Expression &e, int64_t &step) {
  return !e.weight.getParams().contains("step") ||
         (e.getInt("step", step) && step > 0);
}

static bool getPanel(const Expression &e, PanelForm &form) {
  return e.operands.size() == 1 && e.getInt("panel", form.panel) &&
         form.panel > 0 && getStep(e, form.step);
}

static LogicalResult packMatmul(const Expression &e, char *out) {
  PanelForm form;
  ArrayRef<int64_t> shape =
      e.operands.empty() ? ArrayRef<int64_t>() : e.getShape(0);
  if (!getPanel(e, form) || shape.size() < 2 ||
      llvm::any_of(shape.drop_back(2), [](int64_t size) { return size != 1; }))
    return e.fail("expects one matrix and a panel");
  form.columns = shape.back();
  form.rest = {shape[shape.size() - 2]};
  form.restStrides = {form.columns};
  return copyPanels(e, form, out);
}

/// `outputAxis` is the dimension of the filter that becomes the columns.
static LogicalResult packFilter(const Expression &e, unsigned outputAxis,
                                char *out) {
  PanelForm form;
  if (!getPanel(e, form) || !e.getInt("group", form.groups) ||
      e.getShape(0).size() < 2 || form.groups < 1 ||
      e.getShape(0)[0] % form.groups != 0)
    return e.fail(
        "expects one filter, a group count that divides it, and a panel");
  ArrayRef<int64_t> shape = e.getShape(0);
  SmallVector<int64_t> strides = getStrides(shape);
  unsigned inputAxis = 1 - outputAxis;
  // The first dimension holds all groups, the second only one.
  int64_t sizes[2] = {shape[0] / form.groups, shape[1]};
  form.columns = sizes[outputAxis];
  form.columnStride = strides[outputAxis];
  form.groupStride = sizes[0] * strides[0];
  form.rest.assign(shape.begin() + 2, shape.end());
  form.restStrides.assign(strides.begin() + 2, strides.end());
  form.rest.push_back(sizes[inputAxis]);
  form.restStrides.push_back(strides[inputAxis]);
  return copyPanels(e, form, out);
}

static LogicalResult packDepthwise(const Expression &e, char *out) {
  int64_t step = 1;
  if (!getStep(e, step) || e.operands.size() != 1 || e.getShape(0).size() < 2 ||
      e.getShape(0)[1] != 1)
    return e.fail("expects one filter with a single input channel");
  ArrayRef<int64_t> shape = e.getShape(0);
  SmallVector<int64_t> strides = getStrides(shape);
  unsigned bytes = getElementBytes(e.getKind());
  const char *in = e.operands[0].get();
  if (step == 1) {
    SmallVector<int64_t> packed(shape.begin() + 2, shape.end());
    SmallVector<int64_t> inStrides(strides.begin() + 2, strides.end());
    packed.push_back(shape[0]);
    inStrides.push_back(strides[0]);
    if (ArrayRef<int64_t>(packed) != e.getShape())
      return e.fail("has a packed shape that does not fit its operand");
    copyStrided(packed, bytes, in, inStrides, out, getStrides(packed));
    return success();
  }
  int64_t taps = shape.back(), rows = 1;
  for (int64_t size : shape.drop_front(2).drop_back())
    rows *= size;
  SmallVector<int64_t> packed = {int64_t(llvm::divideCeil(rows, step)), taps,
                                 shape[0], step};
  if (ArrayRef<int64_t>(packed) != e.getShape())
    return e.fail("has a packed shape that does not fit its operand");
  if (rows % step != 0)
    std::memset(out, 0, ShapedType::getNumElements(packed) * bytes);
  // Of [taps, rows, channels], the rows by steps.
  copySteps({taps, rows, shape[0]}, step, bytes, in, {1, taps, strides[0]}, out,
            {shape[0] * step, taps * shape[0] * step, step});
  return success();
}

EvaluateFunction sinter::weights::findPacking(StringRef kind) {
  return llvm::StringSwitch<EvaluateFunction>(kind)
      .Case("pack_matmul", packMatmul)
      .Case("pack_conv",
            [](const Expression &e, char *out) {
              return packFilter(e, /*outputAxis=*/0, out);
            })
      .Case("pack_conv_transpose",
            [](const Expression &e, char *out) {
              return packFilter(e, /*outputAxis=*/1, out);
            })
      .Case("pack_depthwise", packDepthwise)
      .Default(nullptr);
}
