"""The policy that says which face is the traveller's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.align import ARCFACE_TEMPLATE
from detector.faces import Box, Face
from detector.subject import RIVAL_AREA, choose_subject, prominence, second_face


def face(left: float, top: float, width: float, height: float | None = None) -> Face:
    return Face(Box(left, top, width, height or width), ARCFACE_TEMPLATE, 0.9)


FACES = st.builds(face, st.floats(-20, 620), st.floats(-20, 460), st.floats(2, 300))


def test_nobody_is_nobody():
    assert choose_subject([], 640, 480) is None


@given(st.lists(FACES, min_size=1, max_size=8))
def test_the_subject_is_one_of_the_faces_and_none_is_more_prominent(faces):
    subject = choose_subject(faces, 640, 480)
    assert subject is not None
    assert any(subject is each for each in faces)
    assert all(prominence(each, 640, 480) <= prominence(subject, 640, 480) for each in faces)


@given(faces=st.lists(FACES, min_size=1, max_size=8), factor=st.sampled_from([0.25, 0.5, 2, 4]))
def test_the_choice_does_not_depend_on_resolution(faces, factor):
    subject = choose_subject(faces, 640, 480)
    scaled = [each.scaled(factor) for each in faces]
    again = choose_subject(scaled, round(640 * factor), round(480 * factor))
    assert [each is subject for each in faces] == [each is again for each in scaled]


def test_a_face_in_the_corner_counts_a_quarter():
    centred, corner = face(270, 190, 100), face(590, 430, 100)
    assert centred.box.centre == (320, 240)
    assert corner.box.centre == (640, 480)
    assert prominence(centred, 640, 480) == 10_000
    assert prominence(corner, 640, 480) == pytest.approx(2_500)
    beyond = face(1500, 1500, 100)
    assert prominence(beyond, 640, 480) == pytest.approx(2_500)


def test_the_traveller_is_preferred_to_the_queue_behind():
    traveller = face(250, 150, 140)
    queue = [face(20, 60, 60), face(560, 80, 70), face(330, 20, 50)]
    assert choose_subject([*queue, traveller], 640, 480) is traveller
    assert second_face([*queue, traveller]) == 0.25  # 70 px wide is a quarter of 140's area


def test_a_larger_face_at_the_edge_does_not_beat_one_in_the_middle():
    middle, edge = face(270, 190, 100), face(0, 0, 120)
    assert choose_subject([edge, middle], 640, 480) is middle
    assert second_face([edge, middle]) > RIVAL_AREA, "but it is reported"


@pytest.mark.parametrize(("side", "share"), [(50.0, 0.25), (100.0, 1.0), (200.0, 0.25)])
def test_the_second_face_s_share_is_that_of_the_two_largest_areas(side, share):
    others = [face(0, 0, side), face(600, 400, 10), face(270, 190, 100)]
    assert second_face(others) == pytest.approx(share)


def test_a_single_face_has_no_second_one():
    alone = face(270, 190, 100)
    assert second_face([alone]) == second_face([]) == 0
    assert not np.isnan(prominence(alone, 1, 1))
