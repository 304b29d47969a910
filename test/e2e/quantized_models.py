#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares quantized models with ONNX Runtime.

Networks are quantized by onnxruntime.quantization when the test runs, in every form
that it writes. Small ones are made here; NAME may also be a model of build/models, which
are added where SINTER_TEST_FULL is in the environment.

For each:
- the layers that must compute on integers do;
- every quantized tensor in the model differs by at most one quantum from what ONNX Runtime
  makes of the same quantized inputs of the layer (so that differences do not add up), and
  every sum of integers not at all;
- the outputs are then those of ONNX Runtime, to one quantum: the scale of the last
  DequantizeLinear, or a 255th of the output's range where there is none;
- the outputs of whole runs are in the root mean square, up to one quantum, no farther from
  ONNX Runtime than it is from itself: with and without its graph optimizations (it computes
  on integers or on real numbers then), or where the elements that rounded to the other side
  of a half, of the first tensor that has some, are moved by one quantum in its own run.
  Later layers enlarge these differences;
- all instruction sets give the same bits, where no sums of real numbers are between.

    quantized_models.py --build DIR [NAME ...]
"""
import argparse
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_dynamic, quantize_static)

import compare_models
from compare_models import Failures, Sinter

FORMS = {
    "qdq-u8": {"quant_format": QuantFormat.QDQ, "per_channel": True,
               "activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8},
    "qdq-s8": {"quant_format": QuantFormat.QDQ, "per_channel": True,
               "activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8},
    "qoperator": {"quant_format": QuantFormat.QOperator, "per_channel": True,
                  "activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8},
    "dynamic": None,
}


class Network:
    """A network under construction, with weights drawn by He's rule."""

    def __init__(self):
        self.rng = np.random.default_rng(11)
        self.nodes, self.weights = [], []

    def weight(self, *shape, inputs=None, mean=0.0):
        deviation = np.sqrt(2 / inputs) if inputs else 0.1
        value = mean + self.rng.standard_normal(shape) * deviation
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def add(self, op, *inputs, **attributes):
        result = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [result], result, **attributes))
        return result

    def conv(self, x, outputs, inputs, size, group=1, stride=1):
        filters = self.weight(outputs, inputs // group, size, size,
                              inputs=inputs // group * size * size)
        return self.add("Conv", x, filters, self.weight(outputs), pads=[size // 2] * 4,
                        strides=[stride] * 2, group=group)

    def dense(self, x, outputs, inputs):
        product = self.add("MatMul", x, self.weight(inputs, outputs, inputs=inputs))
        return self.add("Add", product, self.weight(outputs))

    def norm(self, x, size):
        return self.add("LayerNormalization", x, self.weight(size, mean=1.0), self.weight(size))

    def finish(self, result, inputs, outputs):
        self.nodes.append(helper.make_node("Identity", [result], ["y"]))
        graph = helper.make_graph(
            self.nodes, "network", [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def make_convolutions():
    """Convolutions of every kind, a residual, pools, limits and a matrix product."""
    n = Network()
    x = n.add("Relu", n.conv("x", 16, 3, 3, stride=2))
    skip = n.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    low, high = n.add("Constant", value_float=0.0), n.add("Constant", value_float=6.0)
    x = n.add("Clip", n.conv(skip, 32, 16, 1), low, high)
    x = n.add("Relu", n.conv(x, 32, 32, 3, group=32))
    x = n.add("Relu", n.add("Add", n.conv(x, 16, 32, 1), skip))
    x = n.add("Concat", n.add("Relu", n.conv(x, 8, 16, 3, group=2)), x, axis=1)
    x = n.add("Sigmoid", n.conv(x, 24, 24, 5, stride=2))
    x = n.add("Flatten", n.add("GlobalAveragePool", x))
    x = n.add("Gemm", x, n.weight(10, 24, inputs=24), n.weight(10), transB=1)
    return n.finish(x, [2, 3, 35, 37], [2, 10]), 7


def make_encoder():
    """One layer of a transformer encoder: products with weights, and of activations."""
    n = Network()
    size, heads, length = 48, 4, 10
    split = n.add("Constant", value_ints=[1, length, heads, size // heads])
    merge = n.add("Constant", value_ints=[1, length, size])

    def head(order):
        return n.add("Transpose", n.add("Reshape", n.dense("x", size, size), split), perm=order)

    scores = n.add("MatMul", head([0, 2, 1, 3]), head([0, 2, 3, 1]))
    scale = n.add("Constant", value_float=(size / heads) ** -0.5)
    weights = n.add("Softmax", n.add("Mul", scores, scale), axis=-1)
    x = n.add("Transpose", n.add("MatMul", weights, head([0, 2, 1, 3])), perm=[0, 2, 1, 3])
    x = n.norm(n.add("Add", n.dense(n.add("Reshape", x, merge), size, size), "x"), size)
    inner = n.dense(x, 2 * size, size)
    half, root, one = (n.add("Constant", value_float=v) for v in (0.5, 0.5 ** 0.5, 1.0))
    erf = n.add("Add", n.add("Erf", n.add("Mul", inner, root)), one)
    inner = n.add("Mul", n.add("Mul", inner, erf), half)
    x = n.norm(n.add("Add", n.dense(inner, size, 2 * size), x), size)
    return n.finish(x, [1, length, size], [1, length, size]), 6


def draw_normal(model, rng):
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    return {"x": rng.standard_normal(shape, np.float32)}


# Operators that are left on real numbers and whose sums depend on the width of vectors.
REAL_SUMS = ("LayerNormalization", "ReduceMean", "Softmax")

SMALL = {"convolutions": make_convolutions, "encoder": make_encoder}
LARGE = ("resnet50", "mobilenet_v2", "bert_base", "ocr_rec")


class Samples(CalibrationDataReader):
    def __init__(self, samples):
        self.left = iter(samples)

    def get_next(self):
        return next(self.left, None)


def quantize(form, source, target, samples):
    if FORMS[form] is None:
        quantize_dynamic(source, target, weight_type=QuantType.QInt8)
    else:
        quantize_static(source, target, Samples(samples), **FORMS[form])


def run_reference(model, feeds, optimize):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (levels.ORT_ENABLE_ALL if optimize
                                        else levels.ORT_DISABLE_ALL)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds)))


def find_quantum(model, name, value):
    """The scale with which output `name`, through movement, was dequantized."""
    makers = {o: n for n in model.graph.node for o in n.output}
    constants = {i.name: i for i in model.graph.initializer}
    while name in makers and makers[name].op_type in ("Identity", "Reshape", "Transpose"):
        name = makers[name].input[0]
    maker = makers.get(name)
    if maker is not None and maker.op_type == "DequantizeLinear" and maker.input[1] in constants:
        return float(numpy_helper.to_array(constants[maker.input[1]]).max())
    return float(value.max() - value.min()) / 255


def quantized_tensors(model):
    """The names of all results of operators that give integers."""
    makers = ("QuantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger")
    return [o for n in model.graph.node for o in n.output
            if n.op_type in makers or n.op_type.startswith("QLinear")]


def compare_layers(failures, what, final, model, feeds, sinter):
    """Gives ONNX Runtime the quantized tensors that Sinter computed as inputs of the layers,
    and of what makes the outputs, which are `final` in Sinter. Returns the first tensor with
    elements that differ by a quantum, and how many; or None."""
    names = quantized_tensors(model)
    path = sinter.folder / "cut.onnx"
    onnx.save(model, path)
    artifact = sinter.folder / "outputs.sinter"
    sinter.compile_facts(path, artifact, "--outputs", ",".join(names))
    found = sinter.run(artifact, feeds)
    given = {f"{name}/given": found[name] for name in names}
    cut = onnx.ModelProto()
    cut.CopyFrom(model)
    for node in cut.graph.node:
        for i, name in enumerate(node.input):
            if name in names:
                node.input[i] = f"{name}/given"
    for name, value in given.items():
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        cut.graph.input.append(helper.make_tensor_value_info(name, kind, value.shape))
    outputs = [o.name for o in cut.graph.output]
    cut.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in outputs)
    wanted = run_reference(cut, {**feeds, **given}, optimize=False)
    off, first = 0, None
    for name in names:
        have, want = found[name], wanted[name]
        error = np.abs(have.astype(np.float64) - want).max()
        if want.dtype == np.float32:  # a scale
            limit = 4 * np.finfo(np.float32).eps * np.abs(want).max()
        else:
            limit = want.dtype.itemsize == 1
        failures.add(error <= limit, f"{what}: {name} differs by {error:g}")
        count = np.count_nonzero(have != want)
        if count and want.dtype.itemsize == 1:
            first = first or (name, count)
        off += count
    for name in outputs:
        quantum = find_quantum(model, name, wanted[name])
        error = np.abs(final[name].astype(np.float64) - wanted[name]).max() / quantum
        failures.add(error <= 1, f"{what}: of the same integers, {name} is {error:.3g} quanta off")
    total = sum(found[name].size for name in names)
    print(f"{what}: {off} of {total} elements in {len(names)} quantized tensors differ", flush=True)
    return first


def run_moved(model, feeds, moved):
    """What ONNX Runtime makes of the model where `count` elements of the tensor `name` are
    moved by one quantum, with `moved` = (name, count) or None."""
    if moved is None:
        return run_reference(model, feeds, optimize=False)
    name, count = moved
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.append(onnx.ValueInfoProto(name=name))
    value = run_reference(probe, feeds, optimize=False)[name].copy()
    place = np.random.default_rng(3).choice(value.size, count, replace=False)
    limits = np.iinfo(value.dtype)
    elements = value.reshape(-1)
    elements[place] += np.where(elements[place] < limits.max, 1, -1).astype(value.dtype)
    cut = onnx.ModelProto()
    cut.CopyFrom(model)
    for node in cut.graph.node:
        for i, given in enumerate(node.input):
            if given == name:
                node.input[i] = f"{name}/given"
    kind = helper.np_dtype_to_tensor_dtype(value.dtype)
    cut.graph.input.append(helper.make_tensor_value_info(f"{name}/given", kind, value.shape))
    return run_reference(cut, {**feeds, f"{name}/given": value}, optimize=False)


def compare_outputs(failures, what, found, model, feeds, moved):
    integers, reals = (run_reference(model, feeds, optimize) for optimize in (True, False))
    others = run_moved(model, feeds, moved)
    for name, want in reals.items():
        quantum = find_quantum(model, name, want)

        def distance(a, b):
            return compare_models.norm(a - b) / a.size ** 0.5 / quantum

        errors = [distance(found[name], r) for r in (integers[name], want)]
        apart = max(distance(r[name], want) for r in (integers, others))
        text = (f"{what}: {name}: {errors[0]:.3g} quanta from ONNX Runtime on integers, "
                f"{errors[1]:.3g} from it on real numbers, which is {apart:.3g} from itself")
        print(text, flush=True)
        failures.add(min(errors) <= 1 + apart, text)


def test_form(name, form, path, layers, feeds, samples, sinter, failures):
    target = sinter.folder / f"{form}.onnx"
    quantize(form, path, target, samples)
    what = f"{name}, {form}"
    artifact = sinter.folder / "model.sinter"
    facts = sinter.compile_facts(target, artifact)
    found = facts["integer_contractions"]
    print(f"{what}: {found} of {facts['contractions']} contractions on integers", flush=True)
    failures.add(found >= layers, f"{what}: {layers} layers must be on integers")
    results = sinter.run(artifact, feeds)
    model = onnx.load(target)
    moved = compare_layers(failures, what, results, model, feeds, sinter)
    compare_outputs(failures, what, results, model, feeds, moved)
    sums = any(n.op_type in REAL_SUMS for n in model.graph.node)
    for isa in compare_models.usable_isas(sinter, artifact):
        other = sinter.run(artifact, feeds, "--isa", isa, "--threads", "1")
        if sums:
            compare_outputs(failures, f"{what}, {isa}", other, model, feeds,
                            moved)
            continue
        same = all(np.array_equal(results[k], other[k]) for k in results)
        failures.add(same, f"{what}: {isa} gives other bits")


def test_small(name, sinter, failures):
    model, layers = SMALL[name]()
    path = sinter.folder / "float.onnx"
    onnx.save(model, path)
    rng = np.random.default_rng(5)
    samples = [draw_normal(model, rng) for _ in range(8)]
    for form in FORMS:
        test_form(name, form, path, layers, draw_normal(model, rng), samples, sinter, failures)


def load_with_initializers(path):
    """A model whose constants are initializers (what is none, the quantizer takes for an
    activation), of opset 13 at least, which quantizes along an axis."""
    model = onnx.load(path)
    if next(o.version for o in model.opset_import if not o.domain) < 13:
        model = version_converter.convert_version(model, 13)
    for node in [n for n in model.graph.node if n.op_type == "Constant"]:
        if node.attribute[0].name == "value":
            node.attribute[0].t.name = node.output[0]
            model.graph.initializer.append(node.attribute[0].t)
            model.graph.node.remove(node)
    constants = {i.name for i in model.graph.initializer}
    copies = {n.output[0]: n.input[0] for n in model.graph.node
              if n.op_type == "Identity" and n.input[0] in constants}
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = copies.get(name, name)
    return model


def test_large(name, build, sinter, failures):
    model = load_with_initializers(build / "models" / f"{name}.onnx")
    path = sinter.folder / "float.onnx"
    onnx.save(model, path)
    constants = {i.name for i in model.graph.initializer}
    image = next(i.name for i in model.graph.input if i.name not in constants)
    shapes, draw = compare_models.MODELS[name]
    rng = np.random.default_rng(5)
    samples = [draw(image, shapes[0], rng) for _ in range(2)]
    layers = sum(n.op_type in ("Conv", "Gemm", "MatMul") and n.input[1] in constants
                 for n in model.graph.node)
    for form in ("qdq-u8", "qdq-s8", "qoperator"):
        test_form(name, form, path, layers, samples[1], samples, sinter, failures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*", help="default: the small networks")
    options = parser.parse_args()
    build = options.build.resolve()
    failures = Failures()
    full = LARGE if os.environ.get("SINTER_TEST_FULL") else ()
    for name in options.names or [*SMALL, *full]:
        with tempfile.TemporaryDirectory(dir=build) as folder:
            sinter = Sinter(build, pathlib.Path(folder))
            if name in SMALL:
                test_small(name, sinter, failures)
            else:
                test_large(name, build, sinter, failures)
    print(f"{failures.total - failures.failed} of {failures.total} checks hold")
    sys.exit(failures.failed != 0)


if __name__ == "__main__":
    main()
