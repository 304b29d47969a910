//===- GenerateCpu.cpp - objects of a placed model ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/GenerateCpu.h"

#include "compiler/Codegen/Cpu/Passes.h"
#include "compiler/Codegen/Cpu/ScheduleEmitter.h"
#include "mlir/Pass/PassManager.h"

using namespace sinter;
using namespace sinter::codegen;

namespace {

/// One kernel to compile for one instruction set.
struct Job {
  mlir::ModuleOp kernel;
  const CpuTarget *target;
  Object object;
};

} // namespace

/// The kernels of every instruction set, each in its module.
static std::vector<Job> collectJobs(mlir::ModuleOp module) {
  std::vector<Job> jobs;
  for (const CpuTarget *target : getTargets(module))
    for (auto kernel :
         module.lookupSymbol<mlir::ModuleOp>(target->getModuleName())
             .getOps<mlir::ModuleOp>())
      jobs.push_back({kernel, target, nullptr});
  return jobs;
}

mlir::FailureOr<GeneratedCode> codegen::generateCpuCode(mlir::ModuleOp module,
                                                        SizeTable &sizes,
                                                        Progress progress) {
  mlir::PassManager pm(module.getContext());
  buildKernelToLLVMPipeline(pm);
  if (mlir::failed(pm.run(module)))
    return mlir::failure();

  std::vector<Job> jobs = collectJobs(module);
  auto compile = [](Job &job) -> mlir::LogicalResult {
    mlir::FailureOr<Object> object = compileKernel(job.kernel, *job.target);
    if (mlir::succeeded(object))
      job.object = std::move(*object);
    return object;
  };
  if (mlir::failed(compileJobs(module.getContext(), jobs, progress, compile)))
    return mlir::failure();

  llvm::LLVMContext context;
  mlir::FailureOr<ScheduleCode> schedule = emitSchedule(module, sizes, context);
  if (mlir::failed(schedule))
    return mlir::failure();
  // Runs on every machine, so for the smallest instruction set.
  llvm::Expected<Object> root =
      compileModule(*schedule->module, getLeastTarget());
  if (!root)
    return module.emitError("cannot generate code for the schedule: ")
               << llvm::toString(root.takeError()),
           mlir::failure();

  GeneratedCode code;
  code.objects.push_back(std::move(*root));
  for (Job &job : jobs)
    code.objects.push_back(std::move(job.object));
  code.kernels = std::move(schedule->kernels);
  code.launches = std::move(schedule->launches);
  return std::move(code);
}
