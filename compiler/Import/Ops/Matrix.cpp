//===- Matrix.cpp - functions of matrices ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

/// Of types narrower than float in float.
static LogicalResult buildDet(NodeContext &node) {
  Term x = Term::input(node, 0);
  Type type = x.getElementType();
  int64_t rank = x.getRank();
  if (rank < 2)
    return node.invalid("matrices", "rank " + Twine(rank));
  auto size = node.unify(x.getSize(-1), x.getSize(-2), "square matrices");
  if (failed(size))
    return failure();
  Type inner = type.isF64() ? type : Float32Type::get(node.getContext());
  SmallVector<nn::SizeAttr> sizes = x.getSizes();
  sizes[rank - 1] = sizes[rank - 2] = *size;
  x = x.cast(inner).reshape(sizes);
  sizes.truncate(rank - 2);
  AlgorithmCall call{getTypedName("determinant", inner)};
  call.units = nn::product(node.getContext(), sizes);
  call.scratch =
      nn::mul(nn::mul(*size, *size), inner.getIntOrFloatBitWidth() / 8);
  Term result(node, createAlgorithm(node, call, Value(x),
                                    nn::makeTensorType(sizes, inner))[0]);
  return node.setOutput(0, result.cast(type));
}

ArrayRef<OpRow> sinter::getMatrixRows() {
  static const OpRow rows[] = {{"Det", buildDet}};
  return rows;
}
