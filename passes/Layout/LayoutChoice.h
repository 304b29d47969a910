//===- LayoutChoice.h - which operation gets which order --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LAYOUT_LAYOUTCHOICE_H
#define SINTER_PASSES_LAYOUT_LAYOUTCHOICE_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseSet.h"

namespace sinter {

/// The operations of a block that should work with the channels last: the
/// convolutions and pools, and those others for which that costs fewest bytes
/// of transposes.
class LayoutChoice {
public:
  explicit LayoutChoice(mlir::Block &block);

  bool isChannelsLast(mlir::Operation *op) const { return chosen.contains(op); }

private:
  llvm::DenseSet<mlir::Operation *> chosen;
};

} // namespace sinter

#endif // SINTER_PASSES_LAYOUT_LAYOUTCHOICE_H
