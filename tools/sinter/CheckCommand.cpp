//===- CheckCommand.cpp - sinter check -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"

#include <cstdio>
#include <memory>

namespace sinter::cli {

namespace {
struct CheckOptions {
  std::string model;
  TargetOptions targets;
  bool json = false;
};
} // namespace

static void printNode(const Json &entry) {
  Json opset = entry.value("opset", Json());
  std::printf("%s (%s, opset %s): %s\n", entry.value("node", "").c_str(),
              entry.value("op", "").c_str(),
              opset.is_string() ? opset.get<std::string>().c_str()
                                : opset.dump().c_str(),
              entry.value("reason", "").c_str());
  std::string remedy = entry.value("remedy", "");
  if (!remedy.empty())
    std::printf("  remedy: %s\n", remedy.c_str());
}

static int runCheck(const CheckOptions &options) {
  Json request = {{"command", "check"}, {"model", options.model}};
  addTargets(options.targets, request);
  Json response = Compiler().invoke(request);
  Json unsupported = response.value("unsupported", Json::array());
  bool supported = response.value("supported", unsupported.empty());
  response.erase("ok");
  if (options.json)
    std::printf(
        "%s\n",
        response.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  else if (supported)
    std::printf("every node compiles; next: sinter compile %s\n",
                options.model.c_str());
  else
    for (const Json &entry : unsupported)
      printNode(entry);
  return static_cast<int>(supported ? ExitCode::Ok
                                    : ExitCode::ModelUnsupported);
}

void addCheckCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "check", "List every node of a model that would not compile, and why");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("MODEL", options->model, "The model: FILE.onnx")
      ->required();
  addTargetOptions(command, options->targets, /*withArchitectures=*/false);
  addJsonFlag(command, options->json);
  command->footer("Example:\n"
                  "  sinter check detector.onnx\n"
                  "      exit code 0 if all compiles, 3 if something does not\n"
                  "  sinter check detector.onnx --target cuda\n"
                  "      the same for NVIDIA devices");
  command->callback([options, &action] {
    action = [options] { return runCheck(*options); };
  });
}

} // namespace sinter::cli
