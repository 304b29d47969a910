//===- FreeDims.h - names and bounds of free dimensions ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_FREEDIMS_H
#define SINTER_COMPILER_IMPORT_FREEDIMS_H

#include "compiler/Import/Import.h"
#include "compiler/Import/Onnx/Model.h"
#include "dialects/NN/Size.h"
#include "llvm/ADT/StringSet.h"

namespace sinter {

/// What a user says of one dimension: a range, whose ends are equal where it is
/// fixed.
struct DimRange {
  int64_t min = 1;
  std::optional<int64_t> max, optimum;

  bool isFixed() const { return max == min; }
  /// Reads `N`, `LO..HI` or `LO..HI@OPT`; an end may be missing (`1..`).
  static std::optional<DimRange> parse(llvm::StringRef text);
};

/// Calls `visit` with the name of each late dimension that `op` defines.
void forEachLateDim(mlir::Operation *op,
                    llvm::function_ref<void(llvm::StringRef)> visit);

/// Gives every dimension of the graph's inputs its size, as the model and the
/// options `dims` and `shapes` say.
class FreeDims {
public:
  /// On failure `issue` says which option does not fit.
  static llvm::FailureOr<std::unique_ptr<FreeDims>>
  create(mlir::MLIRContext *context,
         llvm::ArrayRef<const onnx::ValueInfo *> inputs,
         const ImportOptions &options, ImportIssue &issue);

  /// The shape of input number `index` of those given.
  llvm::ArrayRef<nn::SizeAttr> getShape(unsigned index) const {
    return shapes[index];
  }
  /// Registers a late dimension (dialects/NN/NNFlowOps.td): a new name that
  /// begins with '?' and `hint`.
  std::string addLate(const llvm::Twine &hint);
  /// The attribute `nn.free_dims`: those of the inputs, then the late ones that
  /// are in `used`.
  mlir::ArrayAttr getAttribute(const llvm::StringSet<> &used) const;

private:
  explicit FreeDims(mlir::MLIRContext *context) : context(context) {}

  /// A dimension while it is decided: a constant, or a name.
  struct Slot {
    std::optional<int64_t> value;
    std::string name;
  };
  llvm::SmallVector<Slot> readModel(const onnx::ValueInfo &input);
  llvm::LogicalResult applyShape(const onnx::ValueInfo &input,
                                 llvm::StringRef shape,
                                 llvm::SmallVector<Slot> &slots,
                                 ImportIssue &issue);
  llvm::LogicalResult constrain(const std::string &name, const DimRange &range,
                                ImportIssue &issue);
  std::string listNames() const;

  mlir::MLIRContext *context;
  /// By name, in the order in which inputs use them.
  std::vector<std::pair<std::string, DimRange>> ranges;
  /// Late dimensions, in the order in which they were registered.
  std::vector<std::string> lates;
  llvm::StringSet<> constrained, lateNames;
  llvm::SmallVector<llvm::SmallVector<nn::SizeAttr>> shapes;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_FREEDIMS_H
