# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fails unless two arrays differ by at most a share of the largest magnitude of the first.

    near.py SHARE A.npy B.npy
"""
import sys

import numpy as np

a, b = np.load(sys.argv[2]), np.load(sys.argv[3])
limit = float(sys.argv[1]) * np.abs(a).max()
if a.shape != b.shape or not np.abs(a - b).max() <= limit:
    sys.exit(f"largest difference {np.abs(a - b).max()}, limit {limit}")
