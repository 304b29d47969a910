//===- Tiling.h - units of work of a kernel ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a kernel is cut into tiles. The same for every instruction set: a tile
// means the same work in all of them. Planned before the kernels are lowered
// (attributes `tiles` and `scratch`), obeyed by the emitters.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_TILING_H
#define SINTER_PASSES_LOWER_TILING_H

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNDialect.h"
#include <utility>

namespace sinter {

/// Number of tiles and bytes of scratch for each slot.
using TilePlan = std::pair<nn::SizeAttr, nn::SizeAttr>;

/// Plans `kernel` by its kind. Both are null, after an error, if the body is
/// not what the kind allows.
TilePlan planTiles(kernel::FuncOp kernel);

/// The plans of the kinds, each beside its emitter.
TilePlan planLoopTiles(kernel::FuncOp kernel);
TilePlan planRowsTiles(kernel::FuncOp kernel);
TilePlan planReduceTiles(kernel::FuncOp kernel);
TilePlan planWindowTiles(kernel::FuncOp kernel);
TilePlan planContractTiles(kernel::FuncOp kernel);
TilePlan planSerialTiles(kernel::FuncOp kernel);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_TILING_H
