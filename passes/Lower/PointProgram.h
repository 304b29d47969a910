//===- PointProgram.h - what is computed at one point -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pull model: the element of a value at a point of an iteration space, as a
// directed acyclic graph of nodes that ends in loads, constants and *seeds*
// (values the emitter computes itself: an accumulator, a reduction).
// Index-mapping operations vanish into the linear forms of the loads. A
// PointEmitter then computes nodes for a vector of points along one dimension.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_POINTPROGRAM_H
#define SINTER_PASSES_LOWER_POINTPROGRAM_H

#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/OperandView.h"
#include "llvm/ADT/BitVector.h"

namespace sinter {

/// A linear form plus `coefficient * value` of index nodes.
struct IndexExpr {
  LinearForm form;
  llvm::SmallVector<std::pair<unsigned, nn::SizeAttr>, 2> terms;

  IndexExpr operator*(nn::SizeAttr factor) const;
  IndexExpr operator+(const IndexExpr &other) const;
  IndexExpr operator+(nn::SizeAttr summand) const;
  bool operator==(const IndexExpr &other) const {
    return form == other.form && terms == other.terms;
  }
};

/// The scalar that an nn.weight holds itself (dense, one element); else null.
mlir::TypedAttr getScalarConstant(mlir::Value value);

/// One node. What `exprs`, `operands`, `sizes` and `ints` hold follows from
/// the kind. Index nodes have values of type index, a scalar where all lanes
/// agree; they occur as terms of IndexExpr only.
struct PointNode {
  enum class Kind {
    Load,         ///< element of `argument` at offset exprs[0]
    Constant,     ///< the scalar `attribute`
    Seed,         ///< `value` as given to the emitter
    Elementwise,  ///< `op` on operands
    Position,     ///< exprs[0] as a value of the element type
    SizeList,     ///< sizes[exprs[0]] as a value of the element type
    InRange,      ///< i1: 0 <= exprs[i] < sizes[i] for all i
    Select,       ///< operands[0] ? operands[1] : operands[2]
    Weighted,     ///< sum of operands[2i] * operands[2i+1]
    ResizeWeight, ///< weight of tap ints[1] of `op` along dimension ints[0] at
                  ///< the output index exprs[0]
    ResizeIndex,  ///< index: input index of that tap
    GatherIndex,  ///< index: operands[0] wrapped, checked against sizes[0]
    PadIndex, ///< index: exprs[0] brought into [0, sizes[0]) by mode ints[0]
  };
  Kind kind;
  mlir::Operation *op = nullptr;
  mlir::Value value;
  mlir::BlockArgument argument;
  mlir::TypedAttr attribute;
  mlir::Type elementType;
  llvm::SmallVector<unsigned, 4> operands;
  llvm::SmallVector<IndexExpr, 1> exprs;
  llvm::SmallVector<nn::SizeAttr, 1> sizes;
  llvm::SmallVector<int64_t, 2> ints;
  /// The dimensions of the space that the node's value depends on.
  llvm::BitVector dims;

  explicit PointNode(Kind kind) : kind(kind) {}
  bool isSame(const PointNode &other) const;
};

/// The nodes needed for some values over a space. A node comes after the nodes
/// it uses.
class PointProgram {
public:
  /// `sizes` is the iteration space.
  PointProgram(mlir::MLIRContext *context, llvm::ArrayRef<nn::SizeAttr> sizes);

  /// Declares that the emitter gives `value` itself, whatever the indices.
  /// `dims`: the dimensions it depends on (default all).
  void addSeed(mlir::Value value);
  void addSeed(mlir::Value value, llvm::BitVector dims);
  /// In this program the nn.concat `op` is its operand `operand` alone, whose
  /// index along the axis is the result's minus `offset`.
  void chooseConcatOperand(mlir::Operation *op, unsigned operand,
                           nn::SizeAttr offset);

  /// Adds what is needed to compute `value` where its dimensions have
  /// `indices`; the same value at the same indices gives the same node.
  /// Emits an error and fails for what the pull model cannot express.
  mlir::FailureOr<unsigned> add(mlir::Value value, const Indices &indices);
  /// For a value whose shape is that of the space, or broadcasts to it. Before
  /// `collapse` only.
  mlir::FailureOr<unsigned> add(mlir::Value value);

  mlir::MLIRContext *getContext() const { return context; }
  llvm::ArrayRef<nn::SizeAttr> getSizes() const { return sizes; }
  unsigned getRank() const { return sizes.size(); }
  llvm::ArrayRef<PointNode> getNodes() const { return nodes; }
  const PointNode &operator[](unsigned node) const { return nodes[node]; }
  /// The indices at which `value` is used; before `collapse` only.
  llvm::SmallVector<llvm::SmallVector<IndexExpr>>
  getIndices(mlir::Value value) const;
  /// The nodes under `roots`, these included.
  llvm::BitVector getReachable(llvm::ArrayRef<unsigned> roots) const;
  /// All linear forms in use, for collapseDimensions.
  llvm::SmallVector<LinearForm> getForms() const;
  /// Rewrites all forms to the space whose dimensions are the runs (see
  /// collapseDimensions) of this one. Without runs one dimension of size 1.
  void collapse(llvm::ArrayRef<std::pair<unsigned, unsigned>> runs);

private:
  friend class PointProgramBuilder;
  unsigned insert(PointNode node);
  void computeDims(PointNode &node) const;

  mlir::MLIRContext *context;
  llvm::SmallVector<nn::SizeAttr> sizes;
  std::vector<PointNode> nodes;
  llvm::DenseMap<mlir::Value, llvm::BitVector> seeds;
  llvm::DenseMap<mlir::Operation *, std::pair<unsigned, nn::SizeAttr>> choices;
  /// Nodes of a value, with the indices they were made for.
  llvm::DenseMap<mlir::Value,
                 std::vector<std::pair<llvm::SmallVector<IndexExpr>, unsigned>>>
      known;
};

/// Rewrites a form to the collapsed space.
LinearForm collapseForm(const LinearForm &form,
                        llvm::ArrayRef<nn::SizeAttr> sizes,
                        llvm::ArrayRef<std::pair<unsigned, unsigned>> runs);
/// Sizes of the collapsed space.
llvm::SmallVector<nn::SizeAttr>
collapseSizes(mlir::MLIRContext *context, llvm::ArrayRef<nn::SizeAttr> sizes,
              llvm::ArrayRef<std::pair<unsigned, unsigned>> runs);

/// Where nodes are evaluated.
struct Point {
  /// Index of each dimension of the space; for `vectorDim` that of lane 0.
  llvm::SmallVector<mlir::Value, 4> indices;
  /// The dimension along which lanes advance by 1; -1: all lanes alike.
  int vectorDim = -1;
  /// Lanes that exist; null: all.
  mlir::Value mask;
};

/// Emits nodes as vectors of `lanes` elements in their compute types. Nodes
/// that do not depend on the vector dimension can be computed ahead, outside
/// of the inner loop, by `emitInvariant`.
class PointEmitter {
public:
  PointEmitter(KernelBuilder &builder, const PointProgram &program)
      : kb(builder), program(program) {}

  /// The value of a seed for the evaluations that follow (a vector, or a scalar
  /// that is broadcast).
  void setSeed(mlir::Value seed, mlir::Value value) { seeds[seed] = value; }
  /// Computes at the insertion point all nodes under `roots` that do not
  /// depend on the dimensions `later` (default: `point.vectorDim`) nor on seeds
  /// that have no value yet, and keeps them for the evaluations that follow,
  /// until the next call.
  void emitInvariant(llvm::ArrayRef<unsigned> roots, const Point &point,
                     const llvm::BitVector &later = {});
  /// Forgets what was computed for the last point and starts another.
  void startPoint(const Point &point);
  /// The value of `node` at the point.
  mlir::Value emit(unsigned node);
  /// Gives `node` a value for this point, instead of computing it.
  void setNode(unsigned node, mlir::Value value) { current[node] = value; }

private:
  /// An index: `uniform + lane * stride + varying[lane]`.
  struct LaneIndex {
    mlir::Value uniform;
    nn::SizeAttr stride;
    mlir::Value varying;
  };
  mlir::Value find(unsigned node) const;
  void computeUnder(llvm::ArrayRef<unsigned> roots,
                    llvm::function_ref<bool(const PointNode &)> wanted,
                    llvm::DenseMap<unsigned, mlir::Value> &results);
  LaneIndex evaluate(const IndexExpr &expr);
  bool isUniform(const LaneIndex &index) const;
  mlir::Value asVector(const LaneIndex &index);
  mlir::Value asIndexValue(const LaneIndex &index);

  mlir::Value compute(unsigned number, const PointNode &node);
  mlir::Value computeLoad(const PointNode &node);
  mlir::Value computePosition(const PointNode &node);
  mlir::Value computeSizeList(const PointNode &node);
  mlir::Value computeInRange(const PointNode &node);
  mlir::Value computeWeighted(const PointNode &node);
  mlir::Value computeGatherIndex(const PointNode &node);
  mlir::Value computePadIndex(const PointNode &node);
  /// Coordinate in the input of a resize (f32 vector), not yet rounded.
  mlir::Value computeResizeCoordinate(const PointNode &node);
  mlir::Value computeResizeWeight(const PointNode &node);
  mlir::Value computeResizeIndex(const PointNode &node);

  KernelBuilder &kb;
  const PointProgram &program;
  Point point;
  llvm::DenseMap<mlir::Value, mlir::Value> seeds;
  llvm::DenseMap<unsigned, mlir::Value> invariant, current;
};

} // namespace sinter

#endif // SINTER_PASSES_LOWER_POINTPROGRAM_H
