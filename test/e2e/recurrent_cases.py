# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of RNN, GRU and LSTM of contrib_operators.py."""
import numpy as np

from contrib_cases import Case, normal

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
STEPS, BATCH, WIDTH, HIDDEN = 5, 3, 6, 8
# Each step rounds the sums of a product and of the gates again.
DEPTH = STEPS * (WIDTH + HIDDEN)


def make(name, op, directions=1, inputs=(), drop=(), **attributes):
    """A layer with weights and biases; `inputs` names the optional ones that it has."""
    rows = GATES[op] * HIDDEN
    values = {
        "x": normal(STEPS, BATCH, WIDTH),
        "w": normal(directions, rows, WIDTH, scale=0.4),
        "r": normal(directions, rows, HIDDEN, scale=0.4),
        "b": normal(directions, 2 * rows, scale=0.4),
        "lens": np.array([STEPS, 2, 3], np.int32),
        "h0": normal(directions, BATCH, HIDDEN),
    }
    if op == "LSTM":
        values["c0"] = normal(directions, BATCH, HIDDEN)
        values["p"] = normal(directions, 3 * HIDDEN, scale=0.4)
    for optional in ("lens", "h0", "c0", "p"):
        if optional in values and optional not in inputs:
            values[optional] = None
    for name_of in drop:
        values[name_of] = None
    attributes["hidden_size"] = HIDDEN
    if directions == 2:
        attributes["direction"] = "bidirectional"
    return Case(f"{op.lower()}_{name}", op, values, attributes,
                (True,) * (3 if op == "LSTM" else 2), ("w", "r", "b", "p"),
                {"x": ["steps", "batch", WIDTH]} if not inputs else {}, DEPTH, domain="")


def make_recurrent_cases():
    for op in GATES:
        yield make("plain", op)
        yield make("no_bias", op, drop=("b",))
        yield make("reverse", op, direction="reverse")
        yield make("both", op, 2)
        yield make("states", op, 2, ("h0", "c0"))
        yield make("lengths", op, 1, ("lens", "h0"))
        yield make("lengths_reverse", op, 1, ("lens", "h0"), direction="reverse")
        yield make("lengths_both", op, 2, ("lens", "h0", "c0"))
        yield make("clip", op, clip=0.3)
    yield make("activations", "RNN", 2, activations=["LeakyRelu", "HardSigmoid"],
               activation_alpha=[0.2, 0.3], activation_beta=[0.4])
    yield make("affine", "RNN", activations=["Affine"], activation_alpha=[0.5],
               activation_beta=[0.1])
    yield make("scaled", "RNN", activations=["ScaledTanh"], activation_alpha=[0.7],
               activation_beta=[0.6])
    yield make("activations", "GRU", 2, activations=["HardSigmoid", "Softsign", "Sigmoid", "Relu"],
               activation_alpha=[0.3], activation_beta=[0.6])
    yield make("linear_before_reset", "GRU", 2, linear_before_reset=1)
    yield make("linear_no_bias", "GRU", 1, drop=("b",), linear_before_reset=1)
    yield make("activations", "LSTM", activations=["HardSigmoid", "Elu", "Softplus"],
               activation_alpha=[0.3, 0.9], activation_beta=[0.6])
    yield make("peepholes", "LSTM", 2, ("p", "c0"))
    yield make("input_forget", "LSTM", 1, ("p",), input_forget=1)
