//===- PlaceBuffers.cpp - makes a schedule on buffers ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/Passes.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Memory/BufferGraph.h"
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

/// Whether `function` is in the outlined form.
static LogicalResult verifyOutlined(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("expects one block, but got ")
           << function.getBody().getBlocks().size();
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (auto call = dyn_cast<kernel::CallOp>(op)) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
          call, call.getCalleeAttr());
      if (!kernel)
        return call.emitOpError("expects a kernel.func named '")
               << call.getCallee() << "', but there is none";
      if (!llvm::equal(kernel.getArgumentTypes(),
                       call.getInputs().getTypes()) ||
          !llvm::equal(kernel.getResultTypes(), call.getResultTypes())) {
        InFlightDiagnostic diag =
            call.emitOpError("expects the operands and results of its kernel");
        diag.attachNote(kernel.getLoc()) << "kernel declared here";
        return diag;
      }
    } else if (!isa<nn::ReshapeOp, nn::WeightOp>(op)) {
      return op.emitOpError("expects to be outlined into a kernel.func before "
                            "buffers are placed");
    }
  }
  return success();
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

/// The scratch that any kernel of the schedule needs.
static nn::SizeAttr getScratch(const memory::BufferGraph &graph,
                               MLIRContext *context) {
  nn::SizeAttr scratch = nn::getSize(context, 0);
  llvm::SmallPtrSet<Operation *, 16> seen;
  for (kernel::CallOp call : graph.getCalls()) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
        call, call.getCalleeAttr());
    if (seen.insert(kernel).second && kernel.getScratchAttr())
      scratch = memory::getLarger(scratch, kernel.getScratchAttr());
  }
  return scratch;
}

//===----------------------------------------------------------------------===//
// The arena
//===----------------------------------------------------------------------===//

namespace {
/// Offsets of the buffers in the arena, by number of the buffer.
struct Arena {
  llvm::DenseMap<unsigned, nn::SizeAttr> offsets;
  nn::SizeAttr bytes;
};
} // namespace

static remark::RemarkOpts getRemarkOptions() {
  return remark::RemarkOpts::name("PlaceBuffers").category("sinter-memory");
}

static Arena planArena(func::FuncOp function, const memory::BufferGraph &graph,
                       const llvm::StringMap<int64_t> &dims) {
  MLIRContext *context = function.getContext();
  SmallVector<unsigned> numbers;
  SmallVector<memory::FixedBuffer> fixedBuffers;
  SmallVector<memory::FreeBuffer> freeBuffers;
  for (auto [number, buffer] : llvm::enumerate(graph.getBuffers())) {
    if (buffer.place != memory::Buffer::Place::Arena || !graph.isUsed(number))
      continue;
    numbers.push_back(number);
    freeBuffers.push_back({buffer.bytes, buffer.life});
    if (std::optional<int64_t> bytes = buffer.bytes.getConstant())
      fixedBuffers.push_back({*bytes, buffer.life});
  }

  Arena arena;
  if (fixedBuffers.size() == numbers.size()) {
    memory::FixedPlan plan = memory::planFixed(fixedBuffers);
    for (auto [number, offset] : llvm::zip(numbers, plan.offsets))
      arena.offsets[number] = nn::getSize(context, offset);
    arena.bytes = nn::getSize(context, plan.bytes);
    remark::analysis(function.getLoc(), getRemarkOptions())
        << "values that do not live at the same time share memory"
        << remark::metric("arena_bytes", plan.bytes)
        << remark::metric("lower_bound_bytes",
                          memory::getLowerBound(fixedBuffers))
        << remark::metric("buffers", static_cast<int64_t>(numbers.size()));
    return arena;
  }
  memory::FreePlan plan =
      memory::planFree(context, freeBuffers,
                       [&](nn::SizeAttr size) { return estimate(size, dims); });
  for (auto [number, slot] : llvm::zip(numbers, plan.slots))
    arena.offsets[number] = plan.offsets[slot];
  arena.bytes = plan.bytes;
  remark::analysis(function.getLoc(), getRemarkOptions())
      << "values that do not live at the same time share slots of memory"
      << remark::metric("arena_bytes", nn::toString(plan.bytes))
      << remark::metric("slots", static_cast<int64_t>(plan.offsets.size()))
      << remark::metric("buffers", static_cast<int64_t>(numbers.size()));
  return arena;
}

//===----------------------------------------------------------------------===//
// The schedule
//===----------------------------------------------------------------------===//

/// Names and types of arguments or results, as the schedule keeps them.
static ArrayAttr describeTensors(Builder &builder, TypeRange types,
                                 ArrayAttr attributes) {
  SmallVector<Attribute> tensors;
  for (auto [index, type] : llvm::enumerate(types)) {
    StringAttr name = builder.getStringAttr("");
    if (attributes)
      if (auto given = cast<DictionaryAttr>(attributes[index])
                           .getAs<StringAttr>("nn.name"))
        name = given;
    tensors.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", name),
         builder.getNamedAttr("type", TypeAttr::get(type))}));
  }
  return builder.getArrayAttr(tensors);
}

/// Makes the operation that names a buffer.
static Value buildBuffer(OpBuilder &builder, Location loc, unsigned number,
                         const memory::Buffer &buffer, const Arena &arena) {
  Type type = kernel::BufferType::get(builder.getContext());
  switch (buffer.place) {
  case memory::Buffer::Place::Input:
    return kernel::InputOp::create(builder, loc, type, buffer.index);
  case memory::Buffer::Place::Output:
    return kernel::OutputOp::create(builder, loc, type, buffer.index);
  case memory::Buffer::Place::Weight:
    return kernel::ConstantOp::create(builder, loc, type, buffer.weight,
                                      /*offset=*/IntegerAttr());
  case memory::Buffer::Place::Arena:
    return kernel::ArenaOp::create(builder, loc, type,
                                   arena.offsets.lookup(number), buffer.bytes,
                                   buffer.life.first, buffer.life.last);
  }
  return nullptr;
}

static void buildSchedule(func::FuncOp function,
                          const memory::BufferGraph &graph,
                          const Arena &arena) {
  Location loc = function.getLoc();
  MLIRContext *context = function.getContext();
  OpBuilder builder(function);
  auto schedule = kernel::ScheduleOp::create(
      builder, loc, function.getSymName(),
      describeTensors(builder, function.getArgumentTypes(),
                      function.getArgAttrsAttr()),
      describeTensors(builder, function.getResultTypes(),
                      function.getResAttrsAttr()),
      arena.bytes, getScratch(graph, context));
  builder.createBlock(&schedule.getBody());

  SmallVector<Value> values(graph.getBuffers().size());
  for (auto [number, buffer] : llvm::enumerate(graph.getBuffers()))
    if (graph.isUsed(number))
      values[number] = buildBuffer(builder, loc, number, buffer, arena);
  auto getValues = [&](ValueRange tensors) {
    return llvm::map_to_vector(
        tensors, [&](Value tensor) { return values[graph.getBuffer(tensor)]; });
  };
  for (kernel::CallOp call : graph.getCalls())
    kernel::LaunchOp::create(builder, call.getLoc(), call.getCalleeAttr(),
                             getValues(call.getInputs()),
                             getValues(call.getResults()));
  for (const memory::OutputCopy &copy : graph.getCopies()) {
    remark::missed(loc, getRemarkOptions())
        << remark::add("output {0} is a copy", copy.output)
        << remark::reason("it is an input, a weight or another output too, not "
                          "the result of a kernel alone");
    Value target = kernel::OutputOp::create(
        builder, loc, kernel::BufferType::get(context), copy.output);
    kernel::CopyOp::create(builder, loc, values[copy.buffer], target,
                           graph.getBuffers()[copy.buffer].bytes,
                           /*offset=*/nullptr);
  }
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
      buildSchedule(function, graph, planArena(function, graph, dims));
      function.erase();
    }
  }
};

} // namespace
