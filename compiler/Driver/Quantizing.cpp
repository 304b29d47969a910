//===- Quantizing.cpp - a request for precision, made ready ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Quantizing.h"

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
    if (events.warning)
      events.warning("without --calibrate the ranges of activations come from "
                     "seeded noise at the inputs; expect less accuracy than "
                     "with typical samples");
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
  plan.observe = [calibrator = quantizing->calibrator.get()](auto &&...args) {
    return calibrator->observe(args...);
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
