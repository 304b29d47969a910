//===- Random.cpp - random numbers ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

llvm::ArrayRef<OpRow> sinter::getRandomRows() { return {}; }
