#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares whole models on the virtual GPU with ONNX Runtime.

Artifact and runtime are those that would run on a device; only the driver is the virtual
GPU (test/virtual-gpu), which also stops a kernel that reads or writes where it must not. The
models are made small: images of 64 by 64, a few tokens, one encoder layer. The bounds are
those of compare_models.py. NAME_f16 is the model in half precision, compared with the
reference in single precision: each of the DEPTH operations on the way to the output rounds
by 2**-11 at most, relative to its result, and such errors add up like independent ones. At
the end a few runs are timed, from a recorded graph, so that this way is gone, too.

    cuda_models.py --build DIR [NAME ...]
"""
import argparse
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx

from compare_models import MODELS, Failures, Sinter, compare, reference_session

# The shape of the input that a model is run with.
SHAPES = {
    "bert_base": (1, 6),
    "lstm_gru": (2, 5, 80),
    "mobilenet_v2": (1, 3, 64, 64),
    "ocr_rec": (1, 3, 48, 64),
    "resnet18": (2, 3, 64, 64),
}
# These end with an inner tensor.
ENDS = {"bert_base": "/m/encoder/layer.0/output/LayerNorm/LayerNormalization_output_0"}


# Operations that round, one after the other, from input to output.
DEPTH = {"bert_base": 24}


def to_half(model):
    """Turns all floats of the model into half precision."""
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT

    def convert(tensor):
        if tensor.data_type == single:
            values = onnx.numpy_helper.to_array(tensor)
            values = values.clip(-65504, 65504).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))

    for tensor in model.graph.initializer:
        convert(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            convert(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == single:
                attribute.i = half
    for value in model.graph.output:
        value.type.tensor_type.elem_type = half


def shrink(model, shape, end):
    """Gives the first inputs this shape, and leaves only what `end` depends on."""
    graph = model.graph
    constants = {i.name for i in graph.initializer}
    for value in graph.input:
        if value.name not in constants:
            for dim, size in zip(value.type.tensor_type.shape.dim, shape):
                dim.dim_value = size
    del graph.value_info[:]
    if end:
        del graph.output[:]
        graph.output.append(onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, None))
        needed, kept = {end}, []
        for node in reversed(graph.node):
            if needed.intersection(node.output):
                needed.update(node.input)
                kept.insert(0, node)
        del graph.node[:]
        graph.node.extend(kept)
        weights = [i for i in graph.initializer if i.name in needed]
        del graph.initializer[:]
        graph.initializer.extend(weights)
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")


def compare_model(title, build, failures):
    name = title.removesuffix("_f16")
    _, draw = MODELS[name]
    shape = SHAPES[name]
    model = onnx.load(build / "models" / f"{name}.onnx")
    shrink(model, shape, ENDS.get(name))
    constants = {i.name for i in model.graph.initializer}
    image = next(i.name for i in model.graph.input if i.name not in constants)
    rng = np.random.default_rng(11)
    session = reference_session(model)
    names = [o.name for o in session.get_outputs()]
    x1, x2 = draw(image, shape, rng), draw(image, shape, rng)
    first, second = (dict(zip(names, session.run(None, x))) for x in (x1, x2))

    with tempfile.TemporaryDirectory(dir=build) as folder:
        sinter = Sinter(build, pathlib.Path(folder))
        path = pathlib.Path(folder) / "model.onnx"
        tolerance = 1e-4
        if title != name:
            to_half(model)
            tolerance = DEPTH[name] ** 0.5 * 2**-11
        onnx.save(model, path)
        artifact = sinter.compile(path, "--target", "cpu,cuda", "--sm", "ptx")
        for device in ("cpu", "cuda"):
            found = sinter.run(artifact, x1, "--device", device)
            compare(failures, f"{title} {list(shape)}, {device}",
                    {n: v.astype(first[n].dtype) for n, v in found.items()},
                    first, second, tolerance)
        sinter.call("bench", artifact, "--inputs", pathlib.Path(folder) / "inputs.npz",
                    "--device", "cuda", "--warmup", 1, "--runs", 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*", help="default: all")
    options = parser.parse_args()
    build = options.build.resolve()
    driver = build / "lib" / "virtual-gpu"
    if not (driver / "libcuda.so.1").exists():
        sys.exit(f"{driver} has no libcuda.so.1: build the target sinter_virtual_gpu")
    os.environ["LD_LIBRARY_PATH"] = str(driver)
    failures = Failures()
    for name in options.names or [*SHAPES, *(f"{n}_f16" for n in DEPTH)]:
        compare_model(name, build, failures)
    print(f"{failures.total - failures.failed} of {failures.total} comparisons agree")
    sys.exit(failures.failed != 0)


if __name__ == "__main__":
    main()
