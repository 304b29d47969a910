//===- VerifyForm.cpp - what each phase promises --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNDialect.h"
#include "passes/Verify/Passes.h"

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

namespace sinter {
#define GEN_PASS_DEF_VERIFYFORMPASS
#include "passes/Verify/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

//===----------------------------------------------------------------------===//
// The table of forms
//===----------------------------------------------------------------------===//

/// What may stand where after a phase: names of operations, `dialect.*`, and
/// `element-wise` for nn operations with that trait.
struct Form {
  StringLiteral name;
  StringLiteral inModule;
  StringLiteral inFunction;
  StringLiteral inSchedule;
  StringLiteral
      inTarget; ///< in the functions of a module for an instruction set
};

constexpr StringLiteral kLowered =
    "func.return arith.* scf.* vector.* memref.* math.* ub.* "
    "llvm.call_intrinsic llvm.call llvm.alloca llvm.getelementptr llvm.store "
    "llvm.inttoptr llvm.mlir.constant llvm.mlir.zero";
/// The module for an instruction set: kernels, and algorithms that they call.
constexpr StringLiteral kInTargetModule = "func.func llvm.func";
/// What more may stand there for a GPU, and in the module around it.
constexpr StringLiteral kLoweredForDevice = "nvvm.* llvm.*";
constexpr StringLiteral kInDeviceModule = "func.func memref.global";

constexpr Form kForms[] = {
    {"import", "func.func", "nn.* func.return", "", ""},
    {"simplify", "func.func", "nn.* func.return", "", ""},
    {"plan", "func.func", "nn.* func.return", "", ""},
    {"compress", "func.func", "nn.* func.return", "", ""},
    {"fuse", "func.func",
     "kernel.group nn.reshape nn.weight nn.bind_sizes nn.loop nn.if nn.yield "
     "func.return",
     "", ""},
    {"outline", "func.func kernel.func",
     "kernel.call nn.reshape nn.weight nn.bind_sizes nn.loop nn.if nn.yield "
     "func.return",
     "", ""},
    {"lower", "func.func kernel.func builtin.module",
     "kernel.call nn.reshape nn.weight nn.bind_sizes nn.loop nn.if nn.yield "
     "func.return",
     "", kLowered},
    {"place", "kernel.schedule kernel.func builtin.module", "",
     "kernel.input kernel.output kernel.constant kernel.arena kernel.grown "
     "kernel.grow kernel.check_sizes kernel.launch kernel.copy "
     "kernel.read_sizes kernel.set_sizes kernel.loop kernel.if",
     kLowered},
};

/// What may stand in a group or kernel of each kind, besides kernel.yield and
/// constants of one element.
struct KernelBody {
  kernel::Kind kind;
  StringLiteral allowed;
};

constexpr KernelBody kKernelBodies[] = {
    {kernel::Kind::Loop,
     "element-wise nn.transpose nn.slice nn.broadcast nn.gather "
     "nn.gather_elements nn.iota nn.size_value nn.pad nn.resize nn.concat"},
    {kernel::Kind::Rows, "element-wise nn.reduce nn.broadcast"},
    {kernel::Kind::Reduce,
     "element-wise nn.reduce nn.transpose nn.slice nn.broadcast"},
    {kernel::Kind::Window,
     "element-wise nn.conv nn.pool nn.transpose nn.broadcast kernel.unpack"},
    {kernel::Kind::Contract,
     "element-wise nn.matmul nn.conv nn.conv_transpose nn.transpose nn.slice "
     "nn.broadcast kernel.unpack kernel.unpack_sparse"},
    {kernel::Kind::Serial, "nn.*"},
};

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

bool isAllowed(Operation *op, StringRef list) {
  for (StringRef entry : llvm::split(list, ' ')) {
    if (entry == op->getName().getStringRef())
      return true;
    if (entry == "element-wise" && op->hasTrait<nn::OpTrait::Elementwise>())
      return true;
    if (entry.consume_back(".*") &&
        entry == op->getName().getDialectNamespace())
      return true;
  }
  return false;
}

/// Checks one module against one row of the table.
class FormCheck {
public:
  explicit FormCheck(const Form &form) : form(form) {}

  LogicalResult run(ModuleOp module) {
    for (Operation &op : *module.getBody()) {
      if (!expectAllowed(&op, form.inModule, "the module"))
        continue;
      expectComplete(&op);
      if (auto func = dyn_cast<func::FuncOp>(op))
        checkFunction(func);
      else if (auto schedule = dyn_cast<kernel::ScheduleOp>(op))
        checkBody(schedule.getBody(), form.inSchedule, "the schedule");
      else if (auto kernelFunc = dyn_cast<kernel::FuncOp>(op))
        checkKernel(kernelFunc.getKind(), kernelFunc.getBody());
      else if (auto target = dyn_cast<ModuleOp>(op))
        checkTarget(target);
    }
    return success(!hasFailed);
  }

private:
  void checkFunction(func::FuncOp func) {
    checkBody(func.getBody(), form.inFunction, "a function");
    llvm::StringSet<> known;
    for (Block &block : func.getBody())
      checkLate(block, known);
  }

  void checkBody(Region &body, StringRef allowed, StringRef place) {
    for (Operation &op : body.getOps()) {
      expectAllowed(&op, allowed, place);
      expectComplete(&op);
      if (auto group = dyn_cast<kernel::GroupOp>(op))
        checkKernel(group.getKind(), group.getBody());
      else
        for (Region &inner : op.getRegions())
          checkBody(inner, allowed, place);
    }
  }

  /// Late dimensions are mentioned only where they have a value. `known` gets
  /// those that `block` defines.
  void checkLate(Block &block, llvm::StringSet<> &known) {
    auto define = [&](llvm::StringSet<> &names, ArrayAttr list) {
      for (StringRef name : list.getAsValueRange<StringAttr>())
        names.insert(name);
    };
    for (Operation &op : block) {
      llvm::StringSet<> inside = known;
      if (auto bind = dyn_cast<nn::BindSizesOp>(op)) {
        define(known, bind.getNames());
      } else if (auto loop = dyn_cast<nn::LoopOp>(op)) {
        define(known, loop.getSizeNames());
        inside = known;
        inside.insert(loop.getIndex());
        known.insert(loop.getExecuted());
      } else if (auto condition = dyn_cast<nn::IfOp>(op)) {
        define(known, condition.getSizeNames());
      }
      for (Type type : op.getResultTypes())
        expectKnown(&op, type, known);
      if (isa<nn::LoopOp, nn::IfOp>(op))
        for (Region &body : op.getRegions()) {
          llvm::StringSet<> names = inside;
          checkLate(body.front(), names);
        }
    }
  }

  void expectKnown(Operation *op, Type type, const llvm::StringSet<> &known) {
    if (!isa<RankedTensorType>(type))
      return;
    SmallVector<StringRef> names;
    for (nn::SizeAttr size : nn::getSizes(type))
      nn::collectSymbols(size, names);
    for (StringRef name : names)
      if (nn::isLate(name) && !known.contains(name))
        report(op, ("late dimension '" + name + "' without a value").str(),
               "the operation that defines it before");
  }

  void checkKernel(kernel::Kind kind, Region &body) {
    const KernelBody *row = llvm::find_if(
        kKernelBodies, [&](const KernelBody &row) { return row.kind == kind; });
    std::string place =
        ("a kernel of kind '" + kernel::stringifyKind(kind) + "'").str();
    for (Operation &op : body.getOps()) {
      expectComplete(&op);
      auto weight = dyn_cast<nn::WeightOp>(op);
      bool isScalar =
          weight &&
          cast<RankedTensorType>(weight.getType()).getNumElements() <= 1;
      if (!isScalar && !isa<kernel::YieldOp>(op))
        expectAllowed(&op, row->allowed, place);
    }
  }

  void checkTarget(ModuleOp target) {
    auto name = target->getAttrOfType<StringAttr>("kernel.target");
    if (!name)
      report(target, "a module without 'kernel.target'",
             "the instruction set it is for");
    bool isDevice = name && name.getValue() == "cuda";
    std::string inFunction = form.inTarget.str();
    if (isDevice)
      inFunction += (" " + kLoweredForDevice).str();
    for (Operation &op : *target.getBody()) {
      expectAllowed(&op,
                    isDevice ? StringRef(kInDeviceModule)
                             : StringRef(kInTargetModule),
                    "a module for an instruction set");
      op.walk([&](Operation *inner) {
        if (inner != &op)
          expectAllowed(inner, inFunction, "a lowered function");
      });
    }
  }

  bool expectAllowed(Operation *op, StringRef allowed, StringRef place) {
    if (isAllowed(op, allowed))
      return true;
    report(op, ("'" + op->getName().getStringRef() + "' in " + place).str(),
           allowed.empty() ? "nothing there" : ("one of: " + allowed).str());
    return false;
  }

  /// What the next phase relies on in single operations.
  void expectComplete(Operation *op) {
    bool isAfterImport = form.name != "import";
    llvm::TypeSwitch<Operation *>(op)
        .Case<nn::ConvOp, nn::ConvTransposeOp, nn::PoolOp>([&](auto op) {
          if (isAfterImport && !op.getChannelsLast())
            report(op, "channels before the spatial dimensions",
                   "'channels_last'");
        })
        .Case([&](kernel::FuncOp op) {
          if (!op.getTiles() || !op.getScratch())
            report(op, "a kernel without a plan", "'tiles' and 'scratch'");
        })
        .Case([&](kernel::ArenaOp op) {
          if (!op.getOffset())
            report(op, "a buffer without a place", "an offset in the arena");
        })
        .Case([&](kernel::ConstantOp op) {
          if (!op.getOffset())
            report(op, "a weight without a place", "an offset in the weights");
        });
  }

  void report(Operation *op, StringRef found, StringRef expected) {
    hasFailed = true;
    op->emitError()
        << "after phase '" << form.name << "' expects " << expected
        << ", but found " << found
        << "; this is a defect of Sinter, not of the model: please report it";
  }

  const Form &form;
  bool hasFailed = false;
};

struct VerifyFormPass : sinter::impl::VerifyFormPassBase<VerifyFormPass> {
  using Base::Base;

  void runOnOperation() override {
    const Form *row = llvm::find_if(
        kForms, [&](const Form &row) { return row.name == form; });
    if (row == std::end(kForms)) {
      getOperation().emitError()
          << "option 'form' expects the name of a phase, but got '"
          << form.getValue() << "'";
      return signalPassFailure();
    }
    if (failed(FormCheck(*row).run(getOperation())))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
