//===- Vectorize.cpp - whether a thread may compute vectors ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Vectorize.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

bool sinter::cuda::isMultiple(nn::SizeAttr size, int64_t factor) {
  // Every coefficient of the polynomial is one.
  return llvm::all_of(size.getTerms(), [&](const nn::SizeTerm &term) {
    return term.coefficient % factor == 0;
  });
}

bool sinter::cuda::isAligned(const LinearForm &form, unsigned dim) {
  if (form.strides[dim].isConstant(0))
    return true;
  if (!form.strides[dim].isConstant(1) || !isMultiple(form.base, vectorLanes))
    return false;
  for (auto [d, stride] : llvm::enumerate(form.strides))
    if (d != dim && !isMultiple(stride, vectorLanes))
      return false;
  return true;
}

bool sinter::cuda::canVectorize(const PointProgram &program, unsigned dim) {
  if (!isMultiple(program.getSizes()[dim], vectorLanes))
    return false;
  return llvm::all_of(program.getNodes(), [&](const PointNode &node) {
    if (node.kind != PointNode::Kind::Load)
      return true;
    const IndexExpr &offset = node.exprs[0];
    for (auto [term, coefficient] : offset.terms)
      if (program[term].dims.test(dim) ||
          (!offset.form.strides[dim].isConstant(0) &&
           !isMultiple(coefficient, vectorLanes)))
        return false;
    return isAligned(offset.form, dim);
  });
}
