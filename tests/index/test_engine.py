"""Every engine answers exactly the same: the exact answer."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import flat
from index.engine import ENGINES, EngineName
from index.exact import exact_scores
from index.memory import MemoryGallery
from tests.index.vectors import clustered, unit

seeds = st.integers(0, 2**32 - 1)


def test_every_name_makes_an_engine():
    assert set(ENGINES) == set(get_args(EngineName))


@given(
    seed=seeds,
    count=st.integers(0, 200),
    probes=st.integers(1, 9),
    dim=st.sampled_from([1, 3, 16, 128, 200]),
    threshold=st.floats(-1, 1, width=32),
)
@settings(max_examples=150, deadline=None)
def test_engines_give_the_same_rows_and_the_same_scores_to_the_last_bit(
    seed, count, probes, dim, threshold
):
    vectors, questions = clustered(seed, count, dim), clustered(seed, probes, dim)
    expected = []
    for probe in questions:
        scores = exact_scores(vectors, probe)
        rows = np.flatnonzero(scores >= np.float32(threshold))
        expected.append(dict(zip(rows.tolist(), scores[rows].tolist(), strict=True)))
    for make in ENGINES.values():
        engine = make(dim)
        engine.append(vectors)
        for found, wanted in zip(engine.above(questions, threshold), expected, strict=True):
            rows, scores, _ = found
            assert dict(zip(rows.tolist(), scores.tolist(), strict=True)) == wanted
            assert len(rows) == len(wanted)


@given(
    seed=seeds,
    count=st.integers(0, 400),
    probes=st.integers(1, 9),
    dim=st.sampled_from([2, 16, 128]),
    threshold=st.sampled_from([-1.0, 0.3, 0.7, 1.0]),
)
@settings(max_examples=150, deadline=None)
def test_one_pass_tells_the_best_score_too_to_the_last_bit(seed, count, probes, dim, threshold):
    vectors, questions = clustered(seed, count, dim), clustered(seed + 3, probes, dim)
    for make in ENGINES.values():
        engine = make(dim)
        engine.append(vectors)
        for (_, _, best), probe in zip(engine.above(questions, threshold), questions, strict=True):
            assert best == (float(exact_scores(vectors, probe).max()) if count else None)


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("probes", [1, 8])
def test_more_rows_than_a_block_hands_over_are_all_found(make, probes, small_blocks, monkeypatch):
    """Equal rows, near ties and full blocks: neither a hit nor the best may be lost."""
    monkeypatch.setattr(flat, "_BEST_ROWS", 4)
    vectors = np.repeat(clustered(2, 12, 16), 10, axis=0)
    questions = clustered(2, probes, 16)
    engine = make(16)
    engine.append(vectors)
    for threshold in (-1.0, 0.5, 2.0):
        for (rows, _, best), probe in zip(
            engine.above(questions, threshold), questions, strict=True
        ):
            exact = exact_scores(vectors, probe)
            assert sorted(rows.tolist()) == np.flatnonzero(exact >= threshold).tolist()
            assert best == float(exact.max())


@given(seed=seeds, count=st.integers(1, 150), k=st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_the_nearest_are_the_nearest(seed, count, k):
    vectors, probe = clustered(seed, count, 32), unit(seed + 9, 1, 32)[0]
    best = np.sort(exact_scores(vectors, probe))[::-1][:k]
    for make in ENGINES.values():
        engine = make(32)
        engine.append(vectors)
        _, scores, _ = engine.nearest(probe, k)
        assert scores.tolist() == best.tolist()


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_writes_across_the_edges_of_blocks(make, small_blocks):
    engine, model = make(8), []
    rng = np.random.default_rng(3)
    for step in range(60):
        rows = unit(step, int(rng.integers(1, 40)), 8)
        engine.append(rows)
        model += list(rows)
        if step % 3 == 0:
            place = int(rng.integers(len(model)))
            engine.overwrite(place, unit(step + 500, 1, 8)[0])
            model[place] = unit(step + 500, 1, 8)[0]
        if step % 4 == 0:
            keep = int(rng.integers(len(model)))
            engine.truncate(keep)
            del model[keep:]
        assert len(engine) == len(model)
    probe = unit(9, 1, 8)
    ((rows, scores, _),) = engine.above(probe, 0.2)
    exact = exact_scores(np.array(model), probe[0])
    assert sorted(rows.tolist()) == np.flatnonzero(exact >= np.float32(0.2)).tolist()
    assert scores.tolist() == exact[rows].tolist()


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_a_gallery_searches_many_probes_as_it_searches_one(make):
    gallery = MemoryGallery(32, make(32))
    gallery.add(range(300), clustered(5, 300, 32))
    probes = clustered(5, 20, 32)
    assert gallery.search_many(probes, 0.5) == [gallery.search(probe, 0.5) for probe in probes]
    assert any(result.hits for result in gallery.search_many(probes, 0.5))
