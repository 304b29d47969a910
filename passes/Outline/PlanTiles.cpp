//===- PlanTiles.cpp - units of work and scratch of kernels ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Outline/Passes.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"
#include "passes/Lower/Tiling.h"

namespace sinter {
#define GEN_PASS_DEF_PLANTILESPASS
#include "passes/Outline/Passes.h.inc"
} // namespace sinter

namespace {

struct PlanTilesPass : sinter::impl::PlanTilesPassBase<PlanTilesPass> {
  using Base::Base;

  void runOnOperation() override {
    auto [tiles, scratch] = sinter::planTiles(getOperation());
    if (!tiles)
      return signalPassFailure();
    getOperation().setTilesAttr(tiles);
    getOperation().setScratchAttr(scratch);
    mlir::remark::analysis(
        getOperation().getLoc(),
        mlir::remark::RemarkOpts::name("PlanTiles").category("sinter-outline"))
        << "cut into units of work that threads take"
        << mlir::remark::metric("kernel", getOperation().getSymName().str())
        << mlir::remark::metric("tiles", sinter::nn::toString(tiles))
        << mlir::remark::metric("scratch_bytes", sinter::nn::toString(scratch));
  }
};

} // namespace
