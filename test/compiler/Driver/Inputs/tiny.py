#!/usr/bin/env python3
"""Writes the model of docs/pipeline.md: Conv, BatchNormalization, Relu, GlobalAveragePool with a free batch.

    tiny.py OUT.onnx
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = {
    "w": np.random.default_rng(0).standard_normal((4, 3, 3, 3), np.float32),
    "scale": np.array([0.5, 1, 2, 1], np.float32),
    "bias": np.array([0, 1, 0, -1], np.float32),
    "mean": np.zeros(4, np.float32),
    "var": np.ones(4, np.float32),
}
NODES = [
    helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
    helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "var"], ["n"], name="norm"),
    helper.make_node("Relu", ["n"], ["r"], name="relu"),
    helper.make_node("GlobalAveragePool", ["r"], ["y"], name="pool"),
]
graph = helper.make_graph(
    NODES, "tiny",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 8, 8])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4, 1, 1])],
    [numpy_helper.from_array(value, name) for name, value in WEIGHTS.items()])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), sys.argv[1])
