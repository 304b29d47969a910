#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/operators.md from the operator table, or checks that it is up to date.

    operators.py --build DIR [--check]
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

import onnx
from onnx.backend.test.loader import load_model_tests

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operators.md"
HEADER = """\
# Operators

Written by `tools/scripts/operators.py` from the operator table; `sinter operators` prints the same. *Supported*: `direct` is imported by
a row of the table (compiler/Import/Ops), `function body` through the definition that the ONNX standard gives it, from the opset on that is
named. *Types*: what the standard allows for the first input. *Tested by*: how many of ONNX's test cases for nodes have the operator and pass, of
how many there are (test/onnx; expected-failures.txt says why the others do not); the importer's own tests are in test/compiler/Import.

| domain | operator | supported | since opset | types | tested by |
| --- | --- | --- | --- | --- | --- |
"""


def count_cases():
    """For each (domain, op) the number of cases with it that pass, and of all."""
    lines = (ROOT / "test" / "onnx" / "expected-failures.txt").read_text().splitlines()
    failing = {line.split(":")[0] for line in lines if not line.startswith("#")}
    passing, total = collections.Counter(), collections.Counter()
    for case in load_model_tests(kind="node"):
        for key in {("" if n.domain == "ai.onnx" else n.domain, n.op_type)
                    for n in case.model.graph.node}:
            total[key] += 1
            passing[key] += case.name not in failing
    return passing, total


def make_page(build):
    done = subprocess.run([build / "bin" / "sinter", "operators", "--json"], check=True,
                          capture_output=True, text=True)
    passing, total = count_cases()
    page = HEADER
    for entry in json.loads(done.stdout):
        key = (entry["domain"], entry["op"])
        cases = f"{passing[key]} of {total[key]} cases" if total[key] else ""
        since = entry["since"] or ""
        page += (f"| {entry['domain'] or 'ai.onnx'} | {entry['op']} | {entry['supported']} | {since} "
                 f"| {entry['types']} | {cases} |\n")
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--check", action="store_true", help="fail where the page would change")
    options = parser.parse_args()
    page = make_page(options.build.resolve())
    if not options.check:
        PAGE.write_text(page)
    elif PAGE.read_text() != page:
        sys.exit("docs/operators.md is not up to date: run tools/scripts/operators.py --build build")


if __name__ == "__main__":
    main()
