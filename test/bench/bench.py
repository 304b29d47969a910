#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times Sinter beside ONNX Runtime and OpenVINO.

Each engine runs in a process of its own, pinned to the same cores; they take turns
for some runs each, so that what else goes on in the machine hits all alike. The
table shows the median over all rounds, and what share of the machine's peak
(fused multiply-adds on registers) Sinter reaches.

    bench.py --build DIR [--threads N] [--rounds N] [--kernels] [NAME ...]
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ENGINES = ("sinter", "onnxruntime", "openvino")
TURN_SECONDS = 0.4  # what an engine gets in each round, and at least 3 runs

# The shape of the inputs of each model.
SHAPES = {
    "ocr_det": (1, 3, 640, 640),
    "ocr_rec": (6, 3, 48, 320),
    "ocr_cls": (6, 3, 48, 192),
    "resnet18": (1, 3, 224, 224),
    "resnet50": (1, 3, 224, 224),
    "mobilenet_v2": (1, 3, 224, 224),
    "bert_base": (1, 128),
}


def draw_inputs(model):
    """The inputs of a model, by name."""
    import onnx
    graph = onnx.load(model, load_external_data=False).graph
    constants = {i.name for i in graph.initializer}
    rng = np.random.default_rng(0)
    feeds = {}
    for info in graph.input:
        if info.name in constants:
            continue
        tensor = info.type.tensor_type
        shape = SHAPES.get(model.stem) or [d.dim_value for d in tensor.shape.dim]
        if info.name == "attention_mask":
            feeds[info.name] = np.ones(shape, np.int64)
        elif tensor.elem_type == onnx.TensorProto.INT64:
            feeds[info.name] = rng.integers(0, 30000, shape)
        else:
            feeds[info.name] = rng.standard_normal(shape, np.float32)
    return feeds


# ---- One engine, in a process of its own ------------------------------------

def load_onnxruntime(model, threads, feeds):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options,
                                           providers=["CPUExecutionProvider"])
    return lambda: session.run(None, feeds)


def load_openvino(model, threads, feeds):
    import openvino
    compiled = openvino.Core().compile_model(str(model), "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    return lambda: request.infer(feeds)


def serve(engine, model, threads):
    """Loads the model, then answers each line on stdin with the times of one turn."""
    feeds = draw_inputs(model)
    run = {"onnxruntime": load_onnxruntime, "openvino": load_openvino}[engine](
        model, threads, feeds)
    run()
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        times, end = [], time.perf_counter() + TURN_SECONDS
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            run()
            times.append(1e3 * (time.perf_counter() - start))
        print(json.dumps(times), flush=True)


class Peer:
    """An engine in Python, in a process of its own."""

    def __init__(self, engine, model, threads):
        command = [sys.executable, __file__, "--serve", engine, str(model), str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{engine} cannot load {model.name}")

    def turn(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Sinter:
    """sinter bench, once a turn."""

    def __init__(self, build, model, threads, folder):
        self.program = build / "bin" / "sinter"
        artifact = folder / f"{model.stem}.sinter"
        subprocess.run([self.program, "compile", model, "-o", artifact], check=True,
                       stdout=subprocess.DEVNULL)
        inputs = folder / f"{model.stem}.npz"
        np.savez(inputs, **draw_inputs(model))
        self.command = [self.program, "bench", artifact, "--inputs", inputs, "--json",
                        "--threads", str(threads), "--seconds", str(TURN_SECONDS)]
        self.facts = {}

    def turn(self):
        done = subprocess.run(self.command, check=True, capture_output=True, text=True)
        self.facts = json.loads(done.stdout)
        return [self.facts["median_ms"]]

    def close(self):
        pass


# ---- All engines in turn ------------------------------------------------------

def measure(model, build, threads, rounds, folder):
    """Returns the median milliseconds of each engine, and the GFLOP of a run."""
    sinter = Sinter(build, model, threads, folder)
    engines = {"sinter": sinter}
    for name in ENGINES[1:]:
        engines[name] = Peer(name, model, threads)
    medians = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            medians[name].append(statistics.median(engine.turn()))
    for engine in engines.values():
        engine.close()
    return {n: statistics.median(m) for n, m in medians.items()}, sinter.facts["gflop"]


def geometric_mean(numbers):
    return math.exp(statistics.fmean(math.log(n) for n in numbers))


def main():
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--kernels", action="store_true",
                        help="single matrix products and convolutions instead of models")
    parser.add_argument("names", nargs="*", help="models; all where none is named")
    options = parser.parse_args()
    build = options.build.resolve()
    folder = build / "bench"
    folder.mkdir(exist_ok=True)

    if options.kernels:
        import kernels
        models = folder
        names = options.names or kernels.write_kernels(folder)
    else:
        models = build / "models"
        names = options.names or list(SHAPES)
        subprocess.run([sys.executable, HERE.parent / "models" / "make_models.py", models, *names],
                       check=True, stdout=subprocess.DEVNULL)

    cores = sorted(os.sched_getaffinity(0))[:options.threads]
    os.sched_setaffinity(0, cores)  # the engines inherit it
    peak = options.threads * float(subprocess.run([build / "bin" / "sinter_peak"], check=True,
                                                  capture_output=True, text=True).stdout)
    print(f"{options.threads} thread{'s' * (options.threads > 1)}, fp32, "
          f"peak {peak:.0f} GFLOP/s; milliseconds, median\n")
    print("| model | Sinter | ONNX Runtime | OpenVINO | ONNX Runtime / Sinter | of peak |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    results, ratios = {}, []
    for name in names:
        times, gflop = measure(models / f"{name}.onnx", build, options.threads, options.rounds,
                               folder)
        ratio = times["onnxruntime"] / times["sinter"]
        share = gflop / times["sinter"] * 1e3 / peak
        ratios.append(ratio)
        results[name] = {**times, "gflop": gflop, "share_of_peak": share}
        print(f"| {name} | {times['sinter']:.2f} | {times['onnxruntime']:.2f} | "
              f"{times['openvino']:.2f} | {ratio:.2f} | {share:.0%} |", flush=True)
    print(f"\nGeometric mean of ONNX Runtime / Sinter: {geometric_mean(ratios):.2f}, "
          f"least {min(ratios):.2f}")
    (folder / "results.json").write_text(json.dumps(
        {"threads": options.threads, "peak_gflop_per_s": peak, "models": results}, indent=2))


if __name__ == "__main__":
    main()
