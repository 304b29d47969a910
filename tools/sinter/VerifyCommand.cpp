//===- VerifyCommand.cpp - sinter verify -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Session.h"

#include <cstdio>
#include <memory>

namespace sinter::cli {

namespace {
struct VerifyOptions {
  std::string file;
  bool json = false;
};
} // namespace

static int runVerify(const VerifyOptions &options) {
  ModelHandle model =
      openModel(options.file, /*isa=*/"", /*verifyWeights=*/false);
  sinter_error_t error = {};
  if (sinter_model_verify(model.get(), /*threads=*/0, &error) !=
      SINTER_STATUS_OK)
    throwStatus(error);
  const sinter_model_info_t &info = *sinter_model_info(model.get());
  if (options.json)
    std::printf("%s\n", Json({{"intact", true},
                              {"artifact_bytes", info.artifact_bytes},
                              {"compiler", info.compiler}})
                            .dump(2)
                            .c_str());
  else
    std::printf("%s: intact, %s\n", options.file.c_str(),
                formatBytes(static_cast<double>(info.artifact_bytes)).c_str());
  return 0;
}

void addVerifyCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "verify", "Check every byte of an artifact against its hashes");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("FILE", options->file, "The artifact")->required();
  addJsonFlag(command, options->json);
  command->footer("Example:\n"
                  "  sinter verify resnet50.sinter\n"
                  "      exit code 0 if it is intact, 4 if a byte changed");
  command->callback([options, &action] {
    action = [options] { return runVerify(*options); };
  });
}

} // namespace sinter::cli
