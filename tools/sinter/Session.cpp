//===- Session.cpp - the runtime's handles, owned -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Session.h"

#include "tools/sinter/Errors.h"

#include <cstring>

namespace sinter::cli {

static ExitCode getExitCode(sinter_status_t status) {
  switch (status) {
  case SINTER_STATUS_OK:
    return ExitCode::Ok;
  case SINTER_STATUS_INVALID_ARGUMENT:
  case SINTER_STATUS_NOT_FOUND:
  case SINTER_STATUS_BAD_DIMENSION:
    return ExitCode::Usage;
  case SINTER_STATUS_IO:
  case SINTER_STATUS_BAD_ARTIFACT:
  case SINTER_STATUS_BAD_VERSION:
  case SINTER_STATUS_BAD_TENSOR:
    return ExitCode::BadInputFile;
  case SINTER_STATUS_OUT_OF_MEMORY:
  case SINTER_STATUS_UNSUPPORTED_CPU:
  case SINTER_STATUS_BUFFER_TOO_SMALL:
  case SINTER_STATUS_CHECK_FAILED:
  case SINTER_STATUS_CANCELLED:
  case SINTER_STATUS_UNSUPPORTED:
  case SINTER_STATUS_UNSUPPORTED_DEVICE:
  case SINTER_STATUS_DEVICE_FAILED:
    return ExitCode::RunFailed;
  case SINTER_STATUS_INTERNAL:
    break;
  }
  return ExitCode::Internal;
}

void throwStatus(const sinter_error_t &error) {
  throw Failure(getExitCode(error.code), sinter_status_name(error.code),
                error.message)
      .withNode(error.node, error.op)
      .withExpected(error.expected)
      .withFound(error.found)
      .withRemedy(error.remedy);
}

/// Throws unless `status` is OK; `error` was filled by the same call.
static void check(sinter_status_t status, const sinter_error_t &error) {
  if (status != SINTER_STATUS_OK)
    throwStatus(error);
}

ModelHandle openModel(const std::string &path, const std::string &isa,
                      bool verifyWeights) {
  sinter_open_options_t options;
  sinter_open_options_init(&options);
  options.isa = isa.empty() ? nullptr : isa.c_str();
  options.verify = verifyWeights;
  sinter_model_t *model = nullptr;
  sinter_error_t error = {};
  check(sinter_model_open(path.c_str(), &options, &model, &error), error);
  return ModelHandle(model);
}

DeviceChoice parseDevice(const std::string &text) {
  DeviceChoice choice;
  if (text == "cpu")
    return choice;
  choice.device.kind = SINTER_DEVICE_CUDA;
  choice.mayFallBack = text == "auto";
  if (text == "cuda" || text == "auto")
    return choice;
  std::string number = text.rfind("cuda:", 0) == 0 ? text.substr(5) : "";
  if (number.empty() || number.size() > 4 ||
      number.find_first_not_of("0123456789") != std::string::npos)
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--device: unknown device '" + text + "'")
        .withExpected("cpu, cuda, cuda:N or auto")
        .withFound(text);
  choice.device.id = std::stoi(number);
  return choice;
}

ContextHandle createContext(sinter_model_t *model, int threads,
                            const DeviceChoice &choice) {
  sinter_context_options_t options;
  sinter_context_options_init(&options);
  options.threads = threads;
  options.device = choice.device;
  sinter_context_t *context = nullptr;
  sinter_error_t error = {};
  sinter_status_t status =
      sinter_context_create(model, &options, &context, &error);
  if (status == SINTER_STATUS_UNSUPPORTED_DEVICE && choice.mayFallBack) {
    note(std::string("running on the CPU: ") + error.message);
    return createContext(model, threads);
  }
  check(status, error);
  return ContextHandle(context);
}

std::string describeDevice(const sinter_context_t *context) {
  sinter_device_t device = sinter_context_device(context);
  return device.kind == SINTER_DEVICE_CUDA ? "cuda:" + std::to_string(device.id)
                                           : "cpu";
}

void prepare(sinter_context_t *context, const std::vector<int64_t> &dims) {
  sinter_error_t error = {};
  check(sinter_context_prepare(context, dims.data(), dims.size(), &error),
        error);
}

sinter_tensor_t viewTensor(const Value &value) {
  sinter_tensor_t tensor = {};
  tensor.data = const_cast<uint8_t *>(value.bytes.data());
  tensor.type = static_cast<sinter_type_t>(value.type);
  tensor.rank = static_cast<int32_t>(value.dims.size());
  tensor.dims = value.dims.data();
  tensor.bytes = value.bytes.size();
  return tensor;
}

std::vector<Value> runModel(sinter_context_t *context,
                            const std::vector<Value> &inputs) {
  const sinter_model_t *model = sinter_context_model(context);
  std::vector<sinter_tensor_t> views;
  for (const Value &input : inputs)
    views.push_back(viewTensor(input));
  std::vector<sinter_tensor_t> results(sinter_model_output_count(model));
  sinter_error_t error = {};
  check(sinter_context_run(context, views.data(), views.size(), results.data(),
                           results.size(), &error),
        error);

  std::vector<Value> outputs;
  for (size_t i = 0; i < results.size(); ++i) {
    const sinter_tensor_t &result = results[i];
    Value output;
    output.name = sinter_model_output(model, i)->name;
    output.type = static_cast<ElementType>(result.type);
    output.dims.assign(result.dims, result.dims + result.rank);
    size_t bytes = 0;
    check(sinter_tensor_bytes(result.type, result.rank, result.dims, &bytes,
                              &error),
          error);
    const auto *data = static_cast<const uint8_t *>(result.data);
    output.bytes.assign(data, data + bytes);
    outputs.push_back(std::move(output));
  }
  return outputs;
}

sinter_requirements_t getRequirements(const sinter_context_t *context) {
  sinter_requirements_t requirements;
  sinter_requirements_init(&requirements);
  sinter_error_t error = {};
  check(sinter_context_requirements(context, &requirements, &error), error);
  return requirements;
}

std::vector<std::string> getInputNames(const sinter_model_t *model) {
  std::vector<std::string> names;
  for (size_t i = 0; i < sinter_model_input_count(model); ++i)
    names.push_back(sinter_model_input(model, i)->name);
  return names;
}

std::vector<std::string> getDimNames(const sinter_model_t *model) {
  std::vector<std::string> names;
  for (size_t i = 0; i < sinter_model_free_dim_count(model); ++i)
    names.push_back(sinter_model_free_dim(model, i)->name);
  return names;
}

PbMessage getPbMessage(const sinter_value_info_t &info) {
  switch (info.kind) {
  case SINTER_VALUE_SEQUENCE:
    return PbMessage::Sequence;
  case SINTER_VALUE_OPTIONAL:
    return PbMessage::Optional;
  case SINTER_VALUE_TENSOR:
  case SINTER_VALUE_STRINGS:
  case SINTER_VALUE_MAP:
    break;
  }
  return PbMessage::Tensor;
}

std::string describeType(const sinter_value_info_t &info) {
  std::string text = getTypeName(static_cast<ElementType>(info.type)) + "[";
  for (int32_t i = 0; i < info.rank; ++i) {
    const sinter_dim_info_t &dim = info.dims[i];
    text += i ? "," : "";
    text += dim.value >= 0 ? std::to_string(dim.value) : dim.formula;
  }
  return text + "]";
}

std::string describeRange(const sinter_free_dim_info_t &dim) {
  if (dim.max == INT64_MAX)
    return "at least " + std::to_string(dim.min);
  if (dim.min == dim.max)
    return std::to_string(dim.min);
  return std::to_string(dim.min) + ".." + std::to_string(dim.max);
}

} // namespace sinter::cli
