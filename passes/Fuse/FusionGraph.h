//===- FusionGraph.h - operations and the groups they are in ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations of a block as a graph whose nodes are *units*: a group, or an
// operation that is in none. A step of fusion is legal if the graph of units
// stays free of cycles; this class decides that.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_FUSIONGRAPH_H
#define SINTER_PASSES_FUSE_FUSIONGRAPH_H

#include "passes/Fuse/OpClasses.h"
#include "llvm/ADT/MapVector.h"

namespace sinter::fuse {

/// Operations that will be one kernel. Members are in block order.
struct Group {
  kernel::Kind kind;
  llvm::SmallVector<mlir::Operation *> ops;
};

/// The operations of a block except constants and the terminator. Operations
/// are known by their index in block order; what is inside the bodies of one
/// belongs to it.
class FusionGraph {
public:
  explicit FusionGraph(mlir::Block &block);

  /// All operations in block order.
  llvm::ArrayRef<mlir::Operation *> getOps() const { return ops; }
  /// The place of `op` in block order, or nothing for one that is no node.
  std::optional<unsigned> getIndex(mlir::Operation *op) const;
  /// The part of the block between two barriers that `op`, a node, is in.
  unsigned getSegment(mlir::Operation *op) const {
    return segments[*getIndex(op)];
  }
  /// Whether `op` is a node that no group holds yet and that may enter one.
  bool isFree(mlir::Operation *op) const;

  /// Opens a group that holds `root`; returns its number.
  unsigned open(kernel::Kind kind, mlir::Operation *root);
  /// Whether `op` could enter the group: no barrier is between them, and no
  /// path from the one to the other leads through a third unit (a cycle of
  /// units).
  bool canAdd(unsigned group, mlir::Operation *op) const;
  /// Puts the free operation `op` into the group.
  void add(unsigned group, mlir::Operation *op);
  /// Takes `op` out of the group again.
  void remove(unsigned group, mlir::Operation *op);
  /// Takes all operations out of the group: it no longer exists.
  void dissolve(unsigned group);

  bool contains(unsigned group, mlir::Operation *op) const;
  Group &getGroup(unsigned group) { return groups[group]; }
  unsigned getNumGroups() const { return groups.size(); }

  /// Results of members that something outside the group uses, in block order.
  llvm::SmallVector<mlir::Value> getEscaping(unsigned group) const;
  /// Whether something outside the group uses `value`.
  bool escapes(unsigned group, mlir::Value value) const;

  /// The units in an order in which each comes after those it depends on, and
  /// after the barriers that were before it: one list of operations each, and
  /// the group's number or nothing.
  llvm::SmallVector<std::pair<std::optional<unsigned>, mlir::Operation *>>
  sortUnits() const;

private:
  unsigned getUnit(unsigned index) const;
  template <typename Fn>
  void forEachMember(unsigned unit, Fn fn) const;
  bool reachesThroughOthers(unsigned from, unsigned to) const;

  llvm::SmallVector<mlir::Operation *> ops;
  llvm::DenseMap<mlir::Operation *, unsigned> indexOf;
  llvm::SmallVector<llvm::SmallVector<unsigned>> users;
  llvm::SmallVector<unsigned> segments;
  llvm::SmallVector<std::optional<unsigned>> groupOf;
  llvm::SmallVector<Group> groups;
};

} // namespace sinter::fuse

#endif // SINTER_PASSES_FUSE_FUSIONGRAPH_H
