//===- GenerateCuda.cpp - device code of a placed model -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cuda/GenerateCuda.h"

#include "compiler/Codegen/Cpu/Passes.h"
#include "compiler/Codegen/Cuda/Assembler.h"
#include "compiler/Codegen/Cuda/PtxEmitter.h"
#include "mlir/Pass/PassManager.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/Passes.h"

using namespace sinter;
using namespace sinter::codegen;

namespace {

/// One kernel to compile.
struct Job {
  CudaKernel kernel;
  mlir::ModuleOp module;
  std::string ptx;
};

} // namespace

/// Reads `kernel.launch` of a lowered kernel.
static CudaKernel describe(mlir::func::FuncOp func) {
  CudaKernel kernel;
  kernel.name = kernel.entry = func.getSymName().str();
  auto launch = func->getAttrOfType<mlir::DictionaryAttr>("kernel.launch");
  auto grid = launch.getAs<mlir::ArrayAttr>("grid");
  for (unsigned d = 0; d < 3; ++d)
    kernel.grid[d] = mlir::cast<nn::SizeAttr>(grid[d]);
  kernel.shared = launch.getAs<nn::SizeAttr>("shared");
  kernel.scratch = launch.getAs<nn::SizeAttr>("scratch");
  kernel.block[0] = launch.getAs<mlir::IntegerAttr>("threads").getInt();
  kernel.block[1] = kernel.block[2] = 1;
  kernel.reports = launch.getAs<mlir::BoolAttr>("reports").getValue();
  // Buffers are the arguments in memory, but for the status word.
  kernel.buffers =
      llvm::count_if(func.getArgumentTypes(), llvm::IsaPred<mlir::MemRefType>) -
      1;
  return kernel;
}

mlir::FailureOr<CudaCode> codegen::generateCudaCode(mlir::ModuleOp module,
                                                    const CudaOptions &options,
                                                    Progress progress) {
  auto device = module.lookupSymbol<mlir::ModuleOp>("cuda");
  if (!device)
    return module.emitError("expects kernels lowered for CUDA, but found none; "
                            "'cuda' must be a target from phase lower on"),
           mlir::failure();
  std::vector<Job> jobs;
  for (auto func : device.getOps<mlir::func::FuncOp>())
    jobs.push_back({describe(func), nullptr, {}});

  mlir::PassManager pm(module.getContext());
  pm.addPass(createSplitKernelsPass());
  addKernelToLLVMPasses(pm.nest<mlir::ModuleOp>());
  if (mlir::failed(pm.run(device)))
    return mlir::failure();
  for (Job &job : jobs)
    job.module = device.lookupSymbol<mlir::ModuleOp>(job.kernel.name);

  auto compile = [](Job &job) -> mlir::LogicalResult {
    mlir::FailureOr<std::string> ptx =
        compileToPtx(job.module, job.kernel.buffers, job.kernel.block[0]);
    if (mlir::succeeded(ptx))
      job.ptx = std::move(*ptx);
    return ptx;
  };
  if (mlir::failed(compileJobs(module.getContext(), jobs, progress, compile)))
    return mlir::failure();
  device.erase();

  CudaCode code;
  CudaModule ptx{"compute_80", getPtxHeader().str()};
  for (Job &job : jobs) {
    ptx.code += job.ptx;
    code.kernels.push_back(std::move(job.kernel));
  }
  code.modules.push_back(std::move(ptx));
  for (const std::string &sm : options.sms) {
    std::string architecture = "sm_" + sm;
    llvm::Expected<std::string> cubin =
        assemble(code.modules.front().code, architecture, options.ptxas);
    if (!cubin)
      return module.emitError() << llvm::toString(cubin.takeError()),
             mlir::failure();
    code.modules.push_back({architecture, std::move(*cubin)});
  }
  return std::move(code);
}

std::vector<CudaRefusal> codegen::findCudaRefusals(mlir::ModuleOp module) {
  std::vector<CudaRefusal> refusals;
  for (cuda::Refusal &refusal : cuda::findRefusals(module)) {
    CudaRefusal &found = refusals.emplace_back();
    found.nodes.assign(refusal.nodes.begin(), refusal.nodes.end());
    found.reason = std::move(refusal.reason);
    found.remedy = "compile for the processor (--target cpu), or replace the "
                   "node";
  }
  return refusals;
}
