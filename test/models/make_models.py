#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the models that tests and benchmarks use into a folder.

The files in graphs/ are exports of well-known networks without their large
tensors: for each of those, the metadata entry "weights" holds mean, deviation,
minimum and maximum. Weights are drawn from these with a fixed seed, so that
the same graph always becomes the same file. They are good for comparing numbers
and measuring time, and useless for telling cats from dogs.

The text recognition models come, trained, with the package rapidocr-onnxruntime.

    make_models.py OUT_DIR [NAME ...]
"""
import argparse
import hashlib
import importlib.util
import json
import math
import os
import pathlib
import shutil

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20240607

# Our name of each model of rapidocr-onnxruntime.
OCR = {
    "ocr_det": "ch_PP-OCRv4_det_infer.onnx",
    "ocr_rec": "ch_PP-OCRv4_rec_infer.onnx",
    "ocr_cls": "ch_ppocr_mobile_v2.0_cls_infer.onnx",
}


def large_tensors(graph):
    """Yields every tensor of a graph, in the order that the statistics count."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.type == onnx.AttributeProto.TENSOR:
                yield attribute.t
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from large_tensors(attribute.g)


def draw(rng, shape, mean, deviation, low, high):
    """Draws a tensor with these statistics.

    Filters, and matrices exported as zeros, get the variance that keeps signals
    alive through many layers (He); else no output would depend on the input.
    """
    is_filter = len(shape) >= 4 and low < 0
    is_blank_matrix = len(shape) >= 2 and mean == 0 and deviation == 0
    if is_filter or is_blank_matrix:
        inputs = math.prod(shape[1:]) if len(shape) > 2 else min(shape)
        return rng.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / inputs))
    if deviation == 0:
        return np.full(shape, mean, np.float32)
    if low >= 0:  # scales and variances stay positive
        return rng.uniform(low, high, shape).astype(np.float32)
    return (rng.standard_normal(shape, np.float32) * deviation + mean).clip(low, high)


def fill_weights(source, target):
    """Writes the model of the graph `source` with weights to `target`."""
    model = onnx.load(source)
    entry = next(p for p in model.metadata_props if p.key == "weights")
    statistics = json.loads(entry.value)
    model.metadata_props.remove(entry)
    for index, tensor in enumerate(large_tensors(model.graph)):
        if str(index) in statistics:
            rng = np.random.Generator(np.random.PCG64([SEED, index]))
            values = draw(rng, tuple(tensor.dims), *statistics[str(index)])
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            tensor.raw_data = np.ascontiguousarray(values, dtype).tobytes()
    onnx.save(model, target)


def ocr_folder():
    """The folder of models in rapidocr-onnxruntime, found without importing it."""
    spec = importlib.util.find_spec("rapidocr_onnxruntime")
    if spec is None:
        raise SystemExit("the package rapidocr-onnxruntime is missing: run ./sinterw build")
    return pathlib.Path(spec.submodule_search_locations[0]) / "models"


def make(name, out):
    """Makes one model unless it is there already; returns its path."""
    target = out / f"{name}.onnx"
    graph = HERE / "graphs" / f"{name}.onnx"
    source = ocr_folder() / OCR[name] if name in OCR else graph
    if not source.exists():
        raise SystemExit(f"there is no model '{name}'; there are {', '.join(names())}")
    digest = hashlib.sha256(source.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()
    stamp = out / f".{name}.stamp"
    if target.exists() and stamp.exists() and stamp.read_text() == digest:
        return target
    part = out / f".{name}.{os.getpid()}.part"
    if name in OCR:
        shutil.copyfile(source, part)
    else:
        fill_weights(source, part)
    part.rename(target)
    stamp.write_text(digest)
    return target


def names():
    return sorted(p.stem for p in (HERE / "graphs").glob("*.onnx")) + list(OCR)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="models to make; all where none is named")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or names():
        print(make(name, options.out))


if __name__ == "__main__":
    main()
