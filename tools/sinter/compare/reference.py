# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Computes the tensors of a model with ONNX Runtime, for `sinter compare`.

    reference.py REQUEST.json

The request has the model, the names and files (.npy) of its inputs, the names of the
tensors that are wanted, and a folder, which gets a .npy file for each of them that the
graph has and manifest.json: their names and files, the nodes that make them, in the
order in which nodes run.
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

with open(sys.argv[1], encoding="utf-8") as file:
    request = json.load(file)
folder = request["folder"]
model = onnx.load(request["model"])
makers = {}
for position, node in enumerate(model.graph.node):
    for output in node.output:
        makers[output] = (position, node)
outputs = {o.name for o in model.graph.output}
names = [n for n in request["tensors"] if n in makers or n in outputs]
model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in outputs)
# As the model says, operation for operation.
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
options.log_severity_level = 3
path = os.path.join(folder, "reference.onnx")
onnx.save(model, path, save_as_external_data=model.ByteSize() > 1 << 30, location="reference.data")
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
feeds = {i["name"]: np.load(i["file"]) for i in request["inputs"]}
manifest = []
for i, (name, value) in enumerate(zip(names, session.run(names, feeds))):
    if not isinstance(value, np.ndarray) or value.dtype == object:
        continue
    np.save(os.path.join(folder, f"tensor_{i}.npy"), value)
    position, node = makers.get(name, (-1, None))
    manifest.append({"name": name, "file": f"tensor_{i}.npy", "position": position,
                     "node": node.name if node else "", "op": node.op_type if node else ""})
with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
    json.dump({"outputs": manifest}, file)
