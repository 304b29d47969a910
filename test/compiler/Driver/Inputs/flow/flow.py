"""Inputs of the models in this folder, and what they give.

flow.py MODEL give IN.npz [COUNT LIMIT FLAG | ROWS COLUMNS N]  writes inputs
flow.py MODEL check IN.npz FOLDER                             compares outputs
"""
import json
import sys

import numpy as np


def bind(v):
    rows, columns = v["s"]
    return [np.exp(np.maximum(v["x"], 0)).reshape(rows, columns)]


def loop(v):
    h, all_h = v["h"], []
    for row in v["x"]:
        all_h.append(h)
        h = np.tanh(h) + row[None]
    return [h, np.stack(all_h)]


def grow(v):
    g, p, q, stacked, go, i = v["x"], v["x"], v["w"], [], True, 0
    while i < int(v["count"]) and go:
        n = p + q
        g = np.concatenate([g, n])
        stacked.append(p)
        p, q = q, n
        go = n.max() < v["limit"]
        i += 1
    chosen = -g if v["flag"] else q
    return [g, np.array(stacked, np.float32).reshape(-1, 1, 4), p, chosen]


def give(model, path, numbers):
    random = np.random.default_rng(5)
    if model == "bind":
        rows, columns, n = map(int, numbers)
        np.savez(path, x=random.standard_normal((n, 4), np.float32),
                 s=np.array([rows, columns], np.int64))
    elif model == "loop":
        np.savez(path, x=random.standard_normal((int(numbers[0]), 4), np.float32),
                 h=random.standard_normal((1, 4), np.float32))
    else:
        count, limit, flag = numbers
        np.savez(path, x=np.ones((1, 4), np.float32), w=np.full((1, 4), 2, np.float32),
                 limit=np.float32(limit), count=np.int64(count), flag=np.bool_(int(flag)))


def check(model, path, folder):
    expected = {"bind": bind, "loop": loop, "grow": grow}[model](np.load(path))
    files = [o["file"] for o in json.load(open(folder + "/manifest.json"))["outputs"]]
    for wanted, file in zip(expected, files, strict=True):
        found = np.load(folder + "/" + file)
        print(file, found.shape)
        # Element-wise float32: a few units in the last place of each step.
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6, strict=True)


if __name__ == "__main__":
    model, action, path = sys.argv[1:4]
    if action == "give":
        give(model, path, sys.argv[4:])
    else:
        check(model, path, sys.argv[4])
