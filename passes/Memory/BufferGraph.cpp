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

int64_t getElementBytes(Type tensorType) {
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

BufferGraph::BufferGraph(func::FuncOp function, bool inPlace)
    : steps(function), inPlace(inPlace) {
  Block &block = function.getBody().front();
  for (BlockArgument argument : function.getArguments())
    bufferOf[argument] = addBuffer({Buffer::Place::Input,
                                    argument.getArgNumber(),
                                    nullptr,
                                    getBytes(argument.getType()),
                                    nullptr,
                                    {0, 0},
                                    &block});
  collectValues(block);
  // Lifetimes are complete now; bodies inside come before those around them.
  function.walk([&](Operation *op) {
    if (auto loop = dyn_cast<nn::LoopOp>(op))
      shareCarried(loop);
    else if (auto condition = dyn_cast<nn::IfOp>(op))
      for (Region &body : condition->getRegions())
        shareYielded(condition, body);
  });
  function.walk([&](nn::YieldOp yield) { addYieldCopies(yield); });
  assignOutputs(cast<func::ReturnOp>(block.back()));
  if (inPlace)
    shareInPlace();
  growUnbounded();
}

unsigned BufferGraph::addBuffer(Buffer buffer) {
  mergedInto.push_back(buffers.size());
  buffers.push_back(buffer);
  return buffers.size() - 1;
}

unsigned BufferGraph::findRoot(unsigned buffer) const {
  while (mergedInto[buffer] != buffer)
    buffer = mergedInto[buffer];
  return buffer;
}

unsigned BufferGraph::getBuffer(Value value) const {
  return findRoot(bufferOf.lookup(value));
}

ArrayRef<YieldCopy> BufferGraph::getYieldCopies(nn::YieldOp yield) const {
  auto it = yieldCopies.find(yield);
  return it == yieldCopies.end() ? ArrayRef<YieldCopy>() : it->second;
}

/// Whether values of one buffer fit into the other. A view may have the same
/// number of elements by another formula: that is checked only when the view is
/// used, and what data decides must not be believed before.
bool BufferGraph::haveSameBytes(unsigned source, unsigned target) const {
  nn::SizeAttr a = buffers[source].bytes, b = buffers[target].bytes;
  return a == b || (!nn::hasLate(a) && !nn::hasLate(b));
}

/// Puts all values of `source` into `target`, which lives for all of them.
void BufferGraph::merge(unsigned source, unsigned target) {
  Lifetime from = buffers[source].life, &to = buffers[target].life;
  to = {std::min(from.first, to.first), std::max(from.last, to.last)};
  mergedInto[source] = target;
}

//===----------------------------------------------------------------------===//
// Values and lifetimes
//===----------------------------------------------------------------------===//

/// The buffer of a value that is used now. Weights get theirs at the first use,
/// so that they lie in the artifact as a run reads them.
unsigned BufferGraph::useBuffer(Value value) {
  auto weight = value.getDefiningOp<nn::WeightOp>();
  if (!weight)
    return getBuffer(value);
  auto [it, isNew] = weightBuffers.try_emplace(weight.getValue(), 0);
  if (isNew)
    it->second = addBuffer({Buffer::Place::Weight, 0, weight.getValue(),
                            getBytes(weight.getType())});
  bufferOf[value] = it->second;
  return it->second;
}

/// Notes that `user` reads the value at `step`.
void BufferGraph::useAt(Value value, Operation *user, int64_t step) {
  Buffer &buffer = buffers[useBuffer(value)];
  buffer.life.last =
      std::max(buffer.life.last, steps.extend(buffer.home, user, step));
}

/// A new buffer for a value that is defined in `home`.
unsigned BufferGraph::defineAt(Type type, Block *home, Lifetime life) {
  return addBuffer({Buffer::Place::Arena, 0, nullptr, getBytes(type),
                    steps.getBoundOfBytes(type), life, home});
}

/// Gives every value in `block` and in the bodies inside a buffer, and the
/// buffers their lifetimes.
void BufferGraph::collectValues(Block &block) {
  for (Operation &op : block) {
    int64_t step = steps.getStep(&op);
    if (auto view = dyn_cast<nn::ReshapeOp>(op)) {
      unsigned number = useBuffer(view.getInput());
      bufferOf[view.getResult()] = number;
    } else if (auto call = dyn_cast<kernel::CallOp>(op)) {
      calls.push_back(call);
      for (Value input : call.getInputs())
        useAt(input, call, step);
      for (Value result : call.getResults())
        bufferOf[result] = defineAt(result.getType(), &block, {step, step});
    } else if (auto bind = dyn_cast<nn::BindSizesOp>(op)) {
      useAt(bind.getValues(), bind, step);
    } else if (auto loop = dyn_cast<nn::LoopOp>(op)) {
      collectLoop(loop);
    } else if (auto condition = dyn_cast<nn::IfOp>(op)) {
      collectIf(condition);
    } else if (isa<func::ReturnOp>(op)) {
      for (Value output : op.getOperands())
        useAt(output, &op, steps.getLast());
    }
  }
}

/// The condition and every carried value have a buffer for the whole loop: the
/// value before it is copied there, and what an iteration yields.
void BufferGraph::collectLoop(nn::LoopOp loop) {
  Block *home = loop->getBlock(), &body = loop.getBlock();
  Lifetime life = {steps.getStep(loop), steps.getEnd(loop.getBody())};
  if (Value condition = loop.getCondition()) {
    useAt(condition, loop, life.first);
    conditionOf[loop] = defineAt(condition.getType(), home, life);
  }
  for (auto [init, argument, final] :
       llvm::zip(loop.getCarried(), body.getArguments(), loop.getFinals())) {
    useAt(init, loop, life.first);
    unsigned number = defineAt(final.getType(), home, life);
    bufferOf[argument] = bufferOf[final] = number;
  }
  for (Value result : loop.getStacked())
    bufferOf[result] = defineAt(result.getType(), home, life);
  collectValues(body);
  for (Value value : loop.getYield().getOperands())
    useAt(value, loop.getYield(), life.last);
}

void BufferGraph::collectIf(nn::IfOp condition) {
  int64_t begin = steps.getStep(condition);
  useAt(condition.getCondition(), condition, begin);
  for (Value result : condition.getResults())
    bufferOf[result] = defineAt(result.getType(), condition->getBlock(),
                                {begin, steps.getEnd(condition.getElseBody())});
  for (Region *body : {&condition.getThenBody(), &condition.getElseBody()}) {
    int64_t end = steps.getEnd(*body);
    collectValues(body->front());
    auto yield = cast<nn::YieldOp>(body->front().getTerminator());
    for (Value value : yield.getOperands())
      useAt(value, yield, end);
  }
}

//===----------------------------------------------------------------------===//
// Bodies that write where their values are wanted
//===----------------------------------------------------------------------===//

/// The last step of an iteration at which `value` or a view of it is read.
static int64_t getLastUse(const Steps &steps, Value value, Block &body,
                          SmallVectorImpl<Operation *> &readers) {
  int64_t last = -1;
  for (Operation *user : value.getUsers()) {
    int64_t step;
    if (auto view = dyn_cast<nn::ReshapeOp>(user))
      step = getLastUse(steps, view.getResult(), body, readers);
    else if (isa<nn::YieldOp>(user))
      step = steps.getEnd(*user->getParentRegion());
    else
      step = steps.getStep(user);
    step = steps.extend(&body, user, step);
    if (step > last)
      readers.clear();
    if (step >= last && !isa<nn::ReshapeOp>(user))
      readers.push_back(user);
    last = std::max(last, step);
  }
  return last;
}

/// Whether the buffer of `yielded` is first written when `argument`, if there
/// is one, is no longer read, so that both can be the same. The value must be
/// one that every run of `body` computes.
bool BufferGraph::isWrittenLast(Value yielded, Value argument,
                                Block &body) const {
  const Buffer &buffer = buffers[getBuffer(yielded)];
  if (buffer.place != Buffer::Place::Arena || buffer.home != &body)
    return false;
  if (!argument)
    return true;
  SmallVector<Operation *> readers;
  int64_t last = getLastUse(steps, argument, body, readers);
  if (last != buffer.life.first)
    return last < buffer.life.first;
  auto call = readers.size() == 1 ? dyn_cast<kernel::CallOp>(readers.front())
                                  : kernel::CallOp();
  if (!call || !inPlace || call.getNumResults() != 1 ||
      getBuffer(call.getResult(0)) != getBuffer(yielded))
    return false;
  for (unsigned i = 0; i < call.getInputs().size(); ++i)
    if (getBuffer(call.getInputs()[i]) == getBuffer(argument))
      return isOverwritable(call, i);
  return false;
}

/// Merges the buffers of what a loop begins with and of what it yields into
/// those of its carried values.
void BufferGraph::shareCarried(nn::LoopOp loop) {
  Block &body = loop.getBlock();
  nn::YieldOp yield = loop.getYield();
  SmallVector<std::array<Value, 3>> carried; // before, argument, yielded
  SmallVector<unsigned> numbers;
  if (loop.getCondition()) {
    carried.push_back({loop.getCondition(), nullptr, yield.getCondition()});
    numbers.push_back(conditionOf.lookup(loop));
  }
  for (auto [init, argument, next] :
       llvm::zip(loop.getCarried(), body.getArguments(), yield.getCarried())) {
    carried.push_back({init, argument, next});
    numbers.push_back(bufferOf.lookup(argument));
  }
  for (auto [values, number] : llvm::zip(carried, numbers)) {
    auto [init, argument, next] = values;
    Buffer &target = buffers[number];
    // A buffer whose size changes is not written before its size is known.
    if (init.getType() != next.getType() ||
        (argument && argument.getType() != init.getType()))
      continue;
    unsigned source = getBuffer(next);
    if (source != findRoot(number) && haveSameBytes(source, number) &&
        isWrittenLast(next, argument, body))
      merge(source, number);
    source = getBuffer(init);
    if (buffers[source].place == Buffer::Place::Arena &&
        buffers[source].life.last == target.life.first &&
        haveSameBytes(source, number) &&
        llvm::none_of(numbers, [&](unsigned n) { return n == source; }))
      merge(source, number);
  }
}

/// Merges the buffers of what a body yields into those of the results.
void BufferGraph::shareYielded(nn::IfOp condition, Region &body) {
  auto yield = cast<nn::YieldOp>(body.front().getTerminator());
  for (auto [value, result] :
       llvm::zip(yield.getCarried(), condition.getResults()))
    if (value.getType() == result.getType() &&
        haveSameBytes(getBuffer(value), getBuffer(result)) &&
        isWrittenLast(value, nullptr, body.front()))
      merge(getBuffer(value), getBuffer(result));
}

/// Notes what must be copied at the end of a body: values that are not in the
/// buffer that is wanted. One whose buffer is also the target of another copy
/// waits in a temporary.
void BufferGraph::addYieldCopies(nn::YieldOp yield) {
  int64_t end = steps.getEnd(*yield->getParentRegion());
  SmallVector<YieldCopy> list;
  auto add = [&](Value value, unsigned target) {
    if (getBuffer(value) != target)
      list.push_back({value, target, std::nullopt});
  };
  if (yield.getCondition())
    add(yield.getCondition(),
        getCondition(cast<nn::LoopOp>(yield->getParentOp())));
  for (auto [value, result] :
       llvm::zip(yield.getCarried(), yield->getParentOp()->getResults()))
    add(value, getBuffer(result));
  for (YieldCopy &copy : list)
    if (llvm::any_of(list, [&](const YieldCopy &other) {
          return other.target == getBuffer(copy.value);
        }))
      copy.temporary =
          defineAt(copy.value.getType(), yield->getBlock(), {end, end});
  yieldCopies[yield] = std::move(list);
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// A kernel writes a returned value straight into the output; what is no
/// kernel's result, an output already, or begun before the sizes of the output
/// are known is copied.
void BufferGraph::assignOutputs(func::ReturnOp op) {
  for (auto [output, value] : llvm::enumerate(op.getOperands())) {
    unsigned number = getBuffer(value);
    Buffer &buffer = buffers[number];
    std::optional<int64_t> known = steps.getKnown(value.getType());
    nn::SizeAttr bytes = getBytes(value.getType());
    bool isAsLong = buffer.bytes == bytes ||
                    (!nn::hasLate(buffer.bytes) && !nn::hasLate(bytes));
    if (buffer.place == Buffer::Place::Arena && known &&
        *known < buffer.life.first && isAsLong) {
      buffer.place = Buffer::Place::Output;
      buffer.index = output;
    } else {
      copies.push_back(
          {number, static_cast<int64_t>(output), getBytes(value.getType())});
    }
  }
}

//===----------------------------------------------------------------------===//
// Results in place of operands
//===----------------------------------------------------------------------===//

/// Whether the result of `call` may be written where the operand is.
bool BufferGraph::isOverwritable(kernel::CallOp call, unsigned operand) const {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
      call, call.getCalleeAttr());
  // Read through two operands, one could see what was written for the other.
  unsigned number = getBuffer(call.getInputs()[operand]);
  bool isReadOnce = llvm::count_if(call.getInputs(), [&](Value other) {
                      return getBuffer(other) == number;
                    }) == 1;
  return isReadOnce && mayOverwrite(kernel, operand);
}

/// The buffer that the result of a call may take over.
std::optional<unsigned>
BufferGraph::findOverwritten(kernel::CallOp call) const {
  int64_t step = steps.getStep(call);
  for (unsigned index = 0; index < call.getInputs().size(); ++index) {
    unsigned number = getBuffer(call.getInputs()[index]);
    const Buffer &buffer = buffers[number];
    if (buffer.place == Buffer::Place::Arena && buffer.life.last == step &&
        isOverwritable(call, index))
      return number;
  }
  return std::nullopt;
}

void BufferGraph::shareInPlace() {
  for (kernel::CallOp call : calls) {
    if (call.getNumResults() != 1)
      continue;
    // A buffer that lived before holds something else until now.
    unsigned target = getBuffer(call.getResult(0));
    if (buffers[target].life.first != steps.getStep(call))
      continue;
    std::optional<unsigned> source = findOverwritten(call);
    if (!source || !haveSameBytes(*source, target))
      continue;
    remark::passed(
        call.getLoc(),
        remark::RemarkOpts::name("WriteInPlace").category("sinter-memory"))
        << "the result takes the place of an operand"
        << remark::reason("this is the last use of the operand, and each "
                          "element is read before it is written");
    merge(*source, target);
  }
}

//===----------------------------------------------------------------------===//
// Sizes that data decides
//===----------------------------------------------------------------------===//

/// Buffers of the arena are planned at the bound of their size; those without
/// one grow while running.
void BufferGraph::growUnbounded() {
  for (Buffer &buffer : buffers)
    if (buffer.place == Buffer::Place::Arena && !buffer.bound)
      buffer.place = Buffer::Place::Grown;
}

} // namespace sinter::memory
