#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model to prune, pruned by the definitions of passes/Prune/README.md, and its results by ONNX Runtime.

    prune.py write MODEL.onnx              the model as it is
    prune.py prune PATTERN MODEL.onnx      its weights pruned to PATTERN
    prune.py run MODEL.onnx X.npy Y.npy    writes an input and the result for it
    prune.py compare Y.npy Z.npy           whether both results agree

The layers: a 1x1 convolution, one with stride 2, a 3x3 convolution (never pruned) and a matrix product, without normalizations, so that the weights
that are pruned are those of the file.
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SHAPES = {"w1": (48, 24, 1, 1), "w2": (40, 48, 1, 1), "w3": (32, 40, 3, 3), "w4": (32, 72)}


def write(path):
    rng = np.random.default_rng(5)
    weights = {name: rng.standard_normal(shape, np.float32) for name, shape in SHAPES.items()}
    weights["b"] = rng.standard_normal(72, np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c1"], name="pointwise"),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], name="strided", strides=[2, 2]),
        helper.make_node("Conv", ["c2", "w3"], ["c3"], name="large", pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["c3"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
        helper.make_node("MatMul", ["f", "w4"], ["m"], name="head"),
        helper.make_node("Add", ["m", "b"], ["y"], name="bias"),
    ]
    graph = helper.make_graph(
        nodes, "prune",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 24, 14, 14])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 72])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def prune_blocks(matrix, width, share):
    """The blocks of 1 x width with the smallest mean squares become zero."""
    rows, columns = matrix.shape
    starts = range(0, columns, width)
    sizes = np.array([[np.mean(row[s:s + width].astype(np.float64) ** 2) for s in starts] for row in matrix])
    removed = int(share * sizes.size + 1e-6)
    result = matrix.copy()
    for place in np.argsort(sizes, axis=None)[:removed]:
        row, block = divmod(place, len(starts))
        result[row, block * width:(block + 1) * width] = 0
    return result


def prune_groups(matrix, keep, group):
    result = matrix.copy()
    for first in range(0, matrix.shape[0], group):
        part = result[first:first + group]
        smallest = np.argsort(np.abs(part), axis=0)[:group - keep]
        np.put_along_axis(part, smallest, 0, axis=0)
    return result


def prune_matrix(matrix, pattern):
    if pattern.startswith("block:1x"):
        width, share = pattern.removeprefix("block:1x").split(":")
        return prune_blocks(matrix, int(width), float(share))
    if ":" in pattern:
        return prune_groups(matrix, *map(int, pattern.split(":")))
    return prune_blocks(matrix, 1, float(pattern))


def prune(pattern, path):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if tensor.name in ("w1", "w2"):
            matrix = prune_matrix(np.ascontiguousarray(value[:, :, 0, 0].T), pattern)
            value = np.ascontiguousarray(matrix.T)[:, :, None, None]
        elif tensor.name == "w4":
            value = prune_matrix(value, pattern)
        tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    onnx.save(model, path)


def run(path, input_path, result_path):
    import onnxruntime
    x = np.random.default_rng(9).standard_normal((3, 24, 14, 14), np.float32)
    np.save(input_path, x)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    np.save(result_path, session.run(None, {"x": x})[0])


def compare(expected_path, found_path):
    """Sums of at most 360 products, each rounded, in three layers: 1e-4 of the norm is far above what rounding makes."""
    expected, found = np.load(expected_path), np.load(found_path)
    error = np.linalg.norm(expected - found) / np.linalg.norm(expected)
    if not error < 1e-4:
        sys.exit(f"{found_path} differs from {expected_path} by {error:.2e} of its norm")


if __name__ == "__main__":
    {"write": write, "prune": prune, "run": run, "compare": compare}[sys.argv[1]](*sys.argv[2:])
