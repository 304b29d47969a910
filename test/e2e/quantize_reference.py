#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a quantized network with the same computed by NumPy from its plan.

The network has a convolution, a depthwise and a pointwise one, a residual sum, a mean
and a matrix product. The plan that the compiler prints gives the grids and the means
for the bias correction; NumPy rounds inputs and weights as the README of
passes/Quantize says, and computes everything else in double precision.

Roundings of numbers between two steps of a grid may differ, so single elements may be
off by a step. The difference in the Euclidean norm must be less than a tenth of the
effect of quantization, which in turn must be small: below 5 % of the result.

    quantize_reference.py --build DIR
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES, CHANNELS, SIZE = 32, 16, 12


def make_weights():
    rng = np.random.default_rng(0)

    def draw(*shape):
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    weights = {"w1": draw(CHANNELS, 3, 3, 3), "w2": draw(CHANNELS, 1, 3, 3),
               "w3": draw(CHANNELS, CHANNELS, 1, 1), "w4": draw(10, CHANNELS).T.copy()}
    for i, size in enumerate((CHANNELS, CHANNELS, CHANNELS, 10), 1):
        weights[f"b{i}"] = draw(size, 1)[:, 0] / 4
    weights["w1"][3] = 0  # a channel without weights
    return weights


def make_model(weights):
    def node(op, inputs, output, **attributes):
        return helper.make_node(op, inputs, [output], output, **attributes)

    nodes = [node("Conv", ["x", "w1", "b1"], "c1", pads=[1] * 4), node("Relu", ["c1"], "r1"),
             node("Conv", ["r1", "w2", "b2"], "c2", pads=[1] * 4, group=CHANNELS),
             node("Relu", ["c2"], "r2"), node("Conv", ["r2", "w3", "b3"], "c3"),
             node("Add", ["c3", "r1"], "s"), node("Relu", ["s"], "r3"),
             node("ReduceMean", ["r3"], "m", axes=[2, 3], keepdims=0),
             node("MatMul", ["m", "w4"], "p"), node("Add", ["p", "b4"], "y")]
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def read_plans(text):
    """The plans of the layers in order, as dictionaries of numbers."""
    plans = []
    for body in re.findall(r"plan = \{(.*?precision = \"w8a8\".*?)\}", text):
        plan = {key: float(value) for key, value in
                re.findall(r"(\w+) = ([-+.\de]+) : [fi]\d+", body)}
        means = re.search(r"lhs_mean = array<f32: (.*?)>", body).group(1)
        plan["lhs_mean"] = np.array([float(mean) for mean in means.split(",")])
        plans.append(plan)
    return plans


def convolve(x, w, groups):
    """Stride 1, as many zeros around as keep the size; double precision."""
    pad = w.shape[2] // 2
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    patches = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    if groups == 1:
        return np.einsum("nchwij,ocij->nohw", patches, w)
    return np.einsum("nchwij,cij->nchw", patches, w[:, 0])


class Exact:
    """The float network."""

    def value(self, x, *_):
        return x

    def weight(self, name, weights, *_):
        return weights[name].astype(np.float64), 0.0


class Rounded:
    """The network on the grids of the plans."""

    def __init__(self, plans):
        self.plans = plans

    def value(self, x, layer, name="lhs"):
        plan = self.plans[layer]
        if f"{name}_scale" not in plan:
            return x
        scale, zero = plan[f"{name}_scale"], plan[f"{name}_zero_point"]
        return (np.clip(np.rint(x / scale) + zero, 0, 255) - zero) * scale

    def weight(self, name, weights, layer):
        """The rounded weight, and what goes into the bias for it."""
        w, means = weights[name].astype(np.float64), self.plans[layer]["lhs_mean"]
        axes = (0,) if w.ndim == 2 else (1, 2, 3)
        scale = np.maximum(np.abs(w).max(axis=axes, keepdims=True) / 127,
                           np.finfo(np.float32).tiny)
        rounded = np.clip(np.rint(w / scale), -128, 127) * scale
        if w.ndim == 2:
            means = means[:, None]
        elif w.shape[1] == 1 and len(means) == w.shape[0]:
            means = means[:, None, None, None]
        else:
            means = means[None, :, None, None]
        return rounded, ((w - rounded) * means).sum(axis=axes)


def compute(x, weights, arithmetic):
    def layer(value, number, groups=1):
        w, correction = arithmetic.weight(f"w{number}", weights, number - 1)
        bias = weights[f"b{number}"] + correction
        if w.ndim == 2:
            return value @ w + bias
        return convolve(value, w, groups) + bias[:, None, None]

    r1 = np.maximum(layer(arithmetic.value(x.astype(np.float64), 0), 1), 0)
    r1 = arithmetic.value(r1, 1)
    r2 = arithmetic.value(np.maximum(layer(r1, 2, CHANNELS), 0), 2)
    r3 = arithmetic.value(np.maximum(layer(r2, 3) + r1, 0), 2, "result")
    return layer(arithmetic.value(r3.mean(axis=(2, 3)), 3), 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    sinter = parser.parse_args().build.resolve() / "bin" / "sinter"
    weights = make_weights()
    rng = np.random.default_rng(1)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        onnx.save(make_model(weights), folder / "net.onnx")
        np.savez(folder / "s.npz",
                 x=rng.standard_normal((SAMPLES, 3, SIZE, SIZE)).astype(np.float32))
        x = rng.standard_normal((16, 3, SIZE, SIZE)).astype(np.float32)
        np.save(folder / "x.npy", x)

        def run(*arguments):
            return subprocess.run([sinter, *arguments], cwd=folder, check=True, text=True,
                                  stdout=subprocess.PIPE).stdout

        exact = compute(x, weights, Exact())
        for method in ("minmax", "percentile", "mse"):
            text = run("compile", "net.onnx", "--precision", "w8a8", "--calibrate", "s.npz",
                       "--calibrate-method", method, "--no-measure", "--stop-after=plan",
                       "--print-ir")
            plans = read_plans(text)
            if len(plans) != 4:
                sys.exit(f"quantize_reference: {len(plans)} layers are planned, expected 4")
            (folder / "plan.mlir").write_text(text)
            run("compile", "plan.mlir", "--start-after=plan", "-o", "q.sinter")
            run("run", "q.sinter", "--input", "x=x.npy", "--output-dir", ".")
            found, expected = np.load(folder / "output_0.npy"), compute(x, weights, Rounded(plans))
            effect = np.linalg.norm(expected - exact)
            difference = np.linalg.norm(found - expected)
            good = difference < 0.1 * effect and effect < 0.05 * np.linalg.norm(exact)
            failed |= not good
            print(f"{method}: difference {difference:.2e}, quantization {effect:.2e}, result "
                  f"{np.linalg.norm(exact):.2e}: {'ok' if good else 'FAILED'}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
