//===- CompilerApi.cpp - the compiler as a library ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// JSON in, JSON out. The only file of the compiler that is built with
// exceptions beside the importer: the JSON library throws, and nothing may
// leave the C ABI.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/CompilerApi.h"

#include "compiler/Driver/Compiler.h"
#include "compiler/Driver/Measuring.h"
#include "compiler/Driver/ReportJson.h"
#include "compiler/Driver/Version.h"
#include "compiler/Import/Operators.h"
#include "passes/Lower/InstructionSet.h"
#include "passes/Prune/PruneSpec.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>

using namespace sinter;
using json = nlohmann::ordered_json;

namespace {

/// A request that does not follow the interface.
struct UsageError {
  std::string message, remedy;
};

} // namespace

static std::optional<Phase> readPhase(const json &request, const char *key) {
  auto entry = request.find(key);
  if (entry == request.end() || entry->is_null())
    return std::nullopt;
  std::string name = entry->get<std::string>();
  if (std::optional<Phase> phase = parsePhase(name))
    return phase;
  std::string names;
  for (const PhaseInfo &info : getPhases())
    names += (names.empty() ? "" : ", ") + info.name.str();
  throw UsageError{"unknown phase '" + name + "'", "phases are: " + names};
}

static std::vector<std::pair<std::string, std::string>>
readPairs(const json &request, const char *key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (auto entry = request.find(key); entry != request.end())
    for (const auto &[name, value] : entry->items())
      pairs.emplace_back(name, value.get<std::string>());
  return pairs;
}

static bool isPrecision(llvm::StringRef value) {
  return value == "fp32" || value == "w8a8";
}

static LayerRule readLayerRule(const json &rule) {
  LayerRule result = {rule.at("nodes").get<std::string>(),
                      rule.at("value").get<std::string>()};
  std::string error;
  if (!llvm::Regex(result.nodes).isValid(error))
    throw UsageError{"--layer: '" + result.nodes +
                         "' is no regular expression: " + error,
                     "give an extended regular expression for names of nodes"};
  if (!isPrecision(result.value) && !prune::parsePruneSpec(result.value, error))
    throw UsageError{"--layer: unknown value '" + result.value + "'",
                     "values are: fp32, w8a8, " + prune::getPruneForms().str()};
  return result;
}

/// "80", "90a", "100f": what ptxas calls sm_80 and so on.
static bool isArchitecture(const std::string &sm) {
  size_t digits = sm.find_first_not_of("0123456789");
  if (digits == std::string::npos)
    digits = sm.size();
  std::string suffix = sm.substr(digits);
  return digits >= 2 && digits <= 3 &&
         (suffix.empty() || suffix == "a" || suffix == "f");
}

static std::vector<std::string> getDefaultSets() {
  std::vector<std::string> names;
  for (const InstructionSet &set : getInstructionSets())
    if (set.isDefault)
      names.push_back(set.name.str());
  return names;
}

static void readTargets(const json &request, CompileRequest &result) {
  std::vector<std::string> targets =
      request.value("targets", std::vector<std::string>{"cpu"});
  for (const std::string &target : targets) {
    result.cuda |= target == "cuda";
    if (target != "cpu" && target != "cuda")
      throw UsageError{"unknown target '" + target + "'",
                       "targets are: cpu, cuda"};
  }
  for (std::string cpu :
       request.value("cpus", std::vector<std::string>{"default"})) {
    const InstructionSet *set =
        findInstructionSet(cpu == "native" ? getHostTarget() : cpu);
    if (cpu == "native" && !set)
      throw UsageError{"this processor has no AVX2, which kernels need",
                       "name the instruction sets to compile for"};
    if (cpu != "default" && (!set || !set->isDefault))
      throw UsageError{"unknown instruction set '" + cpu + "'",
                       "instruction sets are: default (all of them), native "
                       "(this processor's), " +
                           llvm::join(getDefaultSets(), ", ")};
    if (set)
      result.cpus.push_back(set->name.str());
    else
      llvm::append_range(result.cpus, getDefaultSets());
  }
  result.sms = request.value("sms", std::vector<std::string>());
  for (const std::string &sm : result.sms)
    if (!isArchitecture(sm))
      throw UsageError{"unknown architecture '" + sm + "'",
                       "name compute capabilities without the dot: 80, 90a, "
                       "120"};
  if (request.contains("cpus") && result.startAfter &&
      *result.startAfter >= Phase::Lower)
    throw UsageError{"the kernels are already lowered, for instruction sets "
                     "of their own",
                     "start before the phase lower"};
  if (result.cuda && result.startAfter && *result.startAfter >= Phase::Lower)
    throw UsageError{"the kernels are already lowered, and not for cuda",
                     "start before the phase lower"};
}

static CompileRequest readRequest(const json &request) {
  CompileRequest result;
  result.model = request.at("model").get<std::string>();
  result.output = request.value("output", "");
  result.import.dims = readPairs(request, "dims");
  result.import.shapes = readPairs(request, "shapes");
  if (auto outputs = request.find("outputs"); outputs != request.end()) {
    result.import.allOutputs = *outputs == "all";
    if (outputs->is_array())
      result.import.outputs = outputs->get<std::vector<std::string>>();
  }
  result.startAfter = readPhase(request, "start_after");
  result.stopAfter = readPhase(request, "stop_after");
  if (request.contains("skip_passes"))
    result.skipPasses =
        request.at("skip_passes").get<std::vector<std::string>>();
  result.report = request.value("report", false);
  result.printIR = request.value("print_ir", false);
  result.dumpPhasesTo = request.value("dump_phases_to", "");
  result.threads = request.value("threads", 0u);
  std::string precision = request.value("precision", "fp32");
  if (precision != "fp32" && precision != "w8a8")
    throw UsageError{"unknown precision '" + precision + "'",
                     "precisions are: fp32, w8a8"};
  if (precision == "w8a8")
    result.precision = Precision::W8A8;
  result.calibrate = request.value("calibrate", "");
  std::string method = request.value("calibrate_method", "percentile");
  auto rangeMethod = quantize::parseRangeMethod(method);
  if (!rangeMethod)
    throw UsageError{"unknown calibration method '" + method + "'",
                     "methods are: minmax, percentile, mse"};
  result.rangeMethod = *rangeMethod;
  result.prune = request.value("prune", "");
  if (std::string error;
      !result.prune.empty() && !prune::parsePruneSpec(result.prune, error))
    throw UsageError{"--prune: " + error,
                     "give " + prune::getPruneForms().str()};
  result.measure = request.value("measure", true);
  result.lock = request.value("lock", "");
  result.lockOut = request.value("lock_out", "");
  if (auto layers = request.find("layers"); layers != request.end())
    for (const json &rule : *layers)
      result.layers.push_back(readLayerRule(rule));
  bool quantizes = result.precision != Precision::Float ||
                   llvm::any_of(result.layers, [](const LayerRule &rule) {
                     return isPrecision(rule.value);
                   });
  bool prunes = !result.prune.empty() || !result.layers.empty();
  if (!result.calibrate.empty() && !quantizes)
    throw UsageError{"--calibrate has no effect without --precision w8a8",
                     "add --precision w8a8, or --layer 'REGEX=w8a8'"};
  if (result.startAfter && *result.startAfter >= Phase::Plan &&
      (quantizes || prunes))
    throw UsageError{"the plan of the IR that is to go on is made already",
                     "edit it, or start before the phase plan to use "
                     "--precision, --prune and --layer"};
  readTargets(request, result);
  if (result.startAfter && (*result.startAfter >= Phase::Generate))
    throw UsageError{"there is no IR after the phase '" +
                         getPhaseName(*result.startAfter).str() + "'",
                     "start after place or an earlier phase"};
  if (result.startAfter && result.stopAfter &&
      *result.stopAfter <= *result.startAfter)
    throw UsageError{
        "--stop-after names a phase that is not after --start-after",
        "name a later phase"};
  return result;
}

static json describe(const Failure &failure) {
  return {{"ok", false},
          {"exit_code", static_cast<int>(failure.exitCode)},
          {"error",
           {{"code", failure.code},
            {"message", failure.message},
            {"node", failure.node},
            {"op", failure.op},
            {"expected", failure.expected},
            {"found", failure.found},
            {"remedy", failure.remedy}}}};
}

static json describe(const std::vector<DeviceCodeSize> &code) {
  json list = json::array();
  for (const DeviceCodeSize &entry : code)
    list.push_back({{"name", entry.name}, {"bytes", entry.bytes}});
  return list;
}

static json describe(const CompileRequest &request,
                     const CompileResult &result) {
  json unfused = json::array();
  for (const Unfused &entry : result.unfused)
    unfused.push_back({{"node", entry.node}, {"reason", entry.reason}});
  json response = {{"ok", true},
                   {"compiler", SINTER_VERSION_STRING},
                   {"compile_s", result.seconds},
                   {"peak_rss_bytes", result.peakRss},
                   {"artifact_bytes", result.artifactBytes},
                   {"weights_bytes", result.weightsBytes},
                   {"nodes", result.nodes},
                   {"kernels", result.kernels},
                   {"launches", result.launches},
                   {"contractions", result.contractions},
                   {"integer_contractions", result.integerContractions},
                   {"isas", result.isas},
                   {"device_code", describe(result.deviceCode)},
                   {"arena", result.arenaFormula},
                   {"arena_bytes", nullptr},
                   {"unfused", unfused},
                   {"lock",
                    {{"measured", result.lock.measured},
                     {"used", result.lock.used},
                     {"missing", result.lock.missing},
                     {"stale", result.lock.stale}}},
                   {"quantized", json::array()},
                   {"left", json::array()}};
  for (const LayerDecision &layer : result.layers)
    response[layer.precision == "fp32" ? "left" : "quantized"].push_back(
        {{"node", layer.node},
         {"precision", layer.precision},
         {"reason", layer.reason}});
  if (result.arenaBytes >= 0)
    response["arena_bytes"] = result.arenaBytes;
  if (!result.passes.empty())
    response["passes"] = result.passes;
  if (!result.ir.empty())
    response["ir"] = result.ir;
  if (request.report)
    response["report"] = describeReport(result.report);
  return response;
}

static json describe(const std::vector<ImportIssue> &unsupported) {
  json list = json::array();
  for (const ImportIssue &issue : unsupported)
    list.push_back({{"node", issue.node},
                    {"op", issue.op},
                    {"opset", issue.opset},
                    {"reason", issue.message},
                    {"remedy", issue.remedy}});
  return {
      {"ok", true}, {"supported", unsupported.empty()}, {"unsupported", list}};
}

static json describeOperators() {
  auto getHow = [](OperatorSupport support) {
    return support == OperatorSupport::Row    ? "direct"
           : support == OperatorSupport::Body ? "function body"
                                              : "no";
  };
  json list = json::array();
  for (const OperatorEntry &entry : listOperators())
    list.push_back({{"domain", entry.domain},
                    {"op", entry.op},
                    {"supported", getHow(entry.support)},
                    {"since", entry.since},
                    {"types", entry.types}});
  return {{"ok", true}, {"operators", list}};
}

/// Carries out `request`; the response says everything, the exit code included.
static json invoke(const json &request, const Events &events) {
  Failure failure;
  std::string command = request.at("command").get<std::string>();
  if (command == "operators")
    return describeOperators();
  CompileRequest parsed = readRequest(request);
  if (command == "compile") {
    CompileResult result;
    if (llvm::succeeded(compile(parsed, events, result, failure)))
      return describe(parsed, result);
  } else if (command == "check") {
    std::vector<ImportIssue> unsupported;
    if (llvm::succeeded(check(parsed, unsupported, failure)))
      return describe(unsupported);
  } else {
    throw UsageError{"unknown command '" + command + "'",
                     "commands are: compile, check, operators"};
  }
  return describe(failure);
}

int sinter_compiler_invoke(const char *request_json,
                           sinter_compiler_event_fn on_event, void *user,
                           char **response_json) {
  json response;
  try {
    std::mutex mutex;
    auto send = [&](const json &event) {
      if (!on_event)
        return;
      std::lock_guard<std::mutex> lock(mutex);
      on_event(
          user,
          event.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    };
    Events events;
    events.progress = [&](llvm::StringRef phase, size_t done, size_t total) {
      send({{"event", "progress"},
            {"phase", phase.str()},
            {"done", done},
            {"total", total}});
    };
    events.warning = [&](llvm::StringRef message) {
      send({{"event", "warning"}, {"message", message.str()}});
    };
    response = invoke(json::parse(request_json), events);
  } catch (const UsageError &error) {
    Failure failure;
    failure.exitCode = ExitCode::Usage;
    failure.code = "usage";
    failure.message = error.message;
    failure.remedy = error.remedy;
    response = describe(failure);
  } catch (const std::bad_alloc &) {
    Failure failure;
    failure.code = "out_of_memory";
    failure.message = "the machine has too little memory to compile this model";
    response = describe(failure);
  } catch (const std::exception &error) {
    Failure failure;
    failure.code = "internal";
    failure.message = error.what();
    response = describe(failure);
  }
  int exitCode = response.value("exit_code", 0);
  std::string text =
      response.dump(-1, ' ', false, json::error_handler_t::replace);
  *response_json = strdup(text.c_str());
  return exitCode;
}

void sinter_compiler_free(char *response_json) { free(response_json); }

const char *sinter_compiler_version() { return SINTER_VERSION_STRING; }
