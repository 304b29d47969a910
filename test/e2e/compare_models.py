#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares whole models with ONNX Runtime.

A model is compiled without naming any dimension, and run at several shapes, with
one and two threads and with every instruction set that the processor has. For
two random inputs x1, x2 each output y must satisfy, in the Euclidean norm,

    |y(x1) - ref(x1)| <= 1e-4 |ref(x1)|  and  <= 1e-2 |ref(x1) - ref(x2)|

The second bound keeps outputs honest that hardly depend on the input. Two inner
tensors are compared in the same way.

    compare_models.py --build DIR [NAME ...]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "demo"))
import picture
import reader


def normal(*shapes):
    """Shapes of a model with one input, drawn from the normal distribution."""
    def draw(name, shape, rng):
        return {name: rng.standard_normal(shape, np.float32)}

    return shapes, draw


def tokens(*shapes):
    """Shapes of a model with token ids and a mask; the last tokens are masked out."""
    def draw(_, shape, rng):
        mask = np.ones(shape, np.int64)
        mask[:, shape[1] - shape[1] // 4:] = 0
        return {"input_ids": rng.integers(0, 30000, shape), "attention_mask": mask}

    return shapes, draw


def text(*shapes):
    """Shapes of the text detector, on random cuttings of the demo's picture.

    Where there is no text its last Sigmoid sees large negative numbers only, whose
    results, 1e-5 and less, ONNX Runtime computes with few digits: with and without its
    optimizations they differ by far more than 1e-4.
    """
    pixels = reader.normalize(picture.draw()[0])

    def draw(name, shape, rng):
        batch = np.empty(shape, np.float32)
        height, width = shape[2:]
        for image in batch:
            _, _, (left, top), _, _ = picture.LINES[rng.integers(len(picture.LINES))]
            top = min(max(0, top - rng.integers(20)), pixels.shape[1] - height)
            left = min(max(0, left - rng.integers(20)), pixels.shape[2] - width)
            image[:] = pixels[:, top:top + height, left:left + width]
        return {name: batch}

    return shapes, draw


MODELS = {
    "bert_base": tokens((1, 16), (2, 37), (1, 128)),
    "lstm_gru": normal((1, 20, 80), (3, 37, 80), (2, 1, 80)),
    "mobilenet_v2": normal((1, 3, 224, 224), (2, 3, 224, 224), (5, 3, 224, 224)),
    "ocr_cls": normal((1, 3, 48, 192), (6, 3, 48, 192), (3, 3, 48, 192)),
    "ocr_det": text((1, 3, 64, 96), (2, 3, 160, 128), (1, 3, 320, 416)),
    "ocr_rec": normal((1, 3, 48, 320), (3, 3, 48, 160), (2, 3, 48, 104)),
    "resnet18": normal((1, 3, 224, 224), (2, 3, 224, 224), (5, 3, 224, 224)),
    "resnet50": normal((1, 3, 224, 224), (2, 3, 224, 224), (3, 3, 224, 224)),
}

# Inner tensors are taken from the results of these.
WORKING_OPS = ("Conv", "Gemm", "GRU", "LSTM", "MatMul", "Relu", "Softmax", "HardSwish")


class Failures:
    """Counts comparisons and prints those that fail."""

    def __init__(self):
        self.total = self.failed = 0

    def add(self, ok, text):
        self.total += 1
        if not ok:
            self.failed += 1
            print("FAIL", text, flush=True)


class Sinter:
    """The program under test and a folder for its files."""

    def __init__(self, build, folder):
        self.program = build / "bin" / "sinter"
        self.folder = folder

    def call(self, *arguments):
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}")
        return done.stdout

    def compile_facts(self, model, artifact, *arguments):
        return json.loads(self.call("compile", model, "-o", artifact, "--json", *arguments))

    def compile(self, model, *arguments):
        artifact = self.folder / "model.sinter"
        facts = self.compile_facts(model, artifact, *arguments)
        print(f"compiled in {facts['compile_s']:.1f} s, "
              f"{facts['peak_rss_bytes'] / 1e6:.0f} MB at most", flush=True)
        return artifact

    def run(self, artifact, feeds, *arguments):
        np.savez(self.folder / "inputs.npz", **feeds)
        out = self.folder / "out"
        self.call("run", artifact, "--inputs", self.folder / "inputs.npz",
                  "--output-dir", out, *arguments)
        manifest = json.loads((out / "manifest.json").read_text())
        return {o["name"]: np.load(out / o["file"]) for o in manifest["outputs"]}


def reference_session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(model.SerializeToString(), options,
                                        providers=["CPUExecutionProvider"])


def inner_tensors(model):
    """The names of two tensors at one and two thirds of the model."""
    results = [n.output[0] for n in model.graph.node if n.op_type in WORKING_OPS]
    outputs = {o.name for o in model.graph.output}
    results = [r for r in results if r not in outputs]
    return [results[len(results) // 3], results[2 * len(results) // 3]]


def norm(array):
    return float(np.linalg.norm(np.asarray(array, np.float64).ravel()))


def compare(failures, what, found, first, second, tolerance=1e-4):
    """Checks `found` against the reference at x1, `first`; `second` is that at x2."""
    for name, want in first.items():
        have = found.get(name)
        if have is None or have.shape != want.shape or have.dtype != want.dtype:
            shape = "absent" if have is None else f"{have.dtype}{list(have.shape)}"
            failures.add(False, f"{what}: {name} is {shape}, not {want.dtype}{list(want.shape)}")
            continue
        error = norm(have - want) if np.isfinite(have).all() else float("inf")
        size, change = norm(want), norm(want - second[name])
        text = (f"{what}: {name}: error {error:.3g}; output {size:.3g} ({error / size:.2g}), "
                f"change {change:.3g} ({error / max(change, 1e-30):.2g})")
        failures.add(error <= tolerance * size and error <= 100 * tolerance * change, text)


def usable_isas(sinter, artifact):
    facts = json.loads(sinter.call("inspect", artifact, "--json"))
    return [v["name"] for v in facts["isas"] if v["supported"]]


def compare_model(name, build, failures):
    path = build / "models" / f"{name}.onnx"
    shapes, draw = MODELS[name]
    model = onnx.load(path)
    constants = {i.name for i in model.graph.initializer}
    image = next(i.name for i in model.graph.input if i.name not in constants)
    rng = np.random.default_rng(7)

    with tempfile.TemporaryDirectory(dir=build) as folder:
        sinter = Sinter(build, pathlib.Path(folder))
        session = reference_session(model)
        names = [o.name for o in session.get_outputs()]

        def reference(feeds):
            return dict(zip(names, session.run(None, feeds)))

        artifact = sinter.compile(path)
        for shape in shapes:
            x1, x2 = draw(image, shape, rng), draw(image, shape, rng)
            first, second = reference(x1), reference(x2)
            for threads in (1, 2):
                what = f"{name} {list(shape)}, {threads} threads"
                compare(failures, what, sinter.run(artifact, x1, "--threads", threads),
                        first, second)
        for isa in usable_isas(sinter, artifact):
            compare(failures, f"{name} {list(shape)}, {isa}",
                    sinter.run(artifact, x1, "--isa", isa), first, second)

        inner = inner_tensors(model)
        artifact = sinter.compile(path, "--outputs", ",".join(inner))
        model.graph.output.extend(onnx.ValueInfoProto(name=i) for i in inner)
        session = reference_session(model)
        names = [o.name for o in session.get_outputs()]
        x1, x2 = draw(image, shapes[1], rng), draw(image, shapes[1], rng)
        compare(failures, f"{name} {list(shapes[1])}, inner tensors",
                sinter.run(artifact, x1), reference(x1), reference(x2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*", help="default: all")
    options = parser.parse_args()
    failures = Failures()
    for name in options.names or MODELS:
        compare_model(name, options.build.resolve(), failures)
    print(f"{failures.total - failures.failed} of {failures.total} comparisons agree")
    sys.exit(failures.failed != 0)


if __name__ == "__main__":
    main()
