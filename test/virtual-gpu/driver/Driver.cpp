//===- Driver.cpp - the state behind the driver API -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstdio>
#include <cstdlib>

using namespace sinter::vgpu;
using namespace sinter::vgpu::abi;

Driver &Driver::get() {
  // Never destroyed: other libraries may call from their own destructors.
  static Driver *driver = new Driver;
  return *driver;
}

std::vector<Context *> &Driver::currentStack() {
  static thread_local std::vector<Context *> stack;
  return stack;
}

Context *Driver::current() {
  return currentStack().empty() ? nullptr : currentStack().back();
}

Stream *Driver::find(Context &context, CUstream handle) {
  // 0, CU_STREAM_LEGACY and CU_STREAM_PER_THREAD are handles of their own.
  if (reinterpret_cast<uintptr_t>(handle) <= 2)
    return &context.legacy;
  return context.streams.count(handle) ? handle : nullptr;
}

CUresult Driver::submit(Context &context, Stream *stream, Operation operation) {
  if (stream->capture) {
    stream->capture->operations.push_back(std::move(operation));
    return CUDA_SUCCESS;
  }
  // The legacy stream and the blocking ones wait for each other.
  CUresult result = CUDA_SUCCESS;
  if (stream == &context.legacy) {
    for (Stream *other : context.streams)
      if (!other->isNonBlocking && result == CUDA_SUCCESS)
        result = finish(context, *other);
  } else if (!stream->isNonBlocking) {
    result = finish(context, context.legacy);
  }
  if (result == CUDA_SUCCESS)
    stream->queue.push_back(std::move(operation));
  return result;
}

bool Driver::step(Context &context, Stream &stream) {
  if (stream.queue.empty())
    return false;
  Operation operation = std::move(stream.queue.front());
  stream.queue.pop_front();
  CUresult result = context.error == CUDA_SUCCESS ? operation() : context.error;
  if (result != CUDA_SUCCESS && context.error == CUDA_SUCCESS)
    context.error = result;
  return true;
}

CUresult Driver::finish(Context &context, Stream &stream) {
  while (step(context, stream)) {
  }
  return context.error;
}

CUresult Driver::finishAll(Context &context) {
  finish(context, context.legacy);
  for (Stream *stream : context.streams)
    finish(context, *stream);
  return context.error;
}

CUresult Driver::complete(Context &context, Event &event, uint64_t number) {
  while (event.completed < number && event.stream &&
         step(context, *event.stream)) {
  }
  return context.error;
}

CUresult Driver::report(const Report &report) {
  std::string line = "virtual GPU: " + report.text + "\n";
  std::fputs(line.c_str(), stderr);
  if (!settings.reportFile.empty())
    if (std::FILE *file = std::fopen(settings.reportFile.c_str(), "a")) {
      std::fputs(line.c_str(), file);
      std::fclose(file);
    }
  switch (report.kind) {
  case FaultKind::OutOfBounds:
  case FaultKind::UseAfterFree:
  case FaultKind::ReadOnlyWrite:
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  case FaultKind::Misaligned:
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  case FaultKind::InvalidInstruction:
    return CUDA_ERROR_ILLEGAL_INSTRUCTION;
  case FaultKind::LaunchLimits:
    return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  case FaultKind::NoProgress:
    return CUDA_ERROR_LAUNCH_TIMEOUT;
  default:
    return CUDA_ERROR_LAUNCH_FAILED;
  }
}

/// A whole number from the environment, or `otherwise`.
static uint64_t numberFrom(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  if (!text || !*text)
    return otherwise;
  char *end = nullptr;
  uint64_t value = std::strtoull(text, &end, 10);
  if (*end) {
    std::fprintf(stderr, "virtual GPU: %s is '%s', expected a whole number\n",
                 name, text);
    return otherwise;
  }
  return value;
}

/// Reads the environment anew as long as no context is held.
SINTER_VGPU_API cuInit(unsigned) {
  Driver &driver = Driver::get();
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  for (const std::unique_ptr<Context> &primary : driver.primaries)
    if (primary->retained)
      return CUDA_SUCCESS;
  driver.isInitialised = false;
  driver.primaries.clear();
  Settings &settings = driver.settings = Settings();
  settings.devices = static_cast<int>(numberFrom("SINTER_VGPU_DEVICES", 1));
  settings.memoryBytes = numberFrom("SINTER_VGPU_MEMORY", settings.memoryBytes);
  settings.capability = static_cast<int>(numberFrom("SINTER_VGPU_SM", 80));
  settings.stepLimit = numberFrom("SINTER_VGPU_STEPS", settings.stepLimit);
  settings.launchBlocks = numberFrom("CUDA_LAUNCH_BLOCKING", 0) != 0;
  settings.printsStatistics = numberFrom("SINTER_VGPU_STATISTICS", 0) != 0;
  if (const char *file = std::getenv("SINTER_VGPU_REPORT"))
    settings.reportFile = file;
  if (settings.devices == 0)
    return CUDA_ERROR_NO_DEVICE;
  for (int i = 0; i < settings.devices; ++i) {
    driver.primaries.push_back(std::make_unique<Context>());
    driver.primaries.back()->device = i;
    driver.primaries.back()->legacy.context = driver.primaries.back().get();
  }
  driver.isInitialised = true;
  return CUDA_SUCCESS;
}
