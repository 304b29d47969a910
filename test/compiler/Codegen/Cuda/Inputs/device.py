"""Runs kernels of a PTX file through the CUDA driver interface (ctypes).

With the library of test/virtual-gpu no device is needed.
"""

import ctypes
import math
import re

import numpy as np

NO_CHECK_FAILED = 0xFFFFFFFF


class Device:
    """Device 0 of the driver library `path`."""

    def __init__(self, path):
        self.driver = ctypes.CDLL(path)
        self.call("cuInit", 0)
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuDeviceGet", ctypes.byref(device), 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self.call("cuCtxSetCurrent", context)

    def call(self, name, *arguments):
        result = getattr(self.driver, name)(*arguments)
        if result:
            raise RuntimeError(f"{name} failed with {result}")

    def upload(self, array):
        address = ctypes.c_uint64()
        array = np.ascontiguousarray(array)
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(array.nbytes))
        self.call("cuMemcpyHtoD_v2", address, array.ctypes.data_as(ctypes.c_void_p),
                  ctypes.c_size_t(array.nbytes))
        return address

    def download(self, address, shape, dtype):
        array = np.empty(shape, dtype)
        self.call("cuMemcpyDtoH_v2", array.ctypes.data_as(ctypes.c_void_p), address,
                  ctypes.c_size_t(array.nbytes))
        return array


class Module:
    """The kernels in what sinter-ptx printed; `dims` are the free dimensions."""

    def __init__(self, device, ptx, dims):
        self.device, self.dims = device, dims
        self.launches = {
            name: (blocks, int(threads))
            for name, blocks, threads in re.findall(r"^// (\w+): (.*) blocks of (\d+) threads", ptx, re.M)
        }
        body = ptx[ptx.index(".version"):]
        self.module = ctypes.c_void_p()
        device.call("cuModuleLoadDataEx", ctypes.byref(self.module), body.encode() + b"\0", 0, None, None)

    def run(self, name, inputs, shape, dtype=np.float32):
        """The result of kernel `name`, and its status word."""
        device = self.device
        function = ctypes.c_void_p()
        device.call("cuModuleGetFunction", ctypes.byref(function), self.module, name.encode())
        formula, threads = self.launches[name]
        names = dict(self.dims, floor=math.floor, min=min, max=max)
        blocks = int(eval(formula, {"__builtins__": {}}, names))
        # A result that is not written is seen: it stays at a value nobody computes.
        result = device.upload(np.full(shape, 77, dtype))
        status = device.upload(np.array([NO_CHECK_FAILED], np.uint32))
        values = [device.upload(array) for array in inputs] + [result]
        values += [ctypes.c_int64(size) for size in self.dims.values()] + [ctypes.c_uint64(0), status]
        pointers = (ctypes.c_void_p * len(values))(*[ctypes.cast(ctypes.pointer(v), ctypes.c_void_p) for v in values])
        device.call("cuLaunchKernel", function, blocks, 1, 1, threads, 1, 1, 0, None, pointers, None)
        device.call("cuStreamSynchronize", None)
        return device.download(result, shape, dtype), device.download(status, 1, np.uint32)[0]
