//===- DeviceCode.cpp - code for devices in the artifact ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/DeviceCode.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

using namespace sinter;

static constexpr llvm::StringLiteral targetsName = "sinter.targets";
static constexpr llvm::StringLiteral smsName = "sinter.sms";

void sinter::setTargets(mlir::ModuleOp module, const CompileRequest &request) {
  if (!request.cuda)
    return;
  mlir::Builder b(module.getContext());
  llvm::SmallVector<llvm::StringRef> sms(request.sms.begin(),
                                         request.sms.end());
  module->setAttr(targetsName, b.getStrArrayAttr({"cpu", "cuda"}));
  module->setAttr(smsName, b.getStrArrayAttr(sms));
}

bool sinter::hasCuda(mlir::ModuleOp module) {
  auto targets = module->getAttrOfType<mlir::ArrayAttr>(targetsName);
  return targets && llvm::is_contained(
                        targets.getAsValueRange<mlir::StringAttr>(), "cuda");
}

mlir::FailureOr<codegen::CudaCode>
sinter::generateDeviceCode(mlir::ModuleOp module, codegen::SizeTable &sizes,
                           const Events &events) {
  if (!hasCuda(module))
    return codegen::CudaCode();
  codegen::CudaOptions options;
  if (auto sms = module->getAttrOfType<mlir::ArrayAttr>(smsName))
    for (llvm::StringRef sm : sms.getAsValueRange<mlir::StringAttr>())
      options.sms.push_back(sm.str());
  auto code = codegen::generateCudaCode(
      module, options, [&](size_t done, size_t total) {
        if (events.progress)
          events.progress("generate", done, total);
      });
  if (mlir::failed(code))
    return mlir::failure();
  // `prepare` computes the entries, and it is emitted with the schedule.
  for (const codegen::CudaKernel &kernel : code->kernels)
    for (nn::SizeAttr size : {kernel.grid[0], kernel.grid[1], kernel.grid[2],
                              kernel.shared, kernel.scratch})
      if (!size.getConstant())
        sizes.getIndex(size);
  return code;
}

static emit::ExtentSpec describeExtent(nn::SizeAttr size,
                                       codegen::SizeTable &sizes) {
  emit::ExtentSpec extent;
  if (std::optional<int64_t> value = size.getConstant())
    extent.value = *value;
  else
    extent.sizeIndex = sizes.getIndex(size);
  return extent;
}

emit::DeviceSpec
sinter::describeDeviceCode(codegen::CudaCode code,
                           llvm::ArrayRef<emit::KernelSpec> names,
                           codegen::SizeTable &sizes) {
  emit::DeviceSpec device;
  for (codegen::CudaModule &module : code.modules)
    device.modules.push_back({module.name, std::move(module.code)});
  llvm::StringMap<const codegen::CudaKernel *> kernels;
  for (const codegen::CudaKernel &kernel : code.kernels)
    kernels[kernel.name] = &kernel;
  for (const emit::KernelSpec &name : names) {
    const codegen::CudaKernel *kernel = kernels.lookup(name.name);
    if (!kernel)
      continue; // the loader refuses the artifact
    emit::DeviceKernelSpec spec;
    spec.entry = kernel->entry;
    for (int i = 0; i < 3; ++i) {
      spec.grid[i] = describeExtent(kernel->grid[i], sizes);
      spec.block[i] = kernel->block[i];
    }
    spec.shared = describeExtent(kernel->shared, sizes);
    spec.scratch = describeExtent(kernel->scratch, sizes);
    spec.buffers = kernel->buffers;
    spec.reports = kernel->reports;
    device.kernels.push_back(std::move(spec));
  }
  return device;
}
