#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares models around operators that are algorithms with ONNX Runtime.

Every model has a free dimension; it is compiled once and runs with several sizes on one
and two threads. Then come inputs that must be refused: the message names the node, and no
output is written.

    algorithm_models.py --build DIR
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import parser

from compare_models import Failures, Sinter, reference_session

SIZES = (1, 7, 300)
# A name, a graph with inputs of a dimension n, and (where not all inputs are standard
# normal) how they are drawn.
MODELS = [
    ("top_k", """g (float[n, 40] x) => (float[n, 5] v, int64[n, 5] i) <int64[1] k = {5}> {
        h = Abs(x)
        v, i = TopK<largest = 0>(h, k) }""", {}),
    ("sort", """g (float[3, n] x, int64[1] k) => (float[3, m] v, int64[3, m] i) {
        v, i = TopK(x, k) }""", {"k": lambda n, rng: np.array([(n + 1) // 2])}),
    ("scatter", """g (float[n, 20] x, int64[50, 20] i, float[50, 20] u) => (float[n, 20] y) {
        h = ScatterElements<reduction = "add">(x, i, u)
        y = Relu(h) }""", {"i": lambda n, rng: rng.integers(-n, n, (50, 20)),
                           "u": lambda n, rng: rng.normal(size=(50, 20))}),
    ("scatter_nd", """g (float[n, 4, 8] x, int64[6, 2] i, float[6, 8] u) => (float[n, 4, 8] y) {
        [put] y = ScatterND<reduction = "max">(x, i, u) }""",
     {"i": lambda n, rng: np.stack([rng.integers(-n, n, 6), rng.integers(0, 4, 6)], 1),
      "u": lambda n, rng: rng.normal(size=(6, 8))}),
    ("non_zero", """g (float[n, 6] x) => (int64[2, m] y, float[k] z) <int64[1] s = {-1}> {
        b = Relu(x)
        y = NonZero(b)
        c = Cast<to = 9>(b)
        f = Reshape(c, s)
        z = Compress(b, f) }""", {}),
    ("unique", """g (int64[n] x) => (int64[m] y, int64[m] f, int64[n] i, int64[m] c) {
        y, f, i, c = Unique(x) }""", {"x": lambda n, rng: rng.integers(0, 20, n)}),
    ("suppression", """g (float[1, n, 4] b, float[1, 2, n] s) => (int64[m, 3] y)
        <int64 k = {20}, float t = {0.4}, float l = {0.1}> {
        y = NonMaxSuppression(b, s, k, t, l) }""",
     {"b": lambda n, rng: rng.uniform(size=(1, n, 4)), "s": lambda n, rng: rng.uniform(size=(1, 2, n))}),
    ("sums", """g (float[4, n, 9] x) => (float[4, n, 9] y) <int64 a = {1}> {
        y = CumSum<exclusive = 1>(x, a) }""", {}),
    ("grid", """g (float[2, 3, 9, 8] x, float[2, n, 5, 2] p) => (float[2, 3, n, 5] y) {
        y = GridSample<mode = "bicubic", padding_mode = "reflection">(x, p) }""", {}),
    ("regions", """g (float[2, 5, 16, 16] x, float[n, 4] r, int64[n] b) => (float[n, 5, 3, 3] y) {
        [pool] y = RoiAlign<output_height = 3, output_width = 3, spatial_scale = 0.5>(x, r, b) }""",
     {"r": lambda n, rng: np.sort(rng.uniform(0, 32, (n, 2, 2)), 1).reshape(n, 4),
      "b": lambda n, rng: rng.integers(0, 2, n)}),
    ("pool_and_back", """g (float[n, 3, 8, 8] x) => (float[n, 3, 8, 8] y) {
        v, i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x)
        y = MaxUnpool<kernel_shape = [2, 2], strides = [2, 2]>(v, i) }""", {}),
]
TYPES = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.INT64: np.int64}


def make_model(text):
    return parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}')


def draw_feeds(model, n, draws, rng):
    feeds = {}
    for info in model.graph.input:
        tensor = info.type.tensor_type
        shape = [n if d.dim_param == "n" else d.dim_value for d in tensor.shape.dim]
        value = draws[info.name](n, rng) if info.name in draws else rng.normal(size=shape)
        feeds[info.name] = np.asarray(value).astype(TYPES[tensor.elem_type])
    return feeds


def compare(sinter, failures, name, text, draws):
    model = make_model(text)
    path = sinter.folder / f"{name}.onnx"
    onnx.save(model, path)
    artifact, session = sinter.folder / f"{name}.sinter", reference_session(model)
    sinter.compile_facts(path, artifact)
    rng = np.random.default_rng(1)
    for n in SIZES:
        feeds = draw_feeds(model, n, draws, rng)
        expected = session.run(None, feeds)
        for threads in (1, 2):
            found = sinter.run(artifact, feeds, "--threads", threads)
            for info, want in zip(model.graph.output, expected):
                got, what = found[info.name], f"{name}, n = {n}, {threads} threads, {info.name}"
                same = got.shape == want.shape and got.dtype == want.dtype
                if same and want.dtype.kind == "f":
                    # Sums of at most 300 terms.
                    bound = 300 * np.finfo(np.float32).eps * max(1, np.abs(want).max(initial=0))
                    same = np.abs(got - want).max(initial=0) <= bound
                elif same:
                    same = (got == want).all()
                failures.add(same, what)


def expect_refusal(sinter, failures, name, node, change):
    """What a run says of feeds that `change` has spoilt."""
    text, draws = next((t, d) for m, t, d in MODELS if m == name)
    feeds = draw_feeds(make_model(text), 7, draws, np.random.default_rng(2))
    change(feeds)
    np.savez(sinter.folder / "inputs.npz", **feeds)
    out = sinter.folder / f"refused_{name}"
    done = subprocess.run([sinter.program, "run", sinter.folder / f"{name}.sinter", "--inputs",
                           sinter.folder / "inputs.npz", "--output-dir", out],
                          capture_output=True, text=True)
    failures.add(done.returncode not in (0, -6, -11) and node in done.stderr,
                 f"{name}: exit code {done.returncode}, {done.stderr}")
    failures.add(not list(out.glob("*.npy")), f"{name}: outputs of a refused run")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    build = arguments.parse_args().build.resolve()
    failures = Failures()
    with tempfile.TemporaryDirectory() as folder:
        sinter = Sinter(build, pathlib.Path(folder))
        for name, text, draws in MODELS:
            compare(sinter, failures, name, text, draws)

        def spoil(name, value):
            return lambda feeds: feeds[name].flat.__setitem__(0, value)

        expect_refusal(sinter, failures, "sort", "TopK", spoil("k", 8))
        expect_refusal(sinter, failures, "scatter", "ScatterElements", spoil("i", 7))
        expect_refusal(sinter, failures, "scatter_nd", "put", spoil("i", -8))
        expect_refusal(sinter, failures, "regions", "pool", spoil("b", 2))
    print(f"{failures.total - failures.failed} of {failures.total} comparisons agree")
    return failures.failed != 0


if __name__ == "__main__":
    sys.exit(main())
