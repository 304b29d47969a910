//===- OperandView.cpp - indices as linear forms --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/OperandView.h"
#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;

LinearForm LinearForm::constant(nn::SizeAttr value, unsigned rank) {
  nn::SizeAttr zero = nn::getSize(value.getContext(), 0);
  return {value, SmallVector<nn::SizeAttr, 4>(rank, zero)};
}

LinearForm LinearForm::dimension(MLIRContext *context, unsigned dim,
                                 unsigned rank) {
  LinearForm form = constant(nn::getSize(context, 0), rank);
  form.strides[dim] = nn::getSize(context, 1);
  return form;
}

LinearForm LinearForm::operator+(const LinearForm &other) const {
  LinearForm sum{nn::add(base, other.base), {}};
  for (auto [lhs, rhs] : llvm::zip_equal(strides, other.strides))
    sum.strides.push_back(nn::add(lhs, rhs));
  return sum;
}

LinearForm LinearForm::operator*(nn::SizeAttr factor) const {
  LinearForm result{nn::mul(base, factor), {}};
  for (nn::SizeAttr stride : strides)
    result.strides.push_back(nn::mul(stride, factor));
  return result;
}

LinearForm LinearForm::operator+(nn::SizeAttr summand) const {
  return {nn::add(base, summand), strides};
}

SmallVector<nn::SizeAttr>
sinter::getRowMajorStrides(MLIRContext *context, ArrayRef<nn::SizeAttr> sizes) {
  SmallVector<nn::SizeAttr> strides(sizes.size());
  nn::SizeAttr stride = nn::getSize(context, 1);
  for (size_t d = sizes.size(); d-- > 0;) {
    strides[d] = stride;
    stride = nn::mul(stride, sizes[d]);
  }
  return strides;
}

Indices sinter::getIdentity(MLIRContext *context, unsigned rank) {
  Indices indices;
  for (unsigned d = 0; d < rank; ++d)
    indices.push_back(LinearForm::dimension(context, d, rank));
  return indices;
}

Indices sinter::broadcastTo(ArrayRef<LinearForm> indices,
                            ArrayRef<nn::SizeAttr> operandSizes,
                            ArrayRef<nn::SizeAttr> resultSizes) {
  Indices result;
  size_t skipped = resultSizes.size() - operandSizes.size();
  for (auto [d, size] : llvm::enumerate(operandSizes)) {
    const LinearForm &index = indices[skipped + d];
    if (size.isConstant(1))
      result.push_back(LinearForm::constant(nn::getSize(size.getContext(), 0),
                                            index.strides.size()));
    else
      result.push_back(index);
  }
  return result;
}

std::optional<OperandView> sinter::getOperandView(Value value,
                                                  Indices indices) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto transpose = dyn_cast<nn::TransposeOp>(op)) {
      Indices next(indices);
      for (auto [i, d] : llvm::enumerate(transpose.getPermutation()))
        next[d] = indices[i];
      indices = next;
      value = transpose.getInput();
    } else if (auto slice = dyn_cast<nn::SliceOp>(op)) {
      for (auto [d, index] : llvm::enumerate(indices)) {
        auto start = cast<nn::SizeAttr>(slice.getStarts()[d]);
        nn::SizeAttr step =
            nn::getSize(value.getContext(), slice.getSteps()[d]);
        index = index * step + start;
      }
      value = slice.getInput();
    } else if (auto broadcast = dyn_cast<nn::BroadcastOp>(op)) {
      Value input = broadcast.getInput();
      indices = broadcastTo(indices, nn::getSizes(input.getType()),
                            nn::getSizes(value.getType()));
      value = input;
    } else {
      return std::nullopt;
    }
  }
  SmallVector<nn::SizeAttr> strides =
      getRowMajorStrides(value.getContext(), nn::getSizes(value.getType()));
  unsigned rank = indices.empty() ? 0 : indices[0].strides.size();
  LinearForm offset =
      LinearForm::constant(nn::getSize(value.getContext(), 0), rank);
  for (auto [index, stride] : llvm::zip_equal(indices, strides))
    offset = offset + index * stride;
  return OperandView{cast<BlockArgument>(value), offset};
}

SmallVector<std::pair<unsigned, unsigned>>
sinter::collapseDimensions(ArrayRef<nn::SizeAttr> sizes,
                           ArrayRef<LinearForm> forms) {
  SmallVector<std::pair<unsigned, unsigned>> runs;
  std::optional<unsigned> last;
  for (unsigned d = 0; d < sizes.size(); ++d) {
    if (sizes[d].isConstant(1))
      continue;
    bool merges =
        last && llvm::all_of(forms, [&](const LinearForm &form) {
          return form.strides[*last] == nn::mul(form.strides[d], sizes[d]);
        });
    if (merges)
      runs.back().second = d + 1;
    else
      runs.push_back({d, d + 1});
    last = d;
  }
  return runs;
}
