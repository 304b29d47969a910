//===- Options.cpp - options that commands share -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"

#include <algorithm>
#include <cstdio>

namespace sinter::cli {

CLI::Option *addList(CLI::App *command, const std::string &name,
                     std::vector<std::string> &values,
                     const std::string &help) {
  return command->add_option(name, values, help)
      ->allow_extra_args(false)
      ->take_all();
}

void addJsonFlag(CLI::App *command, bool &json) {
  command->add_flag("--json", json,
                    "Print one JSON object on stdout and nothing else there");
}

void addRunOptions(CLI::App *command, CommonOptions &options) {
  command
      ->add_option("FILE", options.file,
                   "The artifact (.sinter), or a model (.onnx), which is "
                   "compiled and kept in a cache")
      ->required();
  command
      ->add_option("--threads", options.threads,
                   "Threads; default: physical cores that this process may use")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command
      ->add_option("--device", options.device,
                   "Where to run: cpu, cuda, cuda:N, or auto (cuda where that "
                   "is possible); default: cpu")
      ->type_name("DEVICE");
  command
      ->add_option("--isa", options.isa,
                   "Instruction set to use, such as x86-64-v3; default: the "
                   "best one")
      ->type_name("NAME");
  command->add_flag("--no-cache", options.noCache,
                    "Compile a model (.onnx) anew and keep nothing");
  addJsonFlag(command, options.json);
}

/// Cubins unless --sm says something else.
static constexpr const char *defaultSms = "80,90a,120";

void addTargetOptions(CLI::App *command, TargetOptions &options,
                      bool withArchitectures) {
  command
      ->add_option("--target", options.targets,
                   "What to compile for: cpu, or cpu,cuda; default: cpu")
      ->type_name("TARGET,...");
  if (withArchitectures) {
    command
        ->add_option("--cpu", options.cpus,
                     "Instruction sets of the CPU to compile for, such as "
                     "x86-64-v3; native: the best one of this processor, for a "
                     "smaller artifact that may not run elsewhere; default: "
                     "all of them, and the best one is taken when running")
        ->type_name("default|native|NAME,...");
    command
        ->add_option("--sm", options.sms,
                     "Architectures of NVIDIA devices that the code is made "
                     "ready for, which needs ptxas; ptx: none, the driver does "
                     "it when the model is loaded; default: " +
                         std::string(defaultSms))
        ->type_name("N,...|ptx");
  }
}

/// Splits at commas. Throws a Failure for an empty part.
static std::vector<std::string> splitList(const char *flag,
                                          const std::string &text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    if (parts.back().empty())
      throw Failure(ExitCode::Usage, "bad_argument",
                    std::string(flag) + ": '" + text + "' has an empty part")
          .withFound(text);
    start = end + 1;
  }
  return parts;
}

void addTargets(const TargetOptions &options, Json &request) {
  std::vector<std::string> targets = splitList("--target", options.targets);
  bool cuda =
      std::find(targets.begin(), targets.end(), "cuda") != targets.end();
  bool cpu = std::find(targets.begin(), targets.end(), "cpu") != targets.end();
  if (!cuda && !options.sms.empty())
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--sm is for --target cpu,cuda")
        .withRemedy("add --target cpu,cuda");
  if (cuda && !cpu && request.value("command", "") == "compile")
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--target cuda: every artifact has code for the CPU")
        .withRemedy("use --target cpu,cuda");
  request["targets"] = targets;
  if (!options.cpus.empty())
    request["cpus"] = splitList("--cpu", options.cpus);
  if (cuda && options.sms != "ptx")
    request["sms"] =
        splitList("--sm", options.sms.empty() ? defaultSms : options.sms);
}

void addInputOptions(CLI::App *command, InputOptions &options) {
  addList(command, "--input", options.inputs,
          "An input: a file (.npy, .pb, .bin), or random, zeros, ones, "
          "uniform:LO:HI, randint:LO:HI; default: random")
      ->type_name("NAME=WHAT");
  command
      ->add_option("--inputs", options.npz,
                   "Inputs from the arrays of this file, by name")
      ->type_name("FILE.npz");
  addList(command, "--dim", options.dims, "Size of a free dimension")
      ->type_name("NAME=N");
  addList(command, "--shape", options.shapes,
          "Sizes of an input; sets its free dimensions")
      ->type_name("INPUT=N,N,...");
  command
      ->add_option("--seed", options.seed,
                   "Seed of the inputs that are drawn at random")
      ->type_name("N");
}

std::string formatBytes(double bytes) {
  static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < std::size(units)) {
    bytes /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", bytes,
                units[unit]);
  return text;
}

} // namespace sinter::cli
