//===- NodeOrder.cpp - nodes in the order of their values -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/NodeOrder.h"
#include <queue>

using namespace sinter;
using llvm::ArrayRef;
using llvm::StringRef;

/// Adds the names that `node` reads: its inputs, and those that the graphs
/// inside of it take from around them. The reader has bounded how deep graphs
/// are nested.
static void collectReads(const onnx::Node &node,
                         llvm::SetVector<StringRef> &names) {
  names.insert(node.inputs.begin(), node.inputs.end());
  for (const onnx::Attribute &attribute : node.attributes)
    for (const std::shared_ptr<onnx::Graph> &graph : attribute.graphs) {
      llvm::StringSet<> own;
      llvm::SetVector<StringRef> read;
      for (const onnx::ValueInfo &input : graph->inputs)
        own.insert(input.name);
      for (const onnx::Tensor &tensor : graph->initializers)
        own.insert(tensor.name);
      for (const onnx::Node &inner : graph->nodes) {
        for (StringRef output : inner.outputs)
          own.insert(output);
        collectReads(inner, read);
      }
      for (const onnx::ValueInfo &output : graph->outputs)
        read.insert(output.name);
      for (StringRef name : read)
        if (!own.contains(name))
          names.insert(name);
    }
}

NodeOrder::NodeOrder(ArrayRef<onnx::Node> nodes, Scope &scope)
    : nodes(nodes), sources(nodes.size()) {
  if (!findProducers(scope))
    return;
  std::vector<unsigned> waiting(nodes.size(), 0);
  std::vector<llvm::SmallVector<unsigned, 2>> users(nodes.size());
  for (unsigned i = 0; i < nodes.size(); ++i) {
    llvm::SetVector<StringRef> reads;
    collectReads(nodes[i], reads);
    for (StringRef name : reads) {
      auto producer = producers.find(name);
      if (producer == producers.end())
        continue;
      ++waiting[i];
      sources[i].push_back(producer->second);
      users[producer->second].push_back(i);
    }
  }
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<unsigned>>
      ready;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0)
      ready.push(i);
  while (!ready.empty()) {
    unsigned next = ready.top();
    ready.pop();
    order.push_back(next);
    for (unsigned user : users[next])
      if (--waiting[user] == 0)
        ready.push(user);
  }
  if (order.size() == nodes.size())
    return;
  llvm::SmallVector<unsigned> open;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (waiting[i] != 0)
      open.push_back(i);
  describeCycle(open);
}

bool NodeOrder::findProducers(Scope &scope) {
  for (unsigned i = 0; i < nodes.size(); ++i)
    for (StringRef output : nodes[i].outputs) {
      if (output.empty() ||
          (!scope.findOwn(output) && producers.try_emplace(output, i).second))
        continue;
      code = "duplicate_name";
      rule = "every value to have its own name";
      problem =
          ("a second '" + output + "', made by a node " + nodes[i].op).str();
      return false;
    }
  return true;
}

void NodeOrder::describeCycle(ArrayRef<unsigned> open) {
  // Every open node waits for another one: following these comes round.
  llvm::DenseSet<unsigned> isOpen(open.begin(), open.end());
  llvm::SmallVector<unsigned> path;
  unsigned current = open.front();
  while (!llvm::is_contained(path, current)) {
    path.push_back(current);
    for (unsigned source : sources[current])
      if (isOpen.contains(source)) {
        current = source;
        break;
      }
  }
  path.erase(path.begin(), llvm::find(path, current));
  std::string names;
  for (unsigned i : ArrayRef(path).take_front(5)) {
    StringRef name =
        nodes[i].name.empty() ? nodes[i].outputs.front() : nodes[i].name;
    names += (names.empty() ? "'" : ", '") + name.str() + "'";
  }
  code = "cyclic_graph";
  rule = "a graph without cycles";
  problem = "a cycle of " + std::to_string(path.size()) + " nodes: " + names +
            (path.size() > 5 ? ", .." : "");
}
