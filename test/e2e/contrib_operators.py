#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares operators of com.microsoft and ai.onnx.ml, and recurrent layers, with ONNX Runtime.

A model of one node is made for each form of an operator, compiled, and run on random
inputs. An output y may differ from the reference by

    4 * depth * eps * max |ref|

where eps is the precision of the narrowest type that the node computes in and depth the
length of the longest sum in it; integers may differ by `quanta`, 0 unless a case says so.

    contrib_operators.py --build DIR [-k REGEX]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from contrib_cases import make_cases


def make_model(case, values):
    """The model of a case. Inputs whose names are in `free` have dimensions with names."""
    names, inputs, constants = [], [], []
    for name, value in values.items():
        names.append("" if value is None else name)
        if value is None:
            continue
        if name in case.constants:
            constants.append(numpy_helper.from_array(value, name))
            continue
        dims = case.free.get(name, value.shape)
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        inputs.append(helper.make_tensor_value_info(name, kind, dims))
    while names and not names[-1]:
        names.pop()
    outputs = [f"y{i}" if kept else "" for i, kept in enumerate(case.outputs)]
    node = helper.make_node(case.op, names, outputs, "node", domain=case.domain,
                            **case.attributes)
    results = [onnx.ValueInfoProto(name=name) for name in outputs if name]
    graph = helper.make_graph([node], "case", inputs, results, constants)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1),
              helper.make_opsetid("ai.onnx.ml", case.ml_opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def get_feeds(case, values):
    return {name: value for name, value in values.items()
            if value is not None and name not in case.constants}


def run_reference(case):
    values = case.reference or case.inputs
    model = make_model(case, values)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, get_feeds(case, values))))


def run_sinter(build, folder, case):
    """The outputs, or the text of the error."""
    program = build / "bin" / "sinter"
    onnx.save(make_model(case, case.inputs), folder / "case.onnx")
    np.savez(folder / "inputs.npz", **get_feeds(case, case.inputs))
    commands = [[program, "compile", folder / "case.onnx", "-o", folder / "case.sinter"],
                [program, "run", folder / "case.sinter", "--inputs", folder / "inputs.npz",
                 "--output-dir", folder / "out"]]
    for command in commands:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode != 0:
            return f"exit code {done.returncode}: {done.stderr.strip()[:400]}"
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    return {o["name"]: np.load(folder / "out" / o["file"]) for o in manifest["outputs"]}


def compare(case, found, wanted):
    """What is wrong, empty if nothing is."""
    if isinstance(found, str):
        return found
    for name, want in wanted.items():
        have = found[name]
        if have.shape != want.shape or have.dtype != want.dtype:
            return f"{name} is {have.dtype}{list(have.shape)}, not {want.dtype}{list(want.shape)}"
        difference = np.abs(have.astype(np.float64) - want.astype(np.float64))
        error = float(difference.max()) if difference.size else 0.0
        if np.issubdtype(want.dtype, np.floating):
            eps = np.finfo(case.precision or want.dtype).eps
            limit = 4 * case.depth * eps * max(float(np.abs(want).max(initial=0)), 1e-30)
        else:
            limit = case.quanta
        if not error <= limit:
            return f"{name} differs by {error:.3g}, which is above {limit:.3g}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("-k", default="", help="only cases whose name matches")
    options = parser.parse_args()
    build, total, failed = options.build.resolve(), 0, 0
    for case in make_cases():
        if not re.search(options.k, case.name):
            continue
        with tempfile.TemporaryDirectory(dir=build) as folder:
            found = run_sinter(build, pathlib.Path(folder), case)
        problem = compare(case, found, run_reference(case))
        total += 1
        failed += bool(problem)
        if problem:
            print(f"FAIL {case.name}: {problem}", flush=True)
    print(f"{total - failed} of {total} operators agree")
    sys.exit(failed != 0 or total == 0)


if __name__ == "__main__":
    main()
