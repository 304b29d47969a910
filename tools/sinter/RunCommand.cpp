//===- RunCommand.cpp - sinter run -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Cache.h"
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compare.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"
#include "tools/sinter/Session.h"
#include "tools/sinter/Tensors.h"

#include <cstdio>
#include <filesystem>
#include <memory>

namespace sinter::cli {

namespace {
struct RunOptions : CommonOptions {
  InputOptions inputs;
  std::string outputFolder, saveFolder;
  Tolerance tolerance;
  bool noVerify = false;
};
} // namespace

/// Writes the outputs and manifest.json.
static void writeOutputs(const std::string &folder,
                         const std::vector<Value> &inputs,
                         const std::vector<Value> &outputs) {
  makeFolder(folder);
  Json manifest;
  manifest["inputs"] = Json::array();
  manifest["outputs"] = Json::array();
  for (const Value &input : inputs)
    manifest["inputs"].push_back({{"name", input.name},
                                  {"type", getTypeName(input.type)},
                                  {"shape", input.dims}});
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Value &output = outputs[i];
    bool numpy = output.kind == Value::Kind::Tensor &&
                 getTypeInfo(output.type) && getTypeInfo(output.type)->npy;
    std::string name = "output_" + std::to_string(i) + (numpy ? ".npy" : ".pb");
    writeFile(folder + "/" + name,
              numpy ? formatNpy(output) : formatPb(output));
    manifest["outputs"].push_back({{"file", name},
                                   {"name", output.name},
                                   {"type", getTypeName(output.type)},
                                   {"shape", output.dims}});
  }
  writeFile(folder + "/manifest.json",
            manifest.dump(2, ' ', false, Json::error_handler_t::replace) +
                "\n");
}

static void saveDataSet(const std::string &folder,
                        const std::vector<Value> &inputs,
                        const std::vector<Value> &outputs) {
  makeFolder(folder);
  for (size_t i = 0; i < inputs.size(); ++i)
    writeFile(folder + "/input_" + std::to_string(i) + ".pb",
              formatPb(inputs[i]));
  for (size_t i = 0; i < outputs.size(); ++i)
    writeFile(folder + "/output_" + std::to_string(i) + ".pb",
              formatPb(outputs[i]));
}

/// Compares with the output_N.pb that are there; fills `report` and returns
/// whether all agree.
static bool compareDataSet(const sinter_model_t *model,
                           const RunOptions &options,
                           const std::vector<Value> &outputs, Json &report) {
  bool agree = true;
  size_t compared = 0;
  report["compared"] = Json::array();
  std::error_code error;
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::string path =
        options.inputs.dataSet + "/output_" + std::to_string(i) + ".pb";
    if (!std::filesystem::exists(path, error))
      continue;
    std::vector<uint8_t> file = readFile(path);
    Value expected =
        parsePb(file.data(), file.size(),
                getPbMessage(*sinter_model_output(model, i)), "'" + path + "'");
    Comparison result = compare(expected, outputs[i], options.tolerance);
    ++compared;
    agree &= result.difference.empty();
    report["compared"].push_back({{"name", outputs[i].name},
                                  {"file", path},
                                  {"agrees", result.difference.empty()},
                                  {"largest_error", result.largestError},
                                  {"difference", result.difference}});
    if (!result.difference.empty())
      note("output " + std::to_string(i) + " '" + outputs[i].name +
           "' differs from '" + path + "': " + result.difference);
    else if (!options.json)
      std::printf("%s: agrees, largest error %.3g\n", outputs[i].name.c_str(),
                  result.largestError);
  }
  report["agree"] = agree;
  if (compared == 0)
    warn("'" + options.inputs.dataSet +
         "' has no output_0.pb: nothing was compared");
  return agree;
}

/// One line, and one JSON object, for each output.
static void describeOutputs(const RunOptions &options,
                            const std::vector<Value> &outputs, Json &report) {
  report["outputs"] = Json::array();
  bool print = !options.json && options.outputFolder.empty() &&
               options.inputs.dataSet.empty();
  for (const Value &output : outputs) {
    Statistics statistics = computeStatistics(output);
    report["outputs"].push_back({{"name", output.name},
                                 {"type", getTypeName(output.type)},
                                 {"shape", output.dims},
                                 {"min", toJson(statistics.min)},
                                 {"max", toJson(statistics.max)},
                                 {"mean", toJson(statistics.mean)},
                                 {"nan_count", statistics.nans}});
    if (print)
      std::printf(
          "%s: %s  min %.6g  max %.6g  mean %.6g  NaN %zu\n",
          output.name.c_str(), describeTensor(output.type, output.dims).c_str(),
          statistics.min, statistics.max, statistics.mean, statistics.nans);
  }
}

static int runRun(const RunOptions &options) {
  DeviceChoice device = parseDevice(options.device);
  Artifact artifact(options.file, !options.noCache, device.isCuda());
  ModelHandle model =
      openModel(artifact.getPath(), options.isa, !options.noVerify);
  Binding binding = bindInputs(model.get(), options.inputs);
  ContextHandle context = createContext(model.get(), options.threads, device);
  std::vector<Value> outputs = runModel(context.get(), binding.inputs);

  Json report;
  report["device"] = describeDevice(context.get());
  report["isa"] = sinter_model_info(model.get())->isa;
  report["threads"] = sinter_context_threads(context.get());
  describeOutputs(options, outputs, report);
  if (!options.outputFolder.empty()) {
    writeOutputs(options.outputFolder, binding.inputs, outputs);
    report["output_dir"] = options.outputFolder;
    if (!options.json)
      std::printf("%zu output%s written to %s\n", outputs.size(),
                  outputs.size() == 1 ? "" : "s", options.outputFolder.c_str());
  }
  if (!options.saveFolder.empty())
    saveDataSet(options.saveFolder, binding.inputs, outputs);
  bool agree = true;
  if (!options.inputs.dataSet.empty())
    agree = compareDataSet(model.get(), options, outputs, report);
  if (options.json)
    std::printf(
        "%s\n",
        report.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return static_cast<int>(agree ? ExitCode::Ok : ExitCode::OutputsDiffer);
}

void addRunCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "run", "Run an artifact or a model once, on files or made-up inputs");
  auto options = std::make_shared<RunOptions>();
  addRunOptions(command, *options);
  addInputOptions(command, options->inputs);
  command
      ->add_option("--output-dir", options->outputFolder,
                   "Write output_0.npy, ... and manifest.json here")
      ->type_name("DIR");
  command
      ->add_option("--data-set", options->inputs.dataSet,
                   "Read input_0.pb, ... from here and compare with "
                   "output_0.pb, ...; exit code 1 if they differ")
      ->type_name("DIR");
  command
      ->add_option("--save-data-set", options->saveFolder,
                   "Write inputs and outputs as such a folder")
      ->type_name("DIR");
  command
      ->add_option("--rtol", options->tolerance.relative,
                   "Relative tolerance; default 1e-3")
      ->check(CLI::NonNegativeNumber)
      ->type_name("X");
  command
      ->add_option("--atol", options->tolerance.absolute,
                   "Absolute tolerance; default 1e-7")
      ->check(CLI::NonNegativeNumber)
      ->type_name("Y");
  command->add_flag("--no-verify", options->noVerify,
                    "Do not check the weights against their hashes");
  command->footer(
      "Examples:\n"
      "  sinter run resnet50.sinter\n"
      "      random input; prints the range of each output\n"
      "  sinter run bert.sinter --input input_ids=randint:0:30000 "
      "--input attention_mask=ones --dim seq=128\n"
      "  sinter run det.sinter --input x=image.npy --output-dir out\n"
      "      writes out/output_0.npy and out/manifest.json\n"
      "  sinter run bert.sinter --device cuda:1\n"
      "      on the second NVIDIA device; the artifact has code for it\n"
      "  sinter run add.onnx --data-set test_data_set_0 --rtol 1e-5\n"
      "      compares with the stored outputs");
  command->callback(
      [options, &action] { action = [options] { return runRun(*options); }; });
}

} // namespace sinter::cli
