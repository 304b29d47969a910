//===- ArtifactBuilder.cpp - from a placed module to the artifact ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/ArtifactBuilder.h"

#include "compiler/Codegen/Cpu/KernelFlops.h"
#include "compiler/Driver/ModelHash.h"
#include "compiler/Driver/Version.h"
#include "compiler/Emit/ArtifactWriter.h"
#include "compiler/Weights/WeightStore.h"
#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Path.h"

using namespace sinter;
using mlir::ArrayAttr;
using mlir::DictionaryAttr;
using mlir::StringAttr;

/// The number of an element type in ONNX TensorProto.DataType; 0 for none.
static uint8_t getOnnxType(mlir::Type type) {
  if (type.isF32())
    return 1;
  if (type.isF64())
    return 11;
  if (type.isF16())
    return 10;
  if (type.isBF16())
    return 16;
  if (mlir::isa<mlir::Float8E4M3FNType>(type))
    return 17;
  if (mlir::isa<mlir::Float8E4M3FNUZType>(type))
    return 18;
  if (mlir::isa<mlir::Float8E5M2Type>(type))
    return 19;
  if (mlir::isa<mlir::Float8E5M2FNUZType>(type))
    return 20;
  if (mlir::isa<mlir::Float4E2M1FNType>(type))
    return 23;
  if (mlir::isa<mlir::Float8E8M0FNUType>(type))
    return 24;
  auto integer = mlir::dyn_cast<mlir::IntegerType>(type);
  if (!integer)
    return 0;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return 9;
  case 2:
    return isUnsigned ? 25 : 26;
  case 4:
    return isUnsigned ? 21 : 22;
  case 8:
    return isUnsigned ? 2 : 3;
  case 16:
    return isUnsigned ? 4 : 5;
  case 32:
    return isUnsigned ? 12 : 6;
  case 64:
    return isUnsigned ? 13 : 7;
  }
  return 0;
}

static std::vector<std::string> getNodes(mlir::Location loc) {
  llvm::SetVector<llvm::StringRef> nodes;
  nn::collectNodes(loc, nodes);
  std::vector<std::string> names;
  for (llvm::StringRef node : nodes)
    names.push_back(node.str());
  return names;
}

static std::string getString(DictionaryAttr dictionary, llvm::StringRef key) {
  auto value = dictionary.getAs<StringAttr>(key);
  return value ? value.str() : std::string();
}

static kernel::ScheduleOp getSchedule(mlir::ModuleOp module) {
  return *module.getOps<kernel::ScheduleOp>().begin();
}

/// Calls `visit` with every dictionary of the array attribute `name`.
static void forEach(mlir::ModuleOp module, llvm::StringRef name,
                    llvm::function_ref<void(DictionaryAttr)> visit) {
  if (auto list = module->getAttrOfType<ArrayAttr>(name))
    for (DictionaryAttr entry : list.getAsRange<DictionaryAttr>())
      visit(entry);
}

/// The interface tensors of `list` (dictionaries of name and type).
static std::vector<emit::TensorSpec>
describeTensors(ArrayAttr list, bool isInput, codegen::SizeTable &sizes,
                llvm::ArrayRef<std::string> freeDims) {
  std::vector<emit::TensorSpec> tensors;
  for (auto entry : list.getAsRange<DictionaryAttr>()) {
    emit::TensorSpec tensor;
    tensor.name = getString(entry, "name");
    mlir::Type type = entry.getAs<mlir::TypeAttr>("type").getValue();
    tensor.type =
        getOnnxType(mlir::cast<mlir::ShapedType>(type).getElementType());
    for (nn::SizeAttr size : nn::getSizes(type)) {
      emit::DimSpec dim;
      if (std::optional<int64_t> value = size.getConstant()) {
        dim.value = *value;
      } else {
        dim.formula = nn::toString(size);
        dim.sizeIndex = sizes.getIndex(size);
        llvm::SmallVector<llvm::StringRef> symbols;
        nn::collectSymbols(size, symbols);
        if (isInput && symbols.size() == 1)
          dim.freeDim =
              llvm::find(freeDims, symbols.front().str()) - freeDims.begin();
      }
      tensor.dims.push_back(std::move(dim));
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

/// How often a run executes `op` at most, as far as that is known before it: 1
/// for each loop whose number of iterations is not.
static nn::SizeAttr countRuns(mlir::Operation *op) {
  nn::SizeAttr runs = nn::getSize(op->getContext(), 1);
  for (auto loop = op->getParentOfType<kernel::LoopOp>(); loop;
       loop = loop->getParentOfType<kernel::LoopOp>())
    if (!loop.getCondition() && !nn::hasLate(loop.getCount()))
      runs = nn::mul(runs, loop.getCount());
  return runs;
}

codegen::SizeTable sinter::makeSizeTable(mlir::ModuleOp module) {
  kernel::ScheduleOp schedule = getSchedule(module);
  nn::SizeAttr flops = nn::getSize(module.getContext(), 0);
  schedule.walk([&](kernel::LaunchOp launch) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
        launch, launch.getCalleeAttr());
    if (!callee)
      return;
    nn::SizeAttr count = codegen::countFlops(callee);
    if (!nn::hasLate(count))
      flops = nn::add(flops, nn::mul(count, countRuns(launch)));
  });
  codegen::SizeTable sizes(schedule.getArena(), schedule.getScratch(), flops);
  // The manifest refers to these entries, so they exist before code is made.
  for (ArrayAttr list : {schedule.getInputs(), schedule.getOutputs()})
    describeTensors(list, /*isInput=*/false, sizes, {});
  return sizes;
}

static emit::ManifestSpec describeModel(mlir::ModuleOp module,
                                        codegen::GeneratedCode &code,
                                        codegen::SizeTable &sizes) {
  kernel::ScheduleOp schedule = getSchedule(module);
  emit::ManifestSpec manifest;
  manifest.compiler = SINTER_VERSION_STRING;
  if (auto path = module->getAttrOfType<StringAttr>("nn.model"))
    manifest.modelName = llvm::sys::path::stem(path.getValue()).str();
  std::vector<std::string> names;
  forEach(module, "nn.free_dims", [&](DictionaryAttr entry) {
    if (nn::isLate(getString(entry, "name"))) {
      ++manifest.lateDims;
      return;
    }
    emit::FreeDimSpec dim;
    dim.name = getString(entry, "name");
    auto read = [&](llvm::StringRef key, int64_t &value) {
      if (auto attr = entry.getAs<mlir::IntegerAttr>(key))
        value = attr.getInt();
    };
    read("min", dim.min);
    read("max", dim.max);
    read("optimum", dim.optimum);
    names.push_back(dim.name);
    manifest.freeDims.push_back(std::move(dim));
  });
  manifest.inputs =
      describeTensors(schedule.getInputs(), /*isInput=*/true, sizes, names);
  manifest.outputs =
      describeTensors(schedule.getOutputs(), /*isInput=*/false, sizes, names);
  manifest.arenaFormula = nn::toString(schedule.getArena());
  manifest.scratchFormula = nn::toString(schedule.getScratch());
  for (kernel::FuncOp kernel : code.kernels)
    manifest.kernels.push_back({kernel.getSymName().str(),
                                kernel::stringifyKind(kernel.getKind()).str(),
                                getNodes(kernel.getLoc())});
  size_t index = 0;
  schedule.walk([&](kernel::LaunchOp launch) {
    manifest.launches.push_back(
        {int32_t(code.launches[index++]), getNodes(launch.getLoc())});
  });
  // Checks are numbered: first those of dimensions, then those of data.
  for (llvm::StringRef list : {"nn.assumptions", "nn.checks"})
    forEach(module, list, [&](DictionaryAttr entry) {
      manifest.checks.push_back(
          {getString(entry, "node"), getString(entry, "op"),
           getString(entry, "expected"), getString(entry, "remedy")});
    });
  for (const codegen::CpuTarget *target : codegen::getTargets(module))
    manifest.variants.push_back({target->name.str(), target->needs});
  if (auto count = module->getAttrOfType<mlir::IntegerAttr>("nn.node_count"))
    manifest.nodeCount = count.getInt();
  manifest.sizeCount = sizes.size();
  for (auto [index, size] : llvm::enumerate(sizes.getSizes()))
    if (nn::hasLate(size))
      manifest.lateSizes.push_back(index);
  schedule.walk([&](mlir::Operation *op) {
    if (auto grown = mlir::dyn_cast<kernel::GrownOp>(op))
      manifest.slots = std::max<uint32_t>(manifest.slots, grown.getSlot() + 1);
    auto loop = mlir::dyn_cast<kernel::LoopOp>(op);
    manifest.reads |= mlir::isa<kernel::ReadSizesOp, kernel::IfOp>(op) ||
                      (loop && loop.getCondition());
  });
  return manifest;
}

/// One entry for each place in the weights section.
static std::vector<emit::WeightSpec> collectWeights(kernel::ScheduleOp schedule,
                                                    WeightStore &store) {
  llvm::MapVector<int64_t, kernel::ConstantOp> places;
  schedule.walk([&](kernel::ConstantOp constant) {
    if (constant.getOffset())
      places.insert({*constant.getOffset(), constant});
  });
  std::vector<emit::WeightSpec> weights;
  for (auto [offset, constant] : places) {
    emit::WeightSpec weight;
    weight.offset = offset;
    mlir::RankedTensorType type = constant.getValue().getType();
    weight.bytes = uint64_t(type.getNumElements()) *
                   llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    weight.fill =
        [&store, constant = constant](
            llvm::MutableArrayRef<uint8_t> bytes) mutable -> llvm::Error {
      llvm::MutableArrayRef<char> out(reinterpret_cast<char *>(bytes.data()),
                                      bytes.size());
      if (mlir::succeeded(
              store.evaluate(constant.getValue(), out, constant->getLoc())))
        return llvm::Error::success();
      return llvm::createStringError("cannot evaluate a weight");
    };
    weights.push_back(std::move(weight));
  }
  llvm::sort(weights,
             [](const auto &a, const auto &b) { return a.offset < b.offset; });
  return weights;
}

/// Translates an error of the writer.
static void describeError(llvm::Error error, Failure &failure) {
  llvm::handleAllErrors(
      std::move(error),
      [&](const emit::ArtifactError &e) {
        bool isFile = e.getKind() == emit::ArtifactError::Kind::File;
        failure.exitCode = isFile ? ExitCode::BadInput : ExitCode::Internal;
        failure.code = isFile ? "unwritable_output" : "internal";
        failure.message = e.getMessage();
        failure.remedy = e.getRemedy();
      },
      // A weight that cannot be evaluated has emitted its diagnostic.
      [](const llvm::ErrorInfoBase &) {});
}

llvm::LogicalResult
sinter::buildArtifact(mlir::ModuleOp module, codegen::GeneratedCode &code,
                      codegen::CudaCode deviceCode, codegen::SizeTable &sizes,
                      llvm::StringRef lock, llvm::StringRef output,
                      const Events &events, CompileResult &result,
                      Failure &failure) {
  auto path = module->getAttrOfType<StringAttr>("nn.model");
  if (!path)
    return module.emitError("expects the attribute 'nn.model', the path of the "
                            "ONNX file, but got none");
  auto store = WeightStore::open(path.getValue(), module.getLoc());
  if (mlir::failed(store))
    return llvm::failure();
  emit::ArtifactSpec artifact;
  artifact.manifest = describeModel(module, code, sizes);
  if (!path.getValue().empty())
    artifact.manifest.device = describeDeviceCode(
        std::move(deviceCode), artifact.manifest.kernels, sizes);
  artifact.manifest.modelHash = hashFile(path.getValue());
  artifact.manifest.lock = lock.str();
  artifact.objects = std::move(code.objects);
  artifact.weights = collectWeights(getSchedule(module), **store);
  artifact.progress = [&](uint64_t done, uint64_t total) {
    if (events.progress)
      events.progress("emit", done, total);
  };
  auto written = emit::writeArtifact(output, artifact);
  if (!written) {
    describeError(written.takeError(), failure);
    return llvm::failure();
  }
  result.artifactBytes = written->artifactBytes;
  result.weightsBytes = written->weightsBytes;
  for (const emit::VariantSpec &variant : artifact.manifest.variants)
    result.isas.push_back(variant.name);
  for (const emit::DeviceModuleSpec &module : artifact.manifest.device.modules)
    result.deviceCode.push_back({module.name, module.code.size()});
  return llvm::success();
}
