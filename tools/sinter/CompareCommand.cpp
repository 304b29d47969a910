//===- CompareCommand.cpp - sinter compare -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares the tensors of a model with those of another engine: first the
// outputs of the model as it is compiled, then every inner tensor, which is
// made an output for that (and so is not fused away).
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Compare.h"
#include "tools/sinter/Compiler.h"
#include "tools/sinter/Errors.h"
#include "tools/sinter/Reference.h"
#include "tools/sinter/Session.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

namespace sinter::cli {

namespace {
struct CompareOptions {
  std::string file, isa, python = "python3", reference = "onnxruntime";
  InputOptions inputs;
  double tolerance = 0; ///< of the largest magnitude; 0: by the type
  int threads = 0;
  bool bisect = false, json = false;
};

/// One tensor beside the other engine's.
struct Row {
  const ReferenceTensor *reference = nullptr;
  std::string type;
  std::string mismatch; ///< of kind, type or shape; empty if there is none
  Distance distance;
  bool agrees = false;
};

/// What the compiled model computes with some outputs and passes.
struct Results {
  std::vector<Value> inputs, outputs;
  std::vector<std::string> passes; ///< that ran, in order
};
} // namespace

static Results runCompiled(const Compiler &compiler,
                           const CompareOptions &options, bool allTensors,
                           const std::vector<std::string> &skippedPasses) {
  TemporaryFolder folder;
  std::string path = folder.getPath() + "/model.sinter";
  Json request = {{"command", "compile"},
                  {"model", options.file},
                  {"output", path},
                  {"cpus", {options.isa.empty() ? "native" : options.isa}},
                  {"skip_passes", skippedPasses}};
  if (allTensors)
    request["outputs"] = "all";
  Results results;
  results.passes =
      compiler.invoke(request).value("passes", std::vector<std::string>());
  ModelHandle model = openModel(path, "", /*verifyWeights=*/false);
  results.inputs = bindInputs(model.get(), options.inputs).inputs;
  ContextHandle context = createContext(model.get(), options.threads);
  results.outputs = runModel(context.get(), results.inputs);
  return results;
}

/// How far numbers may be apart, of the largest magnitude of their tensor.
static double getTolerance(const CompareOptions &options, ElementType type) {
  if (options.tolerance > 0)
    return options.tolerance;
  switch (type) {
  case ElementType::F32:
    return 1e-4;
  case ElementType::F16:
    return 1e-2;
  case ElementType::BF16:
    return 5e-2;
  case ElementType::F64:
    return 1e-9;
  default:
    return 0;
  }
}

static Row compareTensor(const ReferenceTensor &reference, const Value &found,
                         const CompareOptions &options) {
  Row row;
  row.reference = &reference;
  const Value &expected = reference.value;
  row.type = describeTensor(found.type, found.dims);
  if (found.kind != Value::Kind::Tensor || expected.type != found.type ||
      expected.dims != found.dims) {
    row.mismatch = "expected " + describeTensor(expected.type, expected.dims) +
                   ", found " + row.type;
    return row;
  }
  row.distance = measureDistance(expected, found);
  row.agrees = row.distance.expectedNans == row.distance.foundNans &&
               row.distance.absolute <= getTolerance(options, expected.type) *
                                            row.distance.magnitude;
  return row;
}

/// Compares tensors of the same name, in the order in which nodes run.
static std::vector<Row>
compareTensors(const std::vector<ReferenceTensor> &references,
               const std::vector<Value> &found, const CompareOptions &options) {
  std::map<std::string, const Value *> values;
  for (const Value &value : found)
    values[value.name] = &value;
  std::vector<Row> rows;
  for (const ReferenceTensor &reference : references)
    if (auto value = values.find(reference.value.name); value != values.end())
      rows.push_back(compareTensor(reference, *value->second, options));
  std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
    return a.reference->position < b.reference->position;
  });
  return rows;
}

static const Row *findFirstWrong(const std::vector<Row> &rows) {
  auto row = std::find_if(rows.begin(), rows.end(),
                          [](const Row &row) { return !row.agrees; });
  return row == rows.end() ? nullptr : &*row;
}

/// "3, 0, 17" of an element in a tensor.
static std::string describeIndex(size_t index,
                                 const std::vector<int64_t> &dims) {
  std::string text;
  for (size_t i = dims.size(); i-- > 0;) {
    size_t size = static_cast<size_t>(std::max<int64_t>(dims[i], 1));
    text = std::to_string(index % size) + (text.empty() ? "" : ", ") + text;
    index /= size;
  }
  return "[" + text + "]";
}

static std::string describeNode(const ReferenceTensor &tensor) {
  if (tensor.op.empty())
    return "";
  return (tensor.node.empty() ? "#" + std::to_string(tensor.position)
                              : "'" + tensor.node + "'") +
         " (" + tensor.op + ")";
}

static void printRow(const Row &row) {
  const Distance &d = row.distance;
  const Value &value = row.reference->value;
  std::printf("%-5s %-28s %s", row.agrees ? "ok" : "WRONG", value.name.c_str(),
              row.mismatch.empty() ? row.type.c_str() : row.mismatch.c_str());
  if (row.mismatch.empty()) {
    std::printf("  error %.3g (relative %.3g)", d.absolute, d.relative);
    if (d.absolute > 0)
      std::printf(" at %s: expected %.7g, found %.7g",
                  describeIndex(d.index, value.dims).c_str(), d.expected,
                  d.found);
    if (d.expectedNans || d.foundNans)
      std::printf("  NaN: expected %zu, found %zu", d.expectedNans,
                  d.foundNans);
  }
  std::string node = describeNode(*row.reference);
  std::printf("%s%s\n", node.empty() ? "" : "  ", node.c_str());
}

static Json toJson(const std::vector<Row> &rows) {
  Json list = Json::array();
  for (const Row &row : rows)
    list.push_back({{"name", row.reference->value.name},
                    {"node", row.reference->node},
                    {"op", row.reference->op},
                    {"agrees", row.agrees},
                    {"mismatch", row.mismatch},
                    {"largest_absolute_error", toJson(row.distance.absolute)},
                    {"largest_relative_error", toJson(row.distance.relative)},
                    {"index", row.distance.index},
                    {"expected", toJson(row.distance.expected)},
                    {"found", toJson(row.distance.found)},
                    {"expected_nan_count", row.distance.expectedNans},
                    {"nan_count", row.distance.foundNans}});
  return list;
}

/// The last pass without which all of `references` agree; empty if there is
/// none: passes that others need cannot be left out.
static std::string
bisectPasses(const Compiler &compiler, const CompareOptions &options,
             bool allTensors, const std::vector<std::string> &passes,
             const std::vector<ReferenceTensor> &references) {
  std::vector<std::string> tried;
  for (auto pass = passes.rbegin(); pass != passes.rend(); ++pass) {
    if (std::find(tried.begin(), tried.end(), *pass) != tried.end())
      continue;
    tried.push_back(*pass);
    try {
      Results results = runCompiled(compiler, options, allTensors, {*pass});
      if (!findFirstWrong(compareTensors(references, results.outputs, options)))
        return *pass;
    } catch (const Failure &) {
      // What comes after needs the pass.
    }
  }
  return "";
}

static int runCompare(const CompareOptions &options) {
  Compiler compiler;
  Results compiled = runCompiled(compiler, options, /*allTensors=*/false, {});
  Results all = runCompiled(compiler, options, /*allTensors=*/true, {});
  std::vector<std::string> names;
  for (const Value &value : all.outputs)
    names.push_back(value.name);
  std::vector<ReferenceTensor> references =
      options.reference == "onnxruntime"
          ? runOnnxRuntime(options.python, options.file, compiled.inputs, names)
          : readReference(options.reference);
  std::vector<Row> outputs =
      compareTensors(references, compiled.outputs, options);
  std::vector<Row> tensors = compareTensors(references, all.outputs, options);
  if (outputs.empty() && tensors.empty())
    throw Failure(ExitCode::BadInputFile, "bad_reference",
                  "the reference has no tensor of the model")
        .withExpected(listNames(names));

  Json report = {{"outputs", toJson(outputs)}, {"tensors", toJson(tensors)}};
  const Row *inner = findFirstWrong(tensors), *wrong = inner;
  bool onlyFused = !wrong && (wrong = findFirstWrong(outputs));
  report["agree"] = !wrong;
  std::string conclusion = "all agree";
  if (wrong) {
    std::string node = describeNode(*wrong->reference);
    conclusion =
        "the first tensor beyond the tolerance is '" +
        wrong->reference->value.name + "'" +
        (node.empty() ? "" : " of node " + node) +
        (onlyFused ? ", and inner tensors agree where none is fused away" : "");
    report["first_wrong"] = wrong->reference->value.name;
    report["first_wrong_node"] = wrong->reference->node;
    report["only_fused"] = onlyFused;
  }
  if (wrong && options.bisect) {
    std::vector<ReferenceTensor> goal = {*wrong->reference};
    std::string pass =
        bisectPasses(compiler, options, !onlyFused,
                     onlyFused ? compiled.passes : all.passes, goal);
    report["pass"] = pass;
    conclusion += pass.empty()
                      ? "; it stays wrong without any single pass that can be "
                        "left out: look at the import and the emitter"
                      : "; it agrees without the pass " + pass;
  }
  report["conclusion"] = conclusion;
  if (options.json) {
    std::printf(
        "%s\n",
        report.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  } else {
    for (const Row &row : tensors)
      printRow(row);
    std::printf("as compiled:\n");
    for (const Row &row : outputs)
      printRow(row);
    std::printf("%s\n", conclusion.c_str());
  }
  return static_cast<int>(wrong ? ExitCode::OutputsDiffer : ExitCode::Ok);
}

void addCompareCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "compare", "Compare every tensor of a model with another engine's");
  auto options = std::make_shared<CompareOptions>();
  command->add_option("FILE", options->file, "The model (.onnx)")
      ->required()
      ->type_name("");
  addInputOptions(command, options->inputs);
  command
      ->add_option("--reference", options->reference,
                   "onnxruntime, or a folder of .npy files with manifest.json "
                   "as sinter run --output-dir writes it; default: onnxruntime")
      ->type_name("onnxruntime|DIR");
  command
      ->add_option("--python", options->python,
                   "The Python that has onnx and onnxruntime; default: python3")
      ->type_name("PATH");
  command
      ->add_option("--tolerance", options->tolerance,
                   "Largest error allowed, of the largest magnitude of a "
                   "tensor; default: 1e-4 for float32, 1e-2 for float16, 5e-2 "
                   "for bfloat16, 1e-9 for float64, 0 for integers")
      ->check(CLI::PositiveNumber)
      ->type_name("X");
  command
      ->add_option("--isa", options->isa,
                   "Instruction set to compile for; default: the best one")
      ->type_name("NAME");
  command->add_option("--threads", options->threads, "Threads; default: all")
      ->type_name("N");
  command->add_flag("--bisect", options->bisect,
                    "Find the pass that makes the first wrong tensor wrong, by "
                    "leaving passes out");
  addJsonFlag(command, options->json);
  command->footer(
      "Exit code 1 if tensors differ.\n"
      "Examples:\n"
      "  sinter compare model.onnx --python venv/bin/python\n"
      "      every tensor beside ONNX Runtime's, on random input\n"
      "  sinter compare model.onnx --inputs samples.npz --bisect\n"
      "      the first node that is wrong on these inputs, and the pass\n"
      "  sinter compare model.onnx --reference saved\n"
      "      with tensors that were stored");
  command->callback([options, &action] {
    action = [options] { return runCompare(*options); };
  });
}

} // namespace sinter::cli
