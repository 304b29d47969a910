//===- HtmlReport.cpp - the report as a page -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The page is complete as it is written; the script only sorts and filters.
// Every text passes escapeHtml: names of nodes come from strangers' files.
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Commands.h"
#include "tools/sinter/Report.h"
#include "tools/sinter/report/ReportAssets.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>

namespace sinter::cli {

std::string escapeHtml(const std::string &text) {
  std::string result;
  for (char c : text) {
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    case '\'':
      result += "&#39;";
      break;
    default:
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') ||
          c == 0x7f)
        result += "\xEF\xBF\xBD";
      else
        result += c;
    }
  }
  return result;
}

static std::string formatNumber(const char *format, double number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

/// "12.3 µs", "4.56 ms".
static std::string formatTime(double us) {
  if (us >= 1e3)
    return formatNumber("%.2f ms", us * 1e-3);
  return formatNumber(us < 10 ? "%.2f \xC2\xB5s" : "%.1f \xC2\xB5s", us);
}

/// "80 %".
static std::string formatShare(double share) {
  return formatNumber("%.0f %%", share * 100);
}

/// "a, b" of texts.
template <typename List>
static std::string join(const List &list) {
  std::string text;
  for (const std::string entry : list)
    text += (text.empty() ? "" : ", ") + entry;
  return text;
}

namespace {
/// Writes the page, section by section.
class Page {
public:
  explicit Page(const Json &report)
      : nodes(report["nodes"]), kernels(report["kernels"]),
        launches(report["launches"]), decisions(report["decisions"]),
        report(report), hasTimes(!report["times"].is_null()),
        hasSparsity(
            std::any_of(kernels.begin(), kernels.end(), [](const Json &kernel) {
              return kernel["sparsity"].is_number();
            })) {}

  std::string format();

private:
  void writeHead();
  void writeSummary();
  void writeSlowest();
  void writeLeftAlone();
  void writeNodes();
  void writeNode(size_t position);
  void writeKernels();
  void writeKernel(size_t number);
  void writeDecisions();

  void writeCard(const char *title, const std::string &value,
                 const std::string &note = "");
  void writeTerm(const char *term, const std::string &html);
  void writeTimeCell(const Json &row);
  std::string linkNode(size_t position) const;
  std::string linkNodes(const Json &positions, size_t most) const;
  std::string linkKernel(size_t number) const;
  std::string describeDecision(const Json &decision) const;
  /// The sentence that tells most about a node, as HTML.
  std::string explainNode(const Json &node) const;
  std::string getTitle() const {
    return std::filesystem::path(report.value("model", "")).filename().string();
  }

  const Json &nodes, &kernels, &launches, &decisions, &report;
  bool hasTimes, hasSparsity;
  std::string out;
};
} // namespace

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

std::string Page::linkNode(size_t position) const {
  return "<a href=\"#n" + std::to_string(position) + "\"><bdi>" +
         escapeHtml(nodes[position].value("name", "")) + "</bdi></a>";
}

/// Links to nodes; those beyond the first `most` are folded away.
std::string Page::linkNodes(const Json &positions, size_t most) const {
  std::string html;
  for (size_t i = 0; i < positions.size(); ++i) {
    if (i == most)
      html += ", <details><summary>" + std::to_string(positions.size() - most) +
              " more</summary>";
    else if (i)
      html += ", ";
    html += linkNode(positions[i].get<size_t>());
  }
  return html + (positions.size() > most ? "</details>" : "");
}

std::string Page::linkKernel(size_t number) const {
  return "<a href=\"#k" + std::to_string(number) + "\">" +
         escapeHtml(kernels[number].value("name", "")) + "</a>";
}

std::string Page::describeDecision(const Json &decision) const {
  std::string kind = decision.value("kind", "");
  std::string label = kind == "passed"   ? "done"
                      : kind == "missed" ? "left alone"
                      : kind == "failed" ? "failed"
                                         : "fact";
  std::string html = "<span class=\"tag " + kind + "\">" + label + "</span> " +
                     escapeHtml(decision.value("what", ""));
  if (decision.contains("why"))
    html += ": " + escapeHtml(decision.value("why", ""));
  if (decision.contains("suggestion"))
    html += ". " + escapeHtml(decision.value("suggestion", ""));
  html +=
      " <span class=\"soft\">(" + escapeHtml(decision.value("phase", "") +
                                             ", " + decision.value("name", ""));
  if (decision.contains("metrics"))
    for (const auto &[key, value] : decision["metrics"].items())
      html += "; " + escapeHtml(key) + " " +
              escapeHtml(value.is_string() ? value.get<std::string>()
                                           : value.dump());
  return html + ")</span>";
}

/// How much a decision says about its node: most of all what was left alone,
/// then what its numbers are, then its kernel. Without a kernel the last thing
/// done tells what became of it.
static int weighDecision(const Json &decision, bool isWithoutKernel) {
  std::string kind = decision.value("kind", "");
  if (kind == "missed" || kind == "failed")
    return 4;
  if (kind == "analysis")
    return 0;
  const Json metrics = decision.value("metrics", Json::object());
  if (metrics.contains("precision") || metrics.contains("sparsity"))
    return 3;
  return isWithoutKernel || decision.value("phase", "") == "fuse" ? 2 : 1;
}

std::string Page::explainNode(const Json &node) const {
  const Json *told = nullptr;
  int best = -1;
  for (const Json &number : node["decisions"]) {
    const Json &decision = decisions[number.get<size_t>()];
    int weight = weighDecision(decision, node["launches"].empty());
    if (weight >= best) {
      told = &decision;
      best = weight;
    }
  }
  if (node["launches"].empty() &&
      (!told ||
       (told->value("family", "") == "import" && !told->contains("why")))) {
    std::string last = node.value("last_phase", "");
    if (!last.empty() && report["summary"].value("launches", 0) > 0)
      return "gone after the phase " + escapeHtml(last) +
             ": equal to another node, part of one, or read by none";
  }
  if (!told)
    return "";
  return escapeHtml(told->value("what", "")) +
         (told->contains("why") ? ": " + escapeHtml(told->value("why", ""))
                                : "");
}

void Page::writeCard(const char *title, const std::string &value,
                     const std::string &note) {
  out += "<div><dt>" + std::string(title) + "</dt><dd>" + escapeHtml(value);
  if (!note.empty())
    out += "<small>" + escapeHtml(note) + "</small>";
  out += "</dd></div>\n";
}

void Page::writeTerm(const char *term, const std::string &html) {
  out += "<div><dt>" + std::string(term) + "</dt><dd>" + html + "</dd></div>\n";
}

void Page::writeTimeCell(const Json &row) {
  bool isKnown = row.contains("us") && row["us"].is_number();
  double us = isKnown ? row["us"].get<double>() : 0;
  out += "<td class=\"number\" data-value=\"" + formatNumber("%.3f", us) +
         "\">" + (isKnown ? formatTime(us) : "") + "</td>";
}

//===----------------------------------------------------------------------===//
// Sections
//===----------------------------------------------------------------------===//

void Page::writeHead() {
  std::string title = escapeHtml(getTitle());
  out += "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
         "<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, "
         "initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
         "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
         "base-uri 'none'; form-action 'none'\">\n"
         "<title>" +
         title + ": Sinter report</title>\n<style>\n" + reportStyle +
         "</style>\n</head>\n<body>\n"
         "<a class=\"skip\" href=\"#nodes\">Skip to the nodes</a>\n"
         "<header>\n<h1>" +
         title +
         "</h1>\n<p class=\"soft\">What the compiler decided for each node, "
         "and why. " +
         escapeHtml(report.value("compiler", "")) +
         "</p>\n</header>\n<nav aria-label=\"Sections\"><ul>\n"
         "<li><a href=\"#summary\">Summary</a></li>\n"
         "<li><a href=\"#left-alone\">Left alone</a></li>\n"
         "<li><a href=\"#nodes\">Nodes</a></li>\n"
         "<li><a href=\"#kernels\">Kernels</a></li>\n"
         "<li><a href=\"#model-decisions\">Whole model</a></li>\n"
         "<li><button type=\"button\" id=\"theme\" hidden>Light or "
         "dark</button></li>\n</ul></nav>\n<main>\n";
}

void Page::writeSummary() {
  const Json &summary = report["summary"];
  auto count = [&](const char *key) {
    return std::to_string(summary.value(key, int64_t(0)));
  };
  auto bytes = [&](const char *key) {
    return formatBytes(summary.value(key, 0.0));
  };
  out += "<section id=\"summary\" aria-labelledby=\"summary-title\">\n"
         "<h2 id=\"summary-title\">Summary</h2>\n<dl class=\"cards\">\n";
  writeCard("Nodes of the model", count("nodes"),
            count("nodes_in_kernels") + " of them in " + count("kernels") +
                " kernels, " + count("launches") + " launches a run");
  if (!report["artifact"].is_null()) {
    writeCard("Artifact", bytes("artifact_bytes"),
              report.value("artifact", ""));
    writeCard("Weights", bytes("weights_bytes"));
  }
  if (summary["arena_bytes"].is_number())
    writeCard("Memory of a run", bytes("arena_bytes"), "arena, at most");
  else if (!summary.value("arena", "").empty())
    writeCard("Memory of a run", "by the free dimensions",
              summary.value("arena", "") + " bytes");
  if (!summary["isas"].empty())
    writeCard("Instruction sets", join(summary["isas"]));
  std::string precisions;
  for (const auto &[name, nodeCount] : summary["precisions"].items())
    precisions += (precisions.empty() ? "" : ", ") + name + " " +
                  nodeCount.dump() + (nodeCount == 1 ? " node" : " nodes");
  if (!precisions.empty())
    writeCard("Precision", precisions);
  if (hasTimes) {
    const Json &times = report["times"];
    std::string on = times.value("isa", "") + ", " + times["threads"].dump() +
                     (times["threads"] == 1 ? " thread" : " threads");
    for (const auto &[name, size] : times["dims"].items())
      on += ", " + name + " = " + size.dump();
    writeCard("Time of a run", formatTime(times.value("total_us", 0.0)),
              "sum of the launches' medians; " + on + "; " +
                  times["runs"].dump() + " runs");
  }
  out += "</dl>\n";
  if (hasTimes)
    writeSlowest();
  else
    out += "<p class=\"soft\">Times were not measured; <code>sinter compile "
           "--report FILE --report-times</code> does.</p>\n";
  out += "</section>\n";
}

/// The kernels that take longest.
void Page::writeSlowest() {
  constexpr size_t most = 10;
  std::vector<size_t> order;
  double total = report["times"].value("total_us", 0.0);
  for (size_t i = 0; i < kernels.size(); ++i)
    if (kernels[i]["us"].is_number())
      order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(-kernels[a]["us"].get<double>(), a) <
           std::make_pair(-kernels[b]["us"].get<double>(), b);
  });
  order.resize(std::min(order.size(), most));
  out += "<h3>Where the time goes</h3>\n"
         "<div class=\"scroll narrow\"><table>\n"
         "<thead><tr><th>Kernel</th><th class=\"number\">Launches</th><th "
         "class=\"number\">Time</th>"
         "<th>Share</th></tr></thead>\n<tbody>\n";
  for (size_t i : order) {
    double us = kernels[i]["us"].get<double>();
    std::string share =
        formatNumber("%.1f%%", total > 0 ? us / total * 100 : 0);
    out += "<tr><td>" + linkKernel(i) + "</td><td class=\"number\">" +
           std::to_string(kernels[i]["launches"].size()) +
           "</td><td class=\"number\">" + formatTime(us) + "</td><td>" + share +
           "<span class=\"bar\" style=\"width:" + share +
           "\"></span></td></tr>\n";
  }
  out += "</tbody></table></div>\n";
}

/// What could have been done and was not, by reason.
void Page::writeLeftAlone() {
  struct Group {
    std::string what, why, suggestion, name;
    size_t times = 0;
    std::vector<size_t> nodes;
  };
  std::vector<Group> groups;
  std::map<std::string, size_t> known;
  for (const Json &decision : decisions) {
    std::string kind = decision.value("kind", "");
    if (kind != "missed" && kind != "failed")
      continue;
    Group group{decision.value("what", ""),
                decision.value("why", ""),
                decision.value("suggestion", ""),
                decision.value("name", ""),
                0,
                {}};
    auto [it, isNew] = known.try_emplace(
        group.name + '\n' + group.what + '\n' + group.why, groups.size());
    if (isNew)
      groups.push_back(group);
    Group &target = groups[it->second];
    ++target.times;
    for (const Json &node : decision["nodes"])
      target.nodes.push_back(node.get<size_t>());
  }
  // Those that come often first, then as the compiler met them.
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(groups[b].times, a) <
           std::make_pair(groups[a].times, b);
  });
  out += "<section id=\"left-alone\" aria-labelledby=\"left-alone-title\">\n"
         "<h2 id=\"left-alone-title\">What was left alone, and why</h2>\n";
  if (groups.empty()) {
    out += "<p>Nothing.</p>\n</section>\n";
    return;
  }
  out += "<div class=\"scroll\"><table>\n<thead><tr>"
         "<th class=\"number\">Times</th><th>What</th><th>Why</th>"
         "<th>Nodes</th></tr></thead>\n<tbody>\n";
  for (size_t number : order) {
    Group &group = groups[number];
    std::sort(group.nodes.begin(), group.nodes.end());
    group.nodes.erase(std::unique(group.nodes.begin(), group.nodes.end()),
                      group.nodes.end());
    out +=
        "<tr><td class=\"number\">" + std::to_string(group.times) +
        "</td><td>" + escapeHtml(group.what) + "</td><td>" +
        escapeHtml(group.why) +
        (group.suggestion.empty() ? "" : ". " + escapeHtml(group.suggestion)) +
        "</td><td class=\"name\">" + linkNodes(group.nodes, 4) + "</td></tr>\n";
  }
  out += "</tbody></table></div>\n</section>\n";
}

void Page::writeNode(size_t position) {
  const Json &node = nodes[position];
  bool isComputed = !node["launches"].empty();
  bool isMissed = false;
  for (const Json &number : node["decisions"])
    isMissed |= decisions[number.get<size_t>()].value("kind", "") == "missed";
  std::string state = isComputed ? "kernel" : "none";
  if (isMissed)
    state += " missed";

  std::string kernelLinks;
  std::set<std::string> devices, precisions, sparsities;
  for (const Json &number : node["kernels"]) {
    const Json &kernel = kernels[number.get<size_t>()];
    kernelLinks +=
        (kernelLinks.empty() ? "" : ", ") + linkKernel(number.get<size_t>());
    devices.insert(join(kernel["devices"]));
    precisions.insert(kernel.value("precision", ""));
    if (kernel["sparsity"].is_number())
      sparsities.insert(formatShare(kernel["sparsity"].get<double>()));
  }
  out += "<tr id=\"n" + std::to_string(position) + "\" data-state=\"" + state +
         "\"><td class=\"number\" data-value=\"" + node["index"].dump() +
         "\">" + node["index"].dump() + "</td><td class=\"name\"><bdi>" +
         escapeHtml(node.value("name", "")) + "</bdi></td><td>" +
         escapeHtml(node.value("op", "")) + "</td><td class=\"name\">" +
         (isComputed ? kernelLinks : "<span class=\"soft\">none</span>") +
         "</td><td>" + escapeHtml(join(devices)) + "</td><td>" +
         escapeHtml(join(precisions)) + "</td>";
  if (hasSparsity)
    out += "<td class=\"number\">" + escapeHtml(join(sparsities)) + "</td>";
  out += "<td class=\"name\" data-value=\"" +
         std::to_string(node["fused_with"].size()) + "\">" +
         linkNodes(node["fused_with"], 3) + "</td>";
  if (hasTimes)
    writeTimeCell(node);
  out += "<td class=\"why\"><details><summary>" + explainNode(node) +
         "</summary><ul>\n";
  for (const Json &number : node["decisions"])
    out +=
        "<li>" + describeDecision(decisions[number.get<size_t>()]) + "</li>\n";
  out += "</ul></details></td></tr>\n";
}

void Page::writeNodes() {
  out += "<section id=\"nodes\" aria-labelledby=\"nodes-title\">\n"
         "<h2 id=\"nodes-title\">Nodes</h2>\n"
         "<p class=\"soft\">One row a node of the ONNX graph. Nodes fused into "
         "one kernel share its time. Open a reason to see every decision about "
         "the node in the order of the phases.</p>\n"
         "<div class=\"tools\" id=\"node-tools\" hidden>\n"
         "<label>Search <input type=\"search\" id=\"search\" "
         "placeholder=\"name, operator, kernel, reason\"></label>\n"
         "<label>Show <select id=\"show\"><option value=\"\">all nodes</option>"
         "<option value=\"kernel\">those in a kernel</option>"
         "<option value=\"none\">those without a kernel</option>"
         "<option value=\"missed\">those where something was left "
         "alone</option></select></label>\n"
         "<output id=\"count\" for=\"search show\"></output>\n</div>\n"
         "<div class=\"scroll\"><table id=\"node-table\">\n<thead><tr>"
         "<th scope=\"col\" class=\"number\">#</th><th scope=\"col\">Node</th>"
         "<th scope=\"col\">Operator</th><th scope=\"col\">Kernel</th>"
         "<th scope=\"col\">Device</th><th scope=\"col\">Precision</th>";
  if (hasSparsity)
    out += "<th scope=\"col\" class=\"number\">Sparsity</th>";
  out += "<th scope=\"col\">Fused with</th>";
  if (hasTimes)
    out += "<th scope=\"col\" class=\"number\">Time</th>";
  out += "<th scope=\"col\">Why</th></tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < nodes.size(); ++i)
    writeNode(i);
  out += "</tbody></table></div>\n</section>\n";
}

void Page::writeKernel(size_t number) {
  const Json &kernel = kernels[number];
  out += "<section class=\"kernel\" id=\"k" + std::to_string(number) +
         "\">\n<h3>" + escapeHtml(kernel.value("name", "")) + "</h3>\n<dl>\n";
  writeTerm("Computes", escapeHtml(join(kernel["operations"])));
  writeTerm("Kind", escapeHtml(kernel.value("kind", "")));
  writeTerm("Device", escapeHtml(join(kernel["devices"])));
  writeTerm("Precision", escapeHtml(kernel.value("precision", "")));
  if (kernel["sparsity"].is_number())
    writeTerm("Sparsity", formatShare(kernel["sparsity"].get<double>()));
  if (!kernel.value("tiles", "").empty())
    writeTerm("Units of work", escapeHtml(kernel.value("tiles", "")));
  if (!kernel.value("scratch_bytes", "").empty() &&
      kernel.value("scratch_bytes", "") != "0")
    writeTerm("Scratch",
              escapeHtml(kernel.value("scratch_bytes", "")) + " bytes");
  if (kernel.contains("us") && kernel["us"].is_number())
    writeTerm("Time", formatTime(kernel["us"].get<double>()));
  out += "</dl>\n<ol>\n";
  for (const Json &index : kernel["launches"]) {
    const Json &launch = launches[index.get<size_t>()];
    out += "<li value=\"" + std::to_string(index.get<size_t>() + 1) + "\">" +
           linkNodes(launch["nodes"], 8);
    if (launch.contains("us"))
      out += " <span class=\"soft\">" + formatTime(launch["us"].get<double>()) +
             "</span>";
    out += "</li>\n";
  }
  out += "</ol>\n<details><summary>Code</summary><pre>" +
         escapeHtml(kernel.value("code", "")) +
         "</pre></details>\n</section>\n";
}

void Page::writeKernels() {
  out +=
      "<section id=\"kernels\" aria-labelledby=\"kernels-title\">\n"
      "<h2 id=\"kernels-title\">Kernels</h2>\n"
      "<p class=\"soft\">Each with its launches: the number of the step in a "
      "run, and the nodes that it computes.</p>\n";
  if (kernels.empty())
    out += "<p>None yet: the compilation stopped before the phase that makes "
           "them.</p>\n";
  for (size_t i = 0; i < kernels.size(); ++i)
    writeKernel(i);
  out += "</section>\n";
}

/// Decisions that are about no node in particular.
void Page::writeDecisions() {
  out += "<section id=\"model-decisions\" aria-labelledby=\"model-title\">\n"
         "<h2 id=\"model-title\">About the whole model</h2>\n<ul>\n";
  for (const Json &decision : decisions)
    if (decision["nodes"].empty())
      out += "<li>" + describeDecision(decision) + "</li>\n";
  out += "</ul>\n</section>\n";
}

std::string Page::format() {
  writeHead();
  writeSummary();
  writeLeftAlone();
  writeNodes();
  writeKernels();
  writeDecisions();
  out += "</main>\n<script>\n" + std::string(reportScript) +
         "</script>\n</body>\n</html>\n";
  return std::move(out);
}

std::string formatHtml(const Json &report) { return Page(report).format(); }

} // namespace sinter::cli
