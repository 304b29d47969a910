//===- Measuring.cpp - measurements of a compilation ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Measuring.h"

#include "compiler/Codegen/Cpu/CpuTarget.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/InstructionSet.h"
#include "sinter/cpu.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <set>

using namespace sinter;

/// The variant that the loader would take on this machine.
std::string sinter::getHostTarget() {
  uint64_t features = sinter_cpu_features();
  for (const codegen::CpuTarget &target : codegen::getTargets())
    if (findInstructionSet(target.name)->isDefault &&
        (target.needs & ~features) == 0)
      return target.name.str();
  return "";
}

llvm::Error sinter::compileModule(mlir::ModuleOp module, Phase after,
                                  llvm::StringRef path, unsigned threads) {
  // As text, the module gets a context of its own: neither its diagnostics nor
  // its remarks mix with those of the compilation at hand.
  std::string source = (path + ".mlir").str();
  std::error_code error;
  {
    llvm::raw_fd_ostream file(source, error);
    if (!error) {
      module.print(file, mlir::OpPrintingFlags().enableDebugInfo());
      file.flush();
      error = file.error();
      file.clear_error();
    }
  }
  if (error)
    return llvm::createStringError(error, "cannot write '" + source + "'");
  CompileRequest request;
  request.model = source;
  request.output = path.str();
  request.startAfter = after;
  request.threads = threads;
  request.cpus = {getHostTarget()};
  Events silent;
  CompileResult result;
  Failure failure;
  llvm::LogicalResult status = compile(request, silent, result, failure);
  llvm::sys::fs::remove(source);
  if (llvm::failed(status))
    return llvm::createStringError(failure.message);
  return llvm::Error::success();
}

LockUse sinter::describeUse(const measure::Measurer &measurer) {
  LockUse use;
  (measurer.hasLock() ? use.used : use.measured) = measurer.getUsed().size();
  use.missing = measurer.countMissing();
  use.stale = measurer.countStale();
  return use;
}

/// Calls `visit` with each free dimension of `module`.
static void
forEachDim(mlir::ModuleOp module,
           llvm::function_ref<void(llvm::StringRef name, int64_t min,
                                   int64_t max, int64_t optimum)>
               visit) {
  auto dims = module->getAttrOfType<mlir::ArrayAttr>("nn.free_dims");
  if (!dims)
    return;
  for (auto dim : dims.getAsRange<mlir::DictionaryAttr>()) {
    auto read = [&](llvm::StringRef key, int64_t fallback) {
      auto value = dim.getAs<mlir::IntegerAttr>(key);
      return value ? value.getInt() : fallback;
    };
    if (auto name = dim.getAs<mlir::StringAttr>("name"))
      visit(name.getValue(), read("min", 1), read("max", INT64_MAX),
            read("optimum", 0));
  }
}

llvm::StringMap<int64_t> sinter::getOptima(mlir::ModuleOp module) {
  llvm::StringMap<int64_t> optima;
  forEachDim(module,
             [&](llvm::StringRef name, int64_t, int64_t, int64_t optimum) {
               if (optimum > 0)
                 optima[name] = optimum;
             });
  return optima;
}

llvm::StringMap<int64_t> sinter::getTypicalDims(mlir::ModuleOp module) {
  // Before fusion the only function is the model.
  std::set<llvm::StringRef> outermost;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    for (mlir::Type type : function.getArgumentTypes())
      if (llvm::SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
          !sizes.empty()) {
        llvm::SmallVector<llvm::StringRef> names;
        nn::collectSymbols(sizes.front(), names);
        outermost.insert(names.begin(), names.end());
      }
  llvm::StringMap<int64_t> dims;
  forEachDim(module, [&](llvm::StringRef name, int64_t min, int64_t max,
                         int64_t optimum) {
    int64_t guess =
        std::clamp<int64_t>(outermost.count(name) ? 1 : 128, min, max);
    dims[name] = optimum > 0 ? optimum : guess;
  });
  return dims;
}

std::unique_ptr<measure::Measurer>
sinter::createMeasurer(llvm::StringRef lockPath, unsigned threads,
                       const Events &events, Failure &failure) {
  if (lockPath.empty())
    return std::make_unique<measure::Measurer>(
        getHostTarget(),
        [threads](mlir::ModuleOp module, llvm::StringRef path) {
          return compileModule(module, Phase::Plan, path, threads);
        },
        [&events](size_t done, size_t total) {
          if (events.progress)
            events.progress("measure", done, total);
        });
  auto fail = [&](const llvm::Twine &message) {
    failure.exitCode = ExitCode::BadInput;
    failure.code = "bad_lock";
    failure.message = message.str();
    failure.expected = "a file that --lock-out wrote";
    failure.remedy = "compile without --lock and with --lock-out FILE to "
                     "measure on this machine";
    return nullptr;
  };
  auto file = llvm::MemoryBuffer::getFile(lockPath);
  if (!file)
    return fail("cannot read the lock '" + lockPath +
                "': " + file.getError().message());
  auto lock = measure::Lock::parse((*file)->getBuffer());
  if (!lock)
    return fail("'" + lockPath +
                "' is no lock: " + llvm::toString(lock.takeError()));
  return std::make_unique<measure::Measurer>(std::move(*lock));
}
