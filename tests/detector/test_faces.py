"""Boxes, faces, and non-maximum suppression against the O(n^2) definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.align import ARCFACE_TEMPLATE
from detector.faces import (
    Box,
    Face,
    halved,
    halvings,
    mirrored,
    non_maximum_suppression,
    resized,
    rotated,
)

SIDE = st.integers(1, 60)
BOXES = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50), SIDE, SIDE), max_size=25)


def overlap(a, b):
    """Intersection over union of two (left, top, width, height), counted in exact integers."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    return float(shared) / (a[2] * a[3] + b[2] * b[3] - shared)


def naive(boxes, scores, threshold) -> list[int]:
    kept: list[int] = []
    for candidate in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(overlap(boxes[candidate], boxes[other]) <= threshold for other in kept):
            kept.append(candidate)
    return kept


@given(boxes=BOXES, data=st.data(), threshold=st.sampled_from([0.0, 0.1, 0.3, 0.45, 0.7, 0.99]))
def test_suppression_is_what_its_definition_says(boxes, data, threshold):
    grades = st.integers(0, 8).map(lambda n: n / 8)
    scores = data.draw(st.lists(grades, min_size=len(boxes), max_size=len(boxes)))
    found = non_maximum_suppression(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), threshold
    )
    assert found == naive(boxes, scores, threshold)


def test_suppression_keeps_one_of_many_and_the_best():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [100, 100, 10, 10]], np.float32)
    assert non_maximum_suppression(boxes, np.array([0.7, 0.9, 0.8], np.float32), 0.3) == [1, 2]


def test_a_scaled_face_is_the_same_face():
    face = Face(Box(10, 20, 30, 50), ARCFACE_TEMPLATE, 0.8)
    double = face.scaled(2)
    assert (double.box, double.confidence) == (Box(20, 40, 60, 100), 0.8)
    assert double.box.centre == (50, 90)
    assert double.box.area == 4 * face.box.area
    assert double.inter_eye_distance == pytest.approx(2 * face.inter_eye_distance)
    assert double.landmarks.dtype == np.float32
    np.testing.assert_allclose(double.scaled(0.5).landmarks, face.landmarks)


def test_the_template_has_its_eyes_35_pixels_apart():
    assert Face(Box(0, 0, 112, 112), ARCFACE_TEMPLATE, 1.0).inter_eye_distance == pytest.approx(
        35.24, abs=0.01
    )


# -- resizing


@given(
    height=st.integers(1, 40), width=st.integers(1, 40), times=st.integers(0, 4), seed=st.integers()
)
def test_halving_averages_whole_squares(height, width, times, seed):
    image = np.random.default_rng(abs(seed)).integers(0, 255, (height, width, 3), np.uint8)
    expected = image.astype(np.float64)
    for _ in range(times):
        rows, columns = expected.shape[0] // 2, expected.shape[1] // 2
        if rows and columns:
            even = expected[: 2 * rows, : 2 * columns]
            expected = even.reshape(rows, 2, columns, 2, 3).mean(axis=(1, 3))
    found = halved(image, times)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= times  # each step rounds


@pytest.mark.parametrize(
    ("factor", "times"), [(3.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.01, 6)]
)
def test_what_is_left_after_halving_is_more_than_half(factor, times):
    assert halvings(factor) == times
    assert factor * 2**times > 0.5


@pytest.mark.parametrize("factor", [0.03, 0.2, 0.37, 0.5, 0.9, 1.0, 2.5])
@pytest.mark.parametrize("shape", [(101, 67), (64, 200), (1, 90)])
def test_a_resized_ramp_is_a_ramp(factor, shape):
    """Position in the result stands for the same position in the original."""
    height, width = shape
    ramp = np.linspace(0, 250, width).astype(np.uint8)
    image = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (height, width, 3)))
    small = resized(image, factor)
    assert small.shape == (max(1, round(height * factor)), max(1, round(width * factor)), 3)
    middles = (np.arange(small.shape[1]) + 0.5) / small.shape[1] * width - 0.5
    expected = np.interp(middles, np.arange(width), np.linspace(0, 250, width))
    assert np.abs(small[0, :, 0] - expected).max() < 2 + 250 / width / min(1, factor)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(-4, 7))
def test_turned_and_mirrored_pictures_are_those_of_numpy(height, width, quarters):
    image = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)
    for made, expected in (
        (rotated(image, quarters), np.rot90(image, quarters)),
        (mirrored(image), image[:, ::-1]),
    ):
        np.testing.assert_array_equal(made, expected)
        assert made.flags.c_contiguous
