"""Packs of one's own: a detector that is here, and a network of the shape that ArcFace has."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

DIM = 512
_CELL = 8
_STEP = [_CELL, _CELL]
_CELLS = 3 * (112 // _CELL) ** 2


def arcface_shaped(path: Path, dim: int = DIM) -> Path:
    """Write a network from (n, 3, 112, 112) to (n, dim): what a face looks like from afar.

    It stands in for networks that cannot be fetched here. It tells pictures apart, not people.
    """
    random = np.random.default_rng(0).standard_normal((_CELLS, dim)).astype(np.float32)
    nodes = [
        helper.make_node(
            "AveragePool", ["x"], ["cells"], kernel_shape=[_CELL] * 2, strides=[_CELL] * 2
        ),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1]),
        helper.make_node("Sub", ["flat", "mean"], ["centred"]),
        helper.make_node("MatMul", ["centred", "mixed"], ["told"]),
        helper.make_node("Add", ["told", "one"], ["y"]),  # black has a direction, too
    ]
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", dim])],
        [
            numpy_helper.from_array(random, "mixed"),
            numpy_helper.from_array(np.ones(1, np.float32), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def unit_rows(count: int, dim: int = 16, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return embeddings of people who have nothing in common, (count, dim)."""
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
