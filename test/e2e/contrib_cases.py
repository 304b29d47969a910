# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of contrib_operators.py: nodes with their inputs."""
import dataclasses

import numpy as np


@dataclasses.dataclass
class Case:
    name: str
    op: str
    inputs: dict  # None for an optional input that is absent
    attributes: dict = dataclasses.field(default_factory=dict)
    outputs: tuple = (True,)  # which outputs the node has
    constants: tuple = ()  # inputs that are initializers
    free: dict = dataclasses.field(default_factory=dict)  # dimensions of inputs, with names
    depth: int = 64  # length of the longest sum
    quanta: int = 0  # how far integers may differ
    precision: type = None  # the narrowest type of a computation, if not the output's
    reference: dict = None  # other inputs for the reference, which mean the same
    domain: str = "com.microsoft"
    ml_opset: int = 3


rng = np.random.default_rng(5)


def normal(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def integers(low, high, shape, dtype):
    return rng.integers(low, high, shape).astype(dtype)


def scalar(value, dtype=np.float32):
    return np.array(value, dtype)


#===- Activations and normalization --------------------------------------===#

def activation_cases():
    x = normal(2, 5, 16, scale=2)
    bias = normal(16)
    yield Case("gelu", "Gelu", {"x": x})
    yield Case("gelu_free", "Gelu", {"x": x}, free={"x": ["b", "s", 16]})
    yield Case("bias_gelu", "BiasGelu", {"x": x, "b": bias})
    yield Case("fast_gelu", "FastGelu", {"x": x})
    yield Case("fast_gelu_bias", "FastGelu", {"x": x, "b": bias})
    yield Case("quick_gelu", "QuickGelu", {"x": x})
    yield Case("quick_gelu_alpha", "QuickGelu", {"x": x}, {"alpha": 1.0})


def normalization_cases():
    x, skip, bias = normal(2, 5, 16), normal(2, 5, 16), normal(16)
    gamma, beta = normal(16), normal(16)
    yield Case("skip_layer_norm", "SkipLayerNormalization",
               {"x": x, "skip": skip, "gamma": gamma, "beta": beta, "bias": bias},
               {"epsilon": 1e-5}, (True, False, False, True))
    yield Case("skip_layer_norm_broadcast", "SkipLayerNormalization",
               {"x": x, "skip": normal(5, 16), "gamma": gamma}, free={"x": ["b", 5, 16]})
    yield Case("skip_simplified", "SkipSimplifiedLayerNormalization",
               {"x": x, "skip": skip, "gamma": gamma, "bias": bias}, {"epsilon": 1e-6},
               (True, False, False, True))
    yield Case("simplified", "SimplifiedLayerNormalization", {"x": x, "scale": gamma},
               {"axis": -1, "epsilon": 1e-6}, domain="")
    words = integers(0, 20, (2, 6), np.int32)
    tables = {"word": normal(20, 16), "position": normal(8, 16), "segment": normal(2, 16)}
    mask = np.array([[1] * 6, [1] * 4 + [0] * 2], np.int32)
    yield Case("embed", "EmbedLayerNormalization",
               {"ids": words, "segments": integers(0, 2, (2, 6), np.int32), **tables,
                "gamma": gamma, "beta": beta, "mask": mask}, {"epsilon": 1e-6}, (True, True),
               constants=("word", "position", "segment", "gamma", "beta"))
    yield Case("embed_plain", "EmbedLayerNormalization",
               {"ids": words, "segments": None, "word": tables["word"],
                "position": tables["position"], "segment": None, "gamma": gamma, "beta": beta,
                "mask": None, "positions": integers(0, 8, (2, 6), np.int32)}, {},
               (True, False, True), free={"ids": ["b", "s"], "positions": ["b", "s"]})


#===- Products -----------------------------------------------------------===#

def pack(values, bits):
    """Integers along the last dimension as bytes, those in low bits first."""
    each = 8 // bits
    missing = -values.shape[-1] % each
    values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])
    parts = values.reshape(*values.shape[:-1], -1, each).astype(np.uint32)
    shifts = np.arange(each, dtype=np.uint32) * bits
    return (parts << shifts).sum(-1).astype(np.uint8)


def product_cases():
    a, b = normal(2, 3, 4, 5), normal(2, 3, 5, 6)
    yield Case("fused_matmul", "FusedMatMul", {"a": a, "b": b}, {"alpha": 0.5})
    yield Case("fused_matmul_trans", "FusedMatMul",
               {"a": a.swapaxes(2, 3).copy(), "b": b.swapaxes(2, 3).copy()},
               {"transA": 1, "transB": 1}, free={"a": ["n", 3, 5, 4], "b": ["n", 3, 6, 5]})
    yield Case("fused_matmul_batch", "FusedMatMul",
               {"a": normal(4, 2, 3, 5), "b": normal(2, 3, 5, 6)}, {"transBatchA": 1})
    x, w = normal(1, 3, 8, 8), normal(4, 3, 3, 3)
    for name, attributes in {"relu": {"activation": "Relu"},
                             "leaky": {"activation": "LeakyRelu", "activation_params": [0.2]},
                             "clip": {"activation": "Clip", "activation_params": [-0.5, 1.5]},
                             "hard": {"activation": "HardSigmoid",
                                      "activation_params": [0.3, 0.4]},
                             "tanh": {"activation": "Tanh"}}.items():
        yield Case(f"fused_conv_{name}", "FusedConv", {"x": x, "w": w, "b": normal(4)},
                   {"pads": [1, 1, 1, 1], **attributes}, constants=("w", "b"))
    yield Case("fused_conv_add", "FusedConv",
               {"x": x, "w": w, "b": None, "z": normal(1, 4, 6, 6)}, {"activation": "Relu"},
               constants=("w",))
    yield Case("fused_gemm", "FusedGemm", {"a": normal(4, 5), "b": normal(6, 5), "c": normal(6)},
               {"transB": 1, "alpha": 0.5, "activation": "LeakyRelu", "activation_alpha": 0.1})
    for bits, zero in ((4, "none"), (4, "packed"), (4, "float"), (8, "none"), (8, "packed"),
                       (2, "packed")):
        depth, columns, block = 80, 6, 32
        blocks = -(-depth // block)
        quantized = integers(0, 1 << bits, (columns, blocks, block), np.uint8)
        inputs = {"a": normal(2, 3, depth), "b": pack(quantized, bits),
                  "scales": normal(columns, blocks, scale=0.1)}
        if zero == "packed":
            inputs["zero"] = pack(integers(0, 1 << bits, (columns, blocks), np.uint8), bits)
        if zero == "float":
            inputs["zero"] = normal(columns, blocks, scale=2)
        yield Case(f"matmul_{bits}_bits_{zero}", "MatMulNBits", inputs,
                   {"K": depth, "N": columns, "bits": bits, "block_size": block},
                   constants=("b", "scales", "zero"), depth=400,
                   free={"a": ["n", "s", depth]})
    for bits in (4, 8):
        table = integers(0, 1 << bits, (10, 64), np.uint8)
        yield Case(f"gather_blocks_{bits}", "GatherBlockQuantized",
                   {"data": pack(table, bits), "indices": integers(0, 10, (2, 3), np.int64),
                    "scales": normal(10, 4),
                    "zero": pack(integers(0, 1 << bits, (10, 4), np.uint8), bits)},
                   {"bits": bits, "block_size": 16, "gather_axis": 0, "quantize_axis": 1},
                   constants=("data", "scales", "zero"))


#===- Attention ----------------------------------------------------------===#

def attention_cases():
    size, heads, length, batch = 8, 2, 5, 2
    hidden = heads * size
    x = normal(batch, length, 12)
    weights, bias = normal(12, 3 * hidden, scale=0.4), normal(3 * hidden)
    base = {"x": x, "w": weights, "b": bias}
    free = {"x": ["n", "s", 12]}
    full = {"num_heads": heads}
    yield Case("attention", "Attention", base, full, free=free)
    yield Case("attention_causal", "Attention", base, {**full, "unidirectional": 1}, free=free)
    masks = {"right": np.array([3, 5], np.int32), "left": np.array([5, 4, 1, 0], np.int32),
             "keys": np.array([[1, 1, 1, 0, 0], [1] * 5], np.int32),
             "pairs": np.tril(np.ones((batch, length, length), np.int32))}
    for name, mask in masks.items():
        yield Case(f"attention_mask_{name}", "Attention", {**base, "mask": mask}, full)
    past = normal(2, batch, heads, 3, size)
    yield Case("attention_past", "Attention", {**base, "mask": None, "past": past},
               {**full, "unidirectional": 1}, (True, True))
    yield Case("attention_bias", "Attention",
               {**base, "mask": None, "past": None, "scores": normal(1, heads, length, length)},
               {**full, "scale": 0.2})
    narrow = normal(12, 2 * hidden + 4 * heads, scale=0.4)
    yield Case("attention_sizes", "Attention", {"x": x, "w": narrow, "b": normal(40)},
               {**full, "qkv_hidden_sizes": [hidden, hidden, 4 * heads]})
    quantized = {"x": integers(0, 255, (batch, length, 12), np.uint8),
                 "w": integers(-127, 127, (12, 3 * hidden), np.int8), "b": bias,
                 "xs": scalar(0.02), "ws": scalar(0.01), "mask": masks["right"],
                 "xz": scalar(128, np.uint8), "wz": scalar(0, np.int8)}
    yield Case("q_attention", "QAttention", quantized, full, constants=("w", "b"))
    columns = {**quantized, "ws": np.abs(normal(3 * hidden, scale=0.01)), "mask": None,
               "wz": np.zeros(3 * hidden, np.int8)}
    yield Case("q_attention_columns", "QAttention", columns, {**full, "unidirectional": 1},
               constants=("w", "b", "ws", "wz"))


def multi_head_cases():
    size, heads, queries, keys, batch = 8, 2, 4, 6, 2
    hidden = heads * size
    query, key, value = (normal(batch, n, hidden) for n in (queries, keys, keys))
    full = {"num_heads": heads}
    base = {"q": query, "k": key, "v": value}
    free = {"q": ["n", "s", hidden], "k": ["n", "t", hidden], "v": ["n", "t", hidden]}
    yield Case("multi_head", "MultiHeadAttention", base, full, free=free)
    yield Case("multi_head_bias", "MultiHeadAttention", {**base, "b": normal(3 * hidden)}, full)
    for name, mask in {"keys": np.array([[1] * 4 + [0] * 2, [1] * 6], np.int32),
                       "right": np.array([4, 6], np.int32)}.items():
        yield Case(f"multi_head_mask_{name}", "MultiHeadAttention",
                   {**base, "b": None, "mask": mask}, full)
    yield Case("multi_head_scores", "MultiHeadAttention",
               {**base, "b": None, "mask": None, "scores": normal(1, heads, queries, keys)},
               {**full, "scale": 0.3})

    def unpack(packed):
        parts = np.moveaxis(packed, 3, 0)
        return [np.ascontiguousarray(p.reshape(*p.shape[:2], hidden)) for p in parts]

    packed, packed_keys = normal(batch, queries, heads, 3, size), normal(batch, keys, heads, 2, size)
    yield Case("multi_head_packed", "MultiHeadAttention", {"q": packed}, full,
               reference=dict(zip("qkv", unpack(packed))))
    yield Case("multi_head_packed_keys", "MultiHeadAttention", {"q": query, "k": packed_keys},
               full, reference={"q": query, **dict(zip("kv", unpack(packed_keys)))})
    yield Case("multi_head_cross", "MultiHeadAttention",
               {"q": query, "k": normal(batch, heads, keys, size),
                "v": normal(batch, heads, keys, size)}, full)
    same = {"q": query, "k": normal(batch, queries, hidden), "v": normal(batch, queries, hidden)}
    yield Case("multi_head_past", "MultiHeadAttention",
               {**same, "b": None, "mask": None, "scores": None,
                "pk": normal(batch, heads, 3, size), "pv": normal(batch, heads, 3, size)},
               full, (True, True, True))
    yield Case("multi_head_causal", "MultiHeadAttention", same, {**full, "unidirectional": 1})


def group_query_cases():
    size, heads, groups, batch = 16, 4, 2, 2
    tables = {"cos": normal(16, size // 2), "sin": normal(16, size // 2)}

    def inputs(length, past, total, lengths, packed=False):
        result = {"q": normal(batch, length, (heads + 2 * groups if packed else heads) * size),
                  "k": None if packed else normal(batch, length, groups * size),
                  "v": None if packed else normal(batch, length, groups * size),
                  "pk": None, "pv": None}
        if past is not None:
            result["pk"] = normal(batch, groups, past, size)
            result["pv"] = normal(batch, groups, past, size)
        result["lengths"] = np.array(lengths, np.int32) - 1
        result["total"] = scalar(total, np.int32)
        return result

    full = {"num_heads": heads, "kv_num_heads": groups}
    fixed = ("total",)
    three = (True, True, True)
    yield Case("group_query_prompt", "GroupQueryAttention", inputs(5, None, 5, [5, 5]), full,
               three, constants=fixed)
    yield Case("group_query_packed", "GroupQueryAttention",
               inputs(5, None, 5, [5, 5], packed=True), full, three, constants=fixed)
    yield Case("group_query_decode", "GroupQueryAttention", inputs(1, 6, 7, [7, 4]), full,
               three, constants=fixed)
    yield Case("group_query_rotary", "GroupQueryAttention",
               {**inputs(1, 6, 7, [7, 4]), **tables}, {**full, "do_rotary": 1},
               three, constants=fixed + ("cos", "sin"))
    yield Case("group_query_interleaved", "GroupQueryAttention",
               {**inputs(5, None, 5, [5, 5]), **tables},
               {**full, "do_rotary": 1, "rotary_interleaved": 1, "scale": 0.3}, three,
               constants=fixed + ("cos", "sin"))
    yield Case("group_query_window", "GroupQueryAttention", inputs(6, None, 6, [6, 6]),
               {**full, "local_window_size": 3}, constants=fixed)
    yield Case("group_query_softcap", "GroupQueryAttention", inputs(5, None, 5, [5, 5]),
               {**full, "softcap": 1.5}, constants=fixed)
    yield Case("group_query_smooth", "GroupQueryAttention", inputs(5, None, 5, [5, 5]),
               {**full, "smooth_softmax": 1}, constants=fixed)
    yield Case("group_query_sink", "GroupQueryAttention",
               {**inputs(5, None, 5, [5, 5]), "cos": None, "sin": None, "positions": None,
                "scores": None, "sink": normal(heads)}, full, constants=fixed)
    yield Case("group_query_scores", "GroupQueryAttention",
               {**inputs(5, None, 5, [5, 5]), "cos": None, "sin": None, "positions": None,
                "scores": normal(1, heads, 5, 5)}, full, constants=fixed)


def rotary_cases():
    cos, sin = normal(16, 4), normal(16, 4)
    table = {"cos": cos, "sin": sin}
    positions = integers(0, 16, (2, 5), np.int64)
    yield Case("rotary", "RotaryEmbedding", {"x": normal(2, 5, 24), "p": positions, **table},
               constants=("cos", "sin"), free={"x": ["n", "s", 24], "p": ["n", "s"]})
    yield Case("rotary_4d", "RotaryEmbedding",
               {"x": normal(2, 3, 5, 8), "p": positions, **table}, {"interleaved": 1})
    yield Case("rotary_offset", "RotaryEmbedding",
               {"x": normal(2, 5, 24), "p": np.array([3], np.int64), **table})
    yield Case("rotary_part", "RotaryEmbedding",
               {"x": normal(2, 5, 36), "p": positions, **table},
               {"num_heads": 3, "rotary_embedding_dim": 8})


#===- Experts ------------------------------------------------------------===#

def expert_cases():
    tokens, hidden, inner, experts = 6, 16, 32, 4
    x, router = normal(tokens, hidden), normal(tokens, experts)

    def layers(width, bias=True):
        result = {"fc1": normal(experts, width, hidden, scale=0.3),
                  "b1": normal(experts, width) if bias else None,
                  "fc2": normal(experts, hidden, inner, scale=0.3)}
        return {**result, "b2": normal(experts, hidden)} if bias else result

    constants = ("fc1", "b1", "fc2", "b2")
    for kind in ("relu", "gelu", "silu", "identity"):
        yield Case(f"experts_{kind}", "MoE", {"x": x, "router": router, **layers(inner)},
                   {"activation_type": kind, "k": 2}, constants=constants)
    yield Case("experts_normalized", "MoE",
               {"x": normal(2, 3, hidden), "router": router, **layers(inner, bias=False)},
               {"k": 2, "normalize_routing_weights": 1}, constants=constants)
    yield Case("experts_swiglu", "MoE", {"x": x, "router": router, **layers(2 * inner)},
               {"activation_type": "swiglu", "swiglu_fusion": 1, "k": 2,
                "activation_alpha": 1.702, "activation_beta": 1.0, "swiglu_limit": 7.0},
               constants=constants)
    for bits in (4, 8):
        first = integers(0, 1 << bits, (experts, 2 * inner, hidden), np.uint8)
        second = integers(0, 1 << bits, (experts, hidden, inner), np.uint8)
        yield Case(f"quantized_experts_{bits}", "QMoE",
                   {"x": x, "router": router, "fc1": pack(first, bits),
                    "s1": np.abs(normal(experts, 2 * inner, scale=0.02)), "b1": None,
                    "fc2": pack(second, bits),
                    "s2": np.abs(normal(experts, hidden, scale=0.02))},
                   {"activation_type": "swiglu", "swiglu_fusion": 1, "k": 2,
                    "expert_weight_bits": bits, "normalize_routing_weights": 1},
                   constants=("fc1", "s1", "fc2", "s2"), depth=400)


#===- Quantized operators ------------------------------------------------===#

def quantized_cases():
    a, b = (integers(0, 255, (2, 3, 4, 4), np.uint8) for _ in range(2))
    s, z = scalar(0.05), scalar(120, np.uint8)
    t, u = scalar(0.08), scalar(110, np.uint8)
    fixed = ("s", "z", "t", "u", "o", "p")
    unary = {"x": a, "s": s, "z": z, "t": t, "u": u}
    yield Case("q_add", "QLinearAdd", {"a": a, "s": s, "z": z, "b": b, "t": t, "u": u,
                                       "o": scalar(0.1), "p": z}, constants=fixed, quanta=1)
    yield Case("q_mul", "QLinearMul", {"a": a, "s": s, "z": z, "b": b, "t": t, "u": u,
                                       "o": scalar(0.3), "p": z}, constants=fixed, quanta=1)
    yield Case("q_sigmoid", "QLinearSigmoid",
               {**unary, "t": scalar(1 / 255), "u": scalar(0, np.uint8)}, constants=fixed,
               quanta=1)
    yield Case("q_leaky", "QLinearLeakyRelu", unary, {"alpha": 0.1}, constants=fixed, quanta=1)
    yield Case("q_pool", "QLinearGlobalAveragePool", unary, constants=fixed, quanta=1)
    yield Case("q_pool_last", "QLinearGlobalAveragePool", unary, {"channels_last": 1},
               constants=fixed, quanta=1)
    yield Case("q_concat", "QLinearConcat",
               {"o": scalar(0.1), "p": z, "a": a, "s": s, "z": z, "b": b, "t": t, "u": u},
               {"axis": 1}, constants=fixed, quanta=1)
    yield Case("q_softmax", "QLinearSoftmax",
               {**unary, "t": scalar(1 / 255), "u": scalar(0, np.uint8)},
               {"axis": -1, "opset": 13}, constants=fixed, quanta=1)
    yield Case("q_where", "QLinearWhere",
               {"c": rng.random((2, 3, 4, 4)) < 0.5, "a": a, "s": s, "z": z, "b": b, "t": t, "u": u,
                "o": scalar(0.1), "p": z}, constants=fixed, quanta=1)
    w = integers(-127, 127, (8, 6), np.int8)
    yield Case("dynamic_matmul", "DynamicQuantizeMatMul",
               {"a": normal(3, 8), "w": w, "s": scalar(0.02), "z": scalar(0, np.int8),
                "b": normal(6)}, constants=("w", "s", "z", "b"), depth=8)
    yield Case("integer_matmul", "MatMulIntegerToFloat",
               {"a": integers(0, 255, (3, 8), np.uint8), "w": w, "s": scalar(0.02),
                "t": np.abs(normal(6, scale=0.02)), "z": scalar(130, np.uint8), "u": None,
                "b": normal(6)}, constants=("w", "s", "t", "z", "b"), depth=8)


    # The reference quantizes x and the state to 8 bits in every step.
    for name, direction, columns in (("lstm", "forward", False), ("lstm_two", "bidirectional", True)):
        directions, size, hidden = 1 + columns, 6, 8
        scales = (directions, 4 * hidden) if columns else (directions,)
        yield Case(f"dynamic_{name}", "DynamicQuantizeLSTM",
                   {"x": normal(5, 2, size), "w": integers(-127, 127, (directions, size, 32), np.int8),
                    "r": integers(-127, 127, (directions, hidden, 32), np.int8),
                    "b": normal(directions, 64, scale=0.1), "lengths": None, "h": None, "c": None,
                    "p": None, "ws": np.full(scales, 0.004, np.float32),
                    "wz": np.zeros(scales, np.int8), "rs": np.full(scales, 0.003, np.float32),
                    "rz": np.zeros(scales, np.int8)},
                   {"hidden_size": hidden, "direction": direction}, (True, True, True),
                   constants=("w", "r", "b", "ws", "wz", "rs", "rz"), depth=8,
                   precision=np.float16)


def make_cases():
    from ml_cases import make_ml_cases
    from recurrent_cases import make_recurrent_cases
    for cases in (activation_cases, normalization_cases, product_cases, attention_cases,
                  multi_head_cases, group_query_cases, rotary_cases, expert_cases,
                  quantized_cases, make_ml_cases, make_recurrent_cases):
        yield from cases()
