"""Compares kernels.mlir on a device with NumPy.

usage: numerics.py LIBCUDA KERNELS.ptx
"""

import sys

import numpy as np

from device import NO_CHECK_FAILED, Device, Module

BATCH = 37
random = np.random.default_rng(1)


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def integers(low, high, *shape, dtype):
    return random.integers(low, high, shape).astype(dtype)


def pack(weights, step=1):
    """[k, n] to panels of 32 columns; with `step`, that many of k together."""
    depth, columns = weights.shape
    steps, panels = -(-depth // step), -(-columns // 32)
    padded = np.zeros((steps * step, panels * 32), weights.dtype)
    padded[:depth, :columns] = weights
    packed = padded.reshape(steps, step, panels, 32).transpose(2, 0, 3, 1)
    return np.ascontiguousarray(packed if step > 1 else packed[..., 0])[None]


def pack_filter(weights, step=1):
    """[h, w, i, o] to [1, panels, h, w, ...]."""
    height, width = weights.shape[:2]
    places = [pack(weights[y, x], step)[0] for y in range(height) for x in range(width)]
    packed = np.stack(places, axis=1)
    return packed.reshape(1, packed.shape[0], height, width, *packed.shape[2:])


def windows(x, size, stride, pad, value):
    """The inputs of every tap, in the order of the filter."""
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=value)
    height, width = ((n - size) // stride + 1 for n in x.shape[1:3])
    for y in range(size):
        for z in range(size):
            yield x[:, y:y + stride * height:stride, z:z + stride * width:stride][:, :height, :width]


def convolve(x, weights, stride, pad, value=0):
    size = weights.shape[0]
    flat = weights.reshape(size * size, *weights.shape[2:])
    wide = np.int64 if x.dtype == np.uint8 else np.float64
    return sum(tap.astype(wide) @ w.astype(wide) for tap, w in zip(windows(x, size, stride, pad, value), flat))


def softmax(x):
    powers = np.exp(x.astype(np.float64) - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def cases():
    """Kernel, inputs, expected result, and the length of its sums."""
    a, b = floats(BATCH, 8), floats(8)
    yield "elementwise", [a, b], np.tanh((a + b).astype(np.float64)), 4
    a, i = floats(10, 7), integers(-10, 10, BATCH, dtype=np.int64)
    yield "gather", [a, i], a[i], 0
    a, b = floats(4, 3), floats(4, 5)
    yield "concat", [a, b], np.concatenate([a, b], 1), 0
    a = floats(BATCH, 100)
    yield "softmax", [a], softmax(a), 100
    a = floats(3, BATCH)
    yield "softmax_free", [a], softmax(a), BATCH
    a = floats(5, 300)
    yield "mean_rows", [a], a.astype(np.float64).mean(1, keepdims=True), 300
    a = floats(2, 7, 7, 40)
    yield "mean_image", [a], a.astype(np.float64).mean((1, 2), keepdims=True), 49
    a = floats(1, 9, 9, 6)
    yield "maxpool", [a], np.max(list(windows(a, 3, 2, 1, -np.inf)), 0), 0
    a, w = floats(1, 9, 9, 8), floats(3, 3, 8)
    yield "depthwise", [a, w], sum(t * f.astype(np.float64) for t, f in zip(windows(a, 3, 1, 1, 0), w.reshape(9, 8))), 9
    a = np.round(floats(6, 100) * 2)
    yield "argmax", [a], a.argmax(1)[:, None], 0

    a, w, b = floats(BATCH, 72), floats(72, 70), floats(70)
    yield "product_free", [a, pack(w), b], np.maximum(a.astype(np.float64) @ w + b, 0), 72
    a, w = floats(2048, 64), floats(64, 1024)
    yield "product_large", [a, pack(w)], a.astype(np.float64) @ w, 64
    q, k = floats(2, 33, 24), floats(2, 33, 24)
    yield "scores", [q, k], q.astype(np.float64) @ k.transpose(0, 2, 1), 24
    a, w = floats(1, 14, 14, 16), floats(3, 3, 16, 32)
    yield "conv", [a, pack_filter(w)], convolve(a, w, 1, 1), 144
    a, w = floats(1, 3, 30, 30), floats(3, 3, 3, 32)
    yield "conv_channels_first", [a, pack_filter(w)], convolve(a.transpose(0, 2, 3, 1), w, 2, 1), 27
    a, w = floats(1, 6, 6, 10), floats(2, 3, 3, 5, 7)
    halves = [convolve(x, f, 1, 0) for x, f in zip(np.split(a, 2, -1), w)]
    yield "conv_groups", [a, np.concatenate([pack_filter(f) for f in w])], np.concatenate(halves, -1), 45
    # Every input adds its multiple of the filter to the result, two places on.
    a, w = floats(1, 5, 5, 8), floats(3, 3, 8, 12)
    whole = np.zeros((1, 11, 11, 12))
    for y in range(5):
        for x in range(5):
            whole[:, 2 * y:2 * y + 3, 2 * x:2 * x + 3] += np.einsum("nc,yxco->nyxo", a[:, y, x], w)
    yield "conv_transpose", [a, pack_filter(w)], whole[:, 1:10, 1:10], 32
    a, w, b = (x.astype(np.float16) for x in (floats(50, 72), floats(72, 70), floats(70)))
    yield "product_half", [a, pack(w), b], a.astype(np.float64) @ w.astype(np.float64) + b, 72

    a, w = integers(0, 256, 50, 72, dtype=np.uint8), integers(-128, 128, 72, 70, dtype=np.int8)
    yield "product_bytes", [a, pack(w, 4)], a.astype(np.int64) @ w, 0
    a, w = integers(0, 256, 2, 20, 27, dtype=np.uint8), integers(-128, 128, 2, 27, 33, dtype=np.int8)
    yield "product_computed_bytes", [a, w], a.astype(np.int64) @ w, 0
    for channels, name in (16, "conv_bytes"), (3, "conv_odd_bytes"):
        a = integers(0, 256, 1, 9, 9, channels, dtype=np.uint8)
        w = integers(-128, 128, 3, 3, channels, 40, dtype=np.int8)
        yield name, [a, pack_filter(w, 4)], convolve(a, w, 1, 1, 7), 0
    a, w = integers(0, 256, 1, 9, 9, 8, dtype=np.uint8), integers(-128, 128, 3, 3, 8, dtype=np.int8)
    taps = zip(windows(a, 3, 1, 1, 7), w.reshape(9, 8))
    rows = np.zeros((4, 3, 8), np.int8)
    rows[:3] = w
    yield "depthwise_bytes", [a, rows.transpose(1, 2, 0)[None]], sum(t.astype(np.int64) * f for t, f in taps), 0


def main():
    library, path = sys.argv[1:]
    module = Module(Device(library), open(path).read(), {"batch": BATCH})
    types = {"product_half": np.float16, "argmax": np.int64}
    failures = 0
    for name, inputs, expected, length in cases():
        dtype = types.get(name, np.int32 if inputs[0].dtype == np.uint8 else np.float32)
        found, status = module.run(name, inputs, expected.shape, dtype)
        # Each of the `length` additions rounds once, of a sum no larger than the
        # largest result, a few times over; then the result is rounded.
        bound = 0.0
        if length:
            bound = (length * np.finfo(np.float32).eps + np.finfo(dtype).eps) * np.abs(expected).max()
        error = np.abs(found.astype(np.float64) - expected).max()
        good = error <= bound and status == NO_CHECK_FAILED
        failures += not good
        print(f"{name}: {'ok' if good else 'WRONG'}, error {error:.3g} of {bound:.3g} allowed, status {status:#x}")

    # An index out of range lowers the status to one more than its number, 3.
    indices = np.zeros(BATCH, np.int64)
    indices[[5, 9]] = 10, -11
    _, status = module.run("gather", [floats(10, 7), indices], (BATCH, 7))
    print(f"gather out of range: status {status}")
    return int(failures != 0 or status != 4)


if __name__ == "__main__":
    sys.exit(main())
