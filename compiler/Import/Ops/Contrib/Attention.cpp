//===- Attention.cpp - attention of com.microsoft -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX Runtime, docs/ContribOperators.md. Buffers that inputs and outputs share
// are a matter of its memory, and not supported. Shapes in the letters of
// Heads.h; P is the length of the past.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Contrib/GroupQuery.h"
#include "compiler/Import/Ops/Heads.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

static LogicalResult refuse(NodeContext &node, StringRef what) {
  return node.unsupported("attention without " + what, "a node with it",
                          "export the model without " + what);
}

/// The keys that a mask lets see, as truth values that broadcast to
/// [B, 1, S, T]. Its forms: ends of the keys [B], ends and then starts [2 B],
/// ends and cumulated lengths [3 B + 2], or a number above 0 for each key that
/// is seen: [B, T], [B, S, T] or [B, 1, M, M] with M >= T.
static FailureOr<Term> readMask(NodeContext &node, unsigned index,
                                SizeAttr batch, SizeAttr queries,
                                SizeAttr keys) {
  Term mask = Term::input(node, index);
  SizeAttr one = node.getSize(1);
  SmallVector<SizeAttr> sizes = mask.getSizes();
  switch (mask.getRank()) {
  case 1: {
    Term place = Term::iota(node, keys, mask.getElementType(), 3, 4);
    auto part = [&](SizeAttr start) {
      return mask.slice(0, start, batch).reshape({batch, one, one, one});
    };
    if (sizes[0] == nn::mul(batch, 2))
      return (place < part(node.getSize(0))) & (part(batch) <= place);
    if (sizes[0] != nn::add(nn::mul(batch, 3), 2) &&
        failed(node.unify(sizes[0], batch,
                          "a mask with 1 or 2 places for each batch element")))
      return failure();
    return place < part(node.getSize(0));
  }
  case 2:
    mask = mask.reshape({sizes[0], one, one, sizes[1]});
    break;
  case 3:
    mask = mask.reshape({sizes[0], one, sizes[1], sizes[2]});
    break;
  case 4:
    mask = mask.slice(2, nn::sub(keys, queries), queries)
               .slice(3, node.getSize(0), keys);
    break;
  default:
    return failure(failed(node.invalid("a mask of rank 1 to 4",
                                       "rank " + Twine(mask.getRank()))));
  }
  return mask.like(0) < mask;
}

static Term combine(Term lhs, Term rhs) {
  return !lhs ? rhs : !rhs ? lhs : lhs & rhs;
}

/// The scale: the attribute, or 1 / sqrt(D), which must then be a constant.
static FailureOr<double> readScale(NodeContext &node, Term query) {
  if (double scale = node.getFloat("scale", 0); scale != 0)
    return scale;
  if (std::optional<int64_t> size = query.getSize(-1).getConstant())
    return 1 / std::sqrt(static_cast<double>(*size));
  return failure(failed(node.unsupported(
      "heads of a known size", nn::toString(query.getSize(-1)),
      "give the attribute 'scale', or fix the dimension with --dim")));
}

/// What both operators do once queries, keys and values are [B, N, ..].
static LogicalResult finish(NodeContext &node, Term query, Term key, Term value,
                            unsigned maskIndex, unsigned biasIndex) {
  AttentionForm form;
  SizeAttr batch = query.getSize(0), queries = query.getSize(2),
           keys = key.getSize(2);
  FailureOr<double> scale = readScale(node, query);
  if (failed(scale))
    return failure();
  form.scale = *scale;
  form.bias = Term::input(node, biasIndex);
  form.hidden = node.getFloat("mask_filter_value", -10000);
  if (node.hasInput(maskIndex)) {
    auto mask = readMask(node, maskIndex, batch, queries, keys);
    if (failed(mask))
      return failure();
    form.visible = *mask;
  }
  if (node.getInt("unidirectional", 0) != 0) {
    Type i64 = IntegerType::get(node.getContext(), 64);
    Term past = Term::size(node, nn::sub(keys, queries), i64);
    form.visible = combine(form.visible, makeCausal(node, queries, keys, past));
  }
  return node.setOutput(0, mergeHeads(attend(query, key, value, form)));
}

//===- Attention ----------------------------------------------------------===//

/// The attention that follows the projection `projected` [B, S, widths]: the
/// inputs are a mask, a past [2, B, N, P, D], and scores to add.
static LogicalResult attendProjected(NodeContext &node, Term projected,
                                     ArrayRef<SizeAttr> widths,
                                     unsigned maskIndex, unsigned pastIndex,
                                     unsigned biasIndex) {
  int64_t heads = node.getInt("num_heads", 0);
  SmallVector<Term, 3> parts;
  for (Term part : projected.split(2, widths)) {
    auto split = splitHeads(part, heads);
    if (failed(split))
      return failure();
    parts.push_back(*split);
  }
  Term past = Term::input(node, pastIndex);
  if (past && past.getRank() != 5)
    return node.invalid("a past [2, batch, heads, length, size]",
                        nn::toString(past.getSizes()));
  for (int64_t kind : {0, 1})
    if (past)
      parts[kind + 1] =
          past.slice(0, kind, 1).squeeze(0).concat(parts[kind + 1], 2);
  if (node.hasOutput(1)) {
    Term present = parts[1].unsqueeze(0).concat(parts[2].unsqueeze(0), 0);
    if (failed(node.setOutput(1, present)))
      return failure();
  }
  return finish(node, parts[0], parts[1], parts[2], maskIndex, biasIndex);
}

/// Three equal parts of the last dimension of `projected`.
static FailureOr<SmallVector<SizeAttr>> splitEvenly(NodeContext &node,
                                                    Term projected) {
  SizeAttr width = nn::divideExactly(projected.getSize(-1), node.getSize(3));
  if (width)
    return SmallVector<SizeAttr>(3, width);
  return failure(failed(node.invalid("weights of three equal widths",
                                     nn::toString(projected.getSize(-1)))));
}

/// Ranks of the input and of the weights, which must fit a product.
static LogicalResult checkProjection(NodeContext &node) {
  if (node.getRank(0) == 3 && node.getRank(1) == 2)
    return success();
  return node.invalid("an input of rank 3 and weights of rank 2",
                      "ranks " + Twine(node.getRank(0)) + " and " +
                          Twine(node.getRank(1)));
}

static LogicalResult buildAttention(NodeContext &node) {
  if (node.getInt("do_rotary", 0) != 0)
    return refuse(node, "a rotary embedding inside ('do_rotary')");
  if (node.getInt("past_present_share_buffer", 0) != 0)
    return refuse(node, "buffers that past and present share");
  if (failed(checkProjection(node)))
    return failure();
  Term projected = Term::input(node, 0).matmul(Term::input(node, 1));
  if (Term bias = Term::input(node, 2))
    projected = projected + bias;
  SmallVector<SizeAttr> widths;
  if (auto given = node.getInts("qkv_hidden_sizes"); given && !given->empty()) {
    int64_t sum = 0;
    for (int64_t width : *given) {
      widths.push_back(node.getSize(width));
      sum += width;
    }
    if (widths.size() != 3 || !projected.getSize(-1).isConstant(sum))
      return node.invalid("'qkv_hidden_sizes' of three widths of the weights",
                          nn::toString(widths));
  } else {
    auto even = splitEvenly(node, projected);
    if (failed(even))
      return failure();
    widths = *even;
  }
  return attendProjected(node, projected, widths, 3, 4, 5);
}

/// The input and weights are quantized: (input, weight, bias, input_scale,
/// weight_scale, mask_index, input_zero_point, weight_zero_point, past).
static LogicalResult buildQAttention(NodeContext &node) {
  if (node.getInt("do_rotary", 0) != 0)
    return refuse(node, "a rotary embedding inside ('do_rotary')");
  if (node.getInt("past_present_share_buffer", 0) != 0)
    return refuse(node, "buffers that past and present share");
  if (failed(checkProjection(node)))
    return failure();
  // One element, or one for each column of the weights.
  auto dequantize = [&](unsigned index, unsigned scaleIndex,
                        unsigned zeroIndex) {
    auto flatten = [](Term t) {
      return t.getRank() == 1 && t.getSize(0).isConstant(1) ? t.squeeze(0) : t;
    };
    Term x = Term::input(node, index), zero = Term::input(node, zeroIndex);
    return Term(node, node.elementwise<nn::DequantizeOp>(
                          {x, flatten(Term::input(node, scaleIndex)),
                           zero ? flatten(zero) : x.like(0)}));
  };
  Term projected =
      dequantize(0, 3, 6).matmul(dequantize(1, 4, 7)) + Term::input(node, 2);
  auto widths = splitEvenly(node, projected);
  if (failed(widths))
    return failure();
  return attendProjected(node, projected, *widths, 5, 8, node.getNumInputs());
}

//===- MultiHeadAttention -------------------------------------------------===//

namespace {

/// Queries, keys and values of MultiHeadAttention, with their bias.
class ProjectedInputs {
public:
  explicit ProjectedInputs(NodeContext &node)
      : node(node), heads(node.getInt("num_heads", 0)),
        bias(Term::input(node, 3)) {}

  LogicalResult read();
  Term query, key, value;

private:
  /// Input `index` as [B, N, length, size], with its part of the bias.
  FailureOr<Term> project(unsigned index);
  /// Part `which` of a packed input [B, length, N, parts, size].
  Term unpack(unsigned index, int64_t which);
  Term addBias(Term x);

  NodeContext &node;
  int64_t heads;
  Term bias;
  SizeAttr biasStart;
};

} // namespace

/// x [B, N, length, size] plus the next N * size elements of the bias.
Term ProjectedInputs::addBias(Term x) {
  if (!bias)
    return x;
  SizeAttr count = nn::mul(x.getSize(1), x.getSize(3));
  Term part = bias.slice(0, biasStart, count);
  biasStart = nn::add(biasStart, count);
  return x + part.reshape({x.getSize(1), node.getSize(1), x.getSize(3)});
}

FailureOr<Term> ProjectedInputs::project(unsigned index) {
  Term x = Term::input(node, index);
  // Keys and values of a cross attention have been projected before.
  if (x.getRank() == 4)
    return x;
  auto split = splitHeads(x, heads);
  if (failed(split))
    return failure();
  return addBias(*split);
}

Term ProjectedInputs::unpack(unsigned index, int64_t which) {
  return addBias(Term::input(node, index)
                     .slice(3, which, 1)
                     .squeeze(3)
                     .transpose({0, 2, 1, 3}));
}

LogicalResult ProjectedInputs::read() {
  if (bias && bias.getRank() != 1)
    return node.invalid("a bias of rank 1", "rank " + Twine(bias.getRank()));
  biasStart = node.getSize(0);
  if (node.getRank(0) == 5) {
    query = unpack(0, 0);
    key = unpack(0, 1);
    value = unpack(0, 2);
    return success();
  }
  if (!node.hasInput(1))
    return node.invalid("keys, or a packed query of rank 5",
                        "a query of rank " + Twine(node.getRank(0)));
  auto first = project(0);
  if (failed(first))
    return failure();
  query = *first;
  if (node.getRank(1) == 5) {
    key = unpack(1, 0);
    value = unpack(1, 1);
    return success();
  }
  if (!node.hasInput(2))
    return node.invalid("values, or packed keys of rank 5",
                        "keys of rank " + Twine(node.getRank(1)));
  auto second = project(1);
  if (failed(second))
    return failure();
  auto third = project(2);
  if (failed(third))
    return failure();
  key = *second;
  value = *third;
  return success();
}

static LogicalResult buildMultiHeadAttention(NodeContext &node) {
  if (node.hasInput(8) || node.hasInput(9))
    return refuse(node, "buffers that past and present share");
  ProjectedInputs inputs(node);
  if (failed(inputs.read()))
    return failure();
  Term key = inputs.key, value = inputs.value;
  if (Term past = Term::input(node, 6))
    key = past.concat(key, 2);
  if (Term past = Term::input(node, 7))
    value = past.concat(value, 2);
  if (failed(node.setOutput(1, key)) || failed(node.setOutput(2, value)))
    return failure();
  return finish(node, inputs.query, key, value, 4, 5);
}

ArrayRef<OpRow> sinter::getContribAttentionRows() {
  static const OpRow rows[] = {
      makeContribRow(
          "Attention", buildAttention,
          {"input weights bias? mask_index? past? attention_bias? "
           "past_sequence_length?",
           "output present?",
           "num_heads=int! scale=float mask_filter_value=float do_rotary=int "
           "past_present_share_buffer=int qkv_hidden_sizes=ints "
           "unidirectional=int rotary_embedding_dim=int"}),
      makeContribRow(
          "GroupQueryAttention", buildGroupQueryAttention,
          {"query key? value? past_key? past_value? seqlens_k "
           "total_sequence_length cos_cache? sin_cache? position_ids? "
           "attention_bias? head_sink? k_scale? v_scale? q_norm_weight? "
           "k_norm_weight?",
           "output present_key? present_value? output_qk?",
           "num_heads=int! kv_num_heads=int! scale=float softcap=float "
           "do_rotary=int rotary_interleaved=int local_window_size=int "
           "causal=int smooth_softmax=int qk_output=int qk_norm_epsilon=float "
           "sliding_window_cache=int kv_cache_bit_width=int "
           "k_quant_type=string v_quant_type=string"}),
      makeContribRow(
          "MultiHeadAttention", buildMultiHeadAttention,
          {"query key? value? bias? key_padding_mask? attention_bias? "
           "past_key? past_value? past_sequence_length? cache_indirection?",
           "output present_key? present_value? qk?",
           "num_heads=int! scale=float mask_filter_value=float "
           "unidirectional=int"}),
      makeContribRow(
          "QAttention", buildQAttention,
          {"input weight bias input_scale weight_scale mask_index? "
           "input_zero_point? weight_zero_point? past?",
           "output present?",
           "num_heads=int! scale=float mask_filter_value=float do_rotary=int "
           "past_present_share_buffer=int unidirectional=int"}),
  };
  return rows;
}
