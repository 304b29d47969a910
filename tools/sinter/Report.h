//===- Report.h - what the compiler decided, as a file -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_REPORT_H
#define SINTER_TOOLS_SINTER_REPORT_H

#include "tools/sinter/Compiler.h"
#include "tools/sinter/LaunchTimes.h"

#include <optional>
#include <string>

namespace sinter::cli {

/// Throws a Failure (usage) unless `path` ends in .html or .json.
void requireReportName(const std::string &path);

/// The report (docs/report.md) of a compilation: `response` is what the
/// compiler answered to a request with `report`, `artifact` is empty where none
/// was written, and `times` are those of its launches.
Json makeReport(const Json &response, const std::string &model,
                const std::string &artifact,
                const std::optional<LaunchTimes> &times);

/// The report as a page that needs no network.
std::string formatHtml(const Json &report);

/// `text` for an element or a quoted attribute: markup has no effect, and
/// control characters become U+FFFD.
std::string escapeHtml(const std::string &text);

/// Writes the report in the format that the name of the file says. Throws a
/// Failure.
void writeReport(const std::string &path, const Json &report);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_REPORT_H
