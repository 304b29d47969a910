#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the test cases that the ONNX package brings along: those for single operators, small
models, and layers and models that came from PyTorch.

All cases must pass but those of expected-failures.txt, which says why; and none may make
sinter crash. Cases that say the same as another one ("..._expanded": the operator as its
function body) are left out by default; with --full (or SINTER_TEST_FULL in the environment)
they are run, too, and so are the expected failures: those that pass are named.

With --device cuda the cases run on the virtual GPU (test/virtual-gpu); those that fail only
there are in expected-failures-cuda.txt. Algorithms, which have no device code, must be
refused as such.

    node_cases.py --build DIR [--device cuda] [--full] [--update] [-k REGEX]
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import onnx
from onnx import numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "expected-failures.txt"
CUDA_LIST = HERE / "expected-failures-cuda.txt"
TIMEOUT = 120  # seconds for one case

NO_DEVICE_CODE = "runs on processors only"
HEADER = """\
# Cases of onnx.backend.test that do not pass, and why.
# Written by: node_cases.py --build build --update
"""


def serialize(value, info):
    """The .pb file of an input or output, of the kind that its type says."""
    if info.type.HasField("sequence_type"):
        return numpy_helper.from_list(value, info.name).SerializeToString()
    if info.type.HasField("optional_type"):
        return numpy_helper.from_optional(value, info.name).SerializeToString()
    if isinstance(value, onnx.TensorProto):
        return value.SerializeToString()
    return numpy_helper.from_array(value, info.name).SerializeToString()


def write_case(case, folder):
    """Writes model.onnx, tolerance.json and the data sets of a case."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    (folder / "tolerance.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))
    for number, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"data_set_{number}"
        data.mkdir()
        graph = case.model.graph
        for kind, values, infos in (("input", inputs, graph.input),
                                    ("output", outputs, graph.output)):
            for i, (value, info) in enumerate(zip(values, infos)):
                (data / f"{kind}_{i}.pb").write_bytes(serialize(value, info))


def link_case(case, folder):
    """Makes the folder of a case whose files the package has."""
    folder.mkdir(parents=True)
    source = pathlib.Path(case.model_dir)
    (folder / "model.onnx").symlink_to(source / "model.onnx")
    (folder / "tolerance.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))
    for data in source.glob("test_data_set_*"):
        (folder / data.name.removeprefix("test_")).symlink_to(data)


def write_cases(root):
    """Writes all cases below `root`, once for each version of the ONNX package."""
    stamp = root / "complete"
    if stamp.exists():
        return
    from onnx.backend.test.loader import load_model_tests
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in load_model_tests(kind="node"):
            folder = root / case.name
            if folder.exists():
                continue
            try:
                write_case(case, folder)
            except (AttributeError, TypeError, ValueError):
                # A value that the package itself cannot write, such as a map.
                (folder / "unwritable").touch()
    for kind in ("simple", "pytorch-converted", "pytorch-operator"):
        for case in load_model_tests(kind=kind):
            if not (root / case.name).exists():
                link_case(case, root / case.name)
    stamp.touch()


def first_line(text):
    lines = [line for line in text.splitlines() if line.startswith("sinter: error")]
    return (lines or text.splitlines() or ["no message"])[0].removeprefix("sinter: error: ")


class Program:
    """`sinter`, with the arguments and the environment for a device."""

    def __init__(self, build, device):
        self.path = build / "bin" / "sinter"
        self.compile_options, self.run_options = [], []
        self.environment = dict(os.environ)
        if device == "cuda":
            self.compile_options = ["--target", "cpu,cuda", "--sm", "ptx"]
            self.run_options = ["--device", "cuda"]
            self.environment["LD_LIBRARY_PATH"] = str(build / "lib" / "virtual-gpu")


def run_case(program, folder):
    """Returns ("pass" | "unsupported" | "fail" | "crash", reason)."""
    if (folder / "unwritable").exists():
        return "unsupported", "has values that cannot be stored"
    tolerance = json.loads((folder / "tolerance.json").read_text())
    with tempfile.TemporaryDirectory() as temporary:
        artifact = pathlib.Path(temporary) / "case.sinter"
        commands = [[program.path, "compile", folder / "model.onnx", "-o", artifact,
                     *program.compile_options]]
        for data in sorted(folder.glob("data_set_*")):
            commands.append([program.path, "run", artifact, "--data-set", data,
                             "--rtol", tolerance["rtol"], "--atol", tolerance["atol"],
                             *program.run_options])
        for command in commands:
            try:
                done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                                      timeout=TIMEOUT, errors="replace",
                                      env=program.environment)
            except subprocess.TimeoutExpired:
                return "crash", f"sinter {command[1]} took more than {TIMEOUT} s"
            if done.returncode < 0 or done.returncode == 70:
                return "crash", f"sinter {command[1]}: {first_line(done.stderr)}"
            if done.returncode == 3:
                return "unsupported", first_line(done.stderr)
            if done.returncode != 0:
                reason = first_line(done.stderr)
                return "fail", f"sinter {command[1]}: {done.returncode}: {reason}"
    return "pass", ""


def read_list(path):
    """The reason for each expected failure, by the name of the case."""
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def write_list(expected):
    LIST.write_text(HEADER + "".join(f"{n}: {expected[n]}\n" for n in sorted(expected)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--full", action="store_true", help="all cases, not only those listed")
    parser.add_argument("--update", action="store_true", help="write the list anew")
    parser.add_argument("-k", metavar="REGEX", default="", help="only cases named like this")
    options = parser.parse_args()
    full = options.full or options.update or bool(os.environ.get("SINTER_TEST_FULL"))
    if options.device == "cuda" and options.update:
        parser.error("the list is that of the processor: --update is for --device cpu")

    build = options.build.resolve()
    root = build / "node_cases" / f"onnx-{onnx.__version__}"
    write_cases(root)
    expected = read_list(LIST)
    if options.device == "cuda":
        expected |= read_list(CUDA_LIST)
    names = sorted(p.name for p in root.iterdir() if p.is_dir())
    names = [n for n in names if re.search(options.k, n)]
    if not full:
        names = [n for n in names if n not in expected and not n.endswith("_expanded")]
    elif options.device == "cuda":
        names = [n for n in names if n not in expected]

    def is_broken(name):
        status, reason = results[name]
        if options.device == "cuda" and status == "unsupported":
            return NO_DEVICE_CODE not in reason
        return status == "crash" or (status != "pass" and name not in expected)

    results = {}
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        program = Program(build, options.device)
        for name, result in zip(names, pool.map(lambda n: run_case(program, root / n), names)):
            results[name] = result
            if is_broken(name):
                print(f"{result[0].upper()} {name}: {result[1]}", flush=True)

    (root / f"results_{options.device}.json").write_text(json.dumps(results, indent=1))
    counts = collections.Counter(status for status, _ in results.values())
    print(f"{len(names)} cases: " + ", ".join(f"{n} {s}" for s, n in counts.most_common()))
    if options.update:
        failed = {n: f"{s}: {r}".replace(str(root), "") for n, (s, r) in results.items() if s != "pass"}
        write_list({n: expected.get(n, failed.get(n)) for n in {*expected, *failed}
                    if n in failed or n not in results})
        return
    for name in names:
        if name in expected and results[name][0] == "pass":
            print(f"{name} passes, though {LIST.name} lists it: {expected[name]}")
    sys.exit(any(is_broken(name) for name in names))


if __name__ == "__main__":
    main()
