//===- PlaceWeights.cpp - offsets in the weights section ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/Passes.h"

#include "mlir/IR/Remarks.h"
#include "passes/Memory/BufferGraph.h"

namespace sinter {
#define GEN_PASS_DEF_PLACEWEIGHTSPASS
#include "passes/Memory/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

struct PlaceWeightsPass : sinter::impl::PlaceWeightsPassBase<PlaceWeightsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::DenseMap<nn::WeightAttr, int64_t> offsets;
    int64_t bytes = 0;
    module.walk([&](kernel::ConstantOp op) {
      auto [it, isNew] = offsets.try_emplace(op.getValue(), bytes);
      if (isNew)
        // The type of a weight is static, so its size is a constant.
        bytes += memory::alignBytes(memory::getBytes(op.getValue().getType())
                                        .getConstant()
                                        .value_or(0));
      op.setOffset(it->second);
    });
    module->setAttr("kernel.weights_bytes",
                    Builder(module).getI64IntegerAttr(bytes));
    remark::analysis(
        module.getLoc(),
        remark::RemarkOpts::name("PlaceWeights").category("sinter-memory"))
        << "equal weights are stored once"
        << remark::metric("weights_bytes", bytes)
        << remark::metric("weights", static_cast<int64_t>(offsets.size()));
  }
};

} // namespace
