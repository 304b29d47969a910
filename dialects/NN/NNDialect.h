//===- NNDialect.h - the nn dialect -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNDIALECT_H
#define SINTER_DIALECTS_NN_NNDIALECT_H

#include "dialects/NN/SizeTerm.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/NN/NNDialect.h.inc"
#include "dialects/NN/NNEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/NN/NNAttrs.h.inc"

namespace sinter::nn::OpTrait {

/// The operation computes each result element from the operands' elements at
/// the same (broadcast) place.
template <typename ConcreteType>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteType, Elementwise> {
};

} // namespace sinter::nn::OpTrait

#define GET_OP_CLASSES
#include "dialects/NN/NNOps.h.inc"

#endif // SINTER_DIALECTS_NN_NNDIALECT_H
