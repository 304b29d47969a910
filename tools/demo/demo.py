#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the three PP-OCRv4 models, and reads the text in a picture with them.

    demo.py --build DIR          run by ./sinterw demo
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import onnx

import engines
import picture
import reader

HERE = pathlib.Path(__file__).resolve().parent
MODELS = ("ocr_det", "ocr_cls", "ocr_rec")
ROUNDS = 3


def make_models(build):
    script = HERE.parent.parent / "test" / "models" / "make_models.py"
    subprocess.run([sys.executable, script, build / "models", *MODELS], check=True,
                   stdout=subprocess.DEVNULL)


def compile_model(build, name):
    """Compiles a model unless its artifact is newer than the model and the compiler."""
    source = build / "models" / f"{name}.onnx"
    artifact = build / "demo" / f"{name}.sinter"
    inputs = (source, build / "lib" / "libsinter_compiler.so")
    if artifact.exists() and all(artifact.stat().st_mtime > i.stat().st_mtime for i in inputs):
        print(f"  {name}: compiled before, {artifact.stat().st_size / 1e6:.1f} MB")
        return artifact
    command = [build / "bin" / "sinter", "compile", source, "-o", artifact, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"sinter compile {source} failed with exit code {done.returncode}")
    facts = json.loads(done.stdout)
    print(f"  {name}: {facts['nodes']} nodes -> {facts['kernels']} kernels, "
          f"{facts['artifact_bytes'] / 1e6:.1f} MB, {facts['compile_s']:.1f} s", flush=True)
    return artifact


def load_characters(model):
    """The alphabet of the recognition model, which is in its metadata."""
    properties = onnx.load(model, load_external_data=False).metadata_props
    return next(p.value for p in properties if p.key == "character").splitlines()


def measure(image, characters, ours, theirs):
    """Reads the picture with both, in turn. Returns the texts, how many lines were
    turned, and the median milliseconds inside the models of each."""
    times = {"ours": [], "theirs": []}
    result = None
    for round_number in range(ROUNDS + 1):
        for who, set_of_engines in (("ours", ours), ("theirs", theirs)):
            for engine in set_of_engines:
                engine.seconds = 0.0
            answer = reader.read(image, *(engine.run for engine in set_of_engines), characters)
            if who == "ours":
                result = answer
            if round_number > 0:  # the first round warms up
                times[who].append(1e3 * sum(engine.seconds for engine in set_of_engines))
    return *result, statistics.median(times["ours"]), statistics.median(times["theirs"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    build = parser.parse_args().build.resolve()
    folder = build / "demo"
    folder.mkdir(parents=True, exist_ok=True)

    print("Compiling PP-OCRv4 with sinter compile:")
    make_models(build)
    artifacts = [compile_model(build, name) for name in MODELS]

    image, expected = picture.draw()
    image.save(folder / "picture.png")
    library = build / "lib" / "libsinter_rt.so"
    threads = len(os.sched_getaffinity(0))
    ours = [engines.SinterEngine(library, artifact) for artifact in artifacts]
    theirs = [engines.OnnxRuntimeEngine(build / "models" / f"{name}.onnx", threads)
              for name in MODELS]
    characters = load_characters(build / "models" / "ocr_rec.onnx")
    texts, turned, our_ms, their_ms = measure(image, characters, ours, theirs)

    print(f"\nRead in {folder / 'picture.png'}, {turned} of {len(texts)} lines turned upright:")
    for text in texts:
        print("  " + text)
    print(f"\nSinter {our_ms:.0f} ms, ONNX Runtime {their_ms:.0f} ms "
          f"(median of {ROUNDS}, all three models, {threads} threads)")
    print("Artifacts:")
    for artifact in artifacts:
        print(f"  {artifact}")
    print(f"Try: {build / 'bin' / 'sinter'} inspect {artifacts[0]}")
    missed = sorted(set(expected) - set(texts))
    if missed:
        sys.exit(f"demo: not read as drawn: {', '.join(missed)}")


if __name__ == "__main__":
    main()
