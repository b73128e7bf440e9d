import numpy as np

from index.int8 import Int8Engine
from tests.index.vectors import unit


def test_rows_of_extreme_direction_are_not_lost_to_rounding():
    """A vector along one axis is clipped hardest by eight bits."""
    for dim in (16, 128, 512):
        axis = np.zeros((1, dim), np.float32)
        axis[0, 3] = 1
        engine = Int8Engine(dim)
        engine.append(np.concatenate([unit(1, 500, dim), axis]))
        ((rows, scores, _),) = engine.above(axis, 0.999)
        assert rows.tolist() == [500]
        assert scores.tolist() == [1.0]
