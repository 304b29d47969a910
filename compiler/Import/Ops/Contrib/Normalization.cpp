//===- Normalization.cpp - normalizing layers of com.microsoft ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

namespace {
/// x normalized over its last dimensions, and what it was divided by.
struct Normalized {
  Term value, mean, inverse;
};
} // namespace

/// (x - mean) / sqrt(variance + epsilon) * scale + bias over `axes`; without
/// the mean where `isSimplified` (Zhang, Sennrich: Root Mean Square Layer
/// Normalization, 2019).
static Normalized normalize(Term x, ArrayRef<int64_t> axes, double epsilon,
                            bool isSimplified, Term scale, Term bias) {
  Normalized result;
  Term centered = x;
  if (!isSimplified) {
    result.mean = x.reduce(nn::ReduceKind::Mean, axes);
    centered = x - result.mean;
  }
  Term variance = (centered * centered).reduce(nn::ReduceKind::Mean, axes);
  result.inverse = 1 / (variance + epsilon).sqrt();
  result.value = centered * result.inverse * scale;
  if (bias)
    result.value = result.value + bias;
  return result;
}

/// Sets outputs 1 and 2 to the mean and the inverse deviation.
static LogicalResult setStatistics(NodeContext &node,
                                   const Normalized &normalized) {
  if (normalized.mean && failed(node.setOutput(1, normalized.mean)))
    return failure();
  return node.setOutput(2, normalized.inverse);
}

/// The sum of input, skip and bias, normalized: output 3 is the sum.
static LogicalResult buildSkip(NodeContext &node, bool isSimplified,
                               unsigned biasIndex) {
  Term sum = Term::input(node, 0) + Term::input(node, 1);
  if (Term bias = Term::input(node, biasIndex))
    sum = sum + bias;
  Normalized normalized = normalize(
      sum, sum.getRank() - 1, node.getFloat("epsilon", 1e-12f), isSimplified,
      Term::input(node, 2), isSimplified ? Term() : Term::input(node, 3));
  if (failed(node.setOutput(0, normalized.value)) ||
      failed(setStatistics(node, normalized)))
    return failure();
  return node.setOutput(3, sum);
}

static LogicalResult buildSkipLayerNormalization(NodeContext &node) {
  return buildSkip(node, /*isSimplified=*/false, 4);
}

static LogicalResult buildSkipSimplified(NodeContext &node) {
  return buildSkip(node, /*isSimplified=*/true, 3);
}

/// RMSNormalization, under the name that exporters knew before opset 23.
static LogicalResult buildSimplified(NodeContext &node) {
  Term x = Term::input(node, 0), scale = Term::input(node, 1);
  auto axis = node.normalizeAxis(node.getInt("axis", -1), x.getRank());
  if (failed(axis))
    return failure();
  // The statistics are those of 'stash_type', float by default.
  Type type = node.getImporter().getElementType(
      static_cast<onnx::ElementType>(node.getInt("stash_type", 1)));
  if (!isa_and_nonnull<FloatType>(type))
    return node.invalid("a 'stash_type' of floats", "another type");
  Normalized normalized = normalize(
      x.cast(type), llvm::to_vector(llvm::seq<int64_t>(*axis, x.getRank())),
      node.getFloat("epsilon", 1e-5), /*isSimplified=*/true,
      scale.like(1).cast(type), Term());
  if (failed(node.setOutput(0, normalized.value.cast(scale.getElementType()) *
                                   scale)))
    return failure();
  return node.setOutput(1, normalized.inverse);
}

/// Sums of the rows that words, positions and segments pick, normalized:
/// (input_ids, segment_ids, word, position and segment embedding, gamma, beta,
/// mask, position_ids).
static LogicalResult buildEmbedLayerNormalization(NodeContext &node) {
  Term words = Term::input(node, 0), segments = Term::input(node, 1),
       positions = Term::input(node, 8), mask = Term::input(node, 7);
  if (words.getRank() != 2)
    return node.invalid("word ids of rank 2", "rank " + Twine(words.getRank()));
  if (segments && !node.hasInput(4))
    return node.invalid("an embedding of segments", "segment ids alone");
  if (!positions)
    positions =
        Term::iota(node, words.getSize(1), words.getElementType(), 1, 2);
  Term sum = Term::input(node, 2).gather(words, 0) +
             Term::input(node, 3).gather(positions, 0);
  if (segments)
    sum = sum + Term::input(node, 4).gather(segments, 0);
  Normalized normalized = normalize(sum, 2, node.getFloat("epsilon", 1e-12f),
                                    /*isSimplified=*/false,
                                    Term::input(node, 5), Term::input(node, 6));
  // How many words are not masked.
  Type i32 = IntegerType::get(node.getContext(), 32);
  Term count =
      mask ? mask.equals(1).cast(i32).sum(1).squeeze(1)
           : Term::constant(node, 0, i32).broadcastTo({words.getSize(0)});
  if (failed(node.setOutput(0, normalized.value)) ||
      failed(node.setOutput(1, count)))
    return failure();
  return node.setOutput(2, sum);
}

ArrayRef<OpRow> sinter::getContribNormalizationRows() {
  static constexpr Signature simplified = {
      "X scale", "Y inv_std_var?", "axis=int epsilon=float stash_type=int"};
  static const OpRow rows[] = {
      {"SimplifiedLayerNormalization", buildSimplified, nullptr, 1, INT64_MAX,
       "", simplified},
      makeContribRow("EmbedLayerNormalization", buildEmbedLayerNormalization,
                     {"input_ids segment_ids? word_embedding "
                      "position_embedding segment_embedding? gamma beta mask? "
                      "position_ids?",
                      "output mask_index? embedding_sum?",
                      "epsilon=float mask_index_type=int"}),
      makeContribRow("SimplifiedLayerNormalization", buildSimplified,
                     simplified),
      makeContribRow("SkipLayerNormalization", buildSkipLayerNormalization,
                     {"input skip gamma beta? bias?",
                      "output mean? inv_std_var? input_skip_bias_sum?",
                      "epsilon=float"}),
      makeContribRow("SkipSimplifiedLayerNormalization", buildSkipSimplified,
                     {"input skip gamma bias?",
                      "output mean? inv_std_var? input_skip_bias_sum?",
                      "epsilon=float"}),
  };
  return rows;
}
