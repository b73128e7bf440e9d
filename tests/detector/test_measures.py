"""Each measure moves the way its name says, and is scored as the reference scores it."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.align import ARCFACE_TEMPLATE, align
from detector.faces import Box, Face
from detector.measures import (
    NOT_ASSESSABLE,
    Setting,
    distance_from_skin,
    head_pose,
    histogram,
    histogram_entropy,
    luminance,
    measure,
)
from detector.relief import Relief
from detector.relief import edge_steepness as steepness_of
from detector.scalar_functions import SCALAR_FUNCTIONS
from tests.data import image_of

OWN = [
    "BlackPixels",
    "WhitePixels",
    "ToneEntropy",
    "UnderEyeTone",
    "MouthRelief",
    "Noise",
    "EdgeSteepness",
    "DetectionConfidence",
    "QuantizationStep",
]
REFERENCE: Final = json.loads((Path(__file__).parent / "reference_scores.json").read_text("utf-8"))
"""What the standard's reference implementation gives; `reference_scores.py` asked it."""


@pytest.fixture(scope="module")
def chip(pipeline):
    """A good face, aligned."""
    image = image_of("astronaut")
    return align(image, pipeline.detector.detect(image, 320)[0].landmarks)


def a_face(landmarks=ARCFACE_TEMPLATE, scale=1.0, confidence=0.95) -> Face:
    face = Face(Box(10, 0, 90, 110), np.asarray(landmarks, np.float32), confidence)
    return face.scaled(scale)


def values(chip, face=None, side=200, second=0.0) -> dict[str, float]:
    setting = Setting(side, side, second)
    return {m.name: m.value for m in measure(face or a_face(), chip.astype(np.uint8), setting)}


def edge_steepness(chip) -> float:
    return steepness_of(Relief.of(chip))


def blurred(chip, sigma):
    return cv2.GaussianBlur(chip, (0, 0), sigma) if sigma else chip


def falls(numbers) -> bool:
    return all(later < earlier for earlier, later in pairwise(numbers))


# -- by name and value


def test_every_score_is_the_reference_s():
    assert set(REFERENCE["scores"]) == set(SCALAR_FUNCTIONS)
    for name, rows in REFERENCE["scores"].items():
        assert len({score for _, score in rows}) > 5, f"{name}: the table covers too little"
        assert [(value, SCALAR_FUNCTIONS[name](value)) for value, _ in rows] == [
            (value, score) for value, score in rows
        ], name


@given(st.sampled_from(sorted(SCALAR_FUNCTIONS)), st.floats(-1e6, 1e6))
def test_every_score_lies_between_0_and_100(name, value):
    if name == "IlluminationUniformity":
        value = abs(value)
    if name in {"OverExposurePrevention", "LuminanceVariance"}:
        value = min(1.0, abs(value))
    assert 0 <= SCALAR_FUNCTIONS[name](value) <= 100


def test_luminance_and_natural_colour_are_the_reference_s():
    for *colour, expected in REFERENCE["luminance"]:
        assert luminance(np.array([[colour]], np.uint8)) == expected
    for *colour, expected in REFERENCE["natural_colour"]:
        assert distance_from_skin(np.array(colour)) == pytest.approx(expected, abs=0.05)


def test_every_measure_is_there_once_and_named_as_the_standard_names_it_or_our_own(chip):
    measures = measure(a_face(), chip, Setting(200, 200))
    names = [each.name for each in measures]
    assert sorted(names) == sorted([*SCALAR_FUNCTIONS, *OWN])
    for each in measures:
        assert each.score == NOT_ASSESSABLE or 0 <= each.score <= 100
        assert isinstance(each.score, int)


# -- sizes and margins


def test_sizes_are_measured_in_the_submitted_photo(chip):
    once, twice = values(chip, a_face(), 200), values(chip, a_face(scale=2), 400)
    assert once["InterEyeDistance"] == pytest.approx(35.2, abs=1)
    assert twice["InterEyeDistance"] == pytest.approx(2 * once["InterEyeDistance"], abs=0.1)
    assert once["HeadSize"] == twice["HeadSize"] == pytest.approx(1.6 * 40.7 / 200, abs=0.01)


def test_margins_are_counted_from_the_eyes(chip):
    margins = values(chip, a_face(), 112)
    eyes, chin = 35.2, 1.6 * 40.7
    assert margins["LeftwardCropOfTheFaceImage"] == pytest.approx(73.5 / eyes, abs=0.02)
    assert margins["RightwardCropOfTheFaceImage"] == pytest.approx((112 - 38.3) / eyes, abs=0.02)
    assert margins["MarginAboveOfTheFaceImage"] == pytest.approx(51.6 / chin, abs=0.02)
    assert margins["MarginBelowOfTheFaceImage"] == pytest.approx((112 - 51.6) / chin, abs=0.02)


def test_a_turned_head_s_eyes_are_further_apart_than_they_look(chip):
    frontal, turned = a_face(seen(0, 0, 0)), a_face(seen(40, 0, 0))
    assert turned.inter_eye_distance < 0.8 * frontal.inter_eye_distance
    corrected = values(chip, turned)["InterEyeDistance"]
    assert corrected == pytest.approx(values(chip, frontal)["InterEyeDistance"], rel=0.12)


# -- steepness of edges


def test_steepness_falls_with_blur(chip):
    measured = [edge_steepness(blurred(chip, sigma)) for sigma in (0, 0.7, 1, 1.5, 2, 3, 5, 8)]
    assert falls(measured)
    assert measured[0] > 50
    assert measured[-1] < 15


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 160])
def test_steepness_falls_with_motion_in_any_direction(chip, angle):
    measured = []
    for length in (1, 7, 13, 21, 31):
        line = np.zeros((31, 31), np.float32)
        line[15, 15 - length // 2 : 16 + length // 2] = 1
        turn = cv2.getRotationMatrix2D((15, 15), angle, 1)
        kernel = cv2.warpAffine(line, turn, (31, 31))
        measured.append(edge_steepness(cv2.filter2D(chip, -1, kernel / kernel.sum())))
    assert falls(measured)
    assert measured[-1] < 0.6 * measured[0]


def test_steepness_does_not_depend_on_contrast_or_brightness(chip):
    hazy = (0.3 * chip.astype(np.float32) + 120).astype(np.uint8)
    assert edge_steepness(hazy) == pytest.approx(edge_steepness(chip), abs=2)


def test_noise_hardly_makes_a_blurred_face_sharp(chip):
    noise = np.random.default_rng(1).normal(0, 20, chip.shape)
    soft = blurred(chip, 3)
    noisy = np.clip(soft + noise, 0, 255).astype(np.uint8)
    assert (
        edge_steepness(soft)
        <= edge_steepness(noisy)
        < edge_steepness(soft) + 8
        < edge_steepness(chip)
    )


def test_clean_edges_are_called_50():
    """A step is as steep at one scale as at another, but for the pixels between them."""
    rows, columns = np.mgrid[:112, :112] // 28
    squares = np.repeat(((rows + columns) % 2 * 200)[..., np.newaxis], 3, axis=2).astype(np.uint8)
    assert edge_steepness(squares) == pytest.approx(50, abs=10)


def test_what_is_blurred_beyond_the_coarse_scale_is_called_nearly_0():
    noise = np.random.default_rng(2).integers(0, 255, (112, 112, 3), np.uint8)
    assert edge_steepness(noise) == 100
    soft = blurred(noise, 14).astype(np.float32)
    stretched = (soft - soft.min()) * 255 / (soft.max() - soft.min())
    assert edge_steepness(stretched.astype(np.uint8)) < 12


@pytest.mark.parametrize("tone", [0, 77, 255])
def test_one_flat_tone_has_no_edges_and_no_range(tone):
    flat = np.full((112, 112, 3), tone, np.uint8)
    assert edge_steepness(flat) == 0
    assert values(flat)["DynamicRange"] == 0


@given(st.integers(0, 2**32 - 1))
def test_steepness_lies_between_0_and_100(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (int(rng.integers(2, 112)),) * 2 + (3,), np.uint8)
    assert 0 <= edge_steepness(np.asarray(cv2.resize(coarse, (112, 112)), np.uint8)) <= 100


# -- what covers the face, and noise


def test_dark_glasses_darken_the_skin_under_the_eyes(chip):
    covered = chip.copy()
    covered[44:64, 26:50] = covered[44:64, 62:86] = 30
    assert values(covered)["UnderEyeTone"] < 0.7
    assert values(chip)["UnderEyeTone"] > 0.8


@pytest.mark.parametrize("tone", [20, 120, 230])
def test_a_mask_leaves_no_edges_across_the_mouth(chip, tone):
    covered = chip.copy()
    covered[76:, 20:92] = tone
    assert values(covered)["MouthRelief"] < 0.3
    assert values(chip)["MouthRelief"] > 0.42


def test_noise_is_measured_in_grey_levels(chip):
    drawn = np.random.default_rng(1).normal(0, 1, (112, 112, 1))
    soft = cv2.GaussianBlur(chip, (0, 0), 2)
    for sigma in (4, 8):
        assert values(np.clip(soft + sigma * drawn, 0, 255))["Noise"] == pytest.approx(
            sigma, rel=0.15
        )
    assert values(soft)["Noise"] < 0.5


# -- exposure and range


@pytest.mark.parametrize(
    ("name", "gains"),
    [
        ("UnderExposurePrevention", (1, 0.4, 0.2, 0.1, 0.02)),
        ("OverExposurePrevention", (1, 1.3, 1.6, 3, 9)),
        ("BlackPixels", (1, 0.4, 0.2, 0.1, 0.02)),
        ("WhitePixels", (1, 1.3, 1.6, 3, 9)),
    ],
)
def test_exposure_counts_the_pixels_without_detail(chip, name, gains):
    light = chip.astype(np.float32)
    whole = 100 if name.endswith("Pixels") else 1
    measured = [values(np.clip(light * gain, 0, 255))[name] / whole for gain in gains]
    assert measured == sorted(measured)
    assert measured[0] < 0.3
    assert measured[-1] > 0.9


@pytest.mark.parametrize(
    ("tone", "under", "over"), [(88, 1, 0), (90, 0, 0), (250, 0, 0), (252, 0, 1)]
)
def test_exposure_counts_linear_luminance_as_the_standard_does(tone, under, over):
    measured = values(np.full((112, 112, 3), tone, np.uint8))
    assert measured["UnderExposurePrevention"] == under
    assert measured["OverExposurePrevention"] == over
    assert measured["LuminanceMean"] == pytest.approx((tone / 255) ** 2.2, abs=0.01)
    assert measured["LuminanceVariance"] == 0


def test_only_the_face_counts_not_what_surrounds_it(chip):
    framed = chip.copy()
    framed[:, :12] = framed[:, 100:] = 0
    framed[:30] = 255
    for name in ("UnderExposurePrevention", "OverExposurePrevention", "LuminanceMean"):
        assert values(framed)[name] == values(chip)[name]


def test_light_from_one_side_is_not_uniform(chip):
    shade = np.where(np.arange(112) < 56, 1.0, 0.25)[None, :, None]
    lit = values(chip)["IlluminationUniformity"], values(chip * shade)["IlluminationUniformity"]
    assert lit[1] < 0.5 * lit[0]


def test_a_colour_cast_is_not_natural_and_neither_is_grey(chip):
    away = [
        values(np.clip(chip * np.array(cast), 0, 255))["NaturalColour"]
        for cast in ((1, 1, 1), (1.2, 0.9, 0.4), (0.3, 1.0, 0.4))
    ]
    assert away[0] < 5 < away[1]
    assert away[2] == 100
    grey = np.repeat(chip[..., 1:2], 3, axis=2)
    assert values(grey)["NaturalColour"] == 100


@pytest.mark.parametrize(
    ("tone", "black", "white"), [(25, 100, 0), (26, 0, 0), (246, 0, 0), (247, 0, 100)]
)
def test_our_own_count_of_black_and_white_is_of_stored_brightness(tone, black, white):
    measured = values(np.full((112, 112, 3), tone, np.uint8))
    assert (measured["BlackPixels"], measured["WhitePixels"]) == (black, white)


@pytest.mark.parametrize("name", ["DynamicRange", "ToneEntropy"])
def test_the_range_of_tones_falls_with_contrast(chip, name):
    measured = [values(a * chip + 150 * (1 - a))[name] for a in (1, 0.5, 0.2, 0.05, 0.01)]
    assert falls(measured)


def test_a_dark_face_keeps_its_stored_tones_where_its_luminances_have_run_together(chip):
    measured = values(chip * 0.12)
    assert measured["DynamicRange"] < 2
    assert measured["ToneEntropy"] > 3


@given(st.lists(st.integers(0, 255), min_size=1, max_size=400))
def test_entropy_is_the_textbook_one(tones):
    shares = [tones.count(tone) / len(tones) for tone in set(tones)]
    expected = -sum(share * np.log2(share) for share in shares)
    found = histogram_entropy(histogram(np.array(tones, np.uint8)))
    assert found == pytest.approx(expected, abs=1e-9)
    assert -1e-9 <= found <= 8


def test_all_tones_alike_are_8_bits():
    assert histogram_entropy(histogram(np.arange(256, dtype=np.uint8))) == pytest.approx(8)


# -- head pose

# Facial landmarks of a generic adult head in millimetres, x to the viewer's right, y down, z to
# the viewer: a model of its own, so that the estimate is not tested with the one it fits.
HEAD = np.array(
    [
        [-31.0, -32.0, 2.0],
        [31.0, -32.0, 2.0],
        [0.0, 2.0, 31.0],
        [-26.0, 34.0, 6.0],
        [26.0, 34.0, 6.0],
    ]
)


def seen(yaw: float, pitch: float, roll: float, distance: float = 1e9) -> Any:
    """Landmarks of the head turned to the viewer's right, down, and clockwise; in pixels."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = HEAD @ (tilt @ turn @ nod).T
    # Perspective: what is nearer to the camera is larger.
    return (points[:, :2] / (1 - points[:, 2:] / distance) * 1.3 + 200).astype(np.float32)


@pytest.mark.parametrize("yaw", [-50, -30, -15, 0, 15, 30, 50])
@pytest.mark.parametrize("pitch", [-20, 0, 20])
@pytest.mark.parametrize("roll", [-40, 0, 25])
def test_pose_of_a_turned_head_is_recovered(yaw, pitch, roll):
    found = head_pose(seen(yaw, pitch, roll))
    neutral = head_pose(seen(0, 0, 0))
    assert abs(neutral[1]) < 10, "the model is an average: heads differ in how high the nose sits"
    assert found[0] == pytest.approx(yaw, abs=7)
    assert found[1] - neutral[1] == pytest.approx(pitch, abs=9)
    assert found[2] == pytest.approx(roll, abs=6)


@pytest.mark.parametrize("angle", [-170, -60, 30, 90])
def test_turning_the_photo_changes_roll_alone(angle):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    points = seen(35, 15, 0)
    turned = (points @ np.array([[c, s], [-s, c]])).astype(np.float32)
    yaw, pitch, roll = head_pose(points)
    np.testing.assert_allclose(head_pose(turned), (yaw, pitch, roll + angle), atol=0.1)


@pytest.mark.parametrize("angle", [-45, -20, 20, 45])
def test_pose_from_arm_s_length(angle):
    assert head_pose(seen(angle, 0, 0, distance=600))[0] == pytest.approx(angle, abs=9)
    assert head_pose(seen(0, 0, angle, distance=600))[2] == pytest.approx(angle, abs=3)


@given(factor=st.integers(1, 800), x=st.integers(-500, 500), y=st.integers(-500, 500))
def test_pose_does_not_depend_on_size_or_place(factor, x, y):
    points = seen(20, 10, -15)
    moved = (points * (factor / 20) + np.array([x, y])).astype(np.float32)
    np.testing.assert_allclose(head_pose(moved), head_pose(points), atol=0.5)


def test_a_mirrored_face_has_the_opposite_yaw_and_roll():
    points = seen(25, 8, 12)
    mirrored = (points * np.array([-1, 1]))[[1, 0, 2, 4, 3]].astype(np.float32)
    yaw, pitch, roll = head_pose(points)
    np.testing.assert_allclose(head_pose(mirrored), (-yaw, pitch, -roll), atol=0.1)


def test_the_template_looks_straight_ahead():
    assert np.abs(head_pose(ARCFACE_TEMPLATE)).max() < 10


@pytest.mark.parametrize(
    "landmarks",
    [
        np.array([[i, i] for i in range(5)]),  # one line
        np.array([[0, 0], [1, 0], [0, 0], [0, 0], [0, 0]]),
        np.zeros((5, 2)),
    ],
)
def test_impossible_landmarks_still_give_angles(landmarks):
    assert np.isfinite(head_pose(landmarks.astype(np.float32))).all()
