//===- ManifestBuilder.cpp - the manifest as bytes ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ManifestBuilder.h"
#include "sinter/abi.h"
#include "sinter/manifest_generated.h"
#include "llvm/Support/MathExtras.h"

using namespace sinter::emit;
namespace fb = sinter::manifest;
using Builder = flatbuffers::FlatBufferBuilder;
template <typename T>
using Offsets = std::vector<flatbuffers::Offset<T>>;

static auto buildTensors(Builder &builder, llvm::ArrayRef<TensorSpec> tensors) {
  Offsets<fb::Tensor> result;
  for (const TensorSpec &tensor : tensors) {
    Offsets<fb::Dim> dims;
    for (const DimSpec &dim : tensor.dims)
      dims.push_back(fb::CreateDim(builder, dim.value, dim.sizeIndex,
                                   dim.freeDim,
                                   builder.CreateString(dim.formula)));
    auto name = builder.CreateString(tensor.name);
    result.push_back(fb::CreateTensor(builder, name,
                                      static_cast<fb::Type>(tensor.type),
                                      builder.CreateVector(dims)));
  }
  return builder.CreateVector(result);
}

static auto buildFreeDims(Builder &builder, llvm::ArrayRef<FreeDimSpec> dims) {
  Offsets<fb::FreeDim> result;
  for (const FreeDimSpec &dim : dims)
    result.push_back(fb::CreateFreeDim(builder, builder.CreateString(dim.name),
                                       dim.min, dim.max, dim.optimum));
  return builder.CreateVector(result);
}

static auto buildKernels(Builder &builder, llvm::ArrayRef<KernelSpec> kernels) {
  Offsets<fb::Kernel> result;
  for (const KernelSpec &kernel : kernels) {
    auto name = builder.CreateString(kernel.name);
    auto kind = builder.CreateSharedString(kernel.kind);
    auto nodes = builder.CreateVectorOfStrings(kernel.nodes);
    result.push_back(fb::CreateKernel(builder, name, kind, nodes));
  }
  return builder.CreateVector(result);
}

static auto buildLaunches(Builder &builder,
                          llvm::ArrayRef<LaunchSpec> launches) {
  Offsets<fb::Launch> result;
  for (const LaunchSpec &launch : launches)
    result.push_back(fb::CreateLaunch(
        builder, launch.kernel, builder.CreateVectorOfStrings(launch.nodes)));
  return builder.CreateVector(result);
}

static auto buildChecks(Builder &builder, llvm::ArrayRef<CheckSpec> checks) {
  Offsets<fb::Check> result;
  for (const CheckSpec &check : checks) {
    auto node = builder.CreateString(check.node);
    auto op = builder.CreateSharedString(check.op);
    auto expected = builder.CreateString(check.expected);
    auto remedy = builder.CreateSharedString(check.remedy);
    result.push_back(fb::CreateCheck(builder, node, op, expected, remedy));
  }
  return builder.CreateVector(result);
}

static auto buildVariants(Builder &builder,
                          llvm::ArrayRef<VariantSpec> variants) {
  Offsets<fb::Variant> result;
  for (const VariantSpec &variant : variants)
    result.push_back(fb::CreateVariant(
        builder, builder.CreateString(variant.name), variant.features));
  return builder.CreateVector(result);
}

static auto buildHash(Builder &builder, const Hash &hash) {
  return builder.CreateVector(hash.data(), hash.size());
}

static auto buildSection(Builder &builder, Range range) {
  return fb::CreateSection(builder, range.offset, range.bytes);
}

std::string sinter::emit::padModule(const std::string &code) {
  std::string padded = code;
  padded.resize(llvm::alignTo(code.size() + 1, SINTER_MODULE_ALIGN));
  return padded;
}

/// Null where there is no device code: then nothing of it is in the manifest.
static flatbuffers::Offset<fb::Device>
buildDevice(Builder &builder, const DeviceSpec &spec, const Places &places) {
  if (spec.modules.empty())
    return {};
  Offsets<fb::DeviceModule> modules;
  for (size_t i = 0; i < spec.modules.size(); ++i) {
    auto name = builder.CreateString(spec.modules[i].name);
    auto hash = buildHash(builder, places.moduleHashes[i]);
    modules.push_back(fb::CreateDeviceModule(
        builder, name, padModule(spec.modules[i].code).size(), hash));
  }
  auto makeExtent = [](const ExtentSpec &extent) {
    return fb::Extent(extent.value, extent.sizeIndex);
  };
  Offsets<fb::DeviceKernel> kernels;
  for (const DeviceKernelSpec &kernel : spec.kernels) {
    auto entry = builder.CreateString(kernel.entry);
    fb::Extent x = makeExtent(kernel.grid[0]), y = makeExtent(kernel.grid[1]),
               z = makeExtent(kernel.grid[2]),
               shared = makeExtent(kernel.shared),
               scratch = makeExtent(kernel.scratch);
    kernels.push_back(fb::CreateDeviceKernel(
        builder, entry, &x, &y, &z, kernel.block[0], kernel.block[1],
        kernel.block[2], &shared, &scratch, kernel.buffers, kernel.reports));
  }
  auto section = buildSection(builder, places.device);
  auto moduleList = builder.CreateVector(modules);
  return fb::CreateDevice(builder, section, moduleList,
                          builder.CreateVector(kernels));
}

std::string sinter::emit::buildManifest(const ManifestSpec &spec,
                                        const Places &places) {
  Builder builder(64 * 1024);
  // Fields with their default value too: the length must not depend on values.
  builder.ForceDefaults(true);
  auto compiler = builder.CreateString(spec.compiler);
  auto modelName = builder.CreateString(spec.modelName);
  auto modelHash = builder.CreateVector(spec.modelHash);
  auto inputs = buildTensors(builder, spec.inputs);
  auto outputs = buildTensors(builder, spec.outputs);
  auto freeDims = buildFreeDims(builder, spec.freeDims);
  auto arenaFormula = builder.CreateString(spec.arenaFormula);
  auto scratchFormula = builder.CreateString(spec.scratchFormula);
  auto kernels = buildKernels(builder, spec.kernels);
  auto launches = buildLaunches(builder, spec.launches);
  auto lock = builder.CreateString(spec.lock);
  auto checks = buildChecks(builder, spec.checks);
  auto variants = buildVariants(builder, spec.variants);
  auto image = buildSection(builder, places.image);
  auto imageHash = buildHash(builder, places.imageHash);
  auto weights = buildSection(builder, places.weights);
  auto weightsHashes = builder.CreateVector(places.weightsHashes);
  auto tail = buildSection(builder, places.tail);
  auto tailHash = buildHash(builder, places.tailHash);
  auto device = buildDevice(builder, spec.device, places);
  auto lateSizes = builder.CreateVector(spec.lateSizes);
  fb::FinishManifestBuffer(
      builder,
      fb::CreateManifest(builder, SINTER_ABI_VERSION, compiler, modelName,
                         modelHash, inputs, outputs, freeDims, spec.sizeCount,
                         arenaFormula, scratchFormula, kernels, launches,
                         checks, variants, spec.nodeCount, image, imageHash,
                         places.rootAddress, weights, SINTER_LEAF_BYTES,
                         weightsHashes, tail, tailHash, lock, device,
                         spec.lateDims, lateSizes, spec.slots, spec.reads));
  return std::string(reinterpret_cast<const char *>(builder.GetBufferPointer()),
                     builder.GetSize());
}
