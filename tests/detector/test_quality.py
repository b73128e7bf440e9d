"""Each bound gives the verdict its table says."""

import numpy as np
import pytest

from detector.align import ARCFACE_TEMPLATE, align
from detector.faces import Box, Face
from detector.measures import Measure, Setting
from detector.quality import (
    NO_FACE,
    Bound,
    Quality,
    Reason,
    Verdict,
    assess,
    bounds,
    judge,
)
from tests.data import image_of

GOOD = {
    "InterEyeDistance": 90.0,
    "MarginAboveOfTheFaceImage": 1.5,
    "MarginBelowOfTheFaceImage": 2.0,
    "LeftwardCropOfTheFaceImage": 3.0,
    "RightwardCropOfTheFaceImage": 3.0,
    "UnderEyeTone": 1.0,
    "MouthRelief": 0.8,
    "Noise": 0.5,
    "EdgeSteepness": 65.0,
    "BlackPixels": 0.0,
    "WhitePixels": 0.0,
    "ToneEntropy": 7.2,
    "HeadPoseYaw": 0.0,
    "HeadPosePitch": 0.0,
    "HeadPoseRoll": 0.0,
    "SingleFacePresent": 0.0,
    "DetectionConfidence": 0.95,
    "QuantizationStep": 30.0,
}

CONFIDENT = 0.9  # the default detector's


A_FACE = Face(Box(10, 0, 90, 110), ARCFACE_TEMPLATE, CONFIDENT)


@pytest.fixture(scope="module")
def chip(pipeline):
    """A good face, aligned."""
    image = image_of("astronaut")
    return align(image, pipeline.detector.detect(image, 320)[0].landmarks)


# -- what assess puts together


def test_a_good_face_is_usable(chip):
    quality = assess(A_FACE, chip, Setting(200, 200), CONFIDENT)
    assert (quality.verdict, quality.reasons) == (Verdict.USABLE, ())


@pytest.mark.parametrize(("second", "told"), [(0.0, False), (0.2, False), (0.3, True), (1.0, True)])
def test_other_faces_are_reported(chip, second, told):
    quality = assess(A_FACE, chip, Setting(200, 200, second), CONFIDENT)
    assert quality.measure("SingleFacePresent").value == second
    assert (Reason.SEVERAL_FACES in quality.reasons) == told
    assert quality.verdict is (Verdict.MARGINAL if told else Verdict.USABLE)


def test_a_measure_is_found_by_name_or_not_at_all(chip):
    quality = assess(A_FACE, chip, Setting(200, 200), CONFIDENT)
    assert quality.measure("LuminanceMean").unit == "0-1"
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


@pytest.mark.parametrize("least", [None, 9.8])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_short_embedding_marks_its_photo_where_the_pack_has_a_bound(verdict, least):
    seen = Quality(verdict, (), ())
    for length in (9.79, 9.8, 12.0):
        told = seen.with_length(length, least)
        assert told.measure("EmbeddingLength").value == length
        short = least is not None and length < least
        assert told.reasons == ((Reason.HARD_TO_RECOGNISE,) if short else ())
        marked = short and verdict is Verdict.USABLE
        assert told.verdict is (Verdict.MARGINAL if marked else verdict)
