# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of ai.onnx.ml of contrib_operators.py."""
import numpy as np

from contrib_cases import Case, integers, normal, rng


def make(name, op, inputs, attributes=None, outputs=(True,), **options):
    return Case(f"ml_{name}", op, inputs, attributes or {}, outputs, domain="ai.onnx.ml",
                **options)


def floats(*shape, scale=1.0):
    return [float(v) for v in normal(*shape, scale=scale).ravel()]


def feature_cases():
    x = normal(5, 4)
    free = {"x": ["n", 4]}
    yield make("scaler", "Scaler", {"x": x}, {"offset": floats(4), "scale": floats(4)}, free=free)
    yield make("scaler_one", "Scaler", {"x": integers(-9, 9, (5, 4), np.int64)},
               {"offset": [0.5], "scale": [2.0]})
    for norm in ("L1", "L2", "MAX"):
        data = np.abs(x) if norm == "MAX" else x
        yield make(f"normalizer_{norm.lower()}", "Normalizer", {"x": data}, {"norm": norm},
                   free=free)
    yield make("binarizer", "Binarizer", {"x": x}, {"threshold": 0.3})
    holes = np.where(rng.random((5, 4)) < 0.3, np.nan, x).astype(np.float32)
    yield make("imputer", "Imputer", {"x": holes},
               {"imputed_value_floats": floats(4), "replaced_value_float": float("nan")})
    yield make("imputer_integer", "Imputer", {"x": integers(0, 3, (5, 4), np.int64)},
               {"imputed_value_int64s": [7], "replaced_value_int64": 1})
    yield make("extractor", "ArrayFeatureExtractor",
               {"x": x, "i": np.array([[3, 0]], np.int64)}, constants=("i",), free=free)
    yield make("vectorizer", "FeatureVectorizer", {"x": x, "z": normal(5, 2)},
               {"inputdimensions": [4, 2]})
    yield make("one_hot", "OneHotEncoder", {"x": integers(0, 5, (4, 2), np.int64)},
               {"cats_int64s": [0, 2, 4], "zeros": 1})
    yield make("one_hot_known", "OneHotEncoder", {"x": integers(0, 3, (4, 2), np.int64)},
               {"cats_int64s": [0, 1, 2], "zeros": 0})
    yield make("labels", "LabelEncoder", {"x": integers(0, 5, (6,), np.int64)},
               {"keys_int64s": [1, 3], "values_int64s": [10, 30], "default_int64": -5})
    yield make("labels_float", "LabelEncoder", {"x": np.array([1.5, 2, 0.5], np.float32)},
               {"keys_floats": [1.5, 0.5], "values_int64s": [10, 30]})


def linear_cases():
    x = normal(6, 4)
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        yield make(f"linear_{transform.lower()}", "LinearClassifier", {"x": x},
                   {"coefficients": floats(12), "intercepts": floats(3),
                    "classlabels_ints": [3, 5, 9], "multi_class": 1,
                    "post_transform": transform}, (True, True), free={"x": ["n", 4]})
    for transform in ("NONE", "LOGISTIC"):
        yield make(f"linear_two_{transform.lower()}", "LinearClassifier", {"x": x},
                   {"coefficients": floats(4), "intercepts": floats(1),
                    "classlabels_ints": [0, 1], "post_transform": transform}, (True, True))
    # What scikit-learn converters write for two classes.
    coefficients = normal(4)
    yield make("linear_pair", "LinearClassifier", {"x": x},
               {"coefficients": [float(v) for v in np.concatenate([-coefficients, coefficients])],
                "intercepts": [-0.2, 0.2], "classlabels_ints": [0, 1],
                "post_transform": "LOGISTIC"}, (True, True))
    yield make("linear_regressor", "LinearRegressor", {"x": x},
               {"coefficients": floats(8), "intercepts": floats(2), "targets": 2})


def vector_cases():
    x = normal(6, 4)
    for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
        base = {"kernel_type": kernel, "kernel_params": [0.3, 0.5, 3.0],
                "support_vectors": floats(5, 4)}
        yield make(f"svr_{kernel.lower()}", "SVMRegressor", {"x": x},
                   {**base, "coefficients": floats(5), "n_supports": 5, "rho": [0.2]})
        yield make(f"svc_{kernel.lower()}", "SVMClassifier", {"x": x},
                   {**base, "coefficients": floats(2, 5), "vectors_per_class": [2, 1, 2],
                    "rho": floats(3), "classlabels_ints": [1, 4, 6]}, (True, True))
    yield make("svr_one_class", "SVMRegressor", {"x": x},
               {"kernel_type": "RBF", "kernel_params": [0.3, 0.0, 3.0], "n_supports": 5,
                "support_vectors": floats(5, 4), "coefficients": floats(5), "rho": [0.1],
                "one_class": 1})
    two = {"kernel_type": "RBF", "kernel_params": [0.3, 0.0, 3.0],
           "support_vectors": floats(5, 4), "coefficients": floats(5),
           "vectors_per_class": [2, 3], "rho": [0.1], "classlabels_ints": [0, 1]}
    yield make("svc_two", "SVMClassifier", {"x": x}, two, (True, True))
    yield make("svc_two_probabilities", "SVMClassifier", {"x": x},
               {**two, "prob_a": [-1.5], "prob_b": [0.1]}, (True, True))
    yield make("svc_probabilities", "SVMClassifier", {"x": x},
               {"kernel_type": "RBF", "kernel_params": [0.3, 0.0, 3.0],
                "support_vectors": floats(5, 4), "coefficients": floats(2, 5),
                "vectors_per_class": [2, 1, 2], "rho": floats(3), "classlabels_ints": [1, 4, 6],
                "prob_a": [-1.5, -1.0, -0.5], "prob_b": [0.1, 0.0, -0.2]}, (True, True))


class Forest:
    """Random trees as attributes of TreeEnsembleClassifier and TreeEnsembleRegressor."""

    def __init__(self, trees, features, targets, depth, prefix, modes, weight=normal):
        self.nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values",
                                          "truenodeids", "falsenodeids",
                                          "missing_value_tracks_true")}
        self.weights = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
        self.features, self.targets, self.modes, self.weight = features, targets, modes, weight
        for tree in range(trees):
            self.grow(tree, [0], depth)
        self.attributes = {f"nodes_{k}": v for k, v in self.nodes.items()}
        self.attributes.update({f"{prefix}_{k}": v for k, v in self.weights.items()})

    def grow(self, tree, counter, depth):
        number = counter[0]
        counter[0] += 1
        place = len(self.nodes["modes"])
        is_leaf = depth == 0 or (number and rng.random() < 0.2)
        row = {"treeids": tree, "nodeids": number, "truenodeids": 0, "falsenodeids": 0,
               "featureids": int(rng.integers(self.features)),
               "values": float(np.float32(rng.integers(-4, 5) / 4)),
               "modes": "LEAF" if is_leaf else str(rng.choice(self.modes)),
               "missing_value_tracks_true": int(rng.integers(2))}
        for key, value in row.items():
            self.nodes[key].append(value)
        if is_leaf:
            for target in self.targets:
                for key, value in {"treeids": tree, "nodeids": number, "ids": target,
                                   "weights": float(self.weight(1)[0])}.items():
                    self.weights[key].append(value)
            return number
        self.nodes["truenodeids"][place] = self.grow(tree, counter, depth - 1)
        self.nodes["falsenodeids"][place] = self.grow(tree, counter, depth - 1)
        return number


def positive(*shape):
    return np.abs(normal(*shape, scale=0.2))


def tree_cases():
    x = (integers(-8, 9, (133, 5), np.int64) / 4).astype(np.float32)
    holes = np.where(rng.random(x.shape) < 0.2, np.nan, x).astype(np.float32)
    simple, every = ["BRANCH_LEQ"], [f"BRANCH_{m}" for m in ("LEQ", "LT", "GTE", "GT", "EQ",
                                                              "NEQ")]
    for name, data, modes in (("leq", x, simple), ("modes", x, every), ("missing", holes, every)):
        forest = Forest(7, 5, [0], 6, "target", modes)
        yield make(f"trees_{name}", "TreeEnsembleRegressor", {"x": data},
                   {**forest.attributes, "n_targets": 1, "base_values": [0.25]},
                   free={"x": ["n", 5]})
    for aggregate in ("AVERAGE", "MIN", "MAX"):
        forest = Forest(5, 5, [0, 1, 2], 4, "target", simple)
        yield make(f"trees_{aggregate.lower()}", "TreeEnsembleRegressor", {"x": x},
                   {**forest.attributes, "n_targets": 3, "aggregate_function": aggregate})
    forest = Forest(5, 5, [0], 4, "target", simple)
    yield make("trees_double", "TreeEnsembleRegressor", {"x": x.astype(np.float64)},
               {**forest.attributes, "n_targets": 1})
    for transform in ("NONE", "SOFTMAX", "LOGISTIC"):
        forest = Forest(5, 5, [0, 1, 2], 4, "class", simple)
        yield make(f"tree_classes_{transform.lower()}", "TreeEnsembleClassifier", {"x": x},
                   {**forest.attributes, "classlabels_int64s": [2, 4, 8],
                    "post_transform": transform}, (True, True))
        forest = Forest(5, 5, [0], 4, "class", simple)
        yield make(f"tree_two_{transform.lower()}", "TreeEnsembleClassifier", {"x": x},
                   {**forest.attributes, "classlabels_int64s": [0, 1],
                    "post_transform": transform}, (True, True))
    forest = Forest(5, 5, [1], 4, "class", simple, positive)
    yield make("tree_two_positive", "TreeEnsembleClassifier", {"x": x},
               {**forest.attributes, "classlabels_int64s": [0, 1]}, (True, True))


def make_ml_cases():
    for cases in (feature_cases, linear_cases, vector_cases, tree_cases):
        yield from cases()
