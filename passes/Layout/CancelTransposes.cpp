//===- CancelTransposes.cpp - transposes meet and go ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Layout/ChannelOrder.h"
#include "passes/Layout/Passes.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Patterns.h"
#include "passes/Simplify/ReshapeGroups.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"

namespace sinter {
#define GEN_PASS_DEF_CANCELTRANSPOSESPASS
#include "passes/Layout/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

/// A transpose of whole groups of dimensions around a reshape of each group.
struct GroupedTranspose {
  RankedTensorType reshaped;        ///< the input after the reshape alone
  SmallVector<int64_t> permutation; ///< what is left to do to `reshaped`
};

/// For `reshape(transpose(x))`: the same as `transpose(reshape(x))`, where each
/// group of the reshape is a run of dimensions of x.
std::optional<GroupedTranspose> moveBehindReshape(nn::TransposeOp transpose,
                                                  nn::ReshapeOp reshape) {
  SmallVector<nn::SizeAttr> from = nn::getSizes(transpose.getType());
  SmallVector<nn::SizeAttr> to = nn::getSizes(reshape.getType());
  auto groups = getReshapeGroups(reshape, from, to);
  if (!groups)
    return std::nullopt;
  // Where in x the elements of each group lie; dimensions of size 1 lie
  // anywhere.
  SmallVector<std::pair<int64_t, unsigned>> order; // dimension of x, group
  SmallVector<int64_t> nextInInput(from.size(), -1);
  int64_t last = -1;
  for (int64_t dim : llvm::seq<int64_t>(0, from.size())) {
    if (nn::getSizes(transpose.getInput().getType())[dim].isConstant(1))
      continue;
    if (last >= 0)
      nextInInput[last] = dim;
    last = dim;
  }
  for (auto [index, group] : llvm::enumerate(*groups)) {
    int64_t first = -1, previous = -1;
    for (unsigned dim : llvm::seq(group.fromBegin, group.fromEnd)) {
      if (from[dim].isConstant(1))
        continue;
      int64_t source = transpose.getPermutation()[dim];
      if (first < 0)
        first = source;
      else if (nextInInput[previous] != source)
        return std::nullopt;
      previous = source;
    }
    if (first < 0)
      first = transpose.getPermutation()[group.fromBegin];
    order.push_back({first, index});
  }
  llvm::sort(order);
  SmallVector<nn::SizeAttr> sizes;
  SmallVector<int64_t> position(to.size());
  for (auto [first, index] : order)
    for (unsigned dim :
         llvm::seq((*groups)[index].toBegin, (*groups)[index].toEnd)) {
      position[dim] = sizes.size();
      sizes.push_back(to[dim]);
    }
  auto type = nn::makeTensorType(sizes, transpose.getType().getElementType());
  return GroupedTranspose{type, position};
}

/// ```mlir
/// %t = nn.transpose %x [0, 3, 1, 2]          // n h w c -> n c h w
/// %r = nn.reshape %t                         // -> n c (h w)
/// // ->
/// %r = nn.reshape %x                         // n h w c -> n (h w) c
/// %t = nn.transpose %r [0, 2, 1]             // -> n c (h w)
/// ```
struct SinkTransposeBelowReshape : OpRewritePattern<nn::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose)
      return failure();
    // A transpose with other users stays: then the new one must join another.
    bool willJoin = llvm::all_of(op->getUsers(), [](Operation *user) {
      return isa<nn::TransposeOp>(user);
    });
    if (!transpose->hasOneUse() && !willJoin)
      return rewriter.notifyMatchFailure(op, "would add a transpose");
    auto moved = moveBehindReshape(transpose, op);
    if (!moved)
      return rewriter.notifyMatchFailure(op, "joins dimensions that lie apart");
    Value reshaped = nn::ReshapeOp::create(
        rewriter, op.getLoc(), moved->reshaped, transpose.getInput());
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(
        op, reshaped, rewriter.getDenseI64ArrayAttr(moved->permutation));
    return success();
  }
};

/// ```mlir
/// %a = nn.transpose %x [..]
/// %b = nn.reshape %a
/// %c = nn.transpose %b [..]
/// // ->
/// %a = nn.transpose %x [both]
/// %c = nn.reshape %a
/// ```
/// where the reshape only joins dimensions or takes them apart within what the
/// second transpose moves as one.
struct JoinTransposesAcrossReshape : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<nn::ReshapeOp>();
    auto first = reshape ? reshape.getInput().getDefiningOp<nn::TransposeOp>()
                         : nn::TransposeOp();
    if (!first || !reshape->hasOneUse() || !first->hasOneUse())
      return failure();
    SmallVector<nn::SizeAttr> from = nn::getSizes(first.getType());
    auto groups =
        getReshapeGroups(reshape, from, nn::getSizes(reshape.getType()));
    if (!groups)
      return failure();
    // The groups in the order of the result; each must stay together.
    SmallVector<int64_t> permutation;
    ArrayRef<int64_t> moved = op.getPermutation();
    for (size_t i = 0; i < moved.size();) {
      const ReshapeGroup *group =
          llvm::find_if(*groups, [&](const ReshapeGroup &g) {
            return g.toBegin <= moved[i] && moved[i] < g.toEnd;
          });
      for (unsigned dim : llvm::seq(group->toBegin, group->toEnd))
        if (i == moved.size() || moved[i++] != dim)
          return rewriter.notifyMatchFailure(op, "parts a joined dimension");
      for (unsigned dim : llvm::seq(group->fromBegin, group->fromEnd))
        permutation.push_back(first.getPermutation()[dim]);
    }
    Value joined =
        nn::TransposeOp::create(rewriter, op.getLoc(), first.getInput(),
                                rewriter.getDenseI64ArrayAttr(permutation));
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), joined);
    return success();
  }
};

/// ```mlir
/// %t = nn.transpose %x [0, 2, 1]
/// %y = nn.mul %t, %scalar
/// // ->
/// %m = nn.mul %x, %scalar
/// %y = nn.transpose %m [0, 2, 1]
/// ```
/// for one variable operand; constants that vary are transposed as expressions.
/// Two operands transposed alike count as one.
struct SinkTransposeBelowElementwise : RewritePattern {
  explicit SinkTransposeBelowElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<nn::OpTrait::Elementwise>())
      return failure();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    nn::TransposeOp transpose;
    for (Value operand : op->getOperands()) {
      if (getWeight(operand))
        continue;
      auto other = operand.getDefiningOp<nn::TransposeOp>();
      if (!other || nn::getSizes(other.getType()) != nn::getSizes(type) ||
          !llvm::all_of(other->getUsers(),
                        [&](Operation *u) { return u == op; }) ||
          (transpose && transpose.getPermutation() != other.getPermutation()))
        return failure();
      transpose = other;
    }
    if (!transpose)
      return failure();
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<int64_t> inverse(permutation.size());
    for (auto [i, dim] : llvm::enumerate(permutation))
      inverse[dim] = i;
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      auto other = operand.getDefiningOp<nn::TransposeOp>();
      operands.push_back(getWeight(operand)
                             ? transposeWeight(operand, inverse, op, rewriter)
                             : other.getInput());
    }
    Operation *copy =
        cloneWith(rewriter, op, operands, permuteType(type, inverse));
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(
        op, copy->getResult(0), rewriter.getDenseI64ArrayAttr(permutation));
    return success();
  }

private:
  static Value transposeWeight(Value weight, ArrayRef<int64_t> permutation,
                               Operation *op, PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(weight.getType());
    if (type.getNumElements() == 1)
      return weight;
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin(), permutation.size() - shape.size(), 1);
    Value shaped = nn::ReshapeOp::create(rewriter, op->getLoc(),
                                         type.clone(shape), weight);
    return nn::TransposeOp::create(rewriter, op->getLoc(), shaped,
                                   rewriter.getDenseI64ArrayAttr(permutation));
  }
};

/// Why `op` is still there.
StringRef explain(nn::TransposeOp op) {
  if (isa<BlockArgument>(op.getInput()))
    return "the model has its input in another order";
  if (llvm::any_of(op->getUsers(), llvm::IsaPred<func::ReturnOp>))
    return "the model has its output in another order";
  return "what makes the value and what reads it want different orders";
}

struct CancelTransposesPass
    : sinter::impl::CancelTransposesPassBase<CancelTransposesPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<JoinTransposesAcrossReshape, SinkTransposeBelowElementwise,
                 SinkTransposeBelowReshape>(&getContext());
    populateFoldConstantsPatterns(patterns);
    populateCanonicalizeMovementPatterns(patterns);
    if (failed(applyLabelledPatterns(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([](nn::TransposeOp op) {
      remark::missed(
          op.getLoc(),
          remark::RemarkOpts::name("CancelTranspose").category("sinter-layout"))
          << "a transpose is left" << remark::reason("{0}", explain(op).str());
    });
  }
};

} // namespace
