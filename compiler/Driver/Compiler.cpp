//===- Compiler.cpp - one compilation from model to artifact --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Compiler.h"

#include "compiler/Driver/ArtifactBuilder.h"
#include "compiler/Driver/Context.h"
#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Measuring.h"
#include "compiler/Driver/Quantizing.h"
#include "dialects/Kernel/KernelDialect.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/ToolOutputFile.h"

#include <chrono>
#include <mutex>

using namespace sinter;

namespace {

/// A request on its way through the phases.
class Compilation {
public:
  Compilation(const CompileRequest &request, const Events &events,
              Failure &failure)
      : request(request), events(events), failure(failure),
        threads(llvm::hardware_concurrency(request.threads)),
        context(createContext(threads)), diagnostics(context.get(), events) {
    decisions.attach(*context);
    if (request.skipPasses)
      context->registerActionHandler(
          [this](llvm::function_ref<void()> run,
                 const mlir::tracing::Action &action) {
            auto *pass = llvm::dyn_cast<mlir::PassExecutionAction>(&action);
            if (!pass || enterPass(pass->getPass().getArgument()))
              run();
          });
  }

  /// Makes ready what measures, or reads the lock.
  llvm::LogicalResult prepareMeasuring();
  /// Fills the module from the model, or from IR that was printed.
  llvm::LogicalResult load(llvm::SmallVectorImpl<ImportIssue> &issues);
  /// Fills `plan` with what the phase of that name decides by.
  llvm::LogicalResult preparePlan(PlanOptions &plan);
  /// Runs the phases on IR that have not run yet, up to `last`.
  llvm::LogicalResult transform(Phase last);
  /// Generates code and writes the artifact.
  llvm::LogicalResult emit(CompileResult &result);
  /// Says what was measured, and writes the lock where it was asked for.
  llvm::LogicalResult finishMeasuring(CompileResult &result);

  Phase getFirstPhase() const {
    return request.startAfter
               ? static_cast<Phase>(static_cast<int>(*request.startAfter) + 1)
               : Phase::Import;
  }
  mlir::ModuleOp getModule() { return *module; }
  const DecisionLog &getDecisions() const { return decisions; }
  std::string printModule();

  /// The names of passes that ran, where some are to be left out.
  std::vector<std::string> takePasses() { return std::move(passes); }

private:
  llvm::LogicalResult finishPhase(Phase phase);
  bool isSkipped(llvm::StringRef pass) const {
    return request.skipPasses && llvm::is_contained(*request.skipPasses, pass);
  }
  /// Notes that a pass is about to run; false if it is to be left out. From any
  /// thread.
  bool enterPass(llvm::StringRef pass);

  const CompileRequest &request;
  const Events &events;
  Failure &failure;
  DecisionLog decisions;
  llvm::DefaultThreadPool threads;
  std::mutex passesMutex;
  std::vector<std::string> passes;
  std::optional<Phase> done; ///< the last phase that transform ran
  std::unique_ptr<mlir::MLIRContext> context;
  DiagnosticCollector diagnostics;
  std::unique_ptr<measure::Measurer> measurer;
  std::unique_ptr<Quantizing> quantizing;
  std::vector<LayerDecision> layers;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace

/// Fills `failure` for a file that cannot be read or written.
static llvm::LogicalResult fail(Failure &failure, llvm::StringRef code,
                                const llvm::Twine &message,
                                llvm::StringRef remedy) {
  failure.exitCode = ExitCode::BadInput;
  failure.code = code.str();
  failure.message = message.str();
  failure.remedy = remedy.str();
  return llvm::failure();
}

std::string Compilation::printModule() {
  std::string text;
  llvm::raw_string_ostream out(text);
  // Locations carry the names of the ONNX nodes: --start-after needs them.
  module->print(out, mlir::OpPrintingFlags().enableDebugInfo());
  return text;
}

/// Writes the IR after `phase` where it was asked for, and reports progress.
llvm::LogicalResult Compilation::finishPhase(Phase phase) {
  decisions.observe(*module);
  if (events.progress)
    events.progress(getPhaseName(phase), 1, 1);
  if (request.dumpPhasesTo.empty())
    return llvm::success();
  std::string path = request.dumpPhasesTo + "/" +
                     std::to_string(static_cast<int>(phase) + 1) + "-" +
                     getPhaseName(phase).str() + ".mlir";
  std::error_code error =
      llvm::sys::fs::create_directories(request.dumpPhasesTo);
  if (!error) {
    llvm::ToolOutputFile file(path, error, llvm::sys::fs::OF_Text);
    if (!error) {
      file.os() << printModule();
      file.os().flush();
      error = file.os().error();
      file.os().clear_error();
      if (!error)
        file.keep();
    }
  }
  if (error)
    return fail(failure, "unwritable_output",
                "cannot write '" + path + "': " + error.message(),
                "name a folder that can be written after --dump-phases-to");
  return llvm::success();
}

llvm::LogicalResult
Compilation::load(llvm::SmallVectorImpl<ImportIssue> &issues) {
  if (request.startAfter) {
    mlir::ParserConfig config(context.get());
    module = mlir::parseSourceFile<mlir::ModuleOp>(request.model, config);
    if (module) {
      decisions.enterPhase(getPhaseName(*request.startAfter));
      decisions.observe(*module);
      setTargets(*module, request);
      return llvm::success();
    }
    diagnostics.describe(failure, ExitCode::BadInput, "parse");
    failure.code = "bad_ir";
    failure.remedy = "give a file that --print-ir or --dump-phases-to wrote";
    return llvm::failure();
  }
  decisions.enterPhase(getPhaseName(Phase::Import));
  if (events.progress)
    events.progress("import", 0, 1);
  auto imported = importOnnx(context.get(), request.model, request.import,
                             issues, [&](llvm::StringRef message) {
                               if (events.warning)
                                 events.warning(message);
                             });
  if (mlir::failed(imported) || !issues.empty()) {
    if (issues.empty())
      diagnostics.describe(failure, ExitCode::Internal, "import");
    else
      describe(issues, failure);
    return llvm::failure();
  }
  module = std::move(*imported);
  setTargets(*module, request);
  return finishPhase(Phase::Import);
}

/// What a failure of `phase` says about the model.
static ExitCode getExitCode(Phase phase) {
  switch (phase) {
  case Phase::Plan:     // the model is not what the request takes it for
  case Phase::Compress: // a plan that was edited
    return ExitCode::BadInput;
  case Phase::Outline: // these two refuse kernels that have no emitter yet
  case Phase::Lower:
    return ExitCode::Unsupported;
  default:
    return ExitCode::Internal;
  }
}

llvm::LogicalResult Compilation::preparePlan(PlanOptions &plan) {
  plan.measurer = measurer.get();
  plan.layers = request.layers;
  plan.prune = request.prune;
  llvm::StringMap<int64_t> dims = getTypicalDims(*module);
  quantizing = Quantizing::create(request, *module, events, failure);
  if (!failure.message.empty())
    return llvm::failure();
  if (quantizing) {
    // The sizes of samples are more typical than a guess, but not than what the
    // user says.
    llvm::StringMap<int64_t> optima = getOptima(*module);
    for (const auto &entry : quantizing->dims)
      if (!optima.contains(entry.first()))
        dims[entry.first()] = entry.second;
  }
  plan.typicalDim = [dims = std::move(dims)](llvm::StringRef name) {
    auto entry = dims.find(name);
    return entry == dims.end() ? std::nullopt : std::optional(entry->second);
  };
  if (quantizing) {
    quantizing->plan.measurer = plan.measurer;
    quantizing->plan.typicalDim = plan.typicalDim;
    plan.quantize = &quantizing->plan;
  }
  return llvm::success();
}

/// Passes that cannot be left out, but have an option to do the least.
static constexpr llvm::StringLiteral fusingPass = "sinter-fuse-form-groups";
static constexpr llvm::StringLiteral placingPass =
    "sinter-memory-place-buffers";

bool Compilation::enterPass(llvm::StringRef pass) {
  std::lock_guard<std::mutex> lock(passesMutex);
  if (!pass.empty() && !llvm::is_contained(passes, pass))
    passes.push_back(pass.str());
  return !isSkipped(pass) || pass == fusingPass || pass == placingPass;
}

llvm::LogicalResult Compilation::transform(Phase last) {
  PlanOptions plan;
  struct Step {
    Phase phase;
    std::function<void(mlir::OpPassManager &)> build;
  };
  const Step steps[] = {
      {Phase::Simplify, buildSimplifyPipeline},
      {Phase::Plan,
       [&](mlir::OpPassManager &pm) { buildPlanPipeline(pm, plan); }},
      {Phase::Compress, buildCompressPipeline},
      {Phase::Fuse,
       [&](mlir::OpPassManager &pm) {
         buildFusePipeline(pm, !isSkipped(fusingPass));
       }},
      {Phase::Outline, buildOutlinePipeline},
      {Phase::Lower,
       [&](mlir::OpPassManager &pm) { buildLowerPipeline(pm, request.cpus); }},
      {Phase::Place, [&](mlir::OpPassManager &pm) {
         buildPlacePipeline(pm, !isSkipped(placingPass));
       }}};
  for (const Step &step : steps) {
    if (step.phase < getFirstPhase() || step.phase > last ||
        (done && step.phase <= *done))
      continue;
    if (events.progress)
      events.progress(getPhaseName(step.phase), 0, 1);
    if (step.phase == Phase::Plan && llvm::failed(preparePlan(plan)))
      return llvm::failure();
    decisions.enterPhase(getPhaseName(step.phase));
    mlir::PassManager pm(context.get());
    step.build(pm);
    if (mlir::failed(pm.run(*module))) {
      if (quantizing && quantizing->describeFailure(failure))
        return llvm::failure();
      diagnostics.describe(failure, getExitCode(step.phase),
                           getPhaseName(step.phase));
      return llvm::failure();
    }
    if (step.phase == Phase::Plan)
      layers = collectDecisions(*module);
    done = step.phase;
    if (llvm::failed(finishPhase(step.phase)))
      return llvm::failure();
  }
  return llvm::success();
}

/// The most memory this process has had, in bytes (VmHWM: unlike getrusage it
/// does not count what a parent had before it started this program); 0 if
/// unknown.
static uint64_t readPeakRss() {
  auto status = llvm::MemoryBuffer::getFileAsStream("/proc/self/status");
  uint64_t kibibytes = 0;
  if (status) {
    llvm::StringRef rest =
        (*status)->getBuffer().split("VmHWM:").second.ltrim();
    rest.consumeInteger(10, kibibytes);
  }
  return kibibytes * 1024;
}

/// Lists the kernels that the fusion left with one operation.
static void describeUnfused(llvm::ArrayRef<Decision> decisions,
                            CompileResult &result) {
  for (const Decision &decision : decisions) {
    if (decision.name != "FormGroup" || decision.kind != Decision::Kind::Missed)
      continue;
    std::string nodes;
    for (const ReportNode &node : decision.nodes)
      nodes += (nodes.empty() ? "" : ", ") + node.name;
    result.unfused.push_back({nodes, decision.reason});
  }
}

/// Whether `op` multiplies and sums, and whether it does so on integers.
static bool isContraction(mlir::Operation *op) {
  return llvm::isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op);
}
static bool isOnBytes(mlir::Operation *op) {
  return mlir::getElementTypeOrSelf(op->getOperand(0).getType()).isInteger(8);
}

/// Counts what the outlined module holds.
static void describeKernels(mlir::ModuleOp module, CompileResult &result) {
  if (auto nodes = module->getAttrOfType<mlir::IntegerAttr>("nn.node_count"))
    result.nodes = nodes.getInt();
  result.kernels = llvm::range_size(module.getOps<kernel::FuncOp>());
  for (auto schedule : module.getOps<kernel::ScheduleOp>()) {
    nn::SizeAttr arena = schedule.getArena();
    result.arenaFormula = nn::toString(arena);
    result.arenaBytes = arena.getConstant().value_or(-1);
    schedule.walk([&](kernel::LaunchOp launch) {
      ++result.launches;
      if (auto kernel = module.lookupSymbol<kernel::FuncOp>(launch.getCallee()))
        kernel.walk([&](mlir::Operation *op) {
          result.contractions += isContraction(op);
          result.integerContractions += isContraction(op) && isOnBytes(op);
        });
    });
  }
}

llvm::LogicalResult Compilation::prepareMeasuring() {
  if (!request.measure && request.lock.empty())
    return llvm::success();
  measurer = createMeasurer(request.lock, request.threads, events, failure);
  return llvm::success(measurer != nullptr);
}

llvm::LogicalResult Compilation::finishMeasuring(CompileResult &result) {
  result.layers = layers;
  if (!measurer)
    return llvm::success();
  result.lock = describeUse(*measurer);
  if (result.lock.missing && events.warning)
    events.warning("the lock '" + request.lock + "' lacks " +
                   std::to_string(result.lock.missing) +
                   " layers, which stay as they are; compile without --lock "
                   "to measure them");
  if (request.lockOut.empty())
    return llvm::success();
  llvm::Error error =
      llvm::writeToOutput(request.lockOut, [&](llvm::raw_ostream &out) {
        out << measurer->getUsed().print();
        return llvm::Error::success();
      });
  if (error)
    return fail(failure, "unwritable_output",
                "cannot write '" + request.lockOut +
                    "': " + llvm::toString(std::move(error)),
                "name a file that can be written after --lock-out");
  return llvm::success();
}

llvm::LogicalResult Compilation::emit(CompileResult &result) {
  if (events.progress)
    events.progress("generate", 0, 1);
  auto progress = [&](size_t done, size_t total) {
    if (events.progress)
      events.progress("generate", done, total);
  };
  codegen::SizeTable sizes = makeSizeTable(*module);
  std::string lock;
  if (measurer && measurer->getUsed().size())
    lock = measurer->getUsed().print();
  auto deviceCode = generateDeviceCode(*module, sizes, events);
  if (mlir::failed(deviceCode)) {
    diagnostics.describe(failure, ExitCode::Internal, "generate");
    return llvm::failure();
  }
  auto code = codegen::generateCpuCode(*module, sizes, progress);
  if (mlir::failed(code)) {
    diagnostics.describe(failure, ExitCode::Internal, "generate");
    return llvm::failure();
  }
  if (llvm::failed(buildArtifact(*module, *code, std::move(*deviceCode), sizes,
                                 lock, request.output, events, result,
                                 failure))) {
    if (failure.message.empty())
      diagnostics.describe(failure, ExitCode::Internal, "emit");
    return llvm::failure();
  }
  return llvm::success();
}

llvm::LogicalResult sinter::compile(const CompileRequest &request,
                                    const Events &events, CompileResult &result,
                                    Failure &failure) {
  auto start = std::chrono::steady_clock::now();
  Compilation compilation(request, events, failure);
  llvm::SmallVector<ImportIssue> issues;
  Phase last = request.stopAfter.value_or(Phase::Emit);
  if (llvm::failed(compilation.prepareMeasuring()) ||
      llvm::failed(compilation.load(issues)) ||
      llvm::failed(compilation.transform(last)) ||
      llvm::failed(compilation.finishMeasuring(result)))
    return llvm::failure();
  describeKernels(compilation.getModule(), result);
  describeUnfused(compilation.getDecisions().getDecisions(), result);
  if (request.report)
    result.report =
        makeReport(compilation.getModule(), compilation.getDecisions());
  if (request.printIR)
    result.ir = compilation.printModule();
  if (last > Phase::Place && llvm::failed(compilation.emit(result)))
    return llvm::failure();
  result.passes = compilation.takePasses();
  result.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  result.peakRss = readPeakRss();
  return llvm::success();
}

/// Adds every kernel that a device cannot run.
static void listRefusals(mlir::ModuleOp module,
                         std::vector<ImportIssue> &unsupported) {
  for (codegen::CudaRefusal &refusal : codegen::findCudaRefusals(module)) {
    ImportIssue issue;
    issue.kind = ImportIssue::Kind::Unsupported;
    issue.code = "unsupported_on_device";
    issue.node = llvm::join(refusal.nodes, ", ");
    issue.message = refusal.reason;
    issue.remedy = refusal.remedy;
    unsupported.push_back(std::move(issue));
  }
}

llvm::LogicalResult sinter::check(const CompileRequest &request,
                                  std::vector<ImportIssue> &unsupported,
                                  Failure &failure) {
  Events silent;
  Compilation compilation(request, silent, failure);
  llvm::SmallVector<ImportIssue> issues;
  if (llvm::succeeded(compilation.load(issues)) &&
      llvm::succeeded(compilation.transform(Phase::Outline))) {
    if (request.cuda)
      listRefusals(compilation.getModule(), unsupported);
    // With a list of its own for devices, the rest is for the CPU.
    if (!unsupported.empty() ||
        llvm::succeeded(compilation.transform(Phase::Lower)))
      return llvm::success();
  }
  if (failure.exitCode != ExitCode::Unsupported)
    return llvm::failure();
  unsupported.assign(issues.begin(), issues.end());
  if (unsupported.empty()) {
    // A pass refused: it knows the nodes, but no ONNX operator.
    ImportIssue issue;
    issue.code = failure.code;
    issue.node = failure.node;
    issue.message = failure.message;
    issue.remedy = failure.remedy;
    unsupported.push_back(issue);
  }
  return llvm::success();
}
