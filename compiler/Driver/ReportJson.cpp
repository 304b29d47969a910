//===- ReportJson.cpp - the report as JSON --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/ReportJson.h"

#include "llvm/ADT/STLExtras.h"

#include <nlohmann/json.hpp>
#include <set>

using namespace sinter;
using json = nlohmann::ordered_json;

static const char *getKindName(Decision::Kind kind) {
  switch (kind) {
  case Decision::Kind::Passed:
    return "passed";
  case Decision::Kind::Missed:
    return "missed";
  case Decision::Kind::Failed:
    return "failed";
  case Decision::Kind::Analysis:
    break;
  }
  return "analysis";
}

/// A metric as the number that it is, or as text.
static json describeMetric(const std::string &text) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_number() ? value : json(text);
}

static json describeDecision(const Report &report, const Decision &decision) {
  json object = {
      {"phase", decision.phaseName}, {"family", decision.category},
      {"name", decision.name},       {"kind", getKindName(decision.kind)},
      {"nodes", json::array()},      {"what", decision.text}};
  for (const ReportNode &node : decision.nodes)
    object["nodes"].push_back(report.find(node));
  if (!decision.reason.empty())
    object["why"] = decision.reason;
  if (!decision.suggestion.empty())
    object["suggestion"] = decision.suggestion;
  if (!decision.metrics.empty()) {
    json metrics = json::object();
    for (const auto &[key, value] : decision.metrics)
      metrics[key] = describeMetric(value);
    object["metrics"] = std::move(metrics);
  }
  return object;
}

/// The row of node number `position`; `decisions` are those about it.
static json describeNode(const Report &report, unsigned position,
                         const std::vector<unsigned> &decisions) {
  const NodeOutcome &outcome = report.nodes[position];
  json object = {
      {"index", outcome.node.index},  {"name", outcome.node.name},
      {"op", outcome.node.op},        {"kernels", json::array()},
      {"launches", outcome.launches}, {"last_phase", outcome.lastPhase},
      {"fused_with", json::array()},  {"decisions", decisions}};
  std::set<unsigned> kernels, others;
  for (unsigned launch : outcome.launches) {
    kernels.insert(report.launches[launch].kernel);
    others.insert(report.launches[launch].nodes.begin(),
                  report.launches[launch].nodes.end());
  }
  others.erase(position);
  object["kernels"] = kernels;
  object["fused_with"] = others;
  return object;
}

static json describeKernel(const Report &report, unsigned number) {
  const ReportKernel &kernel = report.kernels[number];
  json object = {{"name", kernel.name},       {"kind", kernel.kind},
                 {"devices", kernel.devices}, {"precision", kernel.precision},
                 {"sparsity", nullptr},       {"operations", kernel.operations},
                 {"tiles", kernel.tiles},     {"scratch_bytes", kernel.scratch},
                 {"launches", json::array()}, {"code", kernel.code}};
  if (kernel.sparsity)
    object["sparsity"] = *kernel.sparsity;
  for (auto [launch, value] : llvm::enumerate(report.launches))
    if (value.kernel == number)
      object["launches"].push_back(launch);
  return object;
}

json sinter::describeReport(const Report &report) {
  json object = {{"nodes", json::array()},
                 {"kernels", json::array()},
                 {"launches", json::array()},
                 {"decisions", json::array()}};
  std::vector<std::vector<unsigned>> decisionsOf(report.nodes.size());
  for (auto [number, decision] : llvm::enumerate(report.decisions)) {
    object["decisions"].push_back(describeDecision(report, decision));
    for (const ReportNode &node : decision.nodes)
      decisionsOf[report.find(node)].push_back(number);
  }
  for (unsigned i = 0; i < report.nodes.size(); ++i)
    object["nodes"].push_back(describeNode(report, i, decisionsOf[i]));
  for (unsigned i = 0; i < report.kernels.size(); ++i)
    object["kernels"].push_back(describeKernel(report, i));
  for (const ReportLaunch &launch : report.launches)
    object["launches"].push_back(
        {{"kernel", launch.kernel}, {"nodes", launch.nodes}});
  return object;
}
