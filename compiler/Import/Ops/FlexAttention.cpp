//===- FlexAttention.cpp - attention with graphs for scores and weights ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Heads.h"

using namespace mlir;
using namespace sinter;

/// `x` after the graph that the attribute `name` holds, which keeps its shape.
static FailureOr<Term> applyGraph(NodeContext &node, StringRef name, Term x) {
  const onnx::Attribute *attribute = node.findAttribute(name);
  if (!attribute || attribute->graphs.empty())
    return x;
  ImportedValue input;
  input.value = x;
  input.type = x.getType();
  auto outputs =
      node.getImporter().importGraph(*attribute->graphs.front(), input, node);
  if (failed(outputs))
    return failure();
  if (outputs->size() != 1 || !outputs->front().type ||
      outputs->front().type != x.getType())
    return failure(failed(node.invalid(
        "one result of '" + name + "' with the type of its input",
        outputs->size() == 1 ? "another type"
                             : std::to_string(outputs->size()) + " results")));
  return Term(node, node.getImporter().materialize(outputs->front(),
                                                   node.getLocation()));
}

/// Scores and weights are in 'softmax_precision', float by default.
static LogicalResult buildFlexAttention(NodeContext &node) {
  for (unsigned index = 0; index < 3; ++index)
    if (node.getRank(index) != 4)
      return node.invalid("queries, keys and values of rank 4",
                          "rank " + Twine(node.getRank(index)));
  Term query = Term::input(node, 0), key = Term::input(node, 1),
       value = Term::input(node, 2);
  Type type = query.getElementType();
  Type precision =
      node.getImporter().getElementType(static_cast<onnx::ElementType>(
          node.getInt("softmax_precision", type.isF64() ? 11 : 1)));
  std::optional<int64_t> heads = query.getSize(1).getConstant(),
                         groups = key.getSize(1).getConstant();
  if (!isa_and_nonnull<FloatType>(precision))
    return node.invalid("a 'softmax_precision' of floats", "another type");
  if (!heads || !groups || *groups < 1 || *heads % *groups != 0)
    return node.invalid("heads of queries that are a multiple of those of keys",
                        nn::toString(query.getSize(1)) + " and " +
                            nn::toString(key.getSize(1)));
  AttentionForm form;
  Term size = Term::size(node, query.getSize(3), precision);
  query = query.cast(precision);
  double scale = node.getFloat("scale", 0);
  query = scale != 0 ? query * scale : query / size.sqrt();
  bool hasFailed = false;
  auto modify = [&](StringRef name) {
    return [&, name](Term x) {
      FailureOr<Term> result = applyGraph(node, name, x);
      hasFailed |= failed(result);
      return failed(result) ? x : *result;
    };
  };
  form.modifyScores = modify("score_mod");
  form.modifyWeights = modify("prob_mod");
  Term result = attend(query, key.cast(precision), value.cast(precision), form);
  return hasFailed ? failure() : node.setOutput(0, result.cast(type));
}

ArrayRef<OpRow> sinter::getFlexAttentionRows() {
  static const OpRow rows[] = {{"FlexAttention", buildFlexAttention, nullptr, 1,
                                INT64_MAX, "ai.onnx.preview"}};
  return rows;
}
