//===- OpTable.h - the operators that can be imported -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One row for each operator and range of opsets. The rows stand in the files of
// their families in Ops/; docs/howto/add-an-op.md tells how to add one.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPTABLE_H
#define SINTER_COMPILER_IMPORT_OPTABLE_H

#include "compiler/Import/NodeContext.h"
#include "compiler/Import/Signature.h"

namespace sinter {

/// Builds the `nn` operations of a node, whose numbers of inputs and outputs,
/// attributes and element types have been checked against the schema.
using NodeBuilder = mlir::LogicalResult (*)(NodeContext &);
/// Computes the content of all outputs; false, with nothing done, where the
/// elements of an input are not known or the result would not be exact.
using NodeFolder = bool (*)(NodeContext &);

/// An operator from opset `since` on.
struct OpRow {
  llvm::StringLiteral op;
  NodeBuilder build;
  NodeFolder fold = nullptr;
  int64_t since = 1;
  /// The last opset of the row.
  int64_t until = INT64_MAX;
  llvm::StringLiteral domain = "";
  /// Of operators that the standard does not define; its schema says it of
  /// others.
  Signature signature = {};
};

/// The row for an operator; null if there is none.
const OpRow *findRow(llvm::StringRef op, llvm::StringRef domain, int64_t opset);

/// A row for an operator of com.microsoft.
inline OpRow makeContribRow(llvm::StringLiteral op, NodeBuilder build,
                            Signature signature) {
  return {op, build, nullptr, 1, INT64_MAX, "com.microsoft", signature};
}

/// What a user can do about an operator without a row.
llvm::StringRef getRemedy(llvm::StringRef op, llvm::StringRef domain);

/// All rows, by family.
llvm::SmallVector<const OpRow *> getRows();

// The families.
llvm::ArrayRef<OpRow> getActivationRows();
llvm::ArrayRef<OpRow> getCastRows();
llvm::ArrayRef<OpRow> getConditionRows();
llvm::ArrayRef<OpRow> getConstantRows();
llvm::ArrayRef<OpRow> getContractionRows();
llvm::ArrayRef<OpRow> getContribActivationRows();
llvm::ArrayRef<OpRow> getContribAttentionRows();
llvm::ArrayRef<OpRow> getContribExpertRows();
llvm::ArrayRef<OpRow> getContribNormalizationRows();
llvm::ArrayRef<OpRow> getContribProductRows();
llvm::ArrayRef<OpRow> getContribRotaryRows();
llvm::ArrayRef<OpRow> getEinsumRows();
llvm::ArrayRef<OpRow> getElementwiseRows();
llvm::ArrayRef<OpRow> getFeatureRows();
llvm::ArrayRef<OpRow> getFlexAttentionRows();
llvm::ArrayRef<OpRow> getGridRows();
llvm::ArrayRef<OpRow> getIndexingRows();
llvm::ArrayRef<OpRow> getLinearModelRows();
llvm::ArrayRef<OpRow> getLoopRows();
llvm::ArrayRef<OpRow> getMatrixRows();
llvm::ArrayRef<OpRow> getMovementRows();
llvm::ArrayRef<OpRow> getNormalizationRows();
llvm::ArrayRef<OpRow> getOptimizerRows();
llvm::ArrayRef<OpRow> getPoolingRows();
llvm::ArrayRef<OpRow> getQuantizationRows();
llvm::ArrayRef<OpRow> getQuantizedOperatorRows();
llvm::ArrayRef<OpRow> getRandomRows();
llvm::ArrayRef<OpRow> getRecurrentRows();
llvm::ArrayRef<OpRow> getReductionRows();
llvm::ArrayRef<OpRow> getResizeRows();
llvm::ArrayRef<OpRow> getSamplingRows();
llvm::ArrayRef<OpRow> getScanRows();
llvm::ArrayRef<OpRow> getScatterRows();
llvm::ArrayRef<OpRow> getSelectionRows();
llvm::ArrayRef<OpRow> getSequenceRows();
llvm::ArrayRef<OpRow> getShapeRows();
llvm::ArrayRef<OpRow> getSignalRows();
llvm::ArrayRef<OpRow> getSoftmaxRows();
llvm::ArrayRef<OpRow> getSpatialRows();
llvm::ArrayRef<OpRow> getTreeRows();
llvm::ArrayRef<OpRow> getTrigonometryRows();
llvm::ArrayRef<OpRow> getVectorMachineRows();

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPTABLE_H
