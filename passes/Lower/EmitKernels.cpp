//===- EmitKernels.cpp - kernels as loops on vectors ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NodeLocation.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Passes.h"
#include "llvm/ADT/StringExtras.h"

namespace sinter {
#define GEN_PASS_DEF_EMITKERNELSPASS
#include "passes/Lower/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

InFlightDiagnostic sinter::emitUnsupported(Operation *op, const Twine &reason) {
  llvm::SetVector<StringRef> nodes;
  nn::collectNodes(op->getLoc(), nodes);
  InFlightDiagnostic diagnostic = op->emitError();
  diagnostic << "cannot generate code for '" << op->getName() << "'";
  if (!nodes.empty())
    diagnostic << " (node" << (nodes.size() > 1 ? "s " : " ")
               << llvm::join(nodes, ", ") << ")";
  if (op->getNumResults())
    diagnostic << " of type " << op->getResult(0).getType();
  diagnostic << ": " << reason;
  return diagnostic;
}

LogicalResult sinter::emitKernel(KernelBuilder &builder) {
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

SmallVector<StringRef> sinter::getFreeDims(Operation *module) {
  SmallVector<StringRef> names;
  for (; module; module = module->getParentOp()) {
    auto dims = module->getAttrOfType<ArrayAttr>("nn.free_dims");
    if (!dims)
      continue;
    for (auto dim : dims.getAsRange<DictionaryAttr>())
      if (auto name = dim.getAs<StringAttr>("name"))
        names.push_back(name);
    break;
  }
  return names;
}

namespace {

struct EmitKernelsPass : sinter::impl::EmitKernelsPassBase<EmitKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<StringAttr>("kernel.target");
    if (!target || !target.getValue().starts_with("x86-64"))
      return;
    const InstructionSet *set = findInstructionSet(target.getValue());
    if (!set) {
      module.emitError() << "expects the name of an instruction set as "
                            "'kernel.target', but got "
                         << target;
      return signalPassFailure();
    }
    SmallVector<StringRef> freeDims = getFreeDims(module);
    if (failed(emitKernels(module, [&](kernel::FuncOp kernel) {
          return KernelBuilder(kernel, *set, freeDims);
        })))
      signalPassFailure();
  }
};

} // namespace
