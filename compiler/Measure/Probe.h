//===- Probe.h - a small computation to be timed ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_MEASURE_PROBE_H
#define SINTER_COMPILER_MEASURE_PROBE_H

#include "dialects/NN/NNDialect.h"
#include "dialects/NN/Size.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace sinter::measure {

/// Gives the free dimensions their values.
using DimLookup = llvm::function_ref<std::optional<int64_t>(llvm::StringRef)>;

/// One form of a computation: a function of nn operations as the phase
/// `plan` leaves them, with static shapes. It is in no module.
struct Form {
  std::string name; ///< "fp32": how the lock calls it
  mlir::OwningOpRef<mlir::func::FuncOp> function;
};

/// A computation in the forms that compete.
struct Probe {
  std::string what; ///< for readers: "conv 1x56x56x64 * 64x64x3x3"
  std::vector<Form> forms;
};

/// A function of `arguments` whose results are what `build` returns.
mlir::OwningOpRef<mlir::func::FuncOp> makeFunction(
    mlir::MLIRContext *context, mlir::TypeRange arguments,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &,
                                                      mlir::ValueRange)>
        build);

/// The function that computes `results` with `ops`, which are in order. What
/// `ops` take from outside become arguments; a weight from outside becomes a
/// weight of the same type with made-up values (makeWeight), so that layers of
/// the same shape are the same function. Null where a size is not known, or an
/// attribute holds a size that is free.
mlir::OwningOpRef<mlir::func::FuncOp>
extractFunction(llvm::ArrayRef<mlir::Operation *> ops, mlir::ValueRange results,
                DimLookup lookup);

/// A weight of values that differ: floats in [-1, 1], integers in [-100, 100]
/// (unsigned ones in [0, 100]).
nn::WeightAttr makeWeight(mlir::RankedTensorType type);

/// `type` with the sizes that `lookup` gives; null if one is not known.
mlir::RankedTensorType makeStatic(mlir::Type type, DimLookup lookup);

/// The text of `probe` for the instruction set `isa` as 32 hexadecimal digits:
/// the same for the same computation, whatever layer it came from.
std::string getKey(const Probe &probe, llvm::StringRef isa);

/// A module with every form of every probe side by side, in a form that the
/// phases after `plan` take. The node of each operation is named by
/// `getFormName`. `model` is the ONNX file that weights of the kind `file` are
/// read from; empty where there are none.
mlir::OwningOpRef<mlir::ModuleOp>
makeModule(llvm::ArrayRef<const Probe *> probes, llvm::StringRef model);

/// "12.0": form 0 of probe 12.
std::string getFormName(size_t probe, size_t form);

} // namespace sinter::measure

#endif // SINTER_COMPILER_MEASURE_PROBE_H
