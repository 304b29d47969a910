//===- ExpandMath.cpp - transcendental functions as arithmetic ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace sinter {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "compiler/Codegen/Cpu/Passes.h.inc"
} // namespace sinter

using namespace mlir;

namespace {

struct ExpandMathPass : sinter::impl::ExpandMathPassBase<ExpandMathPass> {
  using Base::Base;

  void runOnOperation() override {
    // First what is defined by other functions (pow by exp and log), then the
    // polynomials for what is left: small sets keep the rewriting finite.
    RewritePatternSet expansions(&getContext());
    math::populateExpansionPatterns(
        expansions, {"powf", "tan", "sinh", "cosh", "asinh", "acosh", "atanh"});
    if (failed(applyPatternsGreedily(getOperation(), std::move(expansions))))
      return signalPassFailure();
    RewritePatternSet polynomials(&getContext());
    populateMathPolynomialApproximationPatterns(polynomials);
    if (failed(applyPatternsGreedily(getOperation(), std::move(polynomials))))
      return signalPassFailure();
    // Without AVX512-BF16 rounding to bf16 would be a call of a library.
    RewritePatternSet rounding(&getContext());
    arith::populateExpandBFloat16Patterns(rounding);
    if (failed(applyPatternsGreedily(getOperation(), std::move(rounding))))
      return signalPassFailure();
  }
};

} // namespace
