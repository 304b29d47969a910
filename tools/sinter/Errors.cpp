//===- Errors.cpp - what a command reports when it stops -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Errors.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sinter::cli {

int report(const Failure &failure, bool json) {
  std::fprintf(stderr, "sinter: error: %s\n", failure.message.c_str());
  auto part = [](const char *label, const std::string &text) {
    if (!text.empty())
      std::fprintf(stderr, "  %-9s %s\n", label, text.c_str());
  };
  if (!failure.node.empty() || !failure.op.empty())
    part("node",
         failure.node + (failure.op.empty() ? "" : " (" + failure.op + ")"));
  part("expected", failure.expected);
  part("found", failure.found);
  part("remedy", failure.remedy);
  if (json) {
    nlohmann::ordered_json object;
    object["error"] = {
        {"code", failure.code},         {"message", failure.message},
        {"node", failure.node},         {"op", failure.op},
        {"expected", failure.expected}, {"found", failure.found},
        {"remedy", failure.remedy}};
    // Names come from files: bytes that are no UTF-8 must not stop the report.
    std::string text =
        object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
    std::printf("%s\n", text.c_str());
  }
  return static_cast<int>(failure.exitCode);
}

void warn(const std::string &text) {
  std::fprintf(stderr, "sinter: warning: %s\n", text.c_str());
}

void note(const std::string &text) {
  std::fprintf(stderr, "sinter: %s\n", text.c_str());
}

std::string listNames(const std::vector<std::string> &names) {
  if (names.empty())
    return "none";
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i)
      text += i + 1 == names.size() ? " or " : ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

/// Levenshtein distance with a single row.
static size_t editDistance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1,
                         diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearestName(const std::string &name,
                        const std::vector<std::string> &candidates) {
  std::string best;
  size_t bestDistance = name.size() / 3 + 2;
  for (const std::string &candidate : candidates) {
    size_t distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

} // namespace sinter::cli
