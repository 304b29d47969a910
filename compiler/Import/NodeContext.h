//===- NodeContext.h - one node while it is imported ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_NODECONTEXT_H
#define SINTER_COMPILER_IMPORT_NODECONTEXT_H

#include "compiler/Import/GraphImporter.h"
#include "compiler/Import/LateSizes.h"

namespace sinter {

/// What the builder of an operator sees of a node, and the means to build `nn`
/// operations for it. A builder gets the inputs, creates operations, sets every
/// output that `hasOutput`, and returns success; or it returns what one of the
/// error functions returned.
///
/// `create` never fails from the view of a builder: what it cannot create
/// is noted, makes the import of the node fail, and is replaced by an operand.
class NodeContext {
public:
  NodeContext(GraphImporter &importer, const onnx::Node &node, int64_t opset,
              Scope &scope, mlir::Location location, unsigned depth)
      : importer(importer), node(node), scope(scope), opset(opset),
        location(location), depth(depth) {}

  const onnx::Node &getNode() const { return node; }
  GraphImporter &getImporter() { return importer; }
  Scope &getScope() const { return scope; }
  mlir::Location getLocation() const { return location; }
  mlir::MLIRContext *getContext() { return importer.getContext(); }
  int64_t getOpset() const { return opset; }
  /// How many functions and graphs the node is inside of.
  unsigned getDepth() const { return depth; }
  /// The location of node number `index` of a graph inside of this one.
  mlir::Location locateInner(const onnx::Node &inner, unsigned index) const;
  /// The name users know the node by, and `domain.Op`.
  std::string getName() const;
  std::string getOp() const;

  //===- Attributes; a missing one has the given default ------------------===//
  bool hasAttribute(llvm::StringRef name) const {
    return findAttribute(name) != nullptr;
  }
  int64_t getInt(llvm::StringRef name, int64_t defaultValue) const;
  double getFloat(llvm::StringRef name, double defaultValue) const;
  llvm::StringRef getString(llvm::StringRef name,
                            llvm::StringRef defaultValue) const;
  std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef name) const;
  std::optional<llvm::SmallVector<double>>
  getFloats(llvm::StringRef name) const;
  const onnx::Attribute *findAttribute(llvm::StringRef name) const {
    return node.findAttribute(name);
  }

  //===- Inputs -----------------------------------------------------------===//
  unsigned getNumInputs() const { return node.inputs.size(); }
  bool hasInput(unsigned index) const {
    return index < node.inputs.size() && !scope.isAbsent(node.inputs[index]);
  }
  ImportedValue &getImported(unsigned index) const {
    return *scope.find(node.inputs[index]);
  }
  mlir::Value getInput(unsigned index);
  mlir::RankedTensorType getType(unsigned index) const {
    return getImported(index).type;
  }
  mlir::Type getElementType(unsigned index) const {
    return getType(index).getElementType();
  }
  llvm::SmallVector<nn::SizeAttr> getSizes(unsigned index) const {
    return nn::getSizes(getType(index));
  }
  int64_t getRank(unsigned index) const { return getType(index).getRank(); }
  /// Null if the elements are not known or the input is missing.
  const Content *getContent(unsigned index) const;
  /// The elements of a list of integers: sizes, or constants only. Nothing if
  /// they are not known; use `needConstant` to say so, or `readSizeList`.
  std::optional<llvm::SmallVector<nn::SizeAttr>>
  getSizeList(unsigned index) const;
  /// The elements of a list of numbers, cut to whole ones. Those that are not
  /// known when compiling are read while the model runs: late dimensions, any
  /// integers. `what` names the list in the refusal of one of unknown length.
  mlir::FailureOr<llvm::SmallVector<nn::SizeAttr>>
  readSizeList(unsigned index, llvm::StringRef what);
  /// The only element of such a list.
  mlir::FailureOr<nn::SizeAttr> readSize(unsigned index, llvm::StringRef what);
  /// The axes of a tensor of rank `rank` that input `index` lists.
  mlir::FailureOr<AxisSet> readAxes(unsigned index, int64_t rank);
  mlir::FailureOr<AxisSet> makeAxes(llvm::ArrayRef<nn::SizeAttr> axes,
                                    int64_t rank);
  std::optional<llvm::SmallVector<int64_t>>
  getIntegerList(unsigned index) const;
  std::optional<llvm::SmallVector<double>> getNumberList(unsigned index) const;
  mlir::LogicalResult needConstant(unsigned index, llvm::StringRef what);

  //===- Outputs ----------------------------------------------------------===//
  bool hasOutput(unsigned index) const {
    return index < node.outputs.size() && !node.outputs[index].empty();
  }
  unsigned getNumOutputs() const { return node.outputs.size(); }
  mlir::LogicalResult setOutput(unsigned index, mlir::Value value);
  mlir::LogicalResult setContent(unsigned index, Content content);
  /// Makes an output another name for an input.
  mlir::LogicalResult forward(unsigned input, unsigned output = 0);
  mlir::LogicalResult setImported(unsigned index, ImportedValue value);

  //===- Errors -----------------------------------------------------------===//
  /// A valid node that cannot be compiled.
  mlir::LogicalResult unsupported(const llvm::Twine &expected,
                                  const llvm::Twine &found,
                                  const llvm::Twine &remedy) const;
  /// A node that is against the rules of ONNX.
  mlir::LogicalResult invalid(const llvm::Twine &expected,
                              const llvm::Twine &found) const;
  /// `axis` counted from the front; failure if it is not in [-rank, rank).
  mlir::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank) const;
  mlir::FailureOr<llvm::SmallVector<int64_t>>
  normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank) const;

  //===- Sizes ------------------------------------------------------------===//
  nn::SizeAttr getSize(int64_t value) {
    return nn::getSize(getContext(), value);
  }
  /// One size for both, the more constant one; assumes that they are equal
  /// where that depends on free dimensions. Failure if they never are.
  mlir::FailureOr<nn::SizeAttr> unify(nn::SizeAttr lhs, nn::SizeAttr rhs,
                                      const llvm::Twine &expected);
  /// Checks that `size` is not negative, or assumes it.
  mlir::LogicalResult needNonNegative(nn::SizeAttr size,
                                      const llvm::Twine &expected);
  /// The shape to which `shapes` broadcast, sizes unified. A late size may turn
  /// out to be 1, and give way then.
  mlir::FailureOr<llvm::SmallVector<nn::SizeAttr>>
  broadcast(llvm::ArrayRef<nn::SizeAttr> lhs, llvm::ArrayRef<nn::SizeAttr> rhs);
  /// `sizes`, where long formulas of late dimensions are replaced by late
  /// dimensions of their own, whose names end with `what`. `bounds`, where
  /// given, are what the sizes never exceed.
  llvm::SmallVector<nn::SizeAttr>
  settle(llvm::ArrayRef<nn::SizeAttr> sizes, llvm::StringRef what,
         llvm::ArrayRef<nn::SizeAttr> bounds = {});
  /// The elements of an integer tensor of known size as sizes: see
  /// `readSizeList`.
  llvm::SmallVector<nn::SizeAttr> readSizes(mlir::Value value,
                                            llvm::StringRef what);

  //===- Building ---------------------------------------------------------===//
  template <typename OpTy, typename... Args>
  mlir::Value create(Args &&...args);
  /// The same for operations whose result type is given first.
  template <typename OpTy, typename... Args>
  mlir::Value createTyped(mlir::Type type, Args &&...args) {
    return OpTy::create(importer.getBuilder(), location, type,
                        std::forward<Args>(args)...);
  }
  /// An element-wise operation; sizes that must be equal are made so.
  template <typename OpTy, typename... Args>
  mlir::Value elementwise(mlir::ValueRange operands, Args &&...args);
  /// A constant of rank 0 with an element type.
  mlir::Value scalar(double value, mlir::Type elementType);
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<nn::SizeAttr> sizes);
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> permutation);
  mlir::Value cast(mlir::Value value, mlir::Type elementType);
  /// `value` with the sizes of `shape`, to which it broadcasts, in all
  /// dimensions that are not 1. A late size that may be 1 is repeated.
  mlir::Value fit(mlir::Value value, llvm::ArrayRef<nn::SizeAttr> shape);
  /// A constant of rank 0 with the value of `size`.
  mlir::Value sizeValue(nn::SizeAttr size, mlir::Type elementType);
  /// Repeats dimensions of size 1, where late ones may be that when running.
  mlir::Value broadcastTo(mlir::Value value,
                          llvm::ArrayRef<nn::SizeAttr> sizes);
  mlir::Value reduce(mlir::Value value, nn::ReduceKind kind,
                     llvm::ArrayRef<int64_t> axes);
  /// A vector of channels as [channels, 1, .., 1], to broadcast over dimension
  /// 1 of a tensor of rank `rank`.
  mlir::Value alignChannels(mlir::Value vector, int64_t rank);

  bool hasFailed() const { return buildFailed; }
  /// Says that an output cannot be made because a node inside of this one is
  /// not supported, which has been reported.
  void markMissing() { outputMissing = true; }
  bool isMissing() const { return outputMissing; }

private:
  mlir::FailureOr<nn::SizeAttr> broadcastSize(nn::SizeAttr lhs,
                                              nn::SizeAttr rhs);
  void reconcile(llvm::SmallVectorImpl<mlir::Value> &operands);
  static mlir::Value firstValue() { return {}; }
  template <typename First, typename... Rest>
  static mlir::Value firstValue(First &&first, Rest &&...) {
    if constexpr (std::is_convertible_v<First, mlir::Value>)
      return first;
    else
      return {};
  }

  GraphImporter &importer;
  const onnx::Node &node;
  Scope &scope;
  int64_t opset;
  mlir::Location location;
  unsigned depth;
  bool buildFailed = false, outputMissing = false;
};

template <typename OpTy, typename... Args>
mlir::Value NodeContext::create(Args &&...args) {
  mlir::Value fallback = firstValue(args...);
  mlir::FailureOr<OpTy> op = nn::createInferred<OpTy>(
      importer.getBuilder(), location, std::forward<Args>(args)...);
  if (succeeded(op))
    return (*op)->getResult(0);
  buildFailed = true;
  return fallback;
}

template <typename OpTy, typename... Args>
mlir::Value NodeContext::elementwise(mlir::ValueRange operands,
                                     Args &&...args) {
  llvm::SmallVector<mlir::Value> values(operands);
  reconcile(values);
  constexpr bool isUnary = OpTy::template hasTrait<mlir::OpTrait::OneOperand>();
  if constexpr (isUnary)
    return create<OpTy>(values[0], std::forward<Args>(args)...);
  else if constexpr (OpTy::template hasTrait<
                         mlir::OpTrait::NOperands<3>::Impl>())
    return create<OpTy>(values[0], values[1], values[2],
                        std::forward<Args>(args)...);
  else
    return create<OpTy>(values[0], values[1], std::forward<Args>(args)...);
}

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_NODECONTEXT_H
