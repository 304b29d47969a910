//===- Operators.cpp - which operators can be imported --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Operators.h"

#include "compiler/Import/Onnx/Schemas.h"
#include "compiler/Import/OpTable.h"
#include <set>

using namespace sinter;

static OperatorSupport getSupport(llvm::StringRef op, llvm::StringRef domain,
                                  int64_t opset) {
  if (findRow(op, domain, opset))
    return OperatorSupport::Row;
  std::optional<onnx::OperatorInfo> info =
      onnx::findOperator(op, domain, opset);
  return info && info->hasFunction ? OperatorSupport::Body
                                   : OperatorSupport::None;
}

static OperatorEntry describe(const onnx::OperatorHistory &history) {
  OperatorEntry entry;
  entry.domain = history.domain;
  entry.op = history.op;
  // From the newest version back to the first that is not supported.
  for (int64_t version : llvm::reverse(history.versions)) {
    OperatorSupport support = getSupport(entry.op, entry.domain, version);
    if (support == OperatorSupport::None)
      break;
    if (version == history.versions.back())
      entry.support = support;
    entry.since = version;
  }
  entry.types =
      onnx::describeTypes(entry.op, entry.domain, history.versions.back());
  return entry;
}

std::vector<OperatorEntry> sinter::listOperators() {
  std::vector<OperatorEntry> entries;
  std::set<std::pair<std::string, std::string>> known;
  for (const onnx::OperatorHistory &history : onnx::listOperators()) {
    known.insert({history.domain, history.op});
    entries.push_back(describe(history));
  }
  // Those that the standard does not define.
  for (const OpRow *row : getRows())
    if (!onnx::getNewestOpset(row->domain) &&
        known.insert({row->domain.str(), row->op.str()}).second)
      entries.push_back({row->domain.str(), row->op.str(), OperatorSupport::Row,
                         row->since, ""});
  llvm::sort(entries, [](const OperatorEntry &a, const OperatorEntry &b) {
    return std::tie(a.domain, a.op) < std::tie(b.domain, b.op);
  });
  return entries;
}
