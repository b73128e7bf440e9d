"""The gallery against brute force, and under concurrent use."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from index.errors import DimensionMismatch, DuplicateTemplate, NotUnitVector, UnknownTemplate
from index.flat import FlatEngine
from index.memory import MemoryGallery
from tests.deadlines import patience
from tests.index.vectors import DIM, unit

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, count=st.integers(0, 300), threshold=st.floats(-1, 1, width=32))
@settings(max_examples=150, deadline=None)
def test_threshold_search_equals_brute_force(seed, count, threshold):
    vectors, probe = unit(seed, count), unit(seed + 1)[0]
    ids = np.random.default_rng(seed).permutation(10 * count)[:count].tolist()
    gallery = MemoryGallery(DIM)
    if count:
        gallery.add(ids, vectors)
    result = gallery.search(probe, threshold)
    exact = vectors.astype(np.float64) @ probe.astype(np.float64)
    found = {hit.template_id: hit.score for hit in result.hits}
    for template_id, score in zip(ids, exact, strict=True):
        if score >= threshold + 1e-5:
            assert template_id in found
        elif score < threshold - 1e-5:
            assert template_id not in found
        if template_id in found:
            assert found[template_id] == pytest.approx(score, abs=1e-5)
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert result.size == count
    assert result.best == (pytest.approx(exact.max(), abs=1e-5) if count else None)


@given(seed=seeds, count=st.integers(1, 200), k=st.integers(1, 250))
@settings(max_examples=100, deadline=None)
def test_top_k_equals_brute_force(seed, count, k):
    vectors, probe = unit(seed, count), unit(seed + 1)[0]
    gallery = MemoryGallery(DIM)
    gallery.add(range(count), vectors)
    result = gallery.top(probe, k)
    best = np.sort(vectors @ probe)[::-1][:k]
    assert [hit.score for hit in result.hits] == pytest.approx(best.tolist(), abs=1e-5)


class GalleryMachine(RuleBasedStateMachine):
    """Random adds, replacements and removals against a dictionary."""

    def __init__(self):
        super().__init__()
        self.gallery = MemoryGallery(DIM)
        self.model: dict[int, np.ndarray] = {}

    @rule(seed=seeds, ids=st.sets(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5))
    def add(self, seed, ids):
        ids = sorted(ids)
        vectors = unit(seed, len(ids))
        if self.model.keys() & set(ids):
            with pytest.raises(DuplicateTemplate):
                self.gallery.add(ids, vectors)
        else:
            self.gallery.add(ids, vectors)
            self.model.update(zip(ids, vectors, strict=True))

    @precondition(lambda self: self.model)
    @rule(seed=seeds, data=st.data())
    def replace(self, seed, data):
        template_id = data.draw(st.sampled_from(sorted(self.model)))
        self.gallery.replace(template_id, unit(seed)[0])
        self.model[template_id] = unit(seed)[0]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data):
        template_id = data.draw(st.sampled_from(sorted(self.model)))
        self.gallery.remove(template_id)
        del self.model[template_id]

    @rule(template_id=st.integers(2**62, 2**63 - 1))
    def remove_unknown(self, template_id):
        if template_id not in self.model:
            version = self.gallery.version
            with pytest.raises(UnknownTemplate):
                self.gallery.remove(template_id)
            assert self.gallery.version == version

    @invariant()
    def holds_what_the_model_holds(self):
        assert self.gallery.ids() == self.model.keys()
        for template_id, vector in self.model.items():
            best = self.gallery.search(vector, 0.999)
            assert template_id in {hit.template_id for hit in best.hits}
        everything = self.gallery.search(unit(7)[0], -1)
        assert {hit.template_id for hit in everything.hits} == self.model.keys()


TestGalleryMachine = GalleryMachine.TestCase
TestGalleryMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_score_equal_to_the_threshold_is_a_candidate():
    gallery = MemoryGallery(2)
    gallery.add([5], [[1, 0]])
    assert [hit.template_id for hit in gallery.search([1, 0], 1.0).hits] == [5]


def test_equal_scores_come_in_the_order_of_their_ids():
    gallery = MemoryGallery(2)
    gallery.add([9, 3, 6], [[1, 0]] * 3)
    assert [hit.template_id for hit in gallery.search([1, 0], 0.5).hits] == [3, 6, 9]


@pytest.mark.parametrize(
    ("vectors", "error"),
    [
        ([[1.0, 0.0, 0.0]], DimensionMismatch),
        ([1.0, 0.0], DimensionMismatch),
        ([[2.0, 0.0]], NotUnitVector),
        ([[float("nan"), 0.0]], NotUnitVector),
        ([[0.0, 0.0]], NotUnitVector),
        ([[1.0, 0.0], [0.0, 1.0]], DimensionMismatch),
    ],
)
def test_bad_vectors_change_nothing(vectors, error):
    gallery = MemoryGallery(2)
    with pytest.raises(error):
        gallery.add([1], vectors)
    assert len(gallery) == 0
    assert gallery.version == 0


def test_a_bad_probe_is_refused():
    gallery = MemoryGallery(2)
    with pytest.raises(NotUnitVector):
        gallery.search([3, 4], 0.5)


def test_the_version_follows_the_writer_and_never_falls():
    gallery = MemoryGallery(2)
    gallery.add([1], [[1, 0]], version=40)
    assert gallery.search([1, 0], 0).version == 40
    gallery.remove(1, version=39)
    assert gallery.version == 40
    gallery.add([2], [[0, 1]])
    assert gallery.version == 41


def test_searches_see_whole_writes_while_writers_are_at_work():
    """A template is replaced to and fro; a search must see one of the two, never none or a mix."""
    gallery = MemoryGallery(DIM)
    first, second = unit(1)[0], unit(2)[0]
    gallery.add(range(2000), unit(3, 2000))
    gallery.add([5000], first[np.newaxis])
    stop = threading.Event()
    failures: list[object] = []

    def search():
        while not stop.is_set():
            hits = gallery.search(first, 0.9999).hits + gallery.search(second, 0.9999).hits
            # Between the two searches the template may move from `second` to `first`.
            if {hit.template_id for hit in hits} - {5000}:
                failures.append(hits)

    def search_both():
        probe = (first + second) / np.linalg.norm(first + second)
        expected = {round(float(first @ probe), 4), round(float(second @ probe), 4)}
        while not stop.is_set():
            found = [h.score for h in gallery.search(probe, -1).hits if h.template_id == 5000]
            if len(found) != 1 or not any(abs(found[0] - e) < 1e-3 for e in expected):
                failures.append(found)

    readers = [threading.Thread(target=t) for t in (search, search_both, search_both)]
    for reader in readers:
        reader.start()
    for step in range(300):
        gallery.replace(5000, second if step % 2 == 0 else first)
        gallery.remove(step)
        gallery.add([step], unit(step + 10))
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert len(gallery) == 2001


def test_readers_do_not_wait_for_readers():
    """Two searches that each wait for the other to be inside can only finish side by side."""
    meeting = threading.Barrier(2, timeout=patience(10))

    class MeetingEngine(FlatEngine):
        def above(self, probes, threshold):
            meeting.wait()
            return super().above(probes, threshold)

    gallery = MemoryGallery(2, engine=MeetingEngine(2))
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(gallery.search([1, 0], 0))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
