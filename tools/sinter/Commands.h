//===- Commands.h - the commands of sinter -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_COMMANDS_H
#define SINTER_TOOLS_SINTER_COMMANDS_H

#include "tools/sinter/Inputs.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace sinter::cli {

/// A command's function, to be called after the command line is read. Returns
/// the exit code, or throws a Failure.
using Action = std::function<int()>;

/// Each adds one command to `app` and sets `action` when it is the one given.
void addCompileCommand(CLI::App &app, Action &action);
void addRunCommand(CLI::App &app, Action &action);
void addBenchCommand(CLI::App &app, Action &action);
void addCheckCommand(CLI::App &app, Action &action);
void addCompareCommand(CLI::App &app, Action &action);
void addInspectCommand(CLI::App &app, Action &action);
void addOperatorsCommand(CLI::App &app, Action &action);
void addVerifyCommand(CLI::App &app, Action &action);

/// What to compile for.
struct TargetOptions {
  std::string targets = "cpu";
  std::string cpus;
  std::string sms;
};

/// Adds --target and, `withArchitectures`, --sm.
void addTargetOptions(CLI::App *command, TargetOptions &options,
                      bool withArchitectures);

/// Writes them into a request to the compiler.
void addTargets(const TargetOptions &options, nlohmann::ordered_json &request);

/// Options that commands share.
struct CommonOptions {
  std::string file;
  std::string isa;
  std::string device = "cpu";
  int threads = 0;
  bool json = false;
  bool noCache = false;
};

/// Adds an option that may be given several times, one value each.
CLI::Option *addList(CLI::App *command, const std::string &name,
                     std::vector<std::string> &values, const std::string &help);

/// Adds --json.
void addJsonFlag(CLI::App *command, bool &json);

/// Adds FILE, --device, --threads, --isa, --no-cache and --json.
void addRunOptions(CLI::App *command, CommonOptions &options);

/// Adds --inputs, --dim, --shape and --seed.
void addInputOptions(CLI::App *command, InputOptions &options);

/// "435.6 MB", "12.0 KB" or "99 bytes".
std::string formatBytes(double bytes);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_COMMANDS_H
