//===- OperatorsCommand.cpp - sinter operators -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace sinter::cli {

namespace {
struct OperatorsOptions {
  std::vector<std::string> names;
  bool json = false;
};
} // namespace

/// "com.microsoft.Gelu"; operators of ai.onnx by their name alone.
static std::string getFullName(const Json &entry) {
  std::string domain = entry.value("domain", "");
  return (domain.empty() ? "" : domain + ".") + entry.value("op", "");
}

static void print(const Json &entry) {
  std::string how = entry.value("supported", "");
  std::string since =
      how == "no"
          ? ""
          : "opset " + std::to_string(entry.value("since", 0)) + " and later";
  std::printf("%-40s %-14s %-20s %s\n", getFullName(entry).c_str(), how.c_str(),
              since.c_str(), entry.value("types", "").c_str());
}

static int runOperators(const OperatorsOptions &options) {
  Json all = Compiler().invoke({{"command", "operators"}})["operators"];
  Json chosen = Json::array();
  std::vector<std::string> names;
  for (const Json &entry : all) {
    names.push_back(getFullName(entry));
    if (options.names.empty() ||
        std::count(options.names.begin(), options.names.end(), names.back()))
      chosen.push_back(entry);
  }
  for (const std::string &name : options.names)
    if (!std::count(names.begin(), names.end(), name)) {
      std::string near = nearestName(name, names);
      throw Failure(ExitCode::Usage, "unknown_operator",
                    "there is no operator '" + name + "'")
          .withFound(name)
          .withRemedy(near.empty() ? "sinter operators lists all of them"
                                   : "did you mean " + near + "?");
    }
  if (options.json)
    std::printf("%s\n", chosen.dump(2).c_str());
  else
    for (const Json &entry : chosen)
      print(entry);
  return static_cast<int>(ExitCode::Ok);
}

void addOperatorsCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "operators", "List the operators that can be compiled");
  auto options = std::make_shared<OperatorsOptions>();
  command
      ->add_option("NAME", options->names,
                   "Only these; with their domain, if it is not ai.onnx")
      ->type_name("");
  addJsonFlag(command, options->json);
  command->footer(
      "Each line: the operator, whether it is imported directly or by the "
      "function body\n"
      "that the standard gives it, from which opset on, and the element types "
      "that the\n"
      "standard allows for its first input. sinter check MODEL.onnx says it of "
      "a model.\n"
      "Examples:\n"
      "  sinter operators\n"
      "  sinter operators Conv com.microsoft.Gelu");
  command->callback([options, &action] {
    action = [options] { return runOperators(*options); };
  });
}

} // namespace sinter::cli
