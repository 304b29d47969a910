# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the small models, sound and broken, that the tests of `sinter` use.

    models.py NAME OUT.onnx
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def tensor(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, initializers=(), opset=17, ir_version=8):
    graph = helper.make_graph(nodes, "small", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                             ir_version=ir_version)


def dense(**changes):
    """y = relu(x w + b), with a free batch."""
    weight = np.arange(12, dtype=np.float32).reshape(4, 3) - 5
    bias = np.array([1, 0, -1], np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"], "product"),
             helper.make_node("Add", ["h", "b"], ["s"], "bias"),
             helper.make_node("Relu", ["s"], ["y"], "activation")]
    return model(nodes, [tensor("x", FLOAT, ["batch", 4])], [tensor("y", FLOAT, ["batch", 3])],
                 [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")],
                 **changes)


def scaled():
    """y = relu((x w) 0.1), the product of single elements: multiplying the weight by 0.1 rounds otherwise."""
    weight = np.array([[0.3, 1.7, -2.9]], np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"], "product"),
             helper.make_node("Mul", ["h", "s"], ["m"], "scale"),
             helper.make_node("Relu", ["m"], ["y"], "activation")]
    return model(nodes, [tensor("x", FLOAT, [64, 1])], [tensor("y", FLOAT, [64, 3])],
                 [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.float32(0.1), "s")])


def alone():
    """y = x + exp(b), where b is repeated for each row of x."""
    nodes = [helper.make_node("Exp", ["b"], ["e"], "small exponential"),
             helper.make_node("Add", ["x", "e"], ["y"], "sum")]
    return model(nodes, [tensor("x", FLOAT, [8, 4]), tensor("b", FLOAT, [4])], [tensor("y", FLOAT, [8, 4])])


def hostile_names():
    """As dense, with names that are markup and more; and a node without a kernel."""
    result = dense()
    names = ["</script><script>document.title='owned'</script>",
             "<img src=x onerror=\"document.title='owned'\">", "a&b 'c' \"d\" \u202eright\u202c \x01"]
    for node, name in zip(result.graph.node, names):
        node.name = name
    result.graph.node.append(helper.make_node("Identity", ["b"], ["z"], "</td></table>"))
    result.graph.output.append(tensor("z", FLOAT, [3]))
    return result


def quantized():
    """y = w2 (w1 x), the first product of quantized operands."""
    values = {"w1": np.arange(12, dtype=np.int8).reshape(4, 3) - 5, "s": np.float32(0.5),
              "z": np.uint8(7), "t": np.int8(0), "w2": np.ones((3, 2), np.float32)}
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "quantize"),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], "dequantize"),
             helper.make_node("DequantizeLinear", ["w1", "s", "t"], ["w"], "weights"),
             helper.make_node("MatMul", ["d", "w"], ["h"], "integers"),
             helper.make_node("MatMul", ["h", "w2"], ["y"], "reals")]
    return model(nodes, [tensor("x", FLOAT, [2, 4])], [tensor("y", FLOAT, [2, 2])],
                 [numpy_helper.from_array(np.asarray(v), k) for k, v in values.items()])


def mlp():
    """y = relu(x u + b) v, 64 to 256 to 16 channels with a free batch; a channel of u is zero."""
    rng = np.random.default_rng(0)
    first = (rng.standard_normal((64, 256)) / 8).astype(np.float32)
    first[:, 3] = 0
    second = (rng.standard_normal((256, 16)) / 16).astype(np.float32)
    bias = rng.standard_normal(256).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "u"], ["h"], "first"),
             helper.make_node("Add", ["h", "b"], ["s"], "bias"),
             helper.make_node("Relu", ["s"], ["r"], "activation"),
             helper.make_node("MatMul", ["r", "v"], ["y"], "second")]
    return model(nodes, [tensor("x", FLOAT, ["batch", 64])],
                 [tensor("y", FLOAT, ["batch", 16])],
                 [numpy_helper.from_array(first, "u"), numpy_helper.from_array(bias, "b"),
                  numpy_helper.from_array(second, "v")])


def mlp_overflow():
    """A product over more than 65536 channels."""
    weight = np.ones((65537, 2), np.float32)
    return model([helper.make_node("MatMul", ["x", "w"], ["y"], "wide")],
                 [tensor("x", FLOAT, [1, 65537])], [tensor("y", FLOAT, [1, 2])],
                 [numpy_helper.from_array(weight, "w")])


def normalized():
    """Two convolutions with a normalization and a ReLU between them."""
    rng = np.random.default_rng(0)
    constants = {"u": rng.standard_normal((32, 3, 3, 3)) * 50,
                 "v": rng.standard_normal((2, 32, 3, 3)), "gamma": np.full(32, 2),
                 "beta": np.ones(32), "mean": np.arange(32), "var": np.full(32, 9)}
    nodes = [helper.make_node("Conv", ["x", "u"], ["a"], "first"),
             helper.make_node("BatchNormalization", ["a", "gamma", "beta", "mean", "var"], ["n"],
                              "norm"),
             helper.make_node("Relu", ["n"], ["r"], "activation"),
             helper.make_node("Conv", ["r", "v"], ["y"], "second")]
    return model(nodes, [tensor("x", FLOAT, ["batch", 3, 8, 8])],
                 [tensor("y", FLOAT, ["batch", 2, 4, 4])],
                 [numpy_helper.from_array(value.astype(np.float32), name)
                  for name, value in constants.items()])


def quantized_input():
    """y = dequantize(quantize(x)) w."""
    constants = [numpy_helper.from_array(np.array(0.5, np.float32), "s"),
                 numpy_helper.from_array(np.array(3, np.uint8), "z"),
                 numpy_helper.from_array(np.ones((4, 2), np.float32), "w")]
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "quantize"),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], "dequantize"),
             helper.make_node("MatMul", ["d", "w"], ["y"], "product")]
    return model(nodes, [tensor("x", FLOAT, [1, 4])], [tensor("y", FLOAT, [1, 2])], constants)


def two_inputs():
    """y = a + b, both [n, 2]; z = a > b."""
    nodes = [helper.make_node("Add", ["a", "b"], ["y"], "sum"),
             helper.make_node("Greater", ["a", "b"], ["z"], "order")]
    shape = ["n", 2]
    return model(nodes, [tensor("a", FLOAT, shape), tensor("b", FLOAT, shape)],
                 [tensor("y", FLOAT, shape), tensor("z", TensorProto.BOOL, shape)])


def unknown_op():
    nodes = [helper.make_node("Frobnicate", ["x"], ["h"], "strange"),
             helper.make_node("Relu", ["h"], ["y"], "plain")]
    return model(nodes, [tensor("x", FLOAT, [2])], [tensor("y", FLOAT, [2])])


def cyclic():
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], "first"),
             helper.make_node("Relu", ["a"], ["b"], "second"),
             helper.make_node("Relu", ["b"], ["y"], "third")]
    return model(nodes, [tensor("x", FLOAT, [2])], [tensor("y", FLOAT, [2])])


def mixed_types():
    nodes = [helper.make_node("Add", ["x", "i"], ["y"], "mixed")]
    return model(nodes, [tensor("x", FLOAT, [2]), tensor("i", INT64, [2])],
                 [tensor("y", FLOAT, [2])])


def mixed_shapes():
    nodes = [helper.make_node("MatMul", ["a", "b"], ["y"], "product")]
    return model(nodes, [tensor("a", FLOAT, [2, 3]), tensor("b", FLOAT, [4, 5])],
                 [tensor("y", FLOAT, [2, 5])])


def undefined_value():
    nodes = [helper.make_node("Add", ["x", "nowhere"], ["y"], "orphan")]
    return model(nodes, [tensor("x", FLOAT, [2])], [tensor("y", FLOAT, [2])])


def external(location, length=None):
    """As dense, with the matrix in another file."""
    result = dense()
    weight = result.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", length or "48")):
        weight.external_data.add(key=key, value=value)
    return result


MODELS = {
    "dense": dense,
    "alone": alone,
    "scaled": scaled,
    "hostile_names": hostile_names,
    "mlp": mlp,
    "mlp_overflow": mlp_overflow,
    "normalized": normalized,
    "quantized": quantized,
    "quantized_input": quantized_input,
    "two_inputs": two_inputs,
    "unknown_op": unknown_op,
    "cyclic": cyclic,
    "mixed_types": mixed_types,
    "mixed_shapes": mixed_shapes,
    "undefined_value": undefined_value,
    "future_opset": lambda: dense(opset=9999),
    "future_ir": lambda: dense(ir_version=9999),
    "external": lambda: external("weights.bin"),
    "external_outside": lambda: external("../weights.bin"),
    "external_absolute": lambda: external("/etc/passwd"),
}


def main():
    name, out = sys.argv[1], pathlib.Path(sys.argv[2])
    out.write_bytes(MODELS[name]().SerializeToString())
    if name == "external":
        weight = np.arange(12, dtype=np.float32) - 5
        (out.parent / "weights.bin").write_bytes(weight.tobytes())


if __name__ == "__main__":
    main()
