#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Judges the quantized file type model of magika on files of known types.

The files are those of this machine whose suffix tells their type. The model is
compiled as it is and with --precision w8a8, calibrated on some of the files. Both
name the types of the others; the quantized one may be right at most one point (0.01)
less often.

    file_type_accuracy.py --build DIR [--files N] [OPTION ...]

Judges on 2000 files with SINTER_TEST_FULL in the environment, else on 200. Further
options go to `sinter compile`.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import sys
import tempfile

import numpy as np

from compare_models import Sinter

CALIBRATION_FILES = 64
POINT = 0.01
MODEL = "models/standard_v3_3"
ROOTS = ("/usr/include", "/usr/share", "/usr/lib/python3", "/usr/lib/gcc", "/usr/lib/llvm-22")
# Suffixes that leave no doubt, and how the model calls the type.
TYPES = {".py": "python", ".c": "c", ".html": "html", ".xml": "xml", ".json": "json", ".md": "markdown",
         ".sh": "shell", ".so": "elf", ".png": "png", ".svg": "svg", ".ttf": "ttf", ".gz": "gzip",
         ".cmake": "cmake", ".pm": "perl", ".pl": "perl", ".css": "css", ".js": "javascript",
         ".yaml": "yaml", ".zip": "zip", ".pyc": "pythonbytecode", ".npy": "npy", ".csv": "csv",
         ".xz": "xz", ".bz2": "bzip", ".gif": "gif"}
BLOCK = 4096


def get_package():
    return pathlib.Path(importlib.util.find_spec("magika").origin).parent


def read_features(path, config):
    """The first and last bytes of a file as the model takes them: without white space
    around, at most `beg_size` and `end_size`, padded in the middle."""
    with open(path, "rb") as file:
        start = file.read(BLOCK)
        file.seek(max(0, path.stat().st_size - BLOCK))
        end = file.read(BLOCK)
    begin_size, end_size = config["beg_size"], config["end_size"]
    features = np.full(begin_size + end_size, config["padding_token"], np.int32)
    first = start.lstrip()[:begin_size]
    last = end.rstrip()[-end_size:]
    features[:len(first)] = np.frombuffer(first, np.uint8)
    features[len(features) - len(last):] = np.frombuffer(last, np.uint8)
    return features


def find_files(labels, roots, count):
    """Up to `count` files: as many of each type as there are, in turn."""
    known = {suffix: label for suffix, label in TYPES.items() if label in labels}
    found = {label: [] for label in known.values()}
    for root in roots:
        for path in sorted(pathlib.Path(root).rglob("*")):
            label = known.get(path.suffix)
            if label and len(found[label]) < count and path.is_file() and not path.is_symlink() \
                    and path.stat().st_size >= 64:
                found[label].append(path)
    rng = np.random.default_rng(1)
    turns = [rng.permutation(np.array(paths, object)) for paths in found.values() if paths]
    labels_of_turns = [label for label, paths in found.items() if paths]
    files = [(turn[i], label) for i in range(count)
             for turn, label in zip(turns, labels_of_turns) if i < len(turn)]
    return files[:count]


def get_accuracy(sinter, artifact, features, expected, labels):
    """The share of files whose most likely type is the right one."""
    (scores,) = sinter.run(artifact, {"bytes": features}).values()
    return np.mean([labels[i] == label for i, label in zip(scores.argmax(axis=1), expected)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--files", type=int,
                        default=2000 if os.environ.get("SINTER_TEST_FULL") else 200)
    arguments, options = parser.parse_known_args()
    build = arguments.build.resolve()
    folder_of_model = get_package() / MODEL
    config = json.loads((folder_of_model / "config.min.json").read_text())
    labels = config["target_labels_space"]
    files = find_files(labels, (*ROOTS, build / "venv"), CALIBRATION_FILES + arguments.files)
    features = np.stack([read_features(path, config) for path, _ in files])
    expected = [label for _, label in files]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sinter = Sinter(build, folder)
        np.savez(folder / "samples.npz", bytes=features[:CALIBRATION_FILES])
        rates = {}
        for name, flags in (("fp32", []), ("w8a8", ["--precision", "w8a8", "--calibrate",
                                                    folder / "samples.npz", *options])):
            artifact = folder / f"{name}.sinter"
            facts = sinter.compile_facts(folder_of_model / "model.onnx", artifact, *flags)
            rates[name] = get_accuracy(sinter, artifact, features[CALIBRATION_FILES:],
                                       expected[CALIBRATION_FILES:], labels)
            layers = len(facts["quantized"]), len(facts["quantized"]) + len(facts["left"])
            print(f"{name}: {100 * rates[name]:.2f} % of {len(files) - CALIBRATION_FILES} files of "
                  f"{len(set(expected))} types right, {layers[0]} of {layers[1]} layers quantized",
                  flush=True)
    if rates["w8a8"] < rates["fp32"] - POINT:
        sys.exit("file_type_accuracy: quantization costs more than a point")


if __name__ == "__main__":
    main()
