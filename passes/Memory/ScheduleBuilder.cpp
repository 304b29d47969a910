//===- ScheduleBuilder.cpp - a schedule on placed buffers -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/ScheduleBuilder.h"

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace sinter::memory {

ScheduleBuilder::ScheduleBuilder(const BufferGraph &graph,
                                 const Placement &placement, OpBuilder &builder)
    : graph(graph), placement(placement), b(builder),
      values(graph.getBuffers().size()) {}

/// Makes the operation that names a buffer.
Value ScheduleBuilder::declare(unsigned number, Location loc) {
  const Buffer &buffer = graph.getBuffers()[number];
  Type type = kernel::BufferType::get(b.getContext());
  switch (buffer.place) {
  case Buffer::Place::Input:
    return kernel::InputOp::create(b, loc, type, buffer.index);
  case Buffer::Place::Output:
    return kernel::OutputOp::create(b, loc, type, buffer.index);
  case Buffer::Place::Weight:
    return kernel::ConstantOp::create(b, loc, type, buffer.weight,
                                      /*offset=*/IntegerAttr());
  case Buffer::Place::Arena:
    return kernel::ArenaOp::create(
        b, loc, type, placement.offsets.lookup(number), buffer.bound,
        buffer.life.first, buffer.life.last);
  case Buffer::Place::Grown:
    return kernel::GrownOp::create(b, loc, type,
                                   placement.slots.lookup(number));
  }
  return nullptr;
}

void ScheduleBuilder::build(func::FuncOp function) {
  for (unsigned number = 0; number < values.size(); ++number)
    if (graph.isUsed(number))
      values[number] = declare(number, function.getLoc());
  buildBlock(function.getBody().front());
  buildOutputs(function.getLoc());
}

void ScheduleBuilder::buildBlock(Block &block) {
  for (Operation &op : block) {
    if (auto call = dyn_cast<kernel::CallOp>(op))
      buildCall(call);
    else if (auto bind = dyn_cast<nn::BindSizesOp>(op))
      buildBind(bind);
    else if (auto loop = dyn_cast<nn::LoopOp>(op))
      buildLoop(loop);
    else if (auto condition = dyn_cast<nn::IfOp>(op))
      buildIf(condition);
    else if (auto view = dyn_cast<nn::ReshapeOp>(op))
      check(view.getType(), nn::getNumElements(view.getInput().getType()),
            op.getAttrOfType<IntegerAttr>("check"), op.getLoc());
  }
}

/// Builds what stands in the body `from` at the end of `to`.
void ScheduleBuilder::buildBody(Region &from, Region &to) {
  DenseSet<Check> checkedBefore = checked;
  OpBuilder::InsertionGuard guard(b);
  if (to.empty())
    b.createBlock(&to);
  else
    b.setInsertionPointToEnd(&to.front());
  buildBlock(from.front());
  checked = std::move(checkedBefore);
}

//===----------------------------------------------------------------------===//
// Parts of a step
//===----------------------------------------------------------------------===//

/// Gives a buffer whose size is found while running its memory.
void ScheduleBuilder::grow(unsigned number, nn::SizeAttr bytes,
                           nn::SizeAttr keep, Location loc) {
  if (isGrown(number))
    kernel::GrowOp::create(b, loc, values[number], bytes,
                           keep ? keep : nn::getSize(b.getContext(), 0));
}

void ScheduleBuilder::copy(unsigned from, unsigned to, nn::SizeAttr bytes,
                           Location loc) {
  grow(to, bytes, nullptr, loc);
  kernel::CopyOp::create(b, loc, values[from], values[to], bytes,
                         /*offset=*/nullptr);
}

/// Checks, once, that a tensor of `type` can have its sizes, and as many
/// elements as there must be.
void ScheduleBuilder::check(Type type, nn::SizeAttr elements,
                            IntegerAttr number, Location loc) {
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
  if (elements == nn::getNumElements(type))
    elements = nullptr;
  if (!number || (!elements && !nn::hasLate(type)))
    return;
  auto dims = nn::DimsAttr::get(b.getContext(), sizes);
  if (checked.insert({dims, elements}).second)
    kernel::CheckSizesOp::create(b, loc, dims, getElementBytes(type), elements,
                                 number.getInt());
}

void ScheduleBuilder::setSizes(ArrayAttr names, ArrayAttr sizes, Location loc) {
  if (!names.empty())
    kernel::SetSizesOp::create(b, loc, names, sizes);
}

/// `type`'s number of elements when `names` have the values `sizes`.
static nn::SizeAttr getElementsAt(Type type, ArrayAttr names, ArrayAttr sizes) {
  return nn::substitute(
      nn::getNumElements(type), [&](StringRef name) -> nn::SizeAttr {
        for (auto [known, size] : llvm::zip(names.getAsRange<StringAttr>(),
                                            sizes.getAsRange<nn::SizeAttr>()))
          if (known.getValue() == name)
            return size;
        return nullptr;
      });
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

void ScheduleBuilder::buildCall(kernel::CallOp call) {
  auto number = call->getAttrOfType<IntegerAttr>("check");
  auto getValues = [&](ValueRange tensors) {
    return llvm::map_to_vector(tensors, [&](Value t) { return getBuffer(t); });
  };
  SmallVector<Value> inputs = getValues(call.getInputs());
  for (Value result : call.getResults()) {
    check(result.getType(), nn::getNumElements(result.getType()), number,
          call.getLoc());
    // In place, the buffer is as large as it has to be.
    if (!llvm::is_contained(inputs, getBuffer(result)))
      grow(graph.getBuffer(result), getBytes(result.getType()), nullptr,
           call.getLoc());
  }
  kernel::LaunchOp::create(b, call.getLoc(), call.getCalleeAttr(), inputs,
                           getValues(call.getResults()));
}

void ScheduleBuilder::buildBind(nn::BindSizesOp bind) {
  kernel::ReadSizesOp::create(
      b, bind.getLoc(), getBuffer(bind.getValues()), bind.getNames(),
      bind.getValues().getType().getElementTypeBitWidth());
  auto number = bind->getAttrOfType<IntegerAttr>("check");
  if (!bind.getBounds() || !number || bind.getNames().empty())
    return;
  // None is negative: the names are within their bounds.
  SmallVector<nn::SizeAttr> distances;
  for (auto [name, bound] :
       llvm::zip(bind.getNames().getAsRange<StringAttr>(),
                 bind.getBounds()->getAsRange<nn::SizeAttr>()))
    distances.push_back(
        nn::sub(bound, nn::getSymbol(b.getContext(), name.getValue())));
  kernel::CheckSizesOp::create(
      b, bind.getLoc(), nn::DimsAttr::get(b.getContext(), distances),
      /*element_bytes=*/0, /*elements=*/nullptr, number.getInt());
}

/// Whether the number of iterations is found by running them.
static bool isCountOpen(nn::LoopOp loop, Value stacked) {
  SmallVector<StringRef> names;
  nn::collectSymbols(nn::getSizes(stacked.getType()).front(), names);
  return llvm::is_contained(names, loop.getExecuted());
}

void ScheduleBuilder::buildLoop(nn::LoopOp loop) {
  Location loc = loop.getLoc();
  auto number = loop->getAttrOfType<IntegerAttr>("check");
  Value condition;
  if (loop.getCondition()) {
    unsigned target = graph.getCondition(loop);
    unsigned source = graph.getBuffer(loop.getCondition());
    condition = values[target];
    if (source != target)
      copy(source, target, nn::getSize(b.getContext(), 1), loc);
  }
  for (auto [init, argument] :
       llvm::zip(loop.getCarried(), loop.getBlock().getArguments())) {
    check(init.getType(),
          getElementsAt(argument.getType(), loop.getSizeNames(),
                        loop.getSizeInits()),
          number, loc);
    if (graph.getBuffer(init) != graph.getBuffer(argument))
      copy(graph.getBuffer(init), graph.getBuffer(argument),
           getBytes(init.getType()), loc);
  }
  for (Value result : loop.getStacked()) {
    if (isCountOpen(loop, result))
      continue;
    check(result.getType(), nn::getNumElements(result.getType()), number, loc);
    nn::SizeAttr rest =
        nn::sub(nn::getSizes(result.getType()).front(), loop.getCount());
    if (number && nn::getRange(rest).first < 0)
      kernel::CheckSizesOp::create(
          b, loc, nn::DimsAttr::get(b.getContext(), rest),
          /*element_bytes=*/0, /*elements=*/nullptr, number.getInt());
    grow(graph.getBuffer(result), getBytes(result.getType()), nullptr, loc);
  }
  setSizes(loop.getSizeNames(), loop.getSizeInits(), loc);
  auto placed = kernel::LoopOp::create(b, loc, loop.getCount(), loop.getIndex(),
                                       loop.getExecuted(), condition);
  buildBody(loop.getBody(), placed.getBody());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&placed.getBody().front());
    buildStacking(loop);
    buildYield(loop.getYield(), number, loop.getSizeNames(),
               loop.getSizeNexts());
  }
}

/// Appends what an iteration yields to the stacked results.
void ScheduleBuilder::buildStacking(nn::LoopOp loop) {
  Location loc = loop.getLoc();
  auto number = loop->getAttrOfType<IntegerAttr>("check");
  nn::SizeAttr index = nn::getSymbol(b.getContext(), loop.getIndex());
  for (auto [value, result] :
       llvm::zip(loop.getYield().getStacked(), loop.getStacked())) {
    nn::SizeAttr bytes = getBytes(value.getType());
    auto sizes = nn::getSizes(result.getType());
    check(value.getType(),
          nn::product(b.getContext(), ArrayRef(sizes).drop_front()), number,
          loc);
    nn::SizeAttr offset = nn::mul(bytes, index);
    if (isCountOpen(loop, result))
      grow(graph.getBuffer(result), nn::add(offset, bytes), offset, loc);
    kernel::CopyOp::create(b, loc, getBuffer(value), getBuffer(result), bytes,
                           offset);
  }
}

/// Brings what a body yields to where it is wanted, and sets `names`.
void ScheduleBuilder::buildYield(nn::YieldOp yield, IntegerAttr number,
                                 ArrayAttr names, ArrayAttr sizes) {
  Location loc = yield.getLoc();
  for (auto [value, result] :
       llvm::zip(yield.getCarried(), yield->getParentOp()->getResults()))
    check(value.getType(), getElementsAt(result.getType(), names, sizes),
          number, loc);
  ArrayRef<YieldCopy> copies = graph.getYieldCopies(yield);
  for (const YieldCopy &entry : copies)
    if (entry.temporary)
      copy(graph.getBuffer(entry.value), *entry.temporary,
           getBytes(entry.value.getType()), loc);
  for (const YieldCopy &entry : copies) {
    unsigned source =
        entry.temporary ? *entry.temporary : graph.getBuffer(entry.value);
    // The target may be that of a launch after the loop or condition now.
    copy(source, graph.findRoot(entry.target), getBytes(entry.value.getType()),
         loc);
  }
  setSizes(names, sizes, loc);
}

void ScheduleBuilder::buildIf(nn::IfOp condition) {
  auto number = condition->getAttrOfType<IntegerAttr>("check");
  auto placed = kernel::IfOp::create(b, condition.getLoc(),
                                     getBuffer(condition.getCondition()));
  auto buildBranch = [&](Region &from, Region &to, ArrayAttr sizes) {
    buildBody(from, to);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&to.front());
    buildYield(cast<nn::YieldOp>(from.front().getTerminator()), number,
               condition.getSizeNames(), sizes);
  };
  buildBranch(condition.getThenBody(), placed.getThenBody(),
              condition.getThenSizes());
  buildBranch(condition.getElseBody(), placed.getElseBody(),
              condition.getElseSizes());
}

void ScheduleBuilder::buildOutputs(Location loc) {
  for (const OutputCopy &entry : graph.getCopies()) {
    remark::missed(
        loc, remark::RemarkOpts::name("PlaceBuffers").category("sinter-memory"))
        << remark::add("output {0} is a copy", entry.output)
        << remark::reason("it is an input, a weight or another output too, not "
                          "the result of a kernel alone, or its size is not "
                          "known when it is begun");
    Value target = kernel::OutputOp::create(
        b, loc, kernel::BufferType::get(b.getContext()), entry.output);
    kernel::CopyOp::create(b, loc, values[graph.findRoot(entry.buffer)], target,
                           entry.bytes, /*offset=*/nullptr);
  }
}

} // namespace sinter::memory
