//===- InspectCommand.cpp - sinter inspect -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Cache.h"
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Session.h"

#include <cstdio>
#include <memory>

namespace sinter::cli {

static Json describeValue(const sinter_value_info_t &info) {
  Json shape = Json::array();
  for (int32_t i = 0; i < info.rank; ++i) {
    if (info.dims[i].value >= 0)
      shape.push_back(info.dims[i].value);
    else
      shape.push_back(info.dims[i].formula);
  }
  return {{"name", info.name},
          {"type", getTypeName(static_cast<ElementType>(info.type))},
          {"shape", shape}};
}

static Json listStrings(const char *const *texts, size_t count) {
  Json list = Json::array();
  for (size_t i = 0; i < count; ++i)
    list.push_back(texts[i]);
  return list;
}

static std::string toHex(const uint8_t *bytes, size_t count) {
  std::string text;
  for (size_t i = 0; bytes && i < count; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", bytes[i]);
    text += hex;
  }
  return text;
}

/// All that an artifact says about itself.
static Json describeModel(const sinter_model_t *model) {
  const sinter_model_info_t &info = *sinter_model_info(model);
  Json report;
  report["name"] = info.name;
  report["compiler"] = info.compiler;
  report["abi_version"] = info.abi_version;
  report["model_hash"] = toHex(info.model_hash, 32);
  report["artifact_bytes"] = info.artifact_bytes;
  report["code_bytes"] = info.code_bytes;
  report["weights_bytes"] = info.weights_bytes;
  report["inputs"] = Json::array();
  for (size_t i = 0; i < sinter_model_input_count(model); ++i)
    report["inputs"].push_back(describeValue(*sinter_model_input(model, i)));
  report["outputs"] = Json::array();
  for (size_t i = 0; i < sinter_model_output_count(model); ++i)
    report["outputs"].push_back(describeValue(*sinter_model_output(model, i)));
  report["free_dims"] = Json::array();
  for (size_t i = 0; i < sinter_model_free_dim_count(model); ++i) {
    const sinter_free_dim_info_t &dim = *sinter_model_free_dim(model, i);
    report["free_dims"].push_back(
        {{"name", dim.name},
         {"min", dim.min},
         {"max", dim.max == INT64_MAX ? Json() : Json(dim.max)},
         {"optimum", dim.optimum ? Json(dim.optimum) : Json()}});
  }
  report["arena"] = info.arena_formula;
  report["scratch"] = info.scratch_formula;
  report["isa"] = info.isa;
  report["isas"] = Json::array();
  for (size_t i = 0; i < sinter_model_variant_count(model); ++i) {
    const sinter_variant_info_t &variant = *sinter_model_variant(model, i);
    report["isas"].push_back(
        {{"name", variant.name}, {"supported", variant.supported != 0}});
  }
  report["device_code"] = Json::array();
  for (size_t i = 0; i < sinter_model_device_code_count(model); ++i) {
    const sinter_device_code_info_t &code = *sinter_model_device_code(model, i);
    report["device_code"].push_back({{"name", code.name},
                                     {"kind", code.is_ptx ? "ptx" : "cubin"},
                                     {"bytes", code.bytes}});
  }
  report["nodes"] = info.node_count;
  report["launches"] = sinter_model_launch_count(model);
  report["kernels"] = Json::array();
  for (size_t i = 0; i < sinter_model_kernel_count(model); ++i) {
    const sinter_kernel_info_t &kernel = *sinter_model_kernel(model, i);
    report["kernels"].push_back(
        {{"name", kernel.name},
         {"kind", kernel.kind},
         {"nodes", listStrings(kernel.nodes, kernel.node_count)}});
  }
  return report;
}

static void printModel(const sinter_model_t *model) {
  const sinter_model_info_t &info = *sinter_model_info(model);
  std::printf("model      %s, %u nodes, by %s\n", info.name, info.node_count,
              info.compiler);
  for (size_t i = 0; i < sinter_model_input_count(model); ++i) {
    const sinter_value_info_t &input = *sinter_model_input(model, i);
    std::printf("input      %s: %s\n", input.name, describeType(input).c_str());
  }
  for (size_t i = 0; i < sinter_model_output_count(model); ++i) {
    const sinter_value_info_t &output = *sinter_model_output(model, i);
    std::printf("output     %s: %s\n", output.name,
                describeType(output).c_str());
  }
  for (size_t i = 0; i < sinter_model_free_dim_count(model); ++i) {
    const sinter_free_dim_info_t &dim = *sinter_model_free_dim(model, i);
    std::printf("free       %s: %s\n", dim.name, describeRange(dim).c_str());
  }
  std::printf("size       %s: %s code, %s weights\n",
              formatBytes(static_cast<double>(info.artifact_bytes)).c_str(),
              formatBytes(static_cast<double>(info.code_bytes)).c_str(),
              formatBytes(static_cast<double>(info.weights_bytes)).c_str());
  std::printf("arena      %s bytes, and %s a thread\n", info.arena_formula,
              info.scratch_formula);
  for (size_t i = 0; i < sinter_model_variant_count(model); ++i) {
    const sinter_variant_info_t &variant = *sinter_model_variant(model, i);
    bool used = std::string(variant.name) == info.isa;
    std::printf("code       %s%s\n", variant.name,
                used                ? " (used here)"
                : variant.supported ? ""
                                    : " (not on this processor)");
  }
  for (size_t i = 0; i < sinter_model_device_code_count(model); ++i) {
    const sinter_device_code_info_t &code = *sinter_model_device_code(model, i);
    std::printf("device     %s: %s, %s\n", code.name,
                code.is_ptx ? "PTX" : "cubin",
                formatBytes(static_cast<double>(code.bytes)).c_str());
  }
  std::printf("kernels    %zu, launched %zu times\n",
              sinter_model_kernel_count(model),
              sinter_model_launch_count(model));
  for (size_t i = 0; i < sinter_model_kernel_count(model); ++i) {
    const sinter_kernel_info_t &kernel = *sinter_model_kernel(model, i);
    std::string nodes;
    for (size_t n = 0; n < kernel.node_count; ++n)
      nodes += (n ? ", " : "") + std::string(kernel.nodes[n]);
    std::printf("  %-24s %-8s %s\n", kernel.name, kernel.kind, nodes.c_str());
  }
}

static int runInspect(const CommonOptions &options, bool lock) {
  Artifact artifact(options.file, !options.noCache);
  ModelHandle model =
      openModel(artifact.getPath(), options.isa, /*verifyWeights=*/false);
  if (lock) {
    const char *text = sinter_model_info(model.get())->lock;
    if (*text == '\0')
      throw Failure(ExitCode::BadInputFile, "no_lock",
                    "'" + options.file +
                        "' has no lock: nothing was measured to compile it");
    std::fputs(text, stdout);
    return 0;
  }
  if (options.json)
    std::printf("%s\n", describeModel(model.get())
                            .dump(2, ' ', false, Json::error_handler_t::replace)
                            .c_str());
  else
    printModel(model.get());
  return 0;
}

void addInspectCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "inspect", "Show what an artifact takes, gives, needs and consists of");
  auto options = std::make_shared<CommonOptions>();
  auto lock = std::make_shared<bool>(false);
  command->add_flag("--lock", *lock,
                    "Print the lock: what was measured to compile it");
  command->add_option("FILE", options->file, "The artifact, or FILE.onnx")
      ->required();
  command->add_flag("--no-cache", options->noCache,
                    "Compile a model (.onnx) anew and keep nothing");
  addJsonFlag(command, options->json);
  command->footer("Example:\n"
                  "  sinter inspect resnet50.sinter");
  command->callback([options, lock, &action] {
    action = [options, lock] { return runInspect(*options, *lock); };
  });
}

} // namespace sinter::cli
