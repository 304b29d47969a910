//===- OutlineKernels.cpp - makes kernels of groups -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Outline/Passes.h"

#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace sinter {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "passes/Outline/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

static remark::RemarkOpts nameRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("sinter-outline");
}

/// The number of a check of the sizes of results
/// (sinter-outline-number-checks).
static constexpr StringLiteral checkName = "check";

/// Operations named in the name of a kernel; the rest is left out.
static constexpr unsigned maxNamedOps = 4;

/// `conv_add_relu_3` for kernel number 3; `conv_i8_add_..` for one on integers,
/// and the name of an algorithm.
static std::string makeName(Block &body, unsigned number) {
  std::string name;
  unsigned named = 0;
  for (Operation &op : body.without_terminator()) {
    if (isa<nn::WeightOp, kernel::UnpackOp, kernel::UnpackSparseOp>(op) ||
        named++ >= maxNamedOps)
      continue;
    auto algorithm = dyn_cast<nn::AlgorithmOp>(op);
    name += algorithm ? algorithm.getName() : op.getName().stripDialect();
    if (isa<nn::MatmulOp, nn::ConvOp>(op) &&
        getElementTypeOrSelf(op.getOperand(0).getType()).isInteger(8))
      name += "_i8";
    name += '_';
  }
  return name + std::to_string(number);
}

/// Everything that makes two kernels the same, as text: not names or locations.
static std::string getIdentity(kernel::GroupOp group) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  // Whatever the command line says of printing: no locations.
  flags.useLocalScope().printGenericOpForm().enableDebugInfo(false);
  os << kernel::stringifyKind(group.getKind()) << '\n';
  for (Type type : group.getInputs().getTypes())
    os << type << '\n';
  AsmState state(group, flags);
  for (Operation &op : group.getBody().front()) {
    op.print(os, state);
    os << '\n';
  }
  return text;
}

/// Moves the body of `group` into a new kernel function.
static kernel::FuncOp makeKernel(kernel::GroupOp group, unsigned number,
                                 OpBuilder &builder) {
  auto type = builder.getFunctionType(group.getInputs().getTypes(),
                                      group.getResultTypes());
  std::string name = makeName(group.getBody().front(), number);
  auto kernel = kernel::FuncOp::create(
      builder, group.getLoc(), name, type, group.getKind(),
      /*tiles=*/nullptr, /*scratch=*/nullptr, /*arg_attrs=*/nullptr,
      /*res_attrs=*/nullptr);
  kernel.getBody().takeBody(group.getBody());
  return kernel;
}

namespace {

struct OutlineKernelsPass
    : sinter::impl::OutlineKernelsPassBase<OutlineKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::StringMap<kernel::FuncOp> kernels;
    llvm::MapVector<Operation *, SmallVector<Location>> locations;
    int64_t numGroups = 0;

    for (auto function : module.getOps<func::FuncOp>()) {
      OpBuilder moduleBuilder(function);
      SmallVector<kernel::GroupOp> groups;
      function.walk([&](kernel::GroupOp group) { groups.push_back(group); });
      for (kernel::GroupOp group : groups) {
        ++numGroups;
        kernel::FuncOp &kernel = kernels[getIdentity(group)];
        OpBuilder builder(group);
        if (!kernel) {
          kernel = makeKernel(group, kernels.size() - 1, moduleBuilder);
          symbols.insert(kernel);
        } else {
          remark::passed(group.getLoc(), nameRemark("ShareKernel"))
              << remark::add("shares the code of kernel '{0}'",
                             kernel.getSymName().str())
              << remark::reason("both compute the same on the same types");
        }
        locations[kernel].push_back(group.getLoc());
        auto call = kernel::CallOp::create(
            builder, group.getLoc(), group.getResultTypes(),
            kernel.getSymName(), group.getInputs());
        if (Attribute check = group->getAttr(checkName))
          call->setAttr(checkName, check);
        group.replaceAllUsesWith(call.getResults());
        group.erase();
      }
    }
    for (auto &[kernel, nodes] : locations)
      kernel->setLoc(nn::fuseLocations(&getContext(), nodes));
    remark::analysis(module.getLoc(), nameRemark("OutlineKernels"))
        << "a function for each distinct kernel"
        << remark::metric("groups", numGroups)
        << remark::metric("kernels", static_cast<int64_t>(kernels.size()));
  }
};

} // namespace
