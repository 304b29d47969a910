//===- Heads.cpp - attention over heads -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Heads.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

FailureOr<Term> sinter::splitHeads(Term x, int64_t heads) {
  NodeContext &node = x.getNode();
  SmallVector<SizeAttr> sizes = x.getSizes();
  SizeAttr head;
  if (sizes.size() == 3 && heads > 0)
    head = nn::divideExactly(sizes[2], node.getSize(heads));
  if (!head)
    return failure(failed(node.invalid("a tensor [batch, length, " +
                                           Twine(heads) + " heads * size]",
                                       nn::toString(sizes))));
  return x.reshape({sizes[0], sizes[1], node.getSize(heads), head})
      .transpose({0, 2, 1, 3});
}

Term sinter::mergeHeads(Term x) {
  SmallVector<SizeAttr> sizes = x.getSizes();
  return x.transpose({0, 2, 1, 3})
      .reshape({sizes[0], sizes[2], nn::mul(sizes[1], sizes[3])});
}

Term sinter::attend(Term query, Term key, Term value,
                    const AttentionForm &form) {
  SmallVector<SizeAttr> sizes = query.getSizes();
  SizeAttr batch = sizes[0], heads = sizes[1], length = sizes[2],
           groups = key.getSize(1), keys = key.getSize(2);
  // Queries that share keys are rows of one product.
  SizeAttr share = nn::floorDiv(heads, groups);
  SizeAttr rows = nn::mul(share, length);
  Term scores = query.reshape({batch, groups, rows, sizes[3]})
                    .matmul(key.transposeMatrix())
                    .reshape({batch, heads, length, keys});
  if (form.scale != 1)
    scores = scores * form.scale;
  if (form.softcap != 0)
    scores = form.softcap * (scores / form.softcap).tanh();
  if (form.bias)
    scores = scores + form.bias;
  if (form.visible)
    scores = std::isinf(form.hidden)
                 ? form.visible.select(scores, scores.like(form.hidden))
                 : scores + form.visible.select(scores.like(0),
                                                scores.like(form.hidden));
  if (form.modifyScores)
    scores = form.modifyScores(scores);
  Term largest = scores.maximum(3);
  if (form.sink)
    largest = largest.max(form.sink);
  Term exponential = (scores - largest).exp(), sum = exponential.sum(3);
  if (form.sink)
    sum = sum + (form.sink - largest).exp();
  Term weights = exponential / sum;
  if (form.modifyWeights)
    weights = form.modifyWeights(weights);
  return weights.reshape({batch, groups, rows, keys})
      .matmul(value)
      .reshape({batch, heads, length, value.getSize(3)});
}

Term sinter::makeCausal(NodeContext &node, SizeAttr queries, SizeAttr keys,
                        Term past) {
  Type i64 = IntegerType::get(node.getContext(), 64);
  Term query = Term::iota(node, queries, i64, 2, 4);
  return Term::iota(node, keys, i64, 3, 4) <= query + past;
}

Term sinter::rotate(Term x, Term cosines, Term sines, bool isInterleaved) {
  NodeContext &node = x.getNode();
  SmallVector<SizeAttr> sizes = x.getSizes();
  SizeAttr half = cosines.getSize(3), count = nn::mul(half, 2);
  SizeAttr zero = node.getSize(0), two = node.getSize(2);
  Term turned = x.slice(3, zero, count);
  Term first, second;
  if (isInterleaved) {
    Term pairs = turned.reshape({sizes[0], sizes[1], sizes[2], half, two});
    first = pairs.slice(4, 0, 1).squeeze(4);
    second = pairs.slice(4, 1, 1).squeeze(4);
  } else {
    first = turned.slice(3, zero, half);
    second = turned.slice(3, half, half);
  }
  Term re = first * cosines - second * sines,
       im = second * cosines + first * sines;
  Term result = isInterleaved
                    ? re.unsqueeze(4)
                          .concat(im.unsqueeze(4), 4)
                          .reshape({sizes[0], sizes[1], sizes[2], count})
                    : re.concat(im, 3);
  if (count == sizes[3])
    return result;
  return result.concat(x.slice(3, count, nn::sub(sizes[3], count)), 3);
}
