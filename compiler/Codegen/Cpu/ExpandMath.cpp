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
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace sinter {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "compiler/Codegen/Cpu/Passes.h.inc"
} // namespace sinter

using namespace mlir;

/// The bits of a constant of bf16 (a scalar, or elements) as one of i16.
static TypedAttr getBits(TypedAttr constant) {
  auto i16 = IntegerType::get(constant.getContext(), 16);
  if (auto scalar = dyn_cast<FloatAttr>(constant))
    return IntegerAttr::get(i16, scalar.getValue().bitcastToAPInt());
  return cast<DenseElementsAttr>(constant).bitcast(i16);
}

/// Conversions between integers and bf16, which canonicalization makes of two
/// steps, are two steps again, by way of f32.
static void splitConversions(Operation *root) {
  auto withF32 = [](Type type) -> Type {
    Type f32 = Float32Type::get(type.getContext());
    if (auto shaped = dyn_cast<ShapedType>(type))
      return shaped.clone(f32);
    return f32;
  };
  root->walk([&](Operation *op) {
    OpBuilder b(op);
    if (isa<arith::SIToFPOp, arith::UIToFPOp>(op) &&
        getElementTypeOrSelf(op->getResult(0)).isBF16()) {
      Value result = op->getResult(0);
      Type narrow = result.getType();
      result.setType(withF32(narrow));
      b.setInsertionPointAfter(op);
      auto rounded = arith::TruncFOp::create(b, op->getLoc(), narrow, result);
      result.replaceAllUsesExcept(rounded, rounded);
    } else if (isa<arith::FPToSIOp, arith::FPToUIOp>(op) &&
               getElementTypeOrSelf(op->getOperand(0)).isBF16()) {
      Value x = op->getOperand(0);
      op->setOperand(
          0, arith::ExtFOp::create(b, op->getLoc(), withF32(x.getType()), x));
    }
  });
}

/// What is left of bf16 only moves, as i16: without AVX512-BF16 LLVM takes
/// single elements in and out of vectors of bf16 through f32, with calls of a
/// library.
static void moveAsBits(Operation *root) {
  root->walk([](arith::ConstantOp constant) {
    if (getElementTypeOrSelf(constant.getType()).isBF16())
      constant.setValueAttr(getBits(constant.getValue()));
  });
  AttrTypeReplacer replacer;
  replacer.addReplacement([](BFloat16Type type) -> Type {
    return IntegerType::get(type.getContext(), 16);
  });
  replacer.recursivelyReplaceElementsIn(root, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

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
    splitConversions(getOperation());
    // Without AVX512-BF16 rounding to bf16 would be a call of a library.
    RewritePatternSet rounding(&getContext());
    arith::populateExpandBFloat16Patterns(rounding);
    if (failed(applyPatternsGreedily(getOperation(), std::move(rounding))))
      return signalPassFailure();
    moveAsBits(getOperation());
  }
};

} // namespace
