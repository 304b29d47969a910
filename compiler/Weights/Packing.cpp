//===- Packing.cpp - weights in the order that kernels read them ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A packed contraction weight is [groups, ceil(n / panel), .., panel]: panels
// of output columns, zero beyond the last column. P is the panel, G the groups.
//
//   pack_matmul          [1.., k, n]     [0][p][k][j]       = w[.., k, p*P+j]
//   pack_conv            [o, i/G, s..]   [g][p][s..][i][j]  = w[g*(o/G) +
//   p*P+j][i][s..] pack_conv_transpose  [i, o/G, s..]   [g][p][s..][i][j]  =
//   w[g*(i/G) + i][p*P+j][s..] pack_depthwise       [c, 1, s..]     [s..][c] =
//   w[c][0][s..]
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include "llvm/ADT/StringSwitch.h"
#include <cstring>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;

namespace {
/// How a panel is read: element [g][p][rest..][j] of the packed weight lies at
/// g * groupStride + (p*P + j) * columnStride + rest . restStrides.
struct PanelForm {
  int64_t groups = 1, columns = 0, panel = 0;
  int64_t groupStride = 0, columnStride = 1;
  SmallVector<int64_t> rest, restStrides;
};
} // namespace

static LogicalResult copyPanels(const Expression &e, const PanelForm &form,
                                char *out) {
  int64_t panels = (form.columns + form.panel - 1) / form.panel;
  SmallVector<int64_t> shape = {form.groups, panels};
  shape.append(form.rest);
  shape.push_back(form.panel);
  if (ArrayRef<int64_t>(shape) != e.getShape())
    return e.fail("has a packed shape that does not fit its operand");
  int64_t bytes = getElementBytes(e.getKind());
  SmallVector<int64_t> outStrides =
      getStrides(ArrayRef<int64_t>(shape).drop_front(2));
  int64_t panelBytes = bytes * form.panel;
  for (int64_t size : form.rest)
    panelBytes *= size;

  SmallVector<int64_t> copied(form.rest), inStrides(form.restStrides);
  copied.push_back(0);
  inStrides.push_back(form.columnStride);
  for (int64_t g = 0; g < form.groups; ++g)
    for (int64_t p = 0; p < panels; ++p, out += panelBytes) {
      copied.back() = std::min(form.panel, form.columns - p * form.panel);
      if (copied.back() < form.panel)
        std::memset(out, 0, panelBytes);
      const char *in =
          e.operands[0].get() +
          (g * form.groupStride + p * form.panel * form.columnStride) * bytes;
      copyStrided(copied, bytes, in, inStrides, out, outStrides);
    }
  return success();
}

static bool getPanel(const Expression &e, int64_t &panel) {
  return e.operands.size() == 1 && e.getInt("panel", panel) && panel > 0;
}

static LogicalResult packMatmul(const Expression &e, char *out) {
  PanelForm form;
  ArrayRef<int64_t> shape =
      e.operands.empty() ? ArrayRef<int64_t>() : e.getShape(0);
  if (!getPanel(e, form.panel) || shape.size() < 2 ||
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
  if (!getPanel(e, form.panel) || !e.getInt("group", form.groups) ||
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
  if (e.operands.size() != 1 || e.getShape(0).size() < 2 ||
      e.getShape(0)[1] != 1)
    return e.fail("expects one filter with a single input channel");
  ArrayRef<int64_t> shape = e.getShape(0);
  SmallVector<int64_t> strides = getStrides(shape),
                       packed(shape.begin() + 2, shape.end());
  SmallVector<int64_t> inStrides(strides.begin() + 2, strides.end());
  packed.push_back(shape[0]);
  inStrides.push_back(strides[0]);
  if (ArrayRef<int64_t>(packed) != e.getShape())
    return e.fail("has a packed shape that does not fit its operand");
  copyStrided(packed, getElementBytes(e.getKind()), e.operands[0].get(),
              inStrides, out, getStrides(packed));
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
