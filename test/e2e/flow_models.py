#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares models with If, Loop, Scan and sequences with ONNX Runtime.

Models have a free dimension; each is compiled once and runs with several sizes, trip counts
and conditions on one and two threads.

    flow_models.py --build DIR [NAME ...]
"""
import argparse
import pathlib
import sys
import tempfile

import numpy as np

from algorithm_models import compare
from compare_models import Failures, Sinter


def number(value):
    """An input that is this number, given the size n."""
    return lambda n, rng: np.array(value(n) if callable(value) else value)


# A name, a graph with inputs of a dimension n, and how inputs are drawn that are not standard
# normal.
MODELS = [
    ("if", """g (int64 k, float[n, 4] x) => (float[n, 4] y) {
        c = Cast<to = 9>(k)
        two = Add(x, x)
        y = If<then_branch = a () => (float[n, 4] r) { r = Mul(two, x) },
               else_branch = b () => (float[n, 4] s) { t = Neg(two) s = Relu(t) }>(c) }""",
     {"k": number(lambda n: n % 2)}),
    ("if_sizes", """g (int64 k, float[n, 4] x) => (float[m, 4] y, float[4] z) <int64[1] a = {0}> {
        c = Cast<to = 9>(k)
        h = If<then_branch = a1 () => (float[m, 4] r) { r = Concat<axis = 0>(x, x) },
               else_branch = b1 () => (float[m, 4] s) { s = Relu(x) }>(c)
        y = Tanh(h)
        z = ReduceSum<keepdims = 0>(h, a) }""", {"k": number(lambda n: n % 2)}),
    ("if_nested", """g (int64 k, float[n, 4] x) => (float[n, 4] y)
        <int64 one = {1}, int64 two = {2}> {
        c = Equal(k, one)
        y = If<then_branch = a1 () => (float[n, 4] r) { r = Exp(x) },
               else_branch = b1 () => (float[n, 4] s) {
                 d = Equal(k, two)
                 s = If<then_branch = a2 () => (float[n, 4] t) { t = Neg(x) },
                        else_branch = b2 () => (float[n, 4] u) { u = Identity(x) }>(d) }>(c) }""",
     {"k": number(lambda n: n % 3)}),
    ("loop", """g (int64 k, float[n, 4] x) => (float[n, 4] y, float[m, n, 4] all) <bool t = {1}> {
        y, all = Loop<body = b (int64 i, bool c, float[n, 4] v) =>
            (bool d, float[n, 4] w, float[n, 4] s) {
              d = Identity(c) f = Cast<to = 1>(i) u = Add(v, f) w = Tanh(u) s = Mul(w, x)
            }>(k, t, x) }""", {"k": number(lambda n: n % 6 + 1)}),
    ("while", """g (float l, float[n] x) => (float y, int64 c, float[m] all)
        <int64[1] a = {0}, int64 zero = {0}, int64 one = {1}, float low = {0.5}, bool t = {1}> {
        p = Abs(x)
        q = ReduceSum<keepdims = 0>(p, a)
        start = Add(q, low)
        y, c, all = Loop<body = b (int64 i, bool g1, float v, int64 k) =>
            (bool d, float w, int64 k1, float s) {
              w = Add(v, v) d = Less(w, l) k1 = Add(k, one) s = Identity(w) }>(, t, start, zero) }""",
     {"l": number(1000.0)}),
    ("growing", """g (int64 k, float[n, 4] x) => (float[m, 4] y) <bool t = {1}> {
        y = Loop<body = b (int64 i, bool c, float[m, 4] v) => (bool d, float[p, 4] w) {
              d = Identity(c) h = Relu(v) w = Concat<axis = 0>(h, x) }>(k, t, x) }""",
     {"k": number(lambda n: n % 4)}),
    ("loops_in_loops", """g (float[n, 4] x) => (float[4] y) <int64 three = {3}, bool t = {1}> {
        h = Loop<body = b (int64 i, bool c, float[n, 4] v) => (bool d, float[n, 4] w) {
              d = Identity(c)
              u = Loop<body = b2 (int64 j, bool e, float[n, 4] v2) => (bool f, float[n, 4] w2) {
                f = Identity(e) o = Cast<to = 1>(i) r = Mul(x, o) q = Add(v2, r) w2 = Tanh(q) }>(three, t, v)
              w = Mul(u, x) }>(three, t, x)
        a = Constant<value_ints = [0]>()
        y = ReduceMean<keepdims = 0>(h, a) }""", {}),
    ("scan", """g (float[4] h, float[n, 4] x) => (float[4] last, float[n, 4] all) {
        last, all = Scan<num_scan_inputs = 1, body = b (float[4] v, float[4] e) =>
            (float[4] w, float[4] s) { u = Add(v, e) w = Tanh(u) s = Mul(w, e) }>(h, x) }""", {}),
    ("scan_axes", """g (float[3] h, float[3, n] x, float[n, 3] z) => (float[3] last, float[3, n] all) {
        last, all = Scan<num_scan_inputs = 2, scan_input_axes = [1, 0],
            scan_input_directions = [1, 0], scan_output_axes = [1], scan_output_directions = [1],
            body = b (float[3] v, float[3] e, float[3] f) => (float[3] w, float[3] s) {
              t = Add(v, e) u = Add(t, f) w = Tanh(u) s = Identity(w) }>(h, x, z) }""", {}),
    ("sequences", """g (float[n, 6] x) => (float[n, 6] y) <int64 three = {3}, bool t = {1}> {
        parts = SplitToSequence<axis = 1>(x, two)
        two = Constant<value_int = 2>()
        none = SequenceEmpty()
        turned = Loop<body = b (int64 i, bool c, seq(float[n, 2]) v) =>
            (bool d, seq(float[n, 2]) w) {
              d = Identity(c) e = SequenceAt(parts, i) r = Tanh(e) zero = Constant<value_int = 0>()
              w = SequenceInsert(v, r, zero) }>(three, t, none)
        y = ConcatFromSequence<axis = 1>(turned) }""", {}),
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("names", nargs="*", help="default: all")
    options = arguments.parse_args()
    failures = Failures()
    with tempfile.TemporaryDirectory() as folder:
        sinter = Sinter(options.build.resolve(), pathlib.Path(folder))
        for name, text, draws in MODELS:
            if not options.names or name in options.names:
                compare(sinter, failures, name, text, draws)
    print(f"{failures.total - failures.failed} of {failures.total} comparisons agree")
    return failures.failed != 0


if __name__ == "__main__":
    sys.exit(main())
