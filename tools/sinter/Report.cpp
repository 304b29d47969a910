//===- Report.cpp - what the compiler decided, as a file -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Report.h"

#include "tools/sinter/Errors.h"
#include "tools/sinter/Tensors.h"

namespace sinter::cli {

/// Raised whenever a key changes its meaning or goes.
static constexpr int reportVersion = 1;

void requireReportName(const std::string &path) {
  if (!hasSuffix(path, ".html") && !hasSuffix(path, ".json"))
    throw Failure(ExitCode::Usage, "bad_argument",
                  "--report " + path + ": the name says no format")
        .withExpected("FILE.html or FILE.json")
        .withFound(path);
}

/// Puts the times on the launches, and their sums on kernels and nodes.
static void addTimes(Json &report, const LaunchTimes &times) {
  Json dims = Json::object();
  for (const auto &[name, size] : times.dims)
    dims[name] = size;
  double total = 0;
  for (size_t i = 0; i < report["launches"].size(); ++i) {
    report["launches"][i]["us"] = times.microseconds.at(i);
    total += times.microseconds.at(i);
  }
  auto sum = [&](Json &row) {
    double us = 0;
    for (const Json &launch : row["launches"])
      us += times.microseconds.at(launch.get<size_t>());
    row["us"] = row["launches"].empty() ? Json() : Json(us);
  };
  for (Json &kernel : report["kernels"])
    sum(kernel);
  for (Json &node : report["nodes"])
    sum(node);
  report["times"] = {{"isa", times.isa},
                     {"threads", times.threads},
                     {"dims", dims},
                     {"runs", times.runs},
                     {"total_us", total}};
}

/// How many nodes are computed with each precision.
static Json countPrecisions(const Json &nodes, const Json &kernels) {
  Json counts = Json::object();
  for (const Json &node : nodes)
    for (const Json &kernel : node["kernels"]) {
      Json &count =
          counts[kernels[kernel.get<size_t>()].value("precision", "")];
      count = count.is_null() ? 1 : count.get<int>() + 1;
      break;
    }
  return counts;
}

Json makeReport(const Json &response, const std::string &model,
                const std::string &artifact,
                const std::optional<LaunchTimes> &times) {
  const Json &body = response.at("report");
  size_t computed = 0;
  for (const Json &node : body["nodes"])
    computed += !node["launches"].empty();
  Json report;
  report["version"] = reportVersion;
  report["compiler"] = response.value("compiler", "");
  report["model"] = model;
  report["artifact"] = artifact.empty() ? Json() : Json(artifact);
  report["summary"] = {
      {"nodes", response["nodes"]},
      {"nodes_in_kernels", computed},
      {"kernels", response["kernels"]},
      {"launches", response["launches"]},
      {"precisions", countPrecisions(body["nodes"], body["kernels"])},
      {"isas", response["isas"]},
      {"artifact_bytes", response["artifact_bytes"]},
      {"weights_bytes", response["weights_bytes"]},
      {"arena_bytes", response["arena_bytes"]},
      {"arena", response["arena"]}};
  report["compile"] = {{"seconds", response["compile_s"]},
                       {"peak_rss_bytes", response["peak_rss_bytes"]}};
  report["times"] = nullptr;
  for (const char *key : {"nodes", "kernels", "launches", "decisions"})
    report[key] = body[key];
  if (times)
    addTimes(report, *times);
  return report;
}

void writeReport(const std::string &path, const Json &report) {
  writeFile(path,
            hasSuffix(path, ".html")
                ? formatHtml(report)
                : report.dump(1, ' ', false, Json::error_handler_t::replace) +
                      "\n");
}

} // namespace sinter::cli
