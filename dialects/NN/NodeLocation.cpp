//===- NodeLocation.cpp - which nodes an operation came from --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NodeLocation.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace sinter;

Location nn::getNodeLocation(MLIRContext *context, StringRef nodeName,
                             StringRef opType, int64_t index) {
  std::string place = (opType + "_" + Twine(index)).str();
  // Line 0 tells a node from other names; the column is its number.
  Location node = FileLineColLoc::get(StringAttr::get(context, opType),
                                      /*line=*/0, index);
  StringRef name = nodeName.empty() ? StringRef(place) : nodeName;
  return NameLoc::get(StringAttr::get(context, name), node);
}

/// The operator if `location` is that of a node.
static std::optional<StringRef> getOperator(NameLoc location) {
  auto node = dyn_cast<FileLineColLoc>(location.getChildLoc());
  if (!node || node.getLine() != 0)
    return std::nullopt;
  return node.getFilename().getValue();
}

/// Calls `visit` on the location of every node, in order; no recursion, since
/// fused locations nest as deep as passes ran.
static void walkNodes(Location location,
                      llvm::function_ref<void(NameLoc, StringRef)> visit) {
  SmallVector<Location> stack = {location};
  while (!stack.empty()) {
    Location next = stack.pop_back_val();
    if (auto name = dyn_cast<NameLoc>(next)) {
      if (std::optional<StringRef> opType = getOperator(name))
        visit(name, *opType);
      else
        stack.push_back(name.getChildLoc());
    } else if (auto fused = dyn_cast<FusedLoc>(next)) {
      llvm::append_range(stack, llvm::reverse(fused.getLocations()));
    } else if (auto call = dyn_cast<CallSiteLoc>(next)) {
      stack.push_back(call.getCaller());
      stack.push_back(call.getCallee());
    }
  }
}

void nn::collectNodes(Location location, llvm::SetVector<StringRef> &names) {
  walkNodes(location, [&](NameLoc node, StringRef) {
    names.insert(node.getName().getValue());
  });
}

StringRef nn::getNodeOpType(Location location) {
  StringRef first;
  walkNodes(location, [&](NameLoc, StringRef opType) {
    if (first.empty())
      first = opType;
  });
  return first;
}

Location nn::fuseLocations(MLIRContext *context, ArrayRef<Location> locations) {
  return FusedLoc::get(locations, Attribute(), context);
}
