"""The default engine takes the pass that its size asks for, and answers as both do."""

import numpy as np
import pytest

from index import auto
from index.auto import AutoEngine
from index.flat import FlatEngine
from index.int8 import Int8Engine
from tests.index.vectors import unit


class Watched(AutoEngine):
    """Notes which pass is asked."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.rounded_probes = 0

    def _rounded(self, vectors):
        self.rounded_probes += len(vectors)
        return super()._rounded(vectors)


@pytest.mark.parametrize(
    ("dim", "rows", "probes", "over_bytes"),
    [
        (16, 63, 1, False),
        (16, 64, 1, True),
        (16, 31, 3, False),
        (16, 32, 3, True),
        (32, 900, 2, False),
        (32, 900, 3, True),
    ],
)
def test_large_galleries_and_several_probes_go_over_bytes(
    dim, rows, probes, over_bytes, monkeypatch
):
    monkeypatch.setattr(auto, "_FROM_NUMBERS", 16 * 64)
    monkeypatch.setattr(auto, "_SEVERAL_FROM_NUMBERS", 16 * 32)
    monkeypatch.setattr(auto, "_LONGEST", 16)
    engine = Watched(dim)
    engine.append(unit(1, rows, dim))
    engine.rounded_probes = 0
    engine.above(unit(2, probes, dim), 0.2)
    assert (engine.rounded_probes > 0) is over_bytes


def test_a_gallery_that_grows_and_shrinks_past_the_change_answers_as_both_engines(monkeypatch):
    monkeypatch.setattr(auto, "_FROM_NUMBERS", 16 * 50)
    engines = [AutoEngine(16), FlatEngine(16), Int8Engine(16)]
    for engine in engines:
        engine.append(unit(1, 40, 16))
    probe = unit(5, 1, 16)
    for change in range(3):
        answers = []
        for engine in engines:
            if change == 1:
                engine.append(unit(2, 30, 16))
            elif change == 2:
                engine.overwrite(3, unit(9, 1, 16)[0])
                engine.truncate(20)
            (found,) = engine.above(probe, 0.1)
            order = np.argsort(found.rows)
            answers.append((found.rows[order].tolist(), found.scores[order].tolist(), found.best))
        assert answers[0] == answers[1] == answers[2]
