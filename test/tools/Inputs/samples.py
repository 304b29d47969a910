# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the samples of a file in two other ways: as two archives, and as ONNX test data.

    samples.py ALL.npz PARTS SETS      SETS has the folders a and b
"""
import pathlib
import sys

import numpy as np
from onnx import numpy_helper

x = np.load(sys.argv[1])["x"]
half = len(x) // 2
parts, sets = map(pathlib.Path, sys.argv[2:])
for name, samples in (("a", x[:half]), ("b", x[half:])):
    np.savez(parts / f"{name}.npz", x=samples)
    (sets / name / "input_0.pb").write_bytes(numpy_helper.from_array(samples).SerializeToString())
