//===- InstructionSet.cpp - what kernels are emitted for ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/InstructionSet.h"
#include "dialects/NN/NNDialect.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace sinter;

using Dot = InstructionSet::Dot;

static constexpr InstructionSet sets[] = {
    {"x86-64-v3", "x86_64_v3", 8, 16, Dot::Widened, "", false, true},
    {"x86-64-v4", "x86_64_v4", 16, 32, Dot::Widened, "", false, true},
    {"x86-64-v4+vnni", "x86_64_v4_vnni", 16, 32, Dot::Vnni, "x86-64-v4", false,
     true},
    {"x86-64-v4+amx", "x86_64_v4_amx", 16, 32, Dot::Vnni, "x86-64-v4", true,
     false},
};

ArrayRef<InstructionSet> sinter::getInstructionSets() { return sets; }

const InstructionSet *sinter::findInstructionSet(StringRef name) {
  for (const InstructionSet &set : sets)
    if (set.name == name)
      return &set;
  return nullptr;
}

bool sinter::hasIntegerDot(kernel::FuncOp kernel) {
  return llvm::any_of(kernel.getBody().front(), [](Operation &op) {
    return isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op) &&
           getElementTypeOrSelf(op.getOperand(0)).isInteger(8);
  });
}
