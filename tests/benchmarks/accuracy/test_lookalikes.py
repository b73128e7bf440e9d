"""Whom known look-alikes spare, among faces whose likeness is known."""

import numpy as np
import pytest

from benchmarks.accuracy.lookalikes import Photos, Rule, Spared, measure

RULE = Rule(threshold=0.3, bar=0.8)


def photos(*angles_of: tuple[int, ...]) -> Photos:
    """People as directions in a plane: two photos score the cosine of the angle between them."""
    angles = np.radians([angle for angles in angles_of for angle in angles])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    owners = [who for who, angles in enumerate(angles_of) for _ in angles]
    return Photos(vectors, np.array(owners))


class InOrder(np.random.Generator):
    """The first people are enrolled, each by the first photo."""

    def __init__(self):
        super().__init__(np.random.PCG64())

    def choice(self, *asked, **how):
        people, count = asked
        return people[:count]

    def permutation(self, *asked, **how):
        return asked[0]


def counted(*angles_of):
    """Enrol the first of these people."""
    return measure(photos(*angles_of), RULE, 1, 1, InOrder())


def test_who_is_kept_is_spared_and_the_subject_is_not():
    # Photos of the subject 10 degrees apart; the look-alike's are 60 and 65 degrees away from it.
    assert counted((0, 10), (60, 65)) == Spared(kept=1, theirs=1, theirs_spared=1, mated=1)


def test_who_is_too_alike_is_not_kept():
    assert counted((0, 10), (20, 60)) == Spared(refused=1)


def test_a_poor_photo_of_the_subject_that_looks_like_the_kept_face_is_counted():
    assert counted((0, 50), (60,), (-60,)) == Spared(kept=2, mated=1, mated_spared=1)


def test_who_resembles_both_is_spared_too_and_counted_apart():
    people = [(0,), (60,), *((50 + step, -50 - step) for step in range(5))]
    found = counted(*people)
    assert (found.kept, found.refused) == (5, 0)  # as many as one subject may have
    assert (found.others, found.others_spared) == (2, 1)


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="too few"):
        measure(photos((0,), (60,)), RULE, 2, 1, InOrder())
