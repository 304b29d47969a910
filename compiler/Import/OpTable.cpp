//===- OpTable.cpp - the operators that can be imported -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;

SmallVector<const OpRow *> sinter::getRows() {
  SmallVector<const OpRow *> rows;
  for (auto family : {getActivationRows,
                      getCastRows,
                      getConditionRows,
                      getConstantRows,
                      getContractionRows,
                      getContribActivationRows,
                      getContribAttentionRows,
                      getContribExpertRows,
                      getContribNormalizationRows,
                      getContribProductRows,
                      getContribRotaryRows,
                      getEinsumRows,
                      getElementwiseRows,
                      getFeatureRows,
                      getFlexAttentionRows,
                      getGridRows,
                      getIndexingRows,
                      getLinearModelRows,
                      getLoopRows,
                      getMatrixRows,
                      getMovementRows,
                      getNormalizationRows,
                      getOptimizerRows,
                      getPoolingRows,
                      getQuantizationRows,
                      getQuantizedOperatorRows,
                      getRandomRows,
                      getRecurrentRows,
                      getReductionRows,
                      getResizeRows,
                      getSamplingRows,
                      getScanRows,
                      getScatterRows,
                      getSelectionRows,
                      getSequenceRows,
                      getShapeRows,
                      getSignalRows,
                      getSoftmaxRows,
                      getSpatialRows,
                      getTreeRows,
                      getTrigonometryRows,
                      getVectorMachineRows})
    for (const OpRow &row : family())
      rows.push_back(&row);
  return rows;
}

static llvm::StringMap<SmallVector<const OpRow *, 2>> buildIndex() {
  llvm::StringMap<SmallVector<const OpRow *, 2>> index;
  for (const OpRow *row : getRows())
    index[row->op].push_back(row);
  return index;
}

const OpRow *sinter::findRow(StringRef op, StringRef domain, int64_t opset) {
  static const llvm::StringMap<SmallVector<const OpRow *, 2>> index =
      buildIndex();
  auto rows = index.find(op);
  if (rows == index.end())
    return nullptr;
  for (const OpRow *row : rows->second)
    if (row->domain == domain && row->since <= opset && opset <= row->until)
      return row;
  return nullptr;
}

StringRef sinter::getRemedy(StringRef op, StringRef domain) {
  if (domain == "ai.onnx.ml")
    return op == "ZipMap"
               ? "convert the model with the option 'zipmap': False, which "
                 "gives the scores as a tensor"
               : "maps and strings are not supported: leave the node out of "
                 "the "
                 "model, and prepare its inputs outside";
  if (!domain.empty())
    return "export the model with operators of the standard domain, or give it "
           "a function body in the model";
  return "rewrite the node with supported operators, or cut the graph before "
         "it";
}
