//===- ReportJson.h - the report as JSON ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_REPORTJSON_H
#define SINTER_COMPILER_DRIVER_REPORTJSON_H

#include "compiler/Report/Report.h"

#include <nlohmann/json_fwd.hpp>

namespace sinter {

/// The keys `nodes`, `kernels`, `launches` and `decisions` of a report, as
/// docs/report.md defines them.
nlohmann::ordered_json describeReport(const Report &report);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_REPORTJSON_H
