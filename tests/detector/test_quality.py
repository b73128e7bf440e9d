"""Each measure moves the way its name says; each bound gives the verdict its table says."""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.align import ARCFACE_TEMPLATE, align
from detector.faces import Box, Face
from detector.quality import (
    NO_FACE,
    NOT_ASSESSABLE,
    Bound,
    Measure,
    Quality,
    Reason,
    Verdict,
    assess,
    bounds,
    head_pose,
    histogram_entropy,
    judge,
    sharpness,
)
from tests.data import image_of

NAMES = [
    "InterEyeDistance",
    "HeadSize",
    "Sharpness",
    "Luminance",
    "UnderExposure",
    "OverExposure",
    "DynamicRange",
    "HeadPoseYaw",
    "HeadPosePitch",
    "HeadPoseRoll",
    "SingleFacePresent",
    "DetectionConfidence",
]
GOOD = {
    "InterEyeDistance": 90.0,
    "Sharpness": 65.0,
    "UnderExposure": 0.0,
    "OverExposure": 0.0,
    "DynamicRange": 7.2,
    "HeadPoseYaw": 0.0,
    "HeadPosePitch": 0.0,
    "HeadPoseRoll": 0.0,
    "SingleFacePresent": 1.0,
    "DetectionConfidence": 0.95,
}

CONFIDENT = 0.9  # the default detector's


@pytest.fixture(scope="module")
def chip(pipeline):
    """A good face, aligned."""
    image = image_of("astronaut")
    return align(image, pipeline.detector.detect(image, 320)[0].landmarks)


def a_face(landmarks=ARCFACE_TEMPLATE, scale=1.0, confidence=0.95) -> Face:
    face = Face(Box(10, 0, 90, 110), np.asarray(landmarks, np.float32), confidence)
    return face.scaled(scale)


def values(chip, face=None, height=200, rivals=0) -> dict[str, float]:
    measured = assess(face or a_face(), chip.astype(np.uint8), height, rivals, CONFIDENT).measures
    return {measure.name: measure.value for measure in measured}


def blurred(chip, sigma):
    return cv2.GaussianBlur(chip, (0, 0), sigma) if sigma else chip


def falls(numbers) -> bool:
    return all(later < earlier for earlier, later in pairwise(numbers))


# -- sharpness


def test_sharpness_falls_with_blur(chip):
    measured = [sharpness(blurred(chip, sigma)) for sigma in (0, 0.7, 1, 1.5, 2, 3, 5, 8)]
    assert falls(measured)
    assert measured[0] > 50
    assert measured[-1] < 15


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 160])
def test_sharpness_falls_with_motion_in_any_direction(chip, angle):
    measured = []
    for length in (1, 7, 13, 21, 31):
        line = np.zeros((31, 31), np.float32)
        line[15, 15 - length // 2 : 16 + length // 2] = 1
        turn = cv2.getRotationMatrix2D((15, 15), angle, 1)
        kernel = cv2.warpAffine(line, turn, (31, 31))
        measured.append(sharpness(cv2.filter2D(chip, -1, kernel / kernel.sum())))
    assert falls(measured)
    assert measured[-1] < 0.6 * measured[0]


def test_sharpness_does_not_depend_on_contrast_or_brightness(chip):
    hazy = (0.3 * chip.astype(np.float32) + 120).astype(np.uint8)
    assert sharpness(hazy) == pytest.approx(sharpness(chip), abs=2)


def test_noise_hardly_makes_a_blurred_face_sharp(chip):
    noise = np.random.default_rng(1).normal(0, 20, chip.shape)
    soft = blurred(chip, 3)
    noisy = np.clip(soft + noise, 0, 255).astype(np.uint8)
    assert sharpness(soft) <= sharpness(noisy) < sharpness(soft) + 8 < sharpness(chip)


def test_clean_edges_are_called_50():
    """A step is as steep at one scale as at another, but for the pixels between them."""
    rows, columns = np.mgrid[:112, :112] // 28
    squares = np.repeat(((rows + columns) % 2 * 200)[..., np.newaxis], 3, axis=2).astype(np.uint8)
    assert sharpness(squares) == pytest.approx(50, abs=10)


def test_what_is_blurred_beyond_the_coarse_scale_is_called_nearly_0():
    noise = np.random.default_rng(2).integers(0, 255, (112, 112, 3), np.uint8)
    assert sharpness(noise) == 100
    soft = blurred(noise, 14).astype(np.float32)
    stretched = (soft - soft.min()) * 255 / (soft.max() - soft.min())
    assert sharpness(stretched.astype(np.uint8)) < 12


@pytest.mark.parametrize("tone", [0, 77, 255])
def test_one_flat_tone_has_no_sharpness_and_no_range(tone):
    flat = np.full((112, 112, 3), tone, np.uint8)
    assert sharpness(flat) == 0
    assert values(flat)["DynamicRange"] == 0


@given(st.integers(0, 2**32 - 1))
def test_sharpness_lies_between_0_and_100(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (int(rng.integers(2, 112)),) * 2 + (3,), np.uint8)
    assert 0 <= sharpness(np.asarray(cv2.resize(coarse, (112, 112)), np.uint8)) <= 100


# -- exposure and range


@pytest.mark.parametrize(
    ("name", "gains"),
    [("UnderExposure", (1, 0.4, 0.2, 0.1, 0.02)), ("OverExposure", (1, 1.3, 1.6, 3, 9))],
)
def test_exposure_counts_the_pixels_without_detail(chip, name, gains):
    light = chip.astype(np.float32)
    measured = [values(np.clip(light * gain, 0, 255))[name] for gain in gains]
    assert measured == sorted(measured)
    assert measured[0] < 1
    assert measured[-1] > 90


@pytest.mark.parametrize(
    ("tone", "under", "over"), [(25, 100, 0), (26, 0, 0), (246, 0, 0), (247, 0, 100)]
)
def test_exposure_counts_as_the_standard_does(tone, under, over):
    measured = values(np.full((112, 112, 3), tone, np.uint8))
    assert (measured["UnderExposure"], measured["OverExposure"]) == (under, over)
    assert measured["Luminance"] == tone


def test_only_the_face_counts_not_what_surrounds_it(chip):
    framed = chip.copy()
    framed[:, :12] = framed[:, 100:] = 0
    framed[:14] = 255
    assert values(framed)["UnderExposure"] == values(chip)["UnderExposure"]
    assert values(framed)["OverExposure"] == values(chip)["OverExposure"]


def test_dynamic_range_falls_with_contrast(chip):
    measured = [values(a * chip + 150 * (1 - a))["DynamicRange"] for a in (1, 0.5, 0.2, 0.05, 0.01)]
    assert falls(measured)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=400))
def test_entropy_is_the_textbook_one(tones):
    shares = [tones.count(tone) / len(tones) for tone in set(tones)]
    expected = -sum(share * np.log2(share) for share in shares)
    found = histogram_entropy(np.array(tones, np.uint8))
    assert found == pytest.approx(expected, abs=1e-9)
    assert -1e-9 <= found <= 8


def test_all_tones_alike_are_8_bits():
    assert histogram_entropy(np.arange(256, dtype=np.uint8)) == pytest.approx(8)


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


# -- what assess puts together


def test_every_measure_is_there_once_and_scored(chip):
    quality = assess(a_face(), chip, 200, 0, CONFIDENT)
    assert [measure.name for measure in quality.measures] == NAMES
    for measure in quality.measures:
        assert measure.score == NOT_ASSESSABLE or 0 <= measure.score <= 100
        assert isinstance(measure.score, int)
    assert quality.verdict is Verdict.USABLE
    assert quality.reasons == ()


def test_sizes_are_measured_in_the_submitted_photo(chip):
    once, twice = values(chip, a_face(), 200), values(chip, a_face(scale=2), 400)
    assert once["InterEyeDistance"] == pytest.approx(35.2, abs=1)
    assert twice["InterEyeDistance"] == pytest.approx(2 * once["InterEyeDistance"], abs=0.1)
    assert once["HeadSize"] == twice["HeadSize"] == pytest.approx(0.55)


def test_a_turned_head_s_eyes_are_further_apart_than_they_look(chip):
    frontal, turned = a_face(seen(0, 0, 0)), a_face(seen(40, 0, 0))
    assert turned.inter_eye_distance < 0.8 * frontal.inter_eye_distance
    corrected = values(chip, turned)["InterEyeDistance"]
    assert corrected == pytest.approx(values(chip, frontal)["InterEyeDistance"], rel=0.12)


@pytest.mark.parametrize(("rivals", "share"), [(0, 1.0), (1, 0.5), (4, 0.2)])
def test_other_faces_are_reported(chip, rivals, share):
    quality = assess(a_face(), chip, 200, rivals, CONFIDENT)
    assert quality.measure("SingleFacePresent").value == share
    assert (Reason.SEVERAL_FACES in quality.reasons) == (rivals > 0)
    assert quality.verdict is (Verdict.MARGINAL if rivals else Verdict.USABLE)


def test_a_measure_is_found_by_name_or_not_at_all(chip):
    assert assess(a_face(), chip, 200, 0, CONFIDENT).measure("Luminance").unit == "0-255"
    with pytest.raises(KeyError, match="Beauty"):
        NO_FACE.measure("Beauty")


# -- verdicts


def judged(**changed) -> Quality:
    measures = tuple(Measure(n, v, "", 50) for n, v in {**GOOD, **changed}.items())
    return judge(measures, CONFIDENT)


def just_beyond(bound: Bound, limit: float) -> float:
    return limit + 0.01 if bound.too_high else limit - 0.01


BOUNDS = bounds(CONFIDENT)
DOUBTS = [bound for bound in BOUNDS if bound.marginal == bound.unsearchable]
REPORTING = [bound for bound in BOUNDS if bound not in DOUBTS]
REFUSING = [bound for bound in REPORTING if not np.isnan(bound.unsearchable)]


@pytest.mark.parametrize("bound", REPORTING, ids=lambda bound: bound.measure)
def test_beyond_the_first_limit_a_measure_is_reported_and_at_it_it_is_not(bound):
    quality = judged(**{bound.measure: just_beyond(bound, bound.marginal)})
    assert (quality.verdict, quality.reasons) == (Verdict.MARGINAL, (bound.reason,))
    assert judged(**{bound.measure: bound.marginal}).verdict is Verdict.USABLE


@pytest.mark.parametrize("bound", REFUSING, ids=lambda bound: bound.measure)
def test_beyond_the_second_limit_it_refuses_and_at_it_it_does_not(bound):
    quality = judged(**{bound.measure: just_beyond(bound, bound.unsearchable)})
    assert (quality.verdict, quality.reasons) == (Verdict.UNSEARCHABLE, (bound.reason,))
    assert judged(**{bound.measure: bound.unsearchable}).verdict is Verdict.MARGINAL


@pytest.mark.parametrize("confident", [0.0, 0.65, CONFIDENT, 1.0])
def test_a_face_that_the_detector_doubts_is_refused_and_one_at_its_bound_is_not(confident):
    def verdict(confidence: float) -> Quality:
        measures = {**GOOD, "DetectionConfidence": confidence}
        return judge(tuple(Measure(n, v, "", 50) for n, v in measures.items()), confident)

    doubted = verdict(confident - 0.001)
    assert (doubted.verdict, doubted.reasons) == (Verdict.UNSEARCHABLE, (Reason.UNCERTAIN_FACE,))
    assert "upright" in doubted.reasons[0].advice
    assert verdict(confident).verdict is Verdict.USABLE
    assert [bound.measure for bound in DOUBTS] == ["DetectionConfidence"]


@pytest.mark.parametrize("bound", REPORTING, ids=lambda bound: bound.measure)
def test_limits_are_in_order(bound):
    if not np.isnan(bound.unsearchable):
        assert (bound.marginal < bound.unsearchable) == bound.too_high


@pytest.mark.parametrize("measure", ["HeadPoseYaw", "HeadPosePitch", "HeadPoseRoll"])
@pytest.mark.parametrize("angle", [-80.0, 80.0])
def test_a_head_turned_either_way_is_reported_and_never_refused(measure, angle):
    quality = judged(**{measure: angle})
    assert (quality.verdict, quality.reasons) == (Verdict.MARGINAL, (Reason.TURNED_AWAY,))


def test_a_reason_is_named_once_and_only_reasons_for_refusal_when_refused():
    turned = judged(HeadPoseYaw=70.0, HeadPosePitch=50.0, HeadPoseRoll=80.0)
    assert turned.reasons == (Reason.TURNED_AWAY,)
    both = judged(HeadPoseYaw=70.0, InterEyeDistance=1.0)
    assert (both.verdict, both.reasons) == (Verdict.UNSEARCHABLE, (Reason.FACE_TOO_SMALL,))


def test_no_face_is_unsearchable():
    assert (NO_FACE.verdict, NO_FACE.reasons) == (Verdict.UNSEARCHABLE, (Reason.NO_FACE,))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_tells_the_operator_what_to_do(reason):
    assert reason.advice.endswith(".")
    assert ":" in reason.advice
