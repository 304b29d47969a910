# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Two ways to run a model with one input and one output: Sinter's runtime, called
through its C interface, and ONNX Runtime."""
import ctypes
import pathlib
import time

import numpy as np

FLOAT32 = 1


class Error(ctypes.Structure):
    """sinter_error_t"""
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 1024),
                ("node", ctypes.c_char * 256), ("op", ctypes.c_char * 64),
                ("expected", ctypes.c_char * 512), ("found", ctypes.c_char * 512),
                ("remedy", ctypes.c_char * 512)]


class Tensor(ctypes.Structure):
    """sinter_tensor_t"""
    _fields_ = [("data", ctypes.c_void_p), ("type", ctypes.c_int), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)),
                ("device_kind", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("bytes", ctypes.c_size_t)]


class SinterEngine:
    """Runs an artifact through libsinter_rt."""

    def __init__(self, library: pathlib.Path, artifact: pathlib.Path):
        self.rt = ctypes.CDLL(str(library))
        self.error = Error()
        self.seconds = 0.0
        model = ctypes.c_void_p()
        self.check(self.rt.sinter_model_open(str(artifact).encode(), None, ctypes.byref(model),
                                             ctypes.byref(self.error)))
        self.context = ctypes.c_void_p()
        self.check(self.rt.sinter_context_create(model, None, ctypes.byref(self.context),
                                                 ctypes.byref(self.error)))
        self.rt.sinter_model_close(model)  # the context keeps it

    def check(self, status):
        if status != 0:
            raise SystemExit("sinter: " + self.error.message.decode())

    def run(self, x):
        x = np.ascontiguousarray(x, np.float32)
        dims = (ctypes.c_int64 * x.ndim)(*x.shape)
        source = Tensor(x.ctypes.data, FLOAT32, x.ndim, dims)
        result = Tensor()
        start = time.perf_counter()
        status = self.rt.sinter_context_run(self.context, ctypes.byref(source), ctypes.c_size_t(1),
                                            ctypes.byref(result), ctypes.c_size_t(1),
                                            ctypes.byref(self.error))
        self.seconds += time.perf_counter() - start
        self.check(status)
        shape = [result.dims[i] for i in range(result.rank)]
        view = np.ctypeslib.as_array(
            ctypes.cast(result.data, ctypes.POINTER(ctypes.c_float)), shape)
        return view.copy()  # the memory is the context's until its next run


class OnnxRuntimeEngine:
    """Runs a model through ONNX Runtime."""

    def __init__(self, model: pathlib.Path, threads: int):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(model), options,
                                                    providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name
        self.seconds = 0.0

    def run(self, x):
        feeds = {self.name: np.ascontiguousarray(x, np.float32)}
        start = time.perf_counter()
        result = self.session.run(None, feeds)[0]
        self.seconds += time.perf_counter() - start
        return result
