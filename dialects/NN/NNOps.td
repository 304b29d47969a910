//===- NNOps.td - operations of the nn dialect --------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNOPS_TD
#define SINTER_DIALECTS_NN_NNOPS_TD

include "dialects/NN/NNDialect.td"
include "dialects/NN/NNAttrs.td"
include "dialects/NN/NNElementwiseOps.td"
include "dialects/NN/NNMovementOps.td"
include "dialects/NN/NNReductionOps.td"
include "dialects/NN/NNContractionOps.td"
include "dialects/NN/NNSpatialOps.td"
include "dialects/NN/NNFlowOps.td"

#endif // SINTER_DIALECTS_NN_NNOPS_TD
