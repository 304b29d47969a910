//===- CompileCommand.cpp - sinter compile -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"
#include "tools/sinter/Report.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace sinter::cli {

namespace {
struct CompileOptions {
  std::string model, output, outputs, stopAfter, startAfter, dumpFolder;
  TargetOptions targets;
  std::vector<std::string> dims, shapes, layers;
  std::string precision, calibrate, calibrateMethod, lock, lockOut, prune,
      report;
  int threads = 0;
  bool printIr = false, json = false, noMeasure = false, reportTimes = false;
};
} // namespace

/// Splits NAME=VALUE at the last '=': names may hold one, values do not.
static std::pair<std::string, std::string>
splitArgument(const char *flag, const std::string &text, const char *form) {
  size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw Failure(ExitCode::Usage, "bad_argument",
                  std::string(flag) + " " + text + ": expected " + form)
        .withExpected(form)
        .withFound(text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// N, LO..HI or LO..HI@OPT, as one dimension is said.
static bool isRange(const std::string &text) {
  size_t position = 0;
  auto number = [&] {
    size_t start = position;
    while (position < text.size() && std::isdigit(text[position] & 0xff))
      ++position;
    return position > start && position - start < 19;
  };
  if (!number())
    return false;
  if (position == text.size())
    return true;
  if (text.compare(position, 2, "..") != 0)
    return false;
  position += 2;
  if (!number())
    return false;
  if (position == text.size())
    return true;
  return text[position++] == '@' && number() && position == text.size();
}

static void requireRange(const std::string &flag, const std::string &text) {
  if (!isRange(text))
    throw Failure(ExitCode::Usage, "bad_argument",
                  flag + ": '" + text + "' is no size")
        .withExpected("N, LO..HI or LO..HI@OPTIMUM")
        .withFound(text);
}

/// Checks that the file that `flag` names can be written before the long work
/// starts.
static void requireWritable(const std::string &output, const char *flag) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path folder = fs::path(output).parent_path();
  if (folder.empty())
    folder = ".";
  std::string reason;
  if (!fs::is_directory(folder, error))
    reason = "the folder '" + folder.string() + "' does not exist";
  else if (fs::is_directory(output, error))
    reason = "it is a folder";
  else if (access(folder.c_str(), W_OK) != 0)
    reason = "the folder '" + folder.string() + "' cannot be written to";
  if (!reason.empty())
    throw Failure(ExitCode::BadInputFile, "unwritable_output",
                  "cannot write '" + output + "': " + reason)
        .withRemedy(std::string("name a place that can be written to with ") +
                    flag + " FILE");
}

static Json makeRequest(const CompileOptions &options) {
  Json request = {{"command", "compile"}, {"model", options.model}};
  addTargets(options.targets, request);
  if (!options.output.empty())
    request["output"] = options.output;
  for (const std::string &text : options.dims) {
    auto [name, range] =
        splitArgument("--dim", text, "--dim NAME=LO..HI[@OPTIMUM] or NAME=N");
    requireRange("--dim " + text, range);
    request["dims"][name] = range;
  }
  for (const std::string &text : options.shapes) {
    auto [name, sizes] =
        splitArgument("--shape", text, "--shape INPUT=1..32,3,224,224");
    for (size_t start = 0; start <= sizes.size();) {
      size_t end = std::min(sizes.find(',', start), sizes.size());
      requireRange("--shape " + text, sizes.substr(start, end - start));
      start = end + 1;
    }
    request["shapes"][name] = sizes;
  }
  if (options.outputs == "all") {
    request["outputs"] = "all";
  } else if (!options.outputs.empty()) {
    request["outputs"] = Json::array();
    for (size_t start = 0; start <= options.outputs.size();) {
      size_t end =
          std::min(options.outputs.find(',', start), options.outputs.size());
      request["outputs"].push_back(options.outputs.substr(start, end - start));
      start = end + 1;
    }
  }
  if (!options.precision.empty())
    request["precision"] = options.precision;
  if (!options.calibrate.empty())
    request["calibrate"] = options.calibrate;
  if (!options.calibrateMethod.empty())
    request["calibrate_method"] = options.calibrateMethod;
  for (const std::string &text : options.layers) {
    auto [nodes, value] = splitArgument("--layer", text, "--layer REGEX=VALUE");
    request["layers"].push_back({{"nodes", nodes}, {"value", value}});
  }
  if (!options.prune.empty())
    request["prune"] = options.prune;
  if (options.noMeasure)
    request["measure"] = false;
  if (!options.lock.empty())
    request["lock"] = options.lock;
  if (!options.lockOut.empty())
    request["lock_out"] = options.lockOut;
  if (!options.stopAfter.empty())
    request["stop_after"] = options.stopAfter;
  if (!options.startAfter.empty())
    request["start_after"] = options.startAfter;
  if (!options.report.empty())
    request["report"] = true;
  if (options.printIr)
    request["print_ir"] = true;
  if (!options.dumpFolder.empty())
    request["dump_phases_to"] = options.dumpFolder;
  if (options.threads)
    request["threads"] = options.threads;
  return request;
}

/// Instruction sets, then architectures of devices.
static std::string listCode(const Json &response) {
  std::string text;
  for (const Json &isa : response.value("isas", Json::array()))
    text += (text.empty() ? "" : ", ") + isa.get<std::string>();
  for (const Json &code : response.value("device_code", Json::array()))
    text += ", " + code.value("name", "") + " (" +
            formatBytes(code.value("bytes", 0.0)) + ")";
  return text;
}

/// Where the choices between forms of a layer come from, if any were made.
static void printMeasuring(const Json &lock) {
  auto number = [&](const char *key) { return lock.value(key, int64_t(0)); };
  std::string text;
  auto add = [&](const char *key, const std::string &what) {
    if (int64_t count = number(key))
      text += (text.empty() ? "" : ", ") + std::to_string(count) + what;
  };
  add("measured", " layers measured on this machine");
  add("used", " layers from the lock");
  add("missing", " not in the lock");
  add("stale", " of the lock not needed");
  if (!text.empty())
    std::printf("measured      %s\n", text.c_str());
}

/// Which layers were quantized, and why the others were not.
static void printLayers(const Json &response) {
  const Json quantized = response.value("quantized", Json::array()),
             left = response.value("left", Json::array());
  if (quantized.empty() && left.empty())
    return;
  std::printf("quantized     %zu of %zu layers\n", quantized.size(),
              quantized.size() + left.size());
  constexpr size_t shown = 12;
  for (size_t i = 0; i < std::min(left.size(), shown); ++i)
    std::printf("  stays fp32  %s: %s\n", left[i].value("node", "").c_str(),
                left[i].value("reason", "").c_str());
  if (left.size() > shown)
    std::printf("  stays fp32  %zu more: --json lists them all\n",
                left.size() - shown);
}

/// A few lines: what came out, and what to do next.
static void printSummary(const Json &response, const std::string &output) {
  auto number = [&](const char *key) {
    return response.value(key, int64_t(0));
  };
  std::printf("kernels       %lld nodes -> %lld kernels, %lld launches\n",
              static_cast<long long>(number("nodes")),
              static_cast<long long>(number("kernels")),
              static_cast<long long>(number("launches")));
  if (number("integer_contractions"))
    std::printf("integers      %lld of %lld matrix products and convolutions\n",
                static_cast<long long>(number("integer_contractions")),
                static_cast<long long>(number("contractions")));
  std::printf("instructions  %s\n", listCode(response).c_str());
  std::printf("artifact      %s: %s, of them %s weights, in %.1f s\n",
              output.c_str(),
              formatBytes(double(number("artifact_bytes"))).c_str(),
              formatBytes(double(number("weights_bytes"))).c_str(),
              response.value("compile_s", 0.0));
  Json arenaBytes = response.value("arena_bytes", Json());
  std::string arena = arenaBytes.is_number()
                          ? formatBytes(arenaBytes.get<double>())
                          : response.value("arena", "") + " bytes";
  if (arena.size() > 64)
    arena = "by the free dimensions; sinter inspect shows the formula";
  std::printf("arena         %s\n", arena.c_str());
  Json unfused = response.value("unfused", Json::array());
  std::string first;
  if (!unfused.empty())
    first = ", such as " + unfused[0].value("node", "") + ": " +
            unfused[0].value("reason", "");
  std::printf("not fused     %s%s\n",
              unfused.empty() ? "nothing"
                              : (std::to_string(unfused.size()) +
                                 (unfused.size() == 1 ? " node" : " nodes"))
                                    .c_str(),
              first.c_str());
  printLayers(response);
  printMeasuring(response.value("lock", Json::object()));
  if (response.contains("report"))
    std::printf("report        %s\n",
                response["report"].get<std::string>().c_str());
  std::printf("next          sinter bench %s\n", output.c_str());
}

/// Checks what is said of the report before the long work starts.
static void requireReport(const CompileOptions &options, bool writes) {
  requireReportName(options.report);
  requireWritable(options.report, "--report");
  if (options.reportTimes && !writes)
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--report-times measures the artifact, but --stop-after " +
                      options.stopAfter + " leaves none")
        .withRemedy("leave out --report-times or --stop-after");
  if (writes && options.report == options.output)
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--report and --output name the same file '" +
                      options.report + "'")
        .withRemedy("give them different names");
}

static int runCompile(CompileOptions options) {
  bool writes = options.stopAfter.empty() || options.stopAfter == "emit";
  if (options.output.empty() && writes)
    options.output =
        "./" + std::filesystem::path(options.model).stem().string() + ".sinter";
  Json request = makeRequest(options);
  if (writes)
    requireWritable(options.output, "-o");
  if (!options.report.empty())
    requireReport(options, writes);
  Json response = Compiler().invoke(request);
  response.erase("ok");
  if (!options.report.empty()) {
    std::optional<LaunchTimes> times;
    if (options.reportTimes)
      times = measureLaunches(options.output, /*threads=*/0);
    writeReport(options.report,
                makeReport(response, options.model,
                           writes ? options.output : "", times));
    response["report"] = options.report;
  }
  if (options.json) {
    if (writes)
      response["artifact"] = options.output;
    std::printf(
        "%s\n",
        response.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return 0;
  }
  if (options.printIr)
    std::fputs(response.value("ir", "").c_str(), stdout);
  else if (writes)
    printSummary(response, options.output);
  else if (options.dumpFolder.empty())
    note("stopped after '" + options.stopAfter +
         "': all is well so far; add --print-ir to see the IR");
  return 0;
}

void addCompileCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "compile", "Compile an ONNX model to an artifact that runs by itself");
  auto options = std::make_shared<CompileOptions>();
  command
      ->add_option("MODEL", options->model,
                   "The model: FILE.onnx, or FILE.mlir with --start-after")
      ->required();
  command
      ->add_option("-o,--output", options->output,
                   "The artifact; default: ./STEM.sinter")
      ->type_name("FILE");
  addList(command, "--dim", options->dims,
          "The one size of a free dimension; or its range, and the size to be "
          "fastest at")
      ->type_name("NAME=N|LO..HI[@OPT]");
  addList(command, "--shape", options->shapes,
          "The same for every dimension of an input, in order")
      ->type_name("INPUT=SIZE,SIZE,...");
  command
      ->add_option("--outputs", options->outputs,
                   "Inner tensors to add as outputs")
      ->type_name("NAME,...|all");
  addTargetOptions(command, options->targets, /*withArchitectures=*/true);
  command
      ->add_option("--threads", options->threads,
                   "Threads to compile with; default: all")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command
      ->add_option("--stop-after", options->stopAfter,
                   "Stop when this phase is done: import, simplify, plan, "
                   "compress, fuse, outline, lower, place, generate or emit")
      ->type_name("PHASE");
  command
      ->add_option("--start-after", options->startAfter,
                   "Go on with printed IR after this phase")
      ->type_name("PHASE");
  command
      ->add_option("--precision", options->precision,
                   "Number format of layers: fp32 (as the model says), or w8a8 "
                   "(weights and activations on 8 bits where that is faster)")
      ->type_name("fp32|w8a8");
  command
      ->add_option("--calibrate", options->calibrate,
                   "Typical inputs for --precision w8a8: a .npz file with the "
                   "samples on axis 0, a folder of such files, or a folder of "
                   "ONNX test data")
      ->type_name("FILE|DIR");
  command
      ->add_option("--calibrate-method", options->calibrateMethod,
                   "How ranges follow from the samples; default: percentile")
      ->type_name("minmax|percentile|mse");
  command
      ->add_option("--prune", options->prune,
                   "Set the smallest weights to zero where a sparse kernel is "
                   "faster: a share, N of M, or a share of blocks")
      ->type_name("0.8|2:4|block:1x16:0.8");
  addList(command, "--layer", options->layers,
          "What becomes of the layers whose names match (fp32 or w8a8); the "
          "last match counts")
      ->type_name("REGEX=VALUE");
  command->add_flag("--no-measure", options->noMeasure,
                    "Do what is asked for, faster or not");
  command
      ->add_option("--lock", options->lock,
                   "Take measurements from this file and make none: the same "
                   "model gives the same artifact")
      ->type_name("FILE");
  command
      ->add_option("--lock-out", options->lockOut,
                   "Write what was measured to this file")
      ->type_name("FILE");
  command->add_flag("--print-ir", options->printIr,
                    "Print the IR of the last phase");
  command
      ->add_option("--dump-phases-to", options->dumpFolder,
                   "Write the IR after each phase into this folder")
      ->type_name("DIR");
  CLI::Option *report =
      command
          ->add_option("--report", options->report,
                       "Write what was decided for each node, and why, as a "
                       "page or as JSON")
          ->type_name("FILE.html|FILE.json");
  command
      ->add_flag("--report-times", options->reportTimes,
                 "Measure every kernel on this machine for the report")
      ->needs(report);
  addJsonFlag(command, options->json);
  command->footer(
      "Examples:\n"
      "  sinter compile resnet50.onnx\n"
      "      every dimension that the model leaves free stays free\n"
      "  sinter compile bert.onnx --dim batch=1..32@8 --dim seq=128 -o "
      "b.sinter\n"
      "      batch from 1 to 32, fastest at 8; always 128 tokens\n"
      "  sinter compile det.onnx --shape x=1,3,32..2048,32..2048\n"
      "      the same by input\n"
      "  sinter compile m.onnx --precision w8a8 --calibrate samples.npz\n"
      "      8-bit integers where they are faster, ranges from the samples\n"
      "  sinter compile m.onnx --report m.html --report-times\n"
      "      each node's kernel, precision, time, and the reason for it\n"
      "  sinter compile m.onnx --cpu native\n"
      "      for processors like this one only: a smaller file, sooner made\n"
      "  sinter compile m.onnx --target cpu,cuda --sm 90a\n"
      "      for NVIDIA devices too: PTX for all, and made ready for an H100\n"
      "  sinter compile m.onnx --stop-after fuse --print-ir\n"
      "      what the model looks like after a phase");
  command->callback([options, &action] {
    action = [options] { return runCompile(*options); };
  });
}

} // namespace sinter::cli
