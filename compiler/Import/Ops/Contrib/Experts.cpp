//===- Experts.cpp - mixtures of experts ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MoE and QMoE of com.microsoft. Every token goes through every expert, and the
// results of those that the router does not choose weigh nothing: no size
// depends on data. T tokens, E experts, H and I the sizes of a token and of
// what is inside of an expert.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Contrib/Blocks.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

/// A layer of all experts: weights [E, outputs, inputs], bias [E, outputs].
struct Layer {
  Term weights, bias;

  /// x [.., T, inputs] to [E, T, outputs].
  Term apply(Term x) const {
    Term product = x.matmul(weights.transposeMatrix());
    return bias ? product + bias.unsqueeze(1) : product;
  }
};

} // namespace

/// How much each expert counts for each token, [T, E]: its probability (or its
/// entry of `mix`) where it is one of the k with the largest, else 0.
static FailureOr<Term> route(NodeContext &node, Term scores, Term mix) {
  int64_t k = node.getInt("k", 1);
  std::optional<int64_t> experts = scores.getSize(1).getConstant();
  if (!experts || k < 1 || k > *experts)
    return failure(
        failed(node.invalid("'k' from 1 to the number of experts", Twine(k))));
  if (node.getInt("use_sparse_mixer", 0) != 0)
    return failure(failed(node.unsupported(
        "a router that takes the k best experts", "'use_sparse_mixer'",
        "export the model without the sparse mixer")));
  Term probability = scores.softmax(1), rest = probability, chosen;
  for (int64_t round = 0; round < k; ++round) {
    Term best = rest.argMax(1);
    Term isBest =
        Term::iota(node, scores.getSize(1), best.getElementType(), 1, 2)
            .equals(best);
    chosen = chosen ? chosen | isBest : isBest;
    rest = isBest.select(rest.like(-1), rest);
  }
  Term weights = chosen.select(mix ? mix : probability, probability.like(0));
  return node.getInt("normalize_routing_weights", 0) != 0
             ? weights / weights.sum(1)
             : weights;
}

/// The activation of a first layer's result x [E, T, ..], times `gate` where
/// the experts have a third layer.
static FailureOr<Term> activate(NodeContext &node, Term x, Term gate) {
  StringRef type = node.getString("activation_type", "relu");
  if (type == "swiglu") {
    Term linear = gate;
    int64_t fusion = node.getInt("swiglu_fusion", 0);
    SizeAttr half = nn::divideExactly(x.getSize(2), node.getSize(2));
    bool hasBoth = fusion == 0 ? bool(gate) : bool(half);
    if (!hasBoth)
      return failure(
          failed(node.invalid("a third layer, or a first one of twice the size",
                              "'swiglu_fusion' " + Twine(fusion))));
    if (fusion == 1) {
      linear = x.slice(2, node.getSize(1), half, 2);
      x = x.slice(2, node.getSize(0), half, 2);
    } else if (fusion == 2) {
      linear = x.slice(2, half, half);
      x = x.slice(2, node.getSize(0), half);
    }
    double limit = node.getFloat("swiglu_limit", INFINITY);
    if (std::isfinite(limit)) {
      x = x.min(limit);
      linear = linear.clamp(-limit, limit);
    }
    double alpha = node.getFloat("activation_alpha", 1),
           beta = node.getFloat("activation_beta", 0);
    return x * (alpha * x).sigmoid() * (linear + beta);
  }
  Term result;
  if (type == "relu")
    result = x.relu();
  else if (type == "silu")
    result = x * x.sigmoid();
  else if (type == "gelu")
    // By the hyperbolic tangent, as ONNX Runtime does.
    result = 0.5 * x *
             (1 + (std::sqrt(2 / M_PI) * (x + 0.044715 * (x * x * x))).tanh());
  else if (type == "identity")
    result = x;
  else
    return failure(failed(node.invalid(
        "'activation_type' relu, gelu, silu, swiglu or identity", type)));
  return gate ? result * gate : result;
}

/// What both operators do with the layers.
static LogicalResult mixExperts(NodeContext &node, Term mix, Layer first,
                                Layer second, Layer third) {
  Term input = Term::input(node, 0), scores = Term::input(node, 1);
  SmallVector<SizeAttr> sizes = input.getSizes();
  if (sizes.size() < 2 || scores.getRank() != 2)
    return node.invalid("tokens of rank 2 or 3 and a router of rank 2",
                        "ranks " + Twine(sizes.size()) + " and " +
                            Twine(scores.getRank()));
  SizeAttr tokens = nn::product(node.getContext(), ArrayRef(sizes).drop_back());
  Term x = input.reshape({tokens, sizes.back()});
  FailureOr<Term> weights = route(node, scores, mix);
  if (failed(weights))
    return failure();
  Term gate = third.weights ? third.apply(x) : Term();
  FailureOr<Term> inner = activate(node, first.apply(x), gate);
  if (failed(inner))
    return failure();
  Term results = second.apply(*inner);
  Term mixed = (results * weights->transpose({1, 0}).unsqueeze(2)).sum(0);
  return node.setOutput(0, mixed.reshape(sizes));
}

/// A layer whose inputs are plain numbers.
static FailureOr<Layer> readLayer(NodeContext &node, unsigned weights,
                                  unsigned bias) {
  Layer layer{Term::input(node, weights), Term::input(node, bias)};
  if ((layer.weights && layer.weights.getRank() != 3) ||
      (layer.bias && layer.bias.getRank() != 2))
    return failure(
        failed(node.invalid("weights of rank 3 and a bias of rank 2 of all "
                            "experts",
                            "other ranks")));
  return layer;
}

static LogicalResult buildMoE(NodeContext &node) {
  FailureOr<Layer> first = readLayer(node, 2, 3),
                   second = readLayer(node, 4, 5),
                   third = readLayer(node, 6, 7);
  if (failed(first) || failed(second) || failed(third))
    return failure();
  return mixExperts(node, Term(), *first, *second, *third);
}

/// A layer of packed weights [E, outputs, inputs * bits / 8]. Scales are for
/// each output, [E, outputs], or for blocks, [E, outputs, blocks]; zero points
/// are packed as the weights, along the last dimension of the scales.
static FailureOr<Layer> readPackedLayer(NodeContext &node, unsigned weights,
                                        unsigned zeroIndex,
                                        StringRef bitsName) {
  FailureOr<Layer> layer = readLayer(node, weights, weights + 2);
  if (failed(layer) || !layer->weights)
    return layer;
  int64_t bits = node.getInt(bitsName, node.getInt("expert_weight_bits", 4));
  if (bits != 2 && bits != 4 && bits != 8)
    return failure(
        failed(node.invalid("experts of 2, 4 or 8 bits", Twine(bits))));
  if (!node.hasInput(weights + 1))
    return failure(failed(node.invalid("scales of the weights", "none")));
  Term scales = Term::input(node, weights + 1),
       zero = Term::input(node, zeroIndex);
  int64_t rank = scales.getRank();
  Type type = node.getElementType(0);
  SizeAttr depth = nn::mul(layer->weights.getSize(2), 8 / bits);
  std::optional<int64_t> count = depth.getConstant(),
                         blocks = scales.getSize(-1).getConstant();
  bool isBlocked = rank == 3;
  if (rank < 2 || rank > 3 || (zero && zero.getRank() != rank) ||
      (isBlocked && (!count || !blocks || *count % *blocks != 0)))
    return failure(failed(node.invalid(
        "scales of rank 2, or of rank 3 for blocks that divide the inputs",
        nn::toString(scales.getSizes()))));
  auto spread = [&](Term t) {
    return isBlocked ? repeatBlocks(t, 2, *count / *blocks, depth)
                     : t.unsqueeze(2);
  };
  Term values = unpackBytes(layer->weights, bits, depth, type);
  if (zero)
    values = values - spread(unpackBytes(zero, bits, scales.getSize(-1), type));
  else
    values = values - static_cast<double>(int64_t(1) << (bits - 1));
  layer->weights = values * spread(scales.cast(type));
  return layer;
}

static LogicalResult buildQMoE(NodeContext &node) {
  StringRef kind = node.getString("quant_type", "int");
  if (kind != "int")
    return node.unsupported("experts quantized to integers",
                            "'quant_type' " + kind,
                            "quantize the experts with 'quant_type' int");
  FailureOr<Layer> first =
      readPackedLayer(node, 2, 11, "fc1_expert_weight_bits");
  if (failed(first))
    return failure();
  FailureOr<Layer> second =
      readPackedLayer(node, 5, 12, "fc2_expert_weight_bits");
  if (failed(second))
    return failure();
  FailureOr<Layer> third =
      readPackedLayer(node, 8, 13, "fc3_expert_weight_bits");
  if (failed(third))
    return failure();
  return mixExperts(node, Term::input(node, 14), *first, *second, *third);
}

ArrayRef<OpRow> sinter::getContribExpertRows() {
  static const OpRow rows[] = {
      makeContribRow(
          "MoE", buildMoE,
          {"input router_probs fc1_experts_weights fc1_experts_bias? "
           "fc2_experts_weights fc2_experts_bias? fc3_experts_weights? "
           "fc3_experts_bias?",
           "output",
           "activation_type=string activation_alpha=float "
           "activation_beta=float k=int normalize_routing_weights=int "
           "swiglu_fusion=int swiglu_limit=float use_sparse_mixer=int"}),
      makeContribRow(
          "QMoE", buildQMoE,
          {"input router_probs fc1_experts_weights fc1_scales? "
           "fc1_experts_bias? fc2_experts_weights fc2_scales? "
           "fc2_experts_bias? fc3_experts_weights? fc3_scales? "
           "fc3_experts_bias? fc1_zero_points? fc2_zero_points? "
           "fc3_zero_points? router_weights? fc1_global_scale? "
           "fc2_global_scale? fc1_act_scale? fc2_act_scale? "
           "fc1_act_block_scale? fc2_act_block_scale?",
           "output",
           "activation_type=string activation_alpha=float "
           "activation_beta=float accuracy_level=int block_size=int "
           "expert_weight_bits=int fc1_expert_weight_bits=int "
           "fc2_expert_weight_bits=int fc3_expert_weight_bits=int k=int "
           "normalize_routing_weights=int quant_type=string swiglu_fusion=int "
           "swiglu_limit=float use_sparse_mixer=int weights_prepacked=int"}),
  };
  return rows;
}
