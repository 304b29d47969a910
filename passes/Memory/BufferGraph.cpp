//===- BufferGraph.cpp - which values share a buffer ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/BufferGraph.h"

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace sinter::memory {

static int64_t getElementBytes(Type tensorType) {
  unsigned bits = cast<RankedTensorType>(tensorType).getElementTypeBitWidth();
  return llvm::divideCeil(bits, 8);
}

nn::SizeAttr getBytes(Type tensorType) {
  return nn::mul(nn::getNumElements(tensorType), getElementBytes(tensorType));
}

bool mayOverwrite(kernel::FuncOp kernel, unsigned index) {
  if (kernel.getKind() != kernel::Kind::Loop || kernel.getNumResults() != 1)
    return false;
  Type argumentType = kernel.getArgumentTypes()[index];
  Type resultType = kernel.getResultTypes().front();
  auto shape = nn::getSizes(resultType);
  if (nn::getSizes(argumentType) != shape ||
      getElementBytes(argumentType) != getElementBytes(resultType))
    return false;

  // Operations whose element i enters element i of the result only.
  Block &body = kernel.getBody().front();
  DenseSet<Operation *> atIdentity{body.getTerminator()};
  auto usedAtIdentity = [&](Value value) {
    return llvm::all_of(value.getUsers(), [&](Operation *user) {
      return atIdentity.contains(user);
    });
  };
  for (Operation &op : llvm::drop_begin(llvm::reverse(body)))
    if (op.hasTrait<nn::OpTrait::Elementwise>() &&
        nn::getSizes(op.getResult(0).getType()) == shape &&
        usedAtIdentity(op.getResult(0)))
      atIdentity.insert(&op);
  return usedAtIdentity(body.getArgument(index));
}

BufferGraph::BufferGraph(func::FuncOp function, bool inPlace) {
  collectValues(function);
  assignOutputs(cast<func::ReturnOp>(function.getBody().front().back()));
  if (inPlace)
    shareInPlace();
}

unsigned BufferGraph::addBuffer(Buffer buffer) {
  mergedInto.push_back(buffers.size());
  buffers.push_back(buffer);
  return buffers.size() - 1;
}

unsigned BufferGraph::getBuffer(Value value) const {
  unsigned buffer = bufferOf.lookup(value);
  while (mergedInto[buffer] != buffer)
    buffer = mergedInto[buffer];
  return buffer;
}

/// The buffer of a value that is used now. Weights get theirs at the first use,
/// so that they lie in the artifact as a run reads them.
unsigned BufferGraph::useBuffer(Value value) {
  auto weight = value.getDefiningOp<nn::WeightOp>();
  if (!weight)
    return bufferOf.lookup(value);
  auto [it, isNew] = weightBuffers.try_emplace(weight.getValue(), 0);
  if (isNew)
    it->second = addBuffer({Buffer::Place::Weight, 0, weight.getValue(),
                            getBytes(weight.getType())});
  bufferOf[value] = it->second;
  return it->second;
}

/// Gives every value a buffer, and the buffers their lifetimes.
void BufferGraph::collectValues(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments())
    bufferOf[argument] =
        addBuffer({Buffer::Place::Input, argument.getArgNumber(), nullptr,
                   getBytes(argument.getType())});
  for (Operation &op : function.getBody().front()) {
    if (auto view = dyn_cast<nn::ReshapeOp>(op)) {
      bufferOf[view.getResult()] = useBuffer(view.getInput());
    } else if (auto call = dyn_cast<kernel::CallOp>(op)) {
      int64_t launch = calls.size();
      calls.push_back(call);
      for (Value input : call.getInputs())
        buffers[useBuffer(input)].life.last = launch;
      for (Value result : call.getResults())
        bufferOf[result] = addBuffer({Buffer::Place::Arena,
                                      0,
                                      nullptr,
                                      getBytes(result.getType()),
                                      {launch, launch}});
    } else if (isa<func::ReturnOp>(op)) {
      for (Value output : op.getOperands())
        useBuffer(output);
    }
  }
}

/// A kernel writes a returned value straight into the output; what is no
/// kernel's result, or an output already, is copied.
void BufferGraph::assignOutputs(func::ReturnOp op) {
  for (auto [output, value] : llvm::enumerate(op.getOperands())) {
    unsigned number = getBuffer(value);
    Buffer &buffer = buffers[number];
    if (buffer.place == Buffer::Place::Arena) {
      buffer.place = Buffer::Place::Output;
      buffer.index = output;
    } else {
      copies.push_back({number, static_cast<int64_t>(output)});
    }
  }
}

/// The buffer that the result of a launch may take over.
std::optional<unsigned> BufferGraph::findOverwritten(int64_t launch) const {
  kernel::CallOp call = calls[launch];
  auto kernel = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
      call, call.getCalleeAttr());
  for (auto [index, input] : llvm::enumerate(call.getInputs())) {
    unsigned number = getBuffer(input);
    const Buffer &buffer = buffers[number];
    // Read through two operands, one could see what was written for the other.
    bool isReadOnce = llvm::count_if(call.getInputs(), [&](Value other) {
                        return getBuffer(other) == number;
                      }) == 1;
    if (buffer.place == Buffer::Place::Arena && buffer.life.last == launch &&
        isReadOnce && mayOverwrite(kernel, index))
      return number;
  }
  return std::nullopt;
}

void BufferGraph::shareInPlace() {
  for (int64_t launch = 0, e = calls.size(); launch < e; ++launch) {
    if (calls[launch].getNumResults() != 1)
      continue;
    std::optional<unsigned> source = findOverwritten(launch);
    if (!source)
      continue;
    remark::passed(
        calls[launch].getLoc(),
        remark::RemarkOpts::name("WriteInPlace").category("sinter-memory"))
        << "the result takes the place of an operand"
        << remark::reason("this is the last use of the operand, and each "
                          "element is read before it is written");
    unsigned target = getBuffer(calls[launch].getResult(0));
    buffers[target].life.first = buffers[*source].life.first;
    mergedInto[*source] = target;
  }
}

} // namespace sinter::memory
