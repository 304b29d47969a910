//===- GroupQuery.cpp - attention with a cache of its own -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes in the letters of Heads.h; P is the length of the cache before. Where
// there is a cache, an element b of the batch has used `past[b]` places of it:
// all its keys but the S new ones, or none where all keys are new.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Contrib/GroupQuery.h"
#include "compiler/Import/Ops/Heads.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

class GroupQueryAttention {
public:
  explicit GroupQueryAttention(NodeContext &node)
      : node(node), heads(node.getInt("num_heads", 0)),
        groups(node.getInt("kv_num_heads", 0)),
        i64(IntegerType::get(node.getContext(), 64)) {}

  LogicalResult build();

private:
  LogicalResult refuseForms();
  LogicalResult readInputs();
  LogicalResult readLengths();
  /// Divides each head by its root mean square, and multiplies by a weight.
  Term normalizeHeads(Term x, unsigned weight);
  LogicalResult rotateInputs();
  /// The cache with the new keys or values x [B, G, S, D]: [B, G, T, D].
  Term update(Term x, unsigned pastIndex);
  AttentionForm makeForm();

  NodeContext &node;
  int64_t heads, groups;
  Type i64;
  Term query, key, value;
  /// How many keys each element has had before: [B, 1, 1, 1].
  Term past;
  SizeAttr length, total;
};

} // namespace

LogicalResult GroupQueryAttention::refuseForms() {
  auto refuse = [&](StringRef what) {
    return node.unsupported("GroupQueryAttention without " + what,
                            "a node with it",
                            "export the model without " + what);
  };
  if (node.getInt("sliding_window_cache", 0) != 0)
    return refuse("a cache of the size of the window");
  if (node.hasInput(12) || node.hasInput(13))
    return refuse("a quantized cache");
  if (node.hasOutput(3))
    return refuse("scores as an output");
  if (heads <= 0 || groups <= 0 || heads % groups != 0)
    return node.invalid("'num_heads' that is a multiple of 'kv_num_heads'",
                        Twine(heads) + " and " + Twine(groups));
  for (unsigned index : {3U, 4U})
    if (node.hasInput(index) && node.getRank(index) != 4)
      return node.invalid("a cache of rank 4",
                          "rank " + Twine(node.getRank(index)));
  return success();
}

LogicalResult GroupQueryAttention::readInputs() {
  Term packed = Term::input(node, 0);
  SmallVector<Term, 4> parts{packed};
  if (node.hasInput(1) != node.hasInput(2))
    return node.invalid("keys and values, or none of both", "one of them");
  if (node.hasInput(1)) {
    parts.push_back(Term::input(node, 1));
    parts.push_back(Term::input(node, 2));
  } else {
    SizeAttr size;
    if (packed.getRank() == 3)
      size = nn::divideExactly(packed.getSize(2),
                               node.getSize(heads + 2 * groups));
    if (!size)
      return node.invalid("a query with " + Twine(heads + 2 * groups) +
                              " heads in its last dimension",
                          nn::toString(packed.getSizes()));
    parts = packed.split(2, {nn::mul(size, heads), nn::mul(size, groups),
                             nn::mul(size, groups)});
  }
  Term *results[] = {&query, &key, &value};
  int64_t counts[] = {heads, groups, groups};
  for (auto [part, result, count] : llvm::zip_equal(parts, results, counts)) {
    auto split = splitHeads(part, count);
    if (failed(split))
      return failure();
    *result = *split;
  }
  length = query.getSize(2);
  return success();
}

LogicalResult GroupQueryAttention::readLengths() {
  FailureOr<SizeAttr> given = node.readSize(6, "total_sequence_length");
  if (failed(given))
    return failure();
  total = *given;
  SizeAttr one = node.getSize(1), batch = query.getSize(0);
  Term count =
      Term::input(node, 5).cast(i64).reshape({batch, one, one, one}) + 1;
  Term isPrompt =
      Term::size(node, length, i64).equals(Term::size(node, total, i64));
  past = isPrompt.select(count.like(0), count - Term::size(node, length, i64));
  if (node.hasInput(3))
    total = nn::max(total, node.getSizes(3)[2]);
  return success();
}

Term GroupQueryAttention::normalizeHeads(Term x, unsigned weight) {
  if (!node.hasInput(weight))
    return x;
  Term square = (x * x).mean(3) + node.getFloat("qk_norm_epsilon", 1e-6f);
  return x / square.sqrt() * Term::input(node, weight);
}

LogicalResult GroupQueryAttention::rotateInputs() {
  query = normalizeHeads(query, 14);
  key = normalizeHeads(key, 15);
  if (node.getInt("do_rotary", 0) == 0)
    return success();
  if (!node.hasInput(7) || !node.hasInput(8))
    return node.invalid("cosines and sines for 'do_rotary'", "none");
  SizeAttr batch = query.getSize(0);
  Term positions = node.hasInput(9) ? Term::input(node, 9).cast(i64)
                                    : past.reshape({batch, node.getSize(1)}) +
                                          Term::iota(node, length, i64, 1, 2);
  Term cosines = Term::input(node, 7).gather(positions, 0).unsqueeze(1),
       sines = Term::input(node, 8).gather(positions, 0).unsqueeze(1);
  bool isInterleaved = node.getInt("rotary_interleaved", 0) != 0;
  query = rotate(query, cosines, sines, isInterleaved);
  key = rotate(key, cosines, sines, isInterleaved);
  return success();
}

Term GroupQueryAttention::update(Term x, unsigned pastIndex) {
  if (!node.hasInput(pastIndex))
    return x.pad(2, node.getSize(0), nn::sub(total, length));
  SmallVector<SizeAttr> sizes = x.getSizes();
  SizeAttr batch = sizes[0], one = node.getSize(1);
  // Place t of the cache has the new element t - past, if that is one.
  Term place = Term::iota(node, total, i64, 2, 4) - past;
  Term last = Term::size(node, nn::add(length, -1), i64);
  Term inside = place.max(0).min(last).reshape({batch, total});
  Term row =
      Term::iota(node, batch, i64, 0, 2) * Term::size(node, length, i64) +
      inside;
  Term fresh = x.transpose({0, 2, 1, 3})
                   .reshape({nn::mul(batch, length), sizes[1], sizes[3]})
                   .gather(row, 0)
                   .transpose({0, 2, 1, 3});
  Term before = Term::input(node, pastIndex);
  before = before.pad(2, node.getSize(0), nn::sub(total, before.getSize(2)));
  Term isNew =
      place < Term::size(node, length, i64).reshape({one, one, one, one});
  return (place < 0).select(before, isNew.select(fresh, fresh.like(0)));
}

AttentionForm GroupQueryAttention::makeForm() {
  AttentionForm form;
  std::optional<int64_t> size = query.getSize(3).getConstant();
  double scale = node.getFloat("scale", 0);
  form.scale = scale != 0 ? scale
               : size     ? 1 / std::sqrt(static_cast<double>(*size))
                          : 1;
  form.softcap = node.getFloat("softcap", 0);
  form.bias = Term::input(node, 10);
  Term place = Term::iota(node, total, i64, 3, 4);
  Term now = Term::iota(node, length, i64, 2, 4) + past;
  bool isCausal = node.getInt("causal", 1) != 0;
  form.visible =
      isCausal ? place <= now : place < past + Term::size(node, length, i64);
  if (int64_t window = node.getInt("local_window_size", -1); window > 0)
    form.visible = form.visible & (now - static_cast<double>(window) < place);
  if (node.hasInput(11))
    form.sink = Term::input(node, 11).reshape(
        {node.getSize(heads), node.getSize(1), node.getSize(1)});
  else if (node.getInt("smooth_softmax", 0) != 0)
    form.sink = query.like(0);
  return form;
}

LogicalResult GroupQueryAttention::build() {
  if (failed(refuseForms()) || failed(readInputs()) || failed(readLengths()) ||
      failed(rotateInputs()))
    return failure();
  if (!query.getSize(3).getConstant() && node.getFloat("scale", 0) == 0)
    return node.unsupported(
        "heads of a known size", nn::toString(query.getSize(3)),
        "give the attribute 'scale', or fix the dimension with --dim");
  key = update(key, 3);
  value = update(value, 4);
  if (failed(node.setOutput(1, key)) || failed(node.setOutput(2, value)))
    return failure();
  return node.setOutput(0, mergeHeads(attend(query, key, value, makeForm())));
}

LogicalResult sinter::buildGroupQueryAttention(NodeContext &node) {
  return GroupQueryAttention(node).build();
}
