//===- Execution.cpp - an artifact that runs in this process --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Execution.h"

using namespace sinter::measure;

static llvm::Error makeError(const sinter_error_t &error) {
  return llvm::createStringError(error.message);
}

llvm::Expected<std::unique_ptr<Execution>> Execution::open(llvm::StringRef path,
                                                           int32_t threads) {
  std::unique_ptr<Execution> execution(new Execution);
  sinter_error_t error = {};
  if (sinter_model_open(path.str().c_str(), nullptr, &execution->model,
                        &error) != SINTER_STATUS_OK)
    return makeError(error);
  execution->launchTimes.resize(sinter_model_launch_count(execution->model));
  sinter_context_options_t options;
  sinter_context_options_init(&options);
  options.threads = threads;
  options.profile_user = &execution->launchTimes;
  options.profile = [](void *user, size_t launch, uint64_t nanoseconds) {
    (*static_cast<std::vector<uint64_t> *>(user))[launch] = nanoseconds;
  };
  if (sinter_context_create(execution->model, &options, &execution->context,
                            &error) != SINTER_STATUS_OK)
    return makeError(error);
  return execution;
}

Execution::~Execution() {
  sinter_context_destroy(context);
  sinter_model_close(model);
}

llvm::Error Execution::run(llvm::ArrayRef<sinter_tensor_t> inputs,
                           llvm::SmallVectorImpl<sinter_tensor_t> &outputs) {
  outputs.assign(sinter_model_output_count(model), sinter_tensor_t{});
  sinter_error_t error = {};
  if (sinter_context_run(context, inputs.data(), inputs.size(), outputs.data(),
                         outputs.size(), &error) != SINTER_STATUS_OK)
    return makeError(error);
  return llvm::Error::success();
}
