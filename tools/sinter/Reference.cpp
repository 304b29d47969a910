//===- Reference.cpp - tensors to compare with -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Reference.h"

#include "tools/sinter/Compiler.h"
#include "tools/sinter/compare/CompareAssets.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace fs = std::filesystem;

namespace sinter::cli {

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  fs::path base = fs::temp_directory_path(error);
  std::string name = (error ? "/tmp" : base.string()) + "/sinter-XXXXXX";
  if (!mkdtemp(name.data()))
    throw Failure(ExitCode::BadInputFile, "unwritable_output",
                  "cannot make a temporary folder '" + name +
                      "': " + std::strerror(errno))
        .withRemedy("set TMPDIR to a folder that can be written");
  path = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

/// Runs a program with its output in a file; returns its exit code.
static int runProgram(const std::vector<std::string> &arguments,
                      const std::string &log) {
  std::vector<char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(const_cast<char *>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  int error = posix_spawnp(&child, pointers[0], &actions, nullptr,
                           pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error)
    throw Failure(ExitCode::Usage, "no_reference",
                  "cannot start '" + arguments[0] +
                      "': " + std::strerror(error))
        .withRemedy("name a Python with --python PATH");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static std::string getLastLine(const std::string &file) {
  std::vector<uint8_t> bytes = readFile(file);
  std::string text(bytes.begin(), bytes.end());
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::vector<ReferenceTensor>
runOnnxRuntime(const std::string &python, const std::string &model,
               const std::vector<Value> &inputs,
               const std::vector<std::string> &names) {
  TemporaryFolder folder;
  Json request = {{"model", fs::absolute(model).string()},
                  {"inputs", Json::array()},
                  {"tensors", names},
                  {"folder", folder.getPath()}};
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::string file =
        folder.getPath() + "/input_" + std::to_string(i) + ".npy";
    writeFile(file, formatNpy(inputs[i]));
    request["inputs"].push_back({{"name", inputs[i].name}, {"file", file}});
  }
  std::string script = folder.getPath() + "/reference.py";
  std::string file = folder.getPath() + "/request.json";
  std::string log = folder.getPath() + "/log";
  writeFile(script, referenceScript);
  writeFile(file, request.dump(2, ' ', false, Json::error_handler_t::replace));
  int code = runProgram({python, script, file}, log);
  if (code != 0)
    throw Failure(ExitCode::BadInputFile, "no_reference",
                  "ONNX Runtime did not run the model: " + getLastLine(log))
        .withExpected("a Python with the packages onnx and onnxruntime, and a "
                      "model that it can run")
        .withFound("'" + python + "' ended with exit code " +
                   std::to_string(code))
        .withRemedy("name a Python with --python PATH, or a folder of tensors "
                    "with --reference DIR");
  return readReference(folder.getPath());
}

std::vector<ReferenceTensor> readReference(const std::string &folder) {
  std::string path = folder + "/manifest.json";
  std::vector<uint8_t> text = readFile(path);
  Json manifest = Json::parse(text.begin(), text.end(), nullptr,
                              /*allow_exceptions=*/false);
  auto fail = [&](const std::string &what) {
    return Failure(ExitCode::BadInputFile, "bad_reference",
                   "'" + path + "' " + what)
        .withExpected("{\"outputs\": [{\"name\": .., \"file\": ..}, ..]}")
        .withRemedy("write the folder with sinter run --output-dir");
  };
  if (!manifest.is_object() || !manifest.contains("outputs") ||
      !manifest["outputs"].is_array())
    throw fail("lists no outputs");
  std::vector<ReferenceTensor> tensors;
  for (const Json &entry : manifest["outputs"]) {
    if (!entry.is_object() || !entry.contains("name") ||
        !entry["name"].is_string() || !entry.contains("file") ||
        !entry["file"].is_string())
      throw fail("has an output without a name or file");
    std::string file = folder + "/" + entry["file"].get<std::string>();
    if (!hasSuffix(file, ".npy"))
      continue;
    std::vector<uint8_t> bytes = readFile(file);
    ReferenceTensor tensor;
    tensor.value = parseNpy(bytes.data(), bytes.size(), "'" + file + "'");
    tensor.value.name = entry["name"];
    auto getText = [&](const char *key) {
      auto found = entry.find(key);
      return found != entry.end() && found->is_string()
                 ? found->get<std::string>()
                 : "";
    };
    tensor.node = getText("node");
    tensor.op = getText("op");
    if (auto found = entry.find("position");
        found != entry.end() && found->is_number_integer())
      tensor.position = *found;
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

} // namespace sinter::cli
