#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the algorithms of runtime/support with NumPy, ONNX' reference and ONNX Runtime.

Every call also checks that no more scratch memory is written than was asked for, and that
the result does not depend on how the units of work are cut.

    algorithms.py --library LIBRARY
"""
import argparse
import ctypes
import itertools
import sys
import unittest

import numpy as np
import onnxruntime
from onnx import TypeProto, helper, reference

POINTER = ctypes.c_void_p
GUARD = 0x5A5A5A5A5A5A5A5A
INTEGERS = {"i8": np.int8, "i32": np.int32, "i64": np.int64, "ui8": np.uint8, "ui64": np.uint64}
FLOATS = {"f16": np.float16, "f32": np.float32, "f64": np.float64}
TYPES = {**INTEGERS, **FLOATS}
library = None


class Call(ctypes.Structure):
    """sinter_algorithm of runtime/support/algorithm.h."""
    _fields_ = [(name, POINTER)
                for name in ("inputs", "outputs", "sizes", "ranks", "integers", "numbers")]


def call(name, inputs, outputs, integers=(), numbers=(), units=1, scratch=0):
    """Runs an algorithm in two calls and in one, and returns its status."""
    inputs = [np.ascontiguousarray(x) for x in inputs]
    tensors = inputs + list(outputs)
    addresses = [[x.ctypes.data for x in group] for group in (inputs, outputs)]
    arrays = [(POINTER * max(1, len(group)))(*group) for group in addresses]
    shapes = [np.array(x.shape or (1,), np.int64) for x in tensors]
    sizes = (POINTER * len(tensors))(*[shape.ctypes.data for shape in shapes])
    ranks = np.array([x.ndim for x in tensors], np.int32)
    integers = np.array(list(integers) or [0], np.int64)
    numbers = np.array(list(numbers) or [0], np.float64)
    argument = Call(ctypes.cast(arrays[0], POINTER), ctypes.cast(arrays[1], POINTER),
                    ctypes.cast(sizes, POINTER), ranks.ctypes.data, integers.ctypes.data,
                    numbers.ctypes.data)
    words = -(-scratch // 8)
    memory = np.full(words + 64, GUARD, np.int64)
    function = getattr(library, "sinter_" + name)
    function.argtypes = [POINTER, ctypes.c_int64, ctypes.c_int64, POINTER]
    function.restype = ctypes.c_int32

    def run(*cuts):
        status = 0
        for first, last in zip(cuts, cuts[1:]):
            status |= function(ctypes.byref(argument), first, last, memory.ctypes.data)
        return status

    status = run(0, units // 3, units)
    first = [x.copy() for x in outputs]
    assert run(0, units) == status
    if status == 0:
        for before, after in zip(first, outputs):
            np.testing.assert_array_equal(before, after)
    assert (memory[words:] == GUARD).all(), f"{name} writes beyond its scratch memory"
    return status


def ceil_div(a, b):
    return -(-a // b)


def outer_inner(shape, axis):
    return int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1:]))


def draw(rng, dtype, shape, low, high):
    low = max(low, 0) if np.dtype(dtype).kind == "u" else low
    return rng.integers(low, high, size=shape).astype(dtype)


def make_model(op, inputs, outputs, opset, **attributes):
    names = [f"i{k}" if x is not None else "" for k, x in enumerate(inputs)]
    node = helper.make_node(op, names, [f"o{k}" for k in range(len(outputs))], **attributes)
    given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
             for name, x in zip(names, inputs) if x is not None]
    made = [helper.make_tensor_value_info(f"o{k}", helper.np_dtype_to_tensor_dtype(np.dtype(t)), None)
            if t else helper.make_value_info(f"o{k}", TypeProto()) for k, t in enumerate(outputs)]
    model = helper.make_model(helper.make_graph([node], "g", given, made),
                              opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return model, {name: x for name, x in zip(names, inputs) if x is not None}


def evaluate(op, inputs, opset=22, **attributes):
    """The first result by ONNX' reference."""
    model, feeds = make_model(op, inputs, [None], opset, **attributes)
    return reference.ReferenceEvaluator(model).run(None, feeds)[0]


def run_runtime(op, inputs, outputs, opset, **attributes):
    """The results by ONNX Runtime."""
    model, feeds = make_model(op, inputs, outputs, opset, **attributes)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)


class Case(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(0)

    def assert_same(self, found, expected, what=""):
        np.testing.assert_array_equal(found, expected, err_msg=str(what))

    def assert_close(self, found, expected, terms, what=""):
        """Sums of `terms` products of f32, in any order."""
        bound = terms * np.finfo(np.float32).eps * max(1.0, np.abs(expected).max())
        self.assertLessEqual(np.abs(found - expected).max(), bound, what)


class TopK(Case):
    def check(self, x, axis, k, largest, name):
        shape = list(x.shape)
        n, shape[axis] = shape[axis], k
        values, positions = np.zeros(shape, x.dtype), np.zeros(shape, np.int64)
        entry = 16 if x.itemsize == 8 else 8
        scratch = k * entry if 8 * k <= n else 2 * n * entry
        self.assertEqual(call(f"top_k_{name}", [x], [values, positions], [axis, largest],
                              units=x.size // n, scratch=scratch), 0)
        keys = x.astype(object) if x.dtype.kind in "iu" else x.astype(np.float64)
        order = np.argsort(-keys if largest else keys, axis=axis, kind="stable").take(range(k), axis)
        what = (name, x.shape, axis, k, largest)
        self.assert_same(positions, order, what)
        self.assert_same(values, np.take_along_axis(x, order, axis), what)

    def test_selects_and_sorts(self):
        for (name, dtype), (shape, axis) in itertools.product(
                TYPES.items(), [((5, 100), 1), ((3, 70, 4), 1), ((200,), 0), ((7, 3), 0)]):
            for k in {1, 3, shape[axis] // 2, shape[axis]}:
                x = draw(self.rng, dtype, shape, -20, 20)
                self.check(x, axis, k, 1, name)
                self.check(x, axis, k, 0, name)

    def test_orders_nan_first_and_zeros_alike(self):
        x = np.array([1, np.nan, -0.0, 0.0, np.inf, -np.inf, np.nan], np.float32)
        values, positions = np.zeros_like(x), np.zeros(7, np.int64)
        call("top_k_f32", [x], [values, positions], [0, 1], scratch=2 * 7 * 8)
        self.assert_same(positions, [1, 6, 4, 0, 2, 3, 5])

    def test_refuses_more_than_there_are(self):
        x, y = np.zeros(3, np.float32), np.zeros(4, np.float32)
        self.assertEqual(call("top_k_f32", [x], [y, np.zeros(4, np.int64)], [0, 1]), 1)


COMBINE = [lambda a, b: b, lambda a, b: a + b, lambda a, b: a * b, np.maximum, np.minimum]


class Scatter(Case):
    def test_along_an_axis(self):
        forms = [((5, 100), 1, (5, 100)), ((3, 70, 4), 1, (3, 9, 4)), ((30, 130), 0, (50, 130)),
                 ((7, 5, 6), 1, (3, 9, 4)), ((7, 5, 6), 0, (9, 2, 3))]
        for (name, dtype), (shape, axis, places), how, index in itertools.product(
                TYPES.items(), forms, range(5), (np.int32, np.int64)):
            data, updates = draw(self.rng, dtype, shape, 0, 4), draw(self.rng, dtype, places, 0, 3)
            indices = draw(self.rng, index, places, -shape[axis], shape[axis])
            out = np.zeros_like(data)
            outer, inner = outer_inner(shape, axis)
            suffix = name if how else f"b{8 * data.itemsize}"
            units = outer * ceil_div(inner, 16)
            integers = [axis, how, indices.itemsize]
            self.assertEqual(call(f"scatter_elements_{suffix}", [data, indices, updates], [out],
                                  integers, units=units), 0)
            expected = data.copy()
            for at in np.ndindex(*places):
                to = at[:axis] + (indices[at],) + at[axis + 1:]
                expected[to] = COMBINE[how](expected[to], updates[at])
            self.assert_same(out, expected, (name, shape, axis, how))
            for outside in (shape[axis], -shape[axis] - 1):
                if np.iinfo(index).min <= outside:
                    indices.flat[0] = outside
                    self.assertEqual(call(f"scatter_elements_{suffix}", [data, indices, updates],
                                          [out], integers, units=units), 1)

    def test_rows_along_an_axis(self):
        data, updates = np.zeros((9, 70), np.float32), draw(self.rng, np.float32, (40, 70), 0, 9)
        rows, out = self.rng.integers(-9, 9, 40), np.ones((9, 70), np.float32)
        indices = np.repeat(rows[:, None], 70, 1)
        inputs = [data, indices, updates]
        self.assertEqual(call("scatter_elements_f32", inputs, [out], [0, 1, 8], units=5), 0)
        expected = data.copy()
        np.add.at(expected, rows, updates)
        self.assert_same(out, expected)
        indices[3] = 9
        self.assertEqual(call("scatter_elements_f32", inputs, [out], [0, 1, 8], units=5), 1)

    def test_by_tuples(self):
        forms = [((5, 100), 1, (9, 1)), ((8, 9, 4), 2, (3, 7, 2)), ((30, 13), 2, (50, 2)),
                 ((6,), 1, (4, 1))]
        for (name, dtype), (shape, depth, places), how in itertools.product(
                TYPES.items(), forms, range(5)):
            data = draw(self.rng, dtype, shape, 0, 4)
            updates = draw(self.rng, dtype, places[:-1] + shape[depth:], 0, 3)
            indices = np.stack([draw(self.rng, np.int64, places[:-1], -shape[d], shape[d])
                                for d in range(depth)], -1)
            out = np.zeros_like(data)
            suffix = name if how else f"b{8 * data.itemsize}"
            self.assertEqual(call(f"scatter_nd_{suffix}", [data, indices, updates], [out],
                                  [0, how, 8], units=32), 0)
            expected = data.copy()
            for at in np.ndindex(*places[:-1]):
                to = tuple(indices[at])
                expected[to] = COMBINE[how](expected[to], updates[at])
            self.assert_same(out, expected, (name, shape, how))
            indices.flat[0] = 1000
            self.assertEqual(call(f"scatter_nd_{suffix}", [data, indices, updates], [out],
                                  [0, how, 8], units=32), 1)

    def test_cache(self):
        cache, update = np.zeros((2, 3, 5, 4), np.float32), np.ones((2, 3, 2, 4), np.float32)
        for circular, starts, status in ((0, (0, 3), 0), (0, (0, 4), 1), (1, (4, 7), 0)):
            out, starts = np.zeros_like(cache), np.array(starts)
            self.assertEqual(call("tensor_scatter_at_b32", [cache, update, starts], [out],
                                  [2, circular], units=6), status)
            if status:
                continue
            expected = cache.copy()
            for batch in range(2):
                for row in range(2):
                    expected[batch, :, (starts[batch] + row) % 5] = 1
            self.assert_same(out, expected)


class Selection(Case):
    def test_non_zero(self):
        for (name, dtype), shape in itertools.product(
                TYPES.items(), [(100,), (5, 7), (3, 4, 5, 6), (0, 3), (3, 0)]):
            x = draw(self.rng, dtype, shape, 0, 3)
            places, count = np.full((len(shape), x.size), -1, np.int64), np.zeros(1, np.int64)
            call(f"non_zero_{name}", [x], [places, count])
            self.assert_same(places[:, :count[0]], np.array(np.nonzero(x)), (name, shape))

    def test_unique(self):
        for (name, dtype), shape, is_sorted in itertools.product(
                TYPES.items(), [(100,), (60, 1), (50, 3), (40, 2, 2), (1,)], (0, 1)):
            x, n = draw(self.rng, dtype, shape, 0, 9 if len(shape) == 1 else 3), shape[0]
            firsts, inverse, counts = (np.full(n, -1, np.int64) for _ in range(3))
            total = np.zeros(1, np.int64)
            self.assertEqual(call(f"unique_{name}", [x], [firsts, inverse, counts, total],
                                  [is_sorted], scratch=48 * n), 0)
            _, at, back, often = np.unique(x, True, True, True, axis=0)
            back = back.reshape(-1)
            if not is_sorted:
                order = np.argsort(at)
                at, often, back = at[order], often[order], np.argsort(order)[back]
            what = (name, shape, is_sorted)
            self.assert_same(firsts[:total[0]], at, what)
            self.assert_same(counts[:total[0]], often, what)
            self.assert_same(inverse, back, what)

    def test_non_maximum_suppression(self):
        for centered, most, least in itertools.product((0, 1), (0, 3, 100), (None, 0.4)):
            boxes = self.rng.uniform(size=(2, 40, 4)).astype(np.float32)
            scores = np.round(self.rng.uniform(size=(2, 3, 40)), 2).astype(np.float32)
            inputs = [boxes, scores, np.array([most]), np.array([0.3], np.float32)]
            if least:
                inputs.append(np.array([least], np.float32))
            expected, = run_runtime("NonMaxSuppression", inputs, [np.int64], 11,
                                    center_point_box=centered)
            room = min(40, most)
            kept, counts = np.zeros((2, 3, room), np.int64), np.zeros((2, 3), np.int64)
            self.assertEqual(call("suppress_boxes", inputs[:4] + [np.array([least or 0], np.float32)],
                                  [kept, counts], [centered, least is not None], units=6,
                                  scratch=16 * 40 + 20 * room), 0)
            rows, total = np.zeros((6 * room, 3), np.int64), np.zeros(1, np.int64)
            call("list_boxes", [kept, counts], [rows, total])
            self.assert_same(rows[:total[0]], expected, (centered, most, least))


class Scan(Case):
    def test_accumulates(self):
        forms = [((5,), 0), ((3, 70, 4), 1), ((4, 130), 0), ((4, 9), 1)]
        for (name, dtype), (shape, axis), exclusive, reverse, is_product in itertools.product(
                TYPES.items(), forms, (0, 1), (0, 1), (0, 1)):
            # Exact in every type.
            x = draw(self.rng, dtype, shape, 1, 2 if is_product else 3)
            outer, inner = outer_inner(shape, axis)
            out = np.zeros_like(x)
            call(f"accumulate_{name}", [x], [out], [axis, exclusive, reverse, is_product],
                 units=outer * ceil_div(inner, 64))
            y = np.flip(x, axis) if reverse else x
            expected = (np.cumprod if is_product else np.cumsum)(y.astype(np.float64), axis=axis)
            if exclusive:
                expected = np.concatenate([np.full_like(expected.take([0], axis), is_product),
                                           np.delete(expected, -1, axis)], axis)
            expected = np.flip(expected, axis) if reverse else expected
            with np.errstate(all="ignore"):
                expected = expected.astype(np.int64).astype(dtype)
            self.assert_same(out, expected, (name, shape, axis, exclusive, reverse, is_product))

    def test_accumulates_along_an_axis_that_is_data(self):
        x = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        for axis in (-3, -1, 0, 1):
            out = np.zeros_like(x)
            self.assertEqual(call("accumulate_f32", [x, np.array(axis)], [out], [-1, 0, 0, 0]), 0)
            self.assert_same(out, np.cumsum(x, axis))
        for axis in (-4, 3):
            self.assertEqual(call("accumulate_f32", [x, np.array(axis)], [out], [-1, 0, 0, 0]), 1)

    def test_reverses_sequences(self):
        x, lengths = np.arange(60, dtype=np.float32).reshape(4, 5, 3), np.array([1, 4, 0, 5])
        for batch in (0, 1):
            y = x if batch == 0 else np.ascontiguousarray(x.transpose(1, 0, 2))
            out = np.zeros_like(y)
            self.assertEqual(call("reverse_sequence_b32", [y, lengths], [out], [batch, 1 - batch],
                                  units=y.shape[0]), 0)
            expected = x.copy()
            for i, length in enumerate(lengths):
                expected[i, :length] = x[i, :length][::-1]
            self.assert_same(out, expected if batch == 0 else expected.transpose(1, 0, 2))
        self.assertEqual(call("reverse_sequence_b32", [x, np.array([1, 6, 0, 5])],
                              [np.zeros_like(x)], [0, 1], units=4), 1)


class Sampling(Case):
    def test_grid_sample(self):
        taps, pads = {"nearest": 1, "linear": 2, "cubic": 4}, ("zeros", "border", "reflection")
        for spatial, mode, pad, corners in itertools.product(
                [(7,), (5, 6), (3, 4, 5)], taps, pads, (0, 1)):
            dims = len(spatial)
            x = self.rng.normal(size=(2, 3) + spatial).astype(np.float32)
            places = (4, 3, 2)[:dims]
            grid = self.rng.uniform(-1.6, 1.6, size=(2,) + places + (dims,)).astype(np.float32)
            expected = evaluate("GridSample", [x, grid], mode=mode, padding_mode=pad,
                                align_corners=corners)
            out, count = np.zeros((2, 3) + places, np.float32), taps[mode] ** dims
            self.assertEqual(call("grid_sample_f32", [x, grid], [out],
                                  [taps[mode], pads.index(pad), corners], units=2,
                                  scratch=1024 * count), 0)
            self.assert_close(out, expected, 16 * count, (spatial, mode, pad, corners))

    def test_roi_align(self):
        x = self.rng.normal(size=(2, 3, 9, 11)).astype(np.float32)
        rois = np.array([[0, 0, 5, 6], [1, 2, 8, 7], [-2, -1, 20, 30], [3, 3, 3, 3]], np.float32)
        batches, scale = np.array([0, 1, 1, 0]), np.float32(0.7)
        for mode, ratio, half in itertools.product(("avg", "max"), (0, 2), (False, True)):
            expected = evaluate("RoiAlign", [x, rois, batches], mode=mode, sampling_ratio=ratio,
                                coordinate_transformation_mode="half_pixel" if half
                                else "output_half_pixel",
                                output_height=3, output_width=4, spatial_scale=float(scale))
            out = np.zeros((4, 3, 3, 4), np.float32)
            integers = [ratio, mode == "max", half]
            self.assertEqual(call("roi_align_f32", [x, rois, batches], [out], integers, [scale],
                                  units=48, scratch=24), 0)
            self.assert_close(out, expected, 64, (mode, ratio, half))
        self.assertEqual(call("roi_align_f32", [x, rois, np.array([0, 2, 1, 0])], [out], integers,
                              [scale], units=48, scratch=24), 1)

    def test_max_roi_pool(self):
        x = self.rng.normal(size=(2, 3, 9, 11)).astype(np.float32)
        rois = np.array([[0, 0, 0, 5, 6], [1, 1, 2, 10, 8], [1, 3, 3, 3, 3]], np.float32)
        expected, = run_runtime("MaxRoiPool", [x, rois], [np.float32], 11, pooled_shape=[2, 3],
                                spatial_scale=0.8)
        out = np.zeros_like(expected)
        self.assertEqual(call("max_roi_pool_f32", [x, rois], [out], [], [np.float32(0.8)],
                              units=9), 0)
        self.assert_same(out, expected)

    def test_deformable_windows(self):
        kernel, strides, pads, dilations = (3, 2), (1, 2), (1, 1, 0, 1), (1, 2)
        x = self.rng.normal(size=(2, 4, 6, 7)).astype(np.float32)
        filters = self.rng.normal(size=(6, 2) + kernel).astype(np.float32)
        high, wide = 5, 4
        for groups, masked in ((1, 0), (2, 1)):
            offsets = self.rng.normal(size=(2, groups * 12, high, wide)).astype(np.float32)
            mask = self.rng.uniform(size=(2, groups * 6, high, wide)).astype(np.float32)
            expected = evaluate("DeformConv", [x, filters, offsets] + ([None, mask] if masked else []),
                                group=2, offset_group=groups, kernel_shape=kernel, strides=strides,
                                pads=pads, dilations=dilations)
            windows = np.zeros((2, 4, 6, high * wide), np.float32)
            self.assertEqual(call("deform_f32", [x, offsets] + [mask] * masked, [windows],
                                  [groups, *kernel, *strides, *pads[:2], *dilations, masked],
                                  units=2 * groups * 6, scratch=4096), 0)
            out = np.einsum("gok,ngkp->ngop", filters.reshape(2, 3, 12),
                            windows.reshape(2, 2, 12, -1)).reshape(expected.shape)
            self.assert_close(out, expected, 256, groups)


class Windows(Case):
    def test_places_of_a_max_pool(self):
        x = self.rng.integers(0, 20, size=(2, 3, 7, 8)).astype(np.float32)
        for attributes in (
                dict(kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], storage_order=1),
                dict(kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
                dict(kernel_shape=[2, 2], dilations=[2, 2])):
            _, expected = run_runtime("MaxPool", [x], [np.float32, np.int64], 12, **attributes)
            out = np.zeros_like(expected)
            call("locate_maxima_f32", [x], [out],
                 [attributes.get("storage_order", 0), *attributes["kernel_shape"],
                  *attributes.get("strides", [1, 1]), *attributes.get("pads", [0, 0])[:2],
                  *attributes.get("dilations", [1, 1])], units=6)
            self.assert_same(out, expected)

    def test_max_unpool(self):
        x, out = np.array([[[5, 6, 7]]], np.float32), np.ones((1, 1, 6), np.float32)
        form = [2, 2, 0, 0]
        self.assertEqual(call("max_unpool_b32", [x, np.array([[[0, 3, 4]]])], [out], form), 0)
        self.assert_same(out, [[[5, 0, 0, 6, 7, 0]]])
        self.assertEqual(call("max_unpool_b32", [x, np.array([[[0, 3, 6]]])], [out], form), 1)

    def test_max_unpool_to_another_shape(self):
        x = np.array([[[[1, 2], [3, 4]]]], np.float32)
        places = np.array([[[[5, 7], [13, 15]]]])
        expected = evaluate("MaxUnpool", [x, places, np.array([1, 1, 5, 5])],
                            kernel_shape=[2, 2], strides=[2, 2])
        out, form = np.ones((1, 1, 5, 5), np.float32), [2, 2, 2, 2, 0, 0, 0, 0]
        self.assertEqual(call("max_unpool_b32", [x, places], [out], form), 0)
        self.assert_same(out, expected)
        small = np.ones((1, 1, 3, 3), np.float32)
        self.assertEqual(call("max_unpool_b32", [x, places], [small], form), 1)

    def test_col2im(self):
        for image, block, strides, pads, dilations in (
                ((5, 6), (2, 3), (1, 1), (0, 0, 0, 0), (1, 1)),
                ((7, 8), (3, 2), (2, 3), (1, 0, 2, 1), (2, 1)),
                ((4, 5, 6), (2, 2, 2), (1, 2, 1), (0,) * 6, (1, 1, 1)),
                ((9,), (3,), (2,), (1, 1), (1,))):
            dims = len(image)
            counts = [(image[d] + pads[d] + pads[dims + d] - dilations[d] * (block[d] - 1) - 1)
                      // strides[d] + 1 for d in range(dims)]
            columns = self.rng.normal(
                size=(2, 3 * int(np.prod(block)), int(np.prod(counts)))).astype(np.float32)
            expected = evaluate("Col2Im", [columns, np.array(image), np.array(block)],
                                strides=strides, pads=pads, dilations=dilations)
            out = np.zeros((2, 3) + image, np.float32)
            self.assertEqual(call("col2im_f32", [columns, np.array(block)], [out],
                                  [*strides, *pads, *dilations], units=6), 0)
            self.assertEqual(call("col2im_f32", [columns, np.array(block) + 1], [out],
                                  [*strides, *pads, *dilations], units=6), 1)
            self.assert_close(out, expected, int(np.prod(block)), image)


class Matrices(Case):
    def test_determinants(self):
        for name, dtype in (("f32", np.float32), ("f64", np.float64)):
            for n in (0, 1, 2, 7):
                x = self.rng.standard_normal((5, n, n)).astype(dtype)
                if n > 1:
                    x[0, 0] = x[0, 1]
                    x[1, 0, 0] = 0
                out = np.zeros(5, dtype)
                self.assertEqual(call(f"determinant_{name}", [x], [out], units=5,
                                      scratch=n * n * x.itemsize), 0)
                self.assert_close(out, np.linalg.det(x.astype(np.float64)), 8 * max(n, 1) ** 2)


class Classifiers(Case):
    def test_couples_pairs(self):
        # Probabilities that agree with one another: r[i][j] = p[i] / (p[i] + p[j]).
        for k in (2, 3, 6):
            p = self.rng.random((4, k)) + 0.2
            p /= p.sum(1, keepdims=True)
            pairs = [p[:, i] / (p[:, i] + p[:, j]) for i in range(k) for j in range(i + 1, k)]
            out = np.zeros((4, k))
            self.assertEqual(call("couple_f64", [np.stack(pairs, 1)], [out], units=4,
                                  scratch=8 * k * (k + 1)), 0)
            np.testing.assert_allclose(out.sum(1), 1, rtol=1e-12)
            # The iteration ends when no coordinate is farther from the optimum than this.
            np.testing.assert_allclose(out, p, atol=0.05)

    def grow(self, nodes, depth, features):
        """Appends a tree: (value, feature and flags, yes, no), leaves with themselves."""
        place = len(nodes)
        nodes.append(None)
        if depth == 0:
            nodes[place] = (np.inf, 0, place, place)
            return place
        flags = int(self.rng.integers(4)) << 30
        value = float(self.rng.integers(-4, 5)) / 4
        yes = self.grow(nodes, depth - 1, features)
        no = self.grow(nodes, depth - int(self.rng.integers(1, depth + 1)), features)
        nodes[place] = (value, int(self.rng.integers(features)) | flags, yes, no)
        return place

    def walk(self, nodes, place, row):
        while True:
            value, word, yes, no = nodes[place]
            x = row[word & (2**30 - 1)]
            holds = x == value if word >> 31 else x <= value
            following = yes if holds or (word >> 30 & 1 and np.isnan(x)) else no
            if following == place:
                return place
            place = following

    def test_trees(self):
        features, targets, rows = 3, 2, 77
        for name, dtype in (("f32", np.float32), ("f64", np.float64)):
            nodes, roots = [], []
            for depth in (0, 1, 3, 6):
                roots.append(self.grow(nodes, depth, features))
            layout = [("value", dtype), ("word", np.uint32), ("yes", np.int32), ("no", np.int32)]
            if dtype == np.float64:
                layout.append(("gap", np.int32))
            packed = np.zeros(len(nodes), layout)
            for index, node in enumerate(nodes):
                packed[["value", "word", "yes", "no"]][index] = node
            table = packed.view(np.int32).reshape(len(nodes), -1)
            is_leaf = [node[2] == place for place, node in enumerate(nodes)]
            starts = np.cumsum([0] + [2 * leaf for leaf in is_leaf]).astype(np.int32)
            places = self.rng.integers(0, targets, starts[-1]).astype(np.int32)
            weights = self.rng.standard_normal(starts[-1]).astype(dtype)
            x = (self.rng.integers(-8, 9, (rows, features)) / 4).astype(dtype)
            x[self.rng.random(x.shape) < 0.2] = np.nan
            for kind, combine, begin in ((0, np.add, 0), (1, np.minimum, 9), (2, np.maximum, -9)):
                expected = np.full((rows, targets), begin, dtype)
                for r, row in enumerate(x):
                    for root in roots:
                        leaf = self.walk(nodes, root, row)
                        for w in range(starts[leaf], starts[leaf + 1]):
                            t = places[w]
                            expected[r, t] = combine(expected[r, t], weights[w])
                out = np.zeros((rows, targets), dtype)
                inputs = [x, table, np.array(roots, np.int32), starts, places, weights]
                self.assertEqual(call(f"tree_ensemble_{name}", inputs, [out], [kind, 1, features],
                                      [begin], units=rows), 0)
                self.assert_same(out, expected)
            self.assertEqual(call(f"tree_ensemble_{name}", inputs, [out], [0, 1, features + 1], [0],
                                  units=rows), 1)


class Random(Case):
    def test_known_answers(self):
        # From the test vectors of the authors of Philox: counter and key 0.
        out = np.zeros(4, np.float32)
        call("random_uniform_f32", [], [out], [0, 0])
        words = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
        self.assert_same(out * 2**24, [word >> 8 for word in words])

    def test_uniform(self):
        for name, dtype in (("f32", np.float32), ("f64", np.float64)):
            out = np.zeros(100003, dtype)
            call(f"random_uniform_{name}", [], [out], [7, 0], units=ceil_div(out.size, 256))
            # Five standard deviations of mean and variance.
            self.assertLess(abs(out.mean() - 0.5), 5 * np.sqrt(1 / 12 / out.size))
            self.assertLess(abs(out.var() - 1 / 12), 5 * np.sqrt(1 / 180 / out.size))
            self.assertGreaterEqual(out.min(), 0)
            self.assertLess(out.max(), 1)

    def test_classes(self):
        weights, numbers = np.array([[1, 2, 1, 0]], np.float32), np.linspace(0, 0.999, 1000)
        out = np.zeros((1, 1000), np.int64)
        call("draw_classes", [weights, numbers[None].astype(np.float32)], [out], scratch=32)
        self.assert_same(np.bincount(out[0], minlength=4), [250, 500, 250, 0])


def main():
    global library
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    arguments = parser.parse_args()
    library = ctypes.CDLL(arguments.library)
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
