#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Begins the support of an ONNX operator: a source with its row, and a test that fails.

    new_op.py [DOMAIN.]NAME

The row is in the operator table, the builder refuses every node until it is written, and the
test says what is still to do. docs/howto/add-an-op.md goes on from there.
"""
import argparse
import pathlib
import re
import sys

import onnx.defs

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPS = ROOT / "compiler" / "Import" / "Ops"
TESTS = ROOT / "test" / "compiler" / "Import"

SOURCE = """\
//===- {file} {dashes}===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"

using namespace mlir;
using namespace sinter;

/// {summary}
static LogicalResult import{op}(NodeContext &node) {{
  return node.unsupported("a builder that creates nn operations",
                          "one that is not written", "write it");
}}

static constexpr OpRow rows[] = {{
    {{"{op}", import{op}, nullptr, {since}{domain}}},
}};

llvm::ArrayRef<OpRow> sinter::get{op}Rows() {{ return rows; }}
"""

TEST = """\
{op}: what it becomes. Every form, a free dimension, and each refusal.
RUN: %python %S/Inputs/import_models.py %s | FileCheck %s

=== {file} opset={opset}
g ({inputs}) => ({outputs}) {{ {results} = {call}({names}) }}
CHECK-LABEL: === {file}
CHECK: nn.{{{{[a-z_]+}}}} %arg0
"""


def insert(path, pattern, text):
    """Puts `text` before the first match of `pattern`."""
    contents = path.read_text()
    match = re.search(pattern, contents)
    if not match:
        sys.exit(f"{path} has no place for the row: it matches {pattern} nowhere")
    path.write_text(contents[:match.start()] + text + contents[match.start():])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="such as Softsign or com.microsoft.Gelu")
    domain, _, op = parser.parse_args().name.rpartition(".")
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", op):
        sys.exit(f"'{op}' is no name of an operator")
    source, test = OPS / f"{op}.cpp", TESTS / f"{op.lower()}.test"
    for path in (source, test):
        if path.exists():
            sys.exit(f"{path.relative_to(ROOT)} exists already")
    try:
        schema = onnx.defs.get_schema(op, domain=domain)
    except onnx.defs.SchemaError:
        schema = None
    since = schema.since_version if schema else 1
    inputs = [i.name for i in schema.inputs[:schema.min_input]] if schema else ["x"]
    outputs = [o.name for o in schema.outputs[:max(schema.min_output, 1)]] if schema else ["y"]
    summary = (schema.doc.strip().split("\n")[0][:70] if schema else "") or "What it computes."
    file = f"{op}.cpp - imports {op}"
    source.write_text(SOURCE.format(
        file=file, dashes="-" * max(75 - len(file) - 5, 3), op=op, since=since, summary=summary,
        domain=f', INT64_MAX, "{domain}"' if domain else ""))
    test.write_text(TEST.format(
        op=op, file=op.lower(), opset=since if not domain else 17, call=f"{domain}.{op}" if domain else op,
        inputs=", ".join(f"float[n, 4] {i}" for i in inputs), names=", ".join(inputs),
        outputs=", ".join(f"float[n, 4] {o}" for o in outputs), results=", ".join(outputs)))
    insert(OPS.parent / "OpTable.h", r"\n} // namespace sinter", f"llvm::ArrayRef<OpRow> get{op}Rows();\n")
    insert(OPS.parent / "OpTable.cpp", r"getActivationRows,", f"get{op}Rows, ")
    insert(OPS.parent / "CMakeLists.txt", r"Ops/Activation\.cpp", f"Ops/{op}.cpp ")
    print(f"wrote {source.relative_to(ROOT)} and {test.relative_to(ROOT)}, and a row in the table.\n"
          f"next: write import{op}, then ./sinterw test {test.relative_to(ROOT)} (docs/howto/add-an-op.md)")


if __name__ == "__main__":
    main()
