"""The similarity against scikit-image and an SVD; the chip against where a face's parts must be."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from detector.align import ARCFACE_TEMPLATE, CHIP_SIZE, align, similarity

COORDINATE = st.integers(-2000, 2000).map(lambda tenths: tenths / 10)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=5, max_size=5).map(
    lambda points: np.array(points, np.float32)
)
ANGLE = st.integers(-180, 180).map(np.radians)
SCALE = st.integers(1, 400).map(lambda tenths: tenths / 10)


def f32(values) -> Any:
    return np.array(values, np.float32)


def turned(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


def moved(matrix: np.ndarray, points: np.ndarray) -> Any:
    return points @ matrix[:, :2].T + matrix[:, 2]


def umeyama(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The published algorithm, with its singular value decomposition (PAMI 1991, eq. 38-43)."""
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    covariance = (target - goal).T @ (source - centre) / len(source)
    u, values, vt = np.linalg.svd(covariance)
    sign = np.diag([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = u @ sign @ vt
    scale = np.trace(np.diag(values) @ sign) / ((source - centre) ** 2).sum(axis=1).mean()
    return np.column_stack([scale * rotation, goal - scale * rotation @ centre])


def cost(matrix: np.ndarray, source: np.ndarray, target: np.ndarray) -> float:
    return float(((moved(matrix, source) - target) ** 2).sum())


@given(points=POINTS, angle=ANGLE, scale=SCALE, x=COORDINATE, y=COORDINATE)
def test_a_similarity_is_recovered_exactly(points, angle, scale, x, y):
    if np.ptp(points, axis=0).max() < 1:
        return
    truth = turned(angle, scale, (x, y))
    found = similarity(points, moved(truth, points.astype(np.float64)))
    np.testing.assert_allclose(moved(found, points), moved(truth, points), atol=1e-6 * scale * 400)
    np.testing.assert_allclose(found[:, :2], truth[:, :2], atol=1e-6 * scale)


@given(source=POINTS, target=POINTS)
def test_it_is_what_umeyama_and_scikit_image_find(source, target):
    wide, full = source.astype(np.float64), target.astype(np.float64)
    if np.ptp(wide, axis=0).min() < 1 or np.ptp(full, axis=0).min() < 1:
        return
    found, reference = similarity(source, target), umeyama(wide, full)
    best = cost(reference, wide, full)
    # Where two maps fit equally well either may be found: what counts is how well they fit.
    assert cost(found, wide, full) <= best * (1 + 1e-6) + 1e-3
    theirs = SimilarityTransform.from_estimate(wide, full)
    if theirs:
        assert cost(found, wide, full) <= cost(theirs.params[:2], wide, full) * (1 + 1e-6) + 1e-3


@given(source=POINTS)
def test_it_never_mirrors(source):
    if np.ptp(source, axis=0).max() < 1:
        return
    mirrored = source * f32([-1, 1])
    matrix = similarity(source, mirrored)
    (a, b), (c, d) = matrix[:, :2]
    assert (a, b) == pytest.approx((d, -c), abs=1e-9)
    assert a * d - b * c >= 0


def test_no_small_change_fits_better():
    rng = np.random.default_rng(1)
    source, target = rng.normal(0, 50, (2, 5, 2)).astype(np.float32)
    found = similarity(source, target)
    least = cost(found, source, target)
    for _ in range(200):
        a, b, x, y = rng.normal(0, 0.01, 4)
        other = found + np.array([[a, -b, 10 * x], [b, a, 10 * y]])
        assert cost(other, source, target) >= least


@pytest.mark.parametrize("value", [0.0, 17.25, -3e5])
def test_landmarks_that_coincide_are_refused(value):
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.full((5, 2), value, np.float32), ARCFACE_TEMPLATE)


def test_landmarks_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.full((5, 2), np.nan, np.float32), ARCFACE_TEMPLATE)


# -- the chip


def landmarks_at(matrix: np.ndarray) -> Any:
    return moved(matrix, ARCFACE_TEMPLATE.astype(np.float64)).astype(np.float32)


def picture_of_spots(landmarks: np.ndarray, size: int, radius: float) -> np.ndarray:
    """Five soft white spots on black."""
    rows, columns = np.mgrid[:size, :size]
    image = np.zeros((size, size))
    for x, y in landmarks:
        image += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.repeat((255 * np.clip(image, 0, 1)).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def spots_in(chip: np.ndarray) -> np.ndarray:
    """Centres of gravity of what is bright around each template point."""
    luma = chip[..., 0].astype(np.float64)
    found = []
    for x, y in ARCFACE_TEMPLATE:
        left, top = round(float(x)) - 6, round(float(y)) - 6
        window = luma[top : top + 13, left : left + 13]
        rows, columns = np.mgrid[top : top + 13, left : left + 13]
        found.append([(columns * window).sum(), (rows * window).sum()] / window.sum())
    return np.array(found)


@settings(max_examples=25, deadline=None)
@given(
    scale=st.sampled_from([0.4, 0.7, 1.0, 1.5, 1.99, 2.01, 3.3, 4.7, 6.0]),
    angle=st.integers(-60, 60).map(np.radians),
)
def test_landmarks_land_on_the_template(scale, angle):
    size = round(220 * scale)
    matrix = turned(angle, scale, (0, 0))
    matrix[:, 2] = size / 2 - moved(matrix, np.array([[56.0, 72.0]]))[0]
    landmarks = landmarks_at(matrix)
    chip = align(picture_of_spots(landmarks, size, 2 * scale), landmarks)
    assert chip.shape == (CHIP_SIZE, CHIP_SIZE, 3)
    assert np.abs(spots_in(chip) - ARCFACE_TEMPLATE).max() < 0.5


def sampled(image, where: np.ndarray) -> Any:
    """Bilinear samples at (x, y) positions, shape (rows, columns, 2)."""
    x, y = np.ascontiguousarray(where[..., 0]), np.ascontiguousarray(where[..., 1])
    return cv2.remap(image.astype(np.float32), x, y, cv2.INTER_LINEAR)


@pytest.mark.parametrize("scale", [2.2, 3.7, 6.0, 9.5])
@pytest.mark.parametrize("angle", [0, 20, -75])
def test_shrinking_averages_as_supersampling_would(scale, angle):
    """Against 8 x 8 samples of the full picture for every pixel of the chip."""
    size = round(170 * scale)
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 255, (30, 30, 3)).astype(np.float32)
    image = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
    image = np.clip(image + rng.normal(0, 40, image.shape), 0, 255).astype(np.uint8)
    matrix = turned(np.radians(angle), scale, (0, 0))
    matrix[:, 2] = size / 2 - moved(matrix, np.array([[56.0, 56.0]]))[0]
    chip = align(image, landmarks_at(matrix))

    fine = 8
    steps = (np.arange(CHIP_SIZE * fine) + 0.5) / fine - 0.5
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    where = moved(matrix, grid).astype(np.float32).reshape(CHIP_SIZE * fine, -1, 2)
    samples = sampled(image, where)
    reference = samples.reshape(CHIP_SIZE, fine, CHIP_SIZE, fine, 3).mean(axis=(1, 3))
    inner = (slice(2, -2), slice(2, -2))
    difference = chip[inner].astype(np.float32) - reference[inner]
    assert abs(difference.mean()) < 0.6, "no shift in brightness"
    assert np.sqrt((difference**2).mean()) < 9
    unfiltered = sampled(image, where[::fine, ::fine])
    assert (difference**2).mean() < 0.2 * ((unfiltered[inner] - reference[inner]) ** 2).mean()


def test_what_lies_outside_the_image_is_black():
    white = np.full((60, 60, 3), 255, np.uint8)
    chip = align(white, ARCFACE_TEMPLATE - f32([30, 40]))
    assert chip[:39, :].max() == 0
    assert chip[42:95, 32:88].min() == 255
    assert chip[:, 91:].max() == 0


@pytest.mark.parametrize("scale", [0.01, 0.3, 40.0, 400.0])
def test_odd_scales_give_a_chip_all_the_same(scale):
    image = np.full((50, 80, 3), 90, np.uint8)
    landmarks = ((ARCFACE_TEMPLATE - 56) * scale + f32([40, 25])).astype(np.float32)
    chip = align(image, landmarks)
    assert chip.shape == (CHIP_SIZE, CHIP_SIZE, 3)
    assert chip[56, 56].max() > 0 or scale > 1


def test_the_photo_is_not_changed():
    image = np.full((900, 900, 3), 90, np.uint8)
    before = image.copy()
    align(image, ARCFACE_TEMPLATE * 7)
    np.testing.assert_array_equal(image, before)
