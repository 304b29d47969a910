//===- PlaceBuffers.cpp - makes a schedule on buffers ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/Passes.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Memory/ScheduleBuilder.h"
#include "passes/Memory/SizeOrder.h"

namespace sinter {
#define GEN_PASS_DEF_PLACEBUFFERSPASS
#include "passes/Memory/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

/// Value of a free dimension for estimates where the user named none.
static constexpr int64_t typicalDim = 64;

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static LogicalResult verifyCall(kernel::CallOp call) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
      call, call.getCalleeAttr());
  if (!kernel)
    return call.emitOpError("expects a kernel.func named '")
           << call.getCallee() << "', but there is none";
  if (!llvm::equal(kernel.getArgumentTypes(), call.getInputs().getTypes()) ||
      !llvm::equal(kernel.getResultTypes(), call.getResultTypes())) {
    InFlightDiagnostic diag =
        call.emitOpError("expects the operands and results of its kernel");
    diag.attachNote(kernel.getLoc()) << "kernel declared here";
    return diag;
  }
  return success();
}

/// Whether the operations of `block` and of the bodies inside are those of the
/// outlined form.
static LogicalResult verifyOutlined(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (auto call = dyn_cast<kernel::CallOp>(op)) {
      if (failed(verifyCall(call)))
        return failure();
    } else if (!isa<nn::ReshapeOp, nn::WeightOp, nn::BindSizesOp, nn::LoopOp,
                    nn::IfOp>(op)) {
      return op.emitOpError("expects to be outlined into a kernel.func before "
                            "buffers are placed");
    }
    for (Region &region : op.getRegions())
      if (failed(verifyOutlined(region.front())))
        return failure();
  }
  return success();
}

/// Whether `function` is in the outlined form.
static LogicalResult verifyOutlined(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("expects one block, but got ")
           << function.getBody().getBlocks().size();
  return verifyOutlined(function.getBody().front());
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Values of the free dimensions at which plans are compared: the optimum that
/// the user named, else something typical in the range.
static llvm::StringMap<int64_t> getTypicalDims(ModuleOp module) {
  llvm::StringMap<int64_t> values;
  auto dims = module->getAttrOfType<ArrayAttr>("nn.free_dims");
  if (!dims)
    return values;
  for (auto dim : dims.getAsRange<DictionaryAttr>()) {
    auto name = dim.getAs<StringAttr>("name");
    auto get = [&](StringRef key, int64_t otherwise) {
      auto attr = dim.getAs<IntegerAttr>(key);
      return attr ? attr.getInt() : otherwise;
    };
    int64_t value =
        std::max(get("min", 1), std::min(get("max", typicalDim), typicalDim));
    if (name)
      values[name.getValue()] = get("optimum", value);
  }
  return values;
}

static int64_t estimate(nn::SizeAttr size,
                        const llvm::StringMap<int64_t> &dims) {
  auto value =
      nn::evaluate(size, [&](StringRef name) -> std::optional<int64_t> {
        auto it = dims.find(name);
        return it == dims.end() ? typicalDim : it->second;
      });
  // Too large to count: worse than anything else.
  return value.value_or(std::numeric_limits<int64_t>::max() / 4);
}

/// The scratch that any kernel of the schedule needs, as far as it is known
/// before a run.
static nn::SizeAttr getScratch(const memory::BufferGraph &graph,
                               MLIRContext *context) {
  nn::SizeAttr scratch = nn::getSize(context, 0);
  llvm::SmallPtrSet<Operation *, 16> seen;
  for (kernel::CallOp call : graph.getCalls()) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
        call, call.getCalleeAttr());
    // What depends on data is reserved before the launch.
    if (seen.insert(kernel).second && kernel.getScratchAttr() &&
        !nn::hasLate(kernel.getScratchAttr()))
      scratch = memory::getLarger(scratch, kernel.getScratchAttr());
  }
  return scratch;
}

//===----------------------------------------------------------------------===//
// The arena
//===----------------------------------------------------------------------===//

static remark::RemarkOpts getRemarkOptions() {
  return remark::RemarkOpts::name("PlaceBuffers").category("sinter-memory");
}

/// Places the buffers of the arena; returns its bytes.
static nn::SizeAttr planArena(func::FuncOp function,
                              const memory::BufferGraph &graph,
                              const llvm::StringMap<int64_t> &dims,
                              memory::Placement &placement) {
  MLIRContext *context = function.getContext();
  SmallVector<unsigned> numbers;
  SmallVector<memory::FixedBuffer> fixedBuffers;
  SmallVector<memory::FreeBuffer> freeBuffers;
  for (auto [number, buffer] : llvm::enumerate(graph.getBuffers())) {
    if (buffer.place != memory::Buffer::Place::Arena || !graph.isUsed(number))
      continue;
    numbers.push_back(number);
    freeBuffers.push_back({buffer.bound, buffer.life});
    if (std::optional<int64_t> bytes = buffer.bound.getConstant())
      fixedBuffers.push_back({*bytes, buffer.life});
  }

  if (fixedBuffers.size() == numbers.size()) {
    memory::FixedPlan plan = memory::planFixed(fixedBuffers);
    for (auto [number, offset] : llvm::zip(numbers, plan.offsets))
      placement.offsets[number] = nn::getSize(context, offset);
    remark::analysis(function.getLoc(), getRemarkOptions())
        << "values that do not live at the same time share memory"
        << remark::metric("arena_bytes", plan.bytes)
        << remark::metric("lower_bound_bytes",
                          memory::getLowerBound(fixedBuffers))
        << remark::metric("buffers", static_cast<int64_t>(numbers.size()));
    return nn::getSize(context, plan.bytes);
  }
  memory::FreePlan plan =
      memory::planFree(context, freeBuffers,
                       [&](nn::SizeAttr size) { return estimate(size, dims); });
  for (auto [number, slot] : llvm::zip(numbers, plan.slots))
    placement.offsets[number] = plan.offsets[slot];
  remark::analysis(function.getLoc(), getRemarkOptions())
      << "values that do not live at the same time share slots of memory"
      << remark::metric("arena_bytes", nn::toString(plan.bytes))
      << remark::metric("slots", static_cast<int64_t>(plan.offsets.size()))
      << remark::metric("buffers", static_cast<int64_t>(numbers.size()));
  return plan.bytes;
}

/// Gives buffers whose size is found while running their slots: those that do
/// not live at the same time share one.
static void assignSlots(const memory::BufferGraph &graph,
                        memory::Placement &placement) {
  SmallVector<SmallVector<memory::Lifetime>> slots;
  for (unsigned number = 0; number < graph.getBuffers().size(); ++number) {
    const memory::Buffer &buffer = graph.getBuffers()[number];
    if (buffer.place != memory::Buffer::Place::Grown || !graph.isUsed(number))
      continue;
    auto *slot = llvm::find_if(slots, [&](ArrayRef<memory::Lifetime> lives) {
      return llvm::none_of(lives, [&](const memory::Lifetime &life) {
        return life.overlaps(buffer.life);
      });
    });
    placement.slots[number] = slot - slots.begin();
    if (slot == slots.end())
      slots.emplace_back();
    slots[placement.slots[number]].push_back(buffer.life);
  }
}

//===----------------------------------------------------------------------===//
// The schedule
//===----------------------------------------------------------------------===//

/// Names and types of arguments or results, as the schedule keeps them: as the
/// model has them, where the function has packed bytes.
static ArrayAttr describeTensors(Builder &builder, TypeRange types,
                                 ArrayAttr attributes) {
  SmallVector<Attribute> tensors;
  for (auto [index, type] : llvm::enumerate(types)) {
    StringAttr name = builder.getStringAttr("");
    Type shown = type;
    if (attributes) {
      auto given = cast<DictionaryAttr>(attributes[index]);
      if (auto own = given.getAs<StringAttr>("nn.name"))
        name = own;
      if (auto packed = given.getAs<TypeAttr>("nn.packed"))
        shown = packed.getValue();
    }
    tensors.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", name),
         builder.getNamedAttr("type", TypeAttr::get(shown))}));
  }
  return builder.getArrayAttr(tensors);
}

static void buildSchedule(func::FuncOp function,
                          const memory::BufferGraph &graph,
                          const memory::Placement &placement,
                          nn::SizeAttr arenaBytes) {
  OpBuilder builder(function);
  auto schedule = kernel::ScheduleOp::create(
      builder, function.getLoc(), function.getSymName(),
      describeTensors(builder, function.getArgumentTypes(),
                      function.getArgAttrsAttr()),
      describeTensors(builder, function.getResultTypes(),
                      function.getResAttrsAttr()),
      arenaBytes, getScratch(graph, function.getContext()));
  builder.createBlock(&schedule.getBody());
  memory::ScheduleBuilder(graph, placement, builder).build(function);
}

namespace {

struct PlaceBuffersPass : sinter::impl::PlaceBuffersPassBase<PlaceBuffersPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::StringMap<int64_t> dims = getTypicalDims(module);
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (failed(verifyOutlined(function)))
        return signalPassFailure();
      memory::BufferGraph graph(function, inPlace);
      memory::Placement placement;
      nn::SizeAttr arenaBytes = planArena(function, graph, dims, placement);
      assignSlots(graph, placement);
      buildSchedule(function, graph, placement, arenaBytes);
      function.erase();
    }
  }
};

} // namespace
