//===- DriverModule.cpp - modules and functions ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../decoder/Decoder.h"
#include "Driver.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace sinter::vgpu;
using namespace sinter::vgpu::abi;

namespace {

/// Where the compiler's complaints go, as the caller asked.
struct ErrorLog {
  char *buffer = nullptr;
  size_t size = 0;

  ErrorLog(unsigned count, const int *options, void **values) {
    for (unsigned i = 0; i < count; ++i) {
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        buffer = static_cast<char *>(values[i]);
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
        size = reinterpret_cast<uintptr_t>(values[i]);
    }
  }
  void write(const std::string &message) {
    if (buffer && size)
      std::snprintf(buffer, size, "ptxas application ptx input, %s",
                    message.c_str());
    else
      std::fprintf(stderr, "virtual GPU: %s\n", message.c_str());
  }
};

/// An ELF file (a cubin) or a container of them: there is no such processor.
/// A text may be shorter than a signature: it ends where they differ.
bool isBinary(const void *image) {
  return std::strncmp(static_cast<const char *>(image), "\177ELF", 4) == 0 ||
         std::strncmp(static_cast<const char *>(image), "\x50\xed\x55\xba",
                      4) == 0;
}

/// Whether code for `target` ("sm_80", "sm_90a") can run here.
bool accepts(const Settings &settings, const std::string &target) {
  if (target.compare(0, 3, "sm_") != 0)
    return false;
  char *end = nullptr;
  long wanted = std::strtol(target.c_str() + 3, &end, 10);
  // Architecture-specific code runs on its own architecture only.
  return *end == 0 ? wanted <= settings.capability
                   : wanted == settings.capability;
}

/// Gives every .global and .const variable its memory and first contents.
GlobalAddresses placeGlobals(Context &context, LoadedModule &loaded) {
  GlobalAddresses addresses;
  auto place = [&](Space space, const Variable &variable) {
    if (space != Space::Global && space != Space::Const)
      return;
    uint64_t bytes = std::max<uint64_t>(variable.bytes, 1);
    uint64_t address = context.memory->allocate(bytes);
    if (address == 0)
      throw std::bad_alloc();
    addresses[variable.name] = address;
    loaded.globals[std::string(variable.name)] = {address, variable.bytes};
    std::copy(variable.initial.begin(), variable.initial.end(),
              context.memory->view(address).data);
    context.memory->setShadow(address, bytes,
                              space == Space::Const ? kReadOnly : kDefined);
  };
  for (const auto &[space, variable] : loaded.source->variables)
    place(space, variable);
  for (const auto &[space, variable] : loaded.source->variables)
    for (auto [offset, name] : variable.relocations) {
      auto target = addresses.find(name);
      if (target == addresses.end())
        throw PtxError(variable.line,
                       "there is no variable '" + std::string(name) + "'");
      uint8_t *at =
          context.memory->view(addresses.at(variable.name)).data + offset;
      uint64_t value;
      std::memcpy(&value, at, sizeof value);
      value += target->second;
      std::memcpy(at, &value, sizeof value);
    }
  return addresses;
}

CUresult load(Driver &driver, Context &context, CUmodule *out,
              const void *image, ErrorLog log) {
  if (!image)
    return CUDA_ERROR_INVALID_VALUE;
  if (isBinary(image))
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  auto loaded = std::make_unique<LoadedModule>();
  try {
    loaded->source = parseModule(static_cast<const char *>(image));
    if (loaded->source->versionMajor > 9) {
      log.write("unsupported .version " +
                std::to_string(loaded->source->versionMajor));
      return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    }
    if (!accepts(driver.settings, loaded->source->target)) {
      log.write("code for .target " + loaded->source->target +
                " does not run on sm_" +
                std::to_string(driver.settings.capability));
      return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    GlobalAddresses globals = placeGlobals(context, *loaded);
    for (const auto &[name, function] : loaded->source->functions) {
      if (!function->isEntry || !function->hasBody)
        continue;
      auto kernel = std::make_unique<Kernel>();
      kernel->program = decodeKernel(loaded->source, *function, globals);
      if (kernel->program->staticSharedBytes > Limits::sharedPerBlock)
        throw PtxError(
            function->line,
            "'" + std::string(name) + "' uses too much shared data: " +
                std::to_string(kernel->program->staticSharedBytes) +
                " bytes, at most " + std::to_string(Limits::sharedPerBlock));
      kernel->dynamicSharedLimit = static_cast<uint32_t>(
          Limits::sharedPerBlock - kernel->program->staticSharedBytes);
      loaded->kernels[std::string(name)] = std::move(kernel);
    }
  } catch (const PtxError &error) {
    for (const auto &[name, range] : loaded->globals)
      context.memory->release(range.first);
    log.write(error.what());
    return CUDA_ERROR_INVALID_PTX;
  }
  *out = loaded.release();
  context.modules.insert(*out);
  return CUDA_SUCCESS;
}

} // namespace

SINTER_VGPU_API cuModuleLoadDataEx(CUmodule *module, const void *image,
                                   unsigned count, int *options,
                                   void **values) {
  return inContext([&](Driver &driver, Context &context) {
    return load(driver, context, module, image,
                ErrorLog(count, options, values));
  });
}

SINTER_VGPU_API cuModuleLoadData(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

SINTER_VGPU_API cuModuleUnload(CUmodule module) {
  return inContext([&](Driver &driver, Context &context) {
    if (!context.modules.count(module))
      return CUDA_ERROR_INVALID_HANDLE;
    CUresult result = driver.finishAll(context);
    for (const auto &[name, range] : module->globals)
      context.memory->release(range.first);
    context.modules.erase(module);
    delete module;
    return result;
  });
}

SINTER_VGPU_API cuModuleGetFunction(CUfunction *function, CUmodule module,
                                    const char *name) {
  return inContext([&](Driver &, Context &context) {
    if (!context.modules.count(module))
      return CUDA_ERROR_INVALID_HANDLE;
    auto it = module->kernels.find(name);
    if (it == module->kernels.end())
      return CUDA_ERROR_NOT_FOUND;
    *function = it->second.get();
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes,
                                     CUmodule module, const char *name) {
  return inContext([&](Driver &, Context &context) {
    if (!context.modules.count(module))
      return CUDA_ERROR_INVALID_HANDLE;
    auto it = module->globals.find(name);
    if (it == module->globals.end())
      return CUDA_ERROR_NOT_FOUND;
    if (address)
      *address = it->second.first;
    if (bytes)
      *bytes = it->second.second;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuFuncGetAttribute(int *value, int attribute,
                                   CUfunction function) {
  return inContext([&](Driver &driver, Context &) {
    const Program &program = *function->program;
    uint32_t bound =
        program.maxThreads[0] * program.maxThreads[1] * program.maxThreads[2];
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      *value = static_cast<int>(bound ? bound : Limits::threadsPerBlock);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
      *value = static_cast<int>(program.staticSharedBytes);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
      *value = 0;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
      *value = static_cast<int>(program.localSpan);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
      *value = Limits::registersPerThread;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
      *value = driver.settings.capability;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      *value = static_cast<int>(function->dynamicSharedLimit);
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
    }
  });
}

SINTER_VGPU_API cuFuncSetAttribute(CUfunction function, int attribute,
                                   int value) {
  return inContext([&](Driver &, Context &) {
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
      return CUDA_SUCCESS; // advice on caches
    uint64_t most =
        Limits::sharedPerBlockOptIn - function->program->staticSharedBytes;
    if (value < 0 || static_cast<uint64_t>(value) > most)
      return CUDA_ERROR_INVALID_VALUE;
    function->dynamicSharedLimit = static_cast<uint32_t>(value);
    return CUDA_SUCCESS;
  });
}
