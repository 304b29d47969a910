//===- Main.cpp - the program sinter -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Errors.h"

#include "sinter/status.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>

namespace sinter::cli {

/// True if --json is among the arguments, wherever the command line breaks.
static bool wantsJson(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--json") == 0)
      return true;
  return false;
}

/// The command that was named, or the program itself.
static CLI::App *getCommand(CLI::App &app) {
  std::vector<CLI::App *> commands = app.get_subcommands();
  return commands.empty() ? &app : commands.front();
}

/// Turns a malformed command line into a failure that names the near option.
static Failure explain(CLI::App &app, const CLI::ParseError &error) {
  CLI::App *command = getCommand(app);
  bool none = command == &app;
  std::string help = "see sinter " +
                     (none ? std::string() : command->get_name() + " ") +
                     "--help";
  std::vector<std::string> extras = app.remaining(/*recurse=*/true);
  // A command line without a command complains about that, not about extras.
  std::vector<std::string> known;
  if (none) {
    for (CLI::App *each : app.get_subcommands([](CLI::App *) { return true; }))
      known.push_back(each->get_name());
  } else {
    for (const CLI::Option *option : command->get_options())
      for (const std::string &name : option->get_lnames())
        if (name != "help")
          known.push_back("--" + name);
  }
  for (const std::string &extra : extras) {
    if (!none && extra.rfind("-", 0) != 0 && extras.front() != extra)
      continue;
    std::string name = extra.substr(0, extra.find('='));
    std::string near = nearestName(name, known);
    const char *kind = none                       ? "command"
                       : extra.rfind("-", 0) == 0 ? "option"
                                                  : "argument";
    return Failure(ExitCode::Usage, std::string("unknown_") + kind,
                   std::string("unknown ") + kind + " '" + name + "'" +
                       (none ? "" : " of " + command->get_name()))
        .withExpected(listNames(known))
        .withFound(name)
        .withRemedy(near.empty() ? help : "did you mean " + near + "? " + help);
  }
  return Failure(ExitCode::Usage, "usage", error.what()).withRemedy(help);
}

static int run(int argc, char **argv) {
  CLI::App app("Compiles ONNX models to native code, and runs it.", "sinter");
  app.set_version_flag("--version", std::string("sinter ") + sinter_version());
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  sinter compile model.onnx         makes model.sinter\n"
      "  sinter run model.sinter           runs it on random input\n"
      "  sinter bench model.sinter         measures it\n"
      "  sinter COMMAND --help             teaches a command by example\n"
      "\n"
      "Exit codes: 0 ok, 1 outputs differ, 2 usage, 3 model not supported, 4 a "
      "file\n"
      "is bad, missing or cannot be written, 5 run failed, 70 internal error.");
  Action action;
  addCompileCommand(app, action);
  addRunCommand(app, action);
  addBenchCommand(app, action);
  addCheckCommand(app, action);
  addCompareCommand(app, action);
  addInspectCommand(app, action);
  addOperatorsCommand(app, action);
  addVerifyCommand(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &help) { // --help, --version
    return app.exit(help);
  } catch (const CLI::ParseError &error) {
    if (argc == 1) {
      std::cerr << app.help();
      return static_cast<int>(ExitCode::Usage);
    }
    throw explain(app, error);
  }
  return action();
}

} // namespace sinter::cli

int main(int argc, char **argv) {
  using namespace sinter::cli;
  bool json = wantsJson(argc, argv);
  auto internal = [&](const std::string &what) {
    return report(
        Failure(ExitCode::Internal, "internal", "internal error: " + what),
        json);
  };
  int exitCode;
  try {
    exitCode = run(argc, argv);
  } catch (const Failure &failure) {
    return report(failure, json);
  } catch (const std::bad_alloc &) {
    return report(Failure(ExitCode::RunFailed, "out_of_memory",
                          "there is not enough memory"),
                  json);
  } catch (const std::exception &error) {
    return internal(error.what());
  }
  // Output that did not reach its file must not look like success.
  if (std::fflush(stdout) != 0 && exitCode == 0)
    return report(Failure(ExitCode::BadInputFile, "unwritable_output",
                          "cannot write to standard output"),
                  /*json=*/false);
  return exitCode;
}
