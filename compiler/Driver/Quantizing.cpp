//===- Quantizing.cpp - a request for precision, made ready ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Quantizing.h"

#include "compiler/Calibrate/BatchNorm.h"
#include "compiler/Driver/Measuring.h"
#include "passes/Quantize/Layer.h"

using namespace sinter;

/// Samples that are made up where there are none.
static constexpr unsigned kNoiseSamples = 16;

static void fill(Failure &failure, const calibrate::Problem &problem) {
  failure.exitCode = ExitCode::BadInput;
  failure.code = "bad_calibration";
  failure.message = problem.message;
  failure.expected = problem.expected;
  failure.found = problem.found;
  failure.remedy = problem.remedy;
}

/// `inputs` with values for the free dimensions.
static std::vector<calibrate::InputSpec>
makeStatic(std::vector<calibrate::InputSpec> inputs, mlir::func::FuncOp main,
           const llvm::StringMap<int64_t> &dims) {
  for (auto [input, argument] : llvm::zip(inputs, main.getArguments())) {
    auto type =
        measure::makeStatic(argument.getType(), [&](llvm::StringRef name) {
          return std::optional<int64_t>(dims.lookup(name));
        });
    input.dims.assign(type.getShape().begin(), type.getShape().end());
  }
  return inputs;
}

/// Where there are no samples: puts what batch normalizations say in place of
/// what noise gave, and warns.
static void
useBatchNorms(mlir::func::FuncOp function,
              llvm::ArrayRef<quantize::Watched> values,
              llvm::MutableArrayRef<quantize::Statistics> statistics,
              const Events &events) {
  size_t found = 0;
  auto model = function->getParentOfType<mlir::ModuleOp>()
                   ->getAttrOfType<mlir::StringAttr>("nn.model");
  auto store =
      WeightStore::open(model ? model.getValue() : "", function.getLoc());
  if (mlir::succeeded(store)) {
    calibrate::BatchNormStatistics norms(**store);
    for (auto [watched, statistic] : llvm::zip(values, statistics))
      if (auto better = norms.find(watched.value)) {
        statistic = std::move(*better);
        ++found;
      }
  }
  if (!events.warning)
    return;
  std::string rest = std::to_string(values.size() - found);
  events.warning("without --calibrate the ranges of " +
                 (found ? std::to_string(found) +
                              " activations come from BatchNorm statistics, "
                              "those of " +
                              rest + " others from seeded noise at the inputs"
                        : rest + " activations come from seeded noise at the "
                                 "inputs") +
                 "; expect less accuracy than with typical samples");
}

std::unique_ptr<Quantizing> Quantizing::create(const CompileRequest &request,
                                               mlir::ModuleOp module,
                                               const Events &events,
                                               Failure &failure) {
  auto quantizing = std::make_unique<Quantizing>();
  quantize::PlanRequest &plan = quantizing->plan;
  plan.quantizeAll = request.precision == Precision::W8A8;
  bool needsSamples = plan.quantizeAll;
  for (const LayerRule &rule : request.layers)
    if (rule.value == "fp32" || rule.value == "w8a8") {
      plan.rules.push_back({rule.nodes, rule.value == "w8a8"});
      needsSamples |= rule.value == "w8a8";
    }
  if (!needsSamples)
    return nullptr;
  plan.method = request.rangeMethod;

  mlir::func::FuncOp main = *module.getOps<mlir::func::FuncOp>().begin();
  std::vector<calibrate::InputSpec> inputs = calibrate::describeInputs(main);
  calibrate::Problem problem;
  std::unique_ptr<calibrate::SampleSource> source;
  if (!request.calibrate.empty()) {
    source = calibrate::SampleSource::open(request.calibrate, inputs, problem);
  } else {
    source = calibrate::SampleSource::makeNoise(
        makeStatic(inputs, main, getTypicalDims(module)), kNoiseSamples);
  }
  if (source)
    quantizing->calibrator = calibrate::Calibrator::create(
        std::move(source),
        [threads = request.threads](mlir::ModuleOp copy, llvm::StringRef path) {
          return compileModule(copy, Phase::Simplify, path, threads);
        },
        static_cast<int32_t>(request.threads),
        [&events](size_t done) {
          if (events.progress)
            events.progress("calibrate", done, 0);
        },
        problem);
  if (!quantizing->calibrator) {
    fill(failure, problem);
    return nullptr;
  }
  quantizing->dims = quantizing->calibrator->getDims(main);
  plan.observe = [calibrator = quantizing->calibrator.get(), &events,
                  hasSamples = !request.calibrate.empty()](
                     mlir::func::FuncOp function,
                     llvm::ArrayRef<quantize::Watched> values,
                     llvm::MutableArrayRef<quantize::Statistics> statistics) {
    if (mlir::failed(calibrator->observe(function, values, statistics)))
      return mlir::failure();
    if (!hasSamples)
      useBatchNorms(function, values, statistics, events);
    return mlir::success();
  };
  return quantizing;
}

bool Quantizing::describeFailure(Failure &failure) const {
  const calibrate::Problem &problem = calibrator->getProblem();
  if (problem.message.empty())
    return false;
  fill(failure, problem);
  return true;
}

std::vector<LayerDecision> sinter::collectDecisions(mlir::ModuleOp module) {
  std::vector<LayerDecision> decisions;
  module.walk([&](mlir::Operation *op) {
    auto precision = quantize::getPlanned<mlir::StringAttr>(op, "precision");
    if (!precision)
      return;
    auto reason = quantize::getPlanned<mlir::StringAttr>(op, "reason");
    decisions.push_back({quantize::getNodeNames(op), precision.str(),
                         reason ? reason.str() : ""});
  });
  return decisions;
}
