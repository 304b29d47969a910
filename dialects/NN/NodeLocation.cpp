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

/// The node if `location` is that of one.
static std::optional<nn::Node> getNode(NameLoc location) {
  auto node = dyn_cast<FileLineColLoc>(location.getChildLoc());
  if (!node || node.getLine() != 0)
    return std::nullopt;
  return nn::Node{location.getName().getValue(), node.getFilename().getValue(),
                  node.getColumn()};
}

void nn::forEachNode(Location location,
                     llvm::function_ref<void(const Node &)> visit) {
  // No recursion: fused locations nest as deep as passes ran.
  SmallVector<Location> stack = {location};
  while (!stack.empty()) {
    Location next = stack.pop_back_val();
    if (auto name = dyn_cast<NameLoc>(next)) {
      if (std::optional<Node> node = getNode(name))
        visit(*node);
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
  forEachNode(location, [&](const Node &node) { names.insert(node.name); });
}

StringRef nn::getNodeOpType(Location location) {
  StringRef first;
  forEachNode(location, [&](const Node &node) {
    if (first.empty())
      first = node.opType;
  });
  return first;
}

Location nn::fuseLocations(MLIRContext *context, ArrayRef<Location> locations) {
  return FusedLoc::get(locations, Attribute(), context);
}
