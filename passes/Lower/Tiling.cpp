//===- Tiling.cpp - units of work of a kernel -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Tiling.h"

using namespace sinter;

TilePlan sinter::planTiles(kernel::FuncOp kernel) {
  switch (kernel.getKind()) {
  case kernel::Kind::Loop:
    return planLoopTiles(kernel);
  case kernel::Kind::Rows:
    return planRowsTiles(kernel);
  case kernel::Kind::Reduce:
    return planReduceTiles(kernel);
  case kernel::Kind::Window:
    return planWindowTiles(kernel);
  case kernel::Kind::Contract:
    return planContractTiles(kernel);
  case kernel::Kind::Serial:
    return planSerialTiles(kernel);
  }
  return {};
}
