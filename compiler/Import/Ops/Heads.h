//===- Heads.h - attention over heads ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the attention operators share. Shapes are in these letters: B batch, S
// and T positions of queries and of keys, N heads of queries, G heads of keys
// and values, D and E the sizes of a head of keys and of values.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_HEADS_H
#define SINTER_COMPILER_IMPORT_OPS_HEADS_H

#include "compiler/Import/Ops/Term.h"
#include <functional>
#include <limits>

namespace sinter {

/// [B, S, N * D] as [B, N, S, D]. Failure, reported, where the rank is not 3 or
/// `heads` does not divide the last dimension.
mlir::FailureOr<Term> splitHeads(Term x, int64_t heads);
/// [B, N, S, E] as [B, S, N * E].
Term mergeHeads(Term x);

/// How scores become weights; terms that are absent have no effect.
struct AttentionForm {
  double scale = 1;
  /// Scores s become softcap * tanh(s / softcap); 0 for none.
  double softcap = 0;
  /// Added to scores; broadcasts to [B, N, S, T].
  Term bias;
  /// Which keys a query sees; truth values that broadcast to [B, N, S, T].
  Term visible;
  /// What is added to the scores of keys that are not seen. Minus infinity
  /// leaves them out.
  double hidden = -std::numeric_limits<double>::infinity();
  /// A further score of each query whose value is zero: [N, 1, 1], or one.
  Term sink;
  /// What is done to scores before the softmax, and to weights after it.
  std::function<Term(Term)> modifyScores, modifyWeights;
};

/// softmax(form(query * key')) * value, as [B, N, S, E]: query [B, N, S, D],
/// key [B, G, T, D], value [B, G, T, E], where G divides N.
Term attend(Term query, Term key, Term value, const AttentionForm &form);

/// Which keys come no later than the query: position j of T is seen from
/// position i of S where j <= i + `past`, which broadcasts to [B, 1, 1, 1].
Term makeCausal(NodeContext &node, nn::SizeAttr queries, nn::SizeAttr keys,
                Term past);

/// Rotates the first `count` elements of each head of x [B, N, S, D] by the
/// angles of its position (Su et al.: RoFormer, 2021); pairs are neighbours
/// where `isInterleaved`, else elements of both halves. Cosines and sines are
/// [B or 1, 1, S, count / 2].
Term rotate(Term x, Term cosines, Term sines, bool isInterleaved);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_HEADS_H
