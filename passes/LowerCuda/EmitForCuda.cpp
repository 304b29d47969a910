//===- EmitForCuda.cpp - kernels as what one thread does ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NodeLocation.h"
#include "passes/Lower/Emitters.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/Passes.h"

namespace sinter {
#define GEN_PASS_DEF_EMITFORCUDAPASS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

LogicalResult sinter::cuda::emitKernel(DeviceBuilder &builder) {
  switch (builder.getKernel().getKind()) {
  case kernel::Kind::Loop:
    return emitLoopKernel(builder);
  case kernel::Kind::Rows:
    return emitRowsKernel(builder);
  case kernel::Kind::Reduce:
    return emitReduceKernel(builder);
  case kernel::Kind::Window:
    return emitWindowKernel(builder);
  case kernel::Kind::Contract:
    return emitContractKernel(builder);
  case kernel::Kind::Serial:
    return emitSerialKernel(builder);
  }
  return failure();
}

/// Emits all kernels of `module`, a module for CUDA. Those that fail stay.
static LogicalResult emitForCuda(ModuleOp module,
                                 ArrayRef<StringRef> freeDims) {
  return emitKernels(module, [&](kernel::FuncOp kernel) {
    return DeviceBuilder(kernel, freeDims);
  });
}

std::vector<Refusal> sinter::cuda::findRefusals(ModuleOp module) {
  MLIRContext *context = module.getContext();
  context
      ->loadDialect<LLVM::LLVMDialect, NVVM::NVVMDialect, arith::ArithDialect,
                    func::FuncDialect, math::MathDialect, memref::MemRefDialect,
                    scf::SCFDialect, vector::VectorDialect>();
  SmallVector<StringRef> freeDims = getFreeDims(module);
  std::vector<Refusal> refusals;
  for (auto kernel : module.getOps<kernel::FuncOp>()) {
    OwningOpRef<ModuleOp> copy = ModuleOp::create(kernel.getLoc());
    copy->push_back(kernel.clone());
    std::string reason;
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
          reason.empty())
        reason = diagnostic.str();
      return success();
    });
    if (succeeded(emitForCuda(*copy, freeDims)))
      continue;
    llvm::SetVector<StringRef> nodes;
    nn::collectNodes(kernel.getLoc(), nodes);
    Refusal &refusal = refusals.emplace_back();
    refusal.reason = reason;
    for (StringRef node : nodes)
      refusal.nodes.push_back(node.str());
  }
  return refusals;
}

namespace {

struct EmitForCudaPass : sinter::impl::EmitForCudaPassBase<EmitForCudaPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<StringAttr>("kernel.target");
    if (!target || target.getValue() != "cuda")
      return;
    if (failed(emitForCuda(module, getFreeDims(module))))
      signalPassFailure();
  }
};

} // namespace
