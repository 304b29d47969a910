# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of one matrix product or convolution, to measure kernels alone."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Rows, columns of the result, and the length of the sums.
MATMULS = {
    "matmul_512x512x512": (512, 512, 512),
    "matmul_64x768x3072": (64, 768, 3072),
    "matmul_196x768x768": (196, 768, 768),
    "matmul_3136x64x576": (3136, 64, 576),
}

# Image side, channels in, channels out, filter side, stride.
CONVOLUTIONS = {
    "conv_56x56_64_64_3x3": (56, 64, 64, 3, 1),
    "conv_14x14_256_256_3x3": (14, 256, 256, 3, 1),
    "conv_7x7_512_512_3x3": (7, 512, 512, 3, 1),
    "conv_28x28_128_128_3x3_s2": (56, 128, 128, 3, 2),
    "conv_56x56_64_256_1x1": (56, 64, 256, 1, 1),
}


def make_model(node, name, shape, weight):
    graph = helper.make_graph(
        [node], name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_kernels(folder):
    """Writes all of them; returns their names."""
    rng = np.random.default_rng(0)
    for name, (rows, columns, depth) in MATMULS.items():
        weight = rng.standard_normal((depth, columns), np.float32)
        node = helper.make_node("MatMul", ["x", "w"], ["y"], name)
        onnx.save(make_model(node, name, [rows, depth], weight), folder / f"{name}.onnx")
    for name, (side, channels, filters, size, stride) in CONVOLUTIONS.items():
        weight = rng.standard_normal((filters, channels, size, size), np.float32)
        node = helper.make_node("Conv", ["x", "w"], ["y"], name, pads=[size // 2] * 4,
                                strides=[stride] * 2)
        model = make_model(node, name, [1, channels, side, side], weight)
        onnx.save(model, folder / f"{name}.onnx")
    return [*MATMULS, *CONVOLUTIONS]
