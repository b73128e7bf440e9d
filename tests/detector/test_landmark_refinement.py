"""The second look: real faces with the default detector; a detector with a known error else."""

from collections.abc import Callable
from math import inf

import cv2
import numpy as np
import pytest

from detector.align import ARCFACE_TEMPLATE
from detector.faces import Box, Face
from detector.landmark_refinement import FRAME, SIDE, refine, tilt
from tests.data import image_of

FACE = Face(Box(100, 100, 120, 120), (ARCFACE_TEMPLATE + np.float32(100)).astype(np.float32), 0.9)
IMAGE = np.zeros((400, 400, 3), np.uint8)
# The close-up of FACE, which lies wholly inside IMAGE.
EDGE = 160 - 120 * FRAME / 2
SCALE = SIDE / (120 * FRAME)
OFF = np.array([6.0, 0.0])


class Scripted:
    """Sees in each look what the script says: landmarks in the close-up's pixels, or nothing."""

    def __init__(self, *script: Callable[[np.ndarray], np.ndarray] | None) -> None:
        self.script = list(script)

    def detect(self, image, long_side):
        """See `detector.faces.FaceDetector.detect`."""
        change = self.script.pop(0)
        if change is None:
            return ()
        true = (FACE.landmarks - EDGE) * SCALE
        return (Face(Box(30, 30, 220, 220), change(true).astype(np.float32), 0.9),)


def mirrored(points):
    return (points * (-1, 1) + (SIDE - 1, 0))[[1, 0, 2, 4, 3]]


def test_an_error_to_one_side_cancels_in_the_mirror_image():
    lopsided = Scripted(lambda true: true + OFF, lambda true: mirrored(true) + OFF)
    again, _ = refine(lopsided, IMAGE, FACE)
    # The frame's corners are whole pixels, the box's are not: half a pixel may be between them.
    assert np.abs(again.landmarks - FACE.landmarks).max() < 0.6
    assert again.landmarks.dtype == np.float32
    assert again.box == FACE.box


@pytest.mark.parametrize(
    ("seen", "expected"),
    [((0.7, 0.8), 0.75), ((None, 0.8), 0.8), ((0.7, None), 0.7), ((None, None), 0.9)],
)
def test_the_confidence_is_that_of_the_close_up(seen, expected):
    """A face on its head is found with landmarks like any other: only the confidence is low."""

    class Doubting(Scripted):
        def detect(self, image, long_side):
            score = scores.pop(0)
            found = super().detect(image, long_side)
            return tuple(Face(f.box, f.landmarks, score) for f in found if score is not None)

    scores = list(seen)
    looks = Doubting(lambda true: true, mirrored)
    assert refine(looks, IMAGE, FACE).face.confidence == pytest.approx(expected)


@pytest.mark.parametrize("missed", ["face", "mirror image", "both", "another face"])
def test_what_one_look_misses_the_other_decides(missed):
    script = {
        "face": (None, lambda true: mirrored(true + OFF)),
        "mirror image": (lambda true: true + OFF, None),
        "both": (None, None),
        "another face": (lambda true: true + OFF, lambda true: mirrored(true + 20 * OFF)),
    }[missed]
    again, spread = refine(Scripted(*script), IMAGE, FACE)
    assert spread == inf
    expected = FACE.landmarks + (0 if missed == "both" else OFF / SCALE)
    assert np.abs(again.landmarks - expected).max() < 0.6


@pytest.mark.parametrize("apart", [0, 3, 30])
def test_how_far_both_looks_lie_apart_is_told_in_eye_distances(apart):
    off = np.array([apart, 0])
    _, spread = refine(Scripted(lambda true: true + off, mirrored), IMAGE, FACE)
    eyes = FACE.inter_eye_distance * SCALE
    assert spread == pytest.approx(apart / eyes, abs=0.02)


def test_a_box_beyond_the_image_leaves_the_face_as_it_was():
    beyond = Face(Box(900, 900, 50, 50), FACE.landmarks, 0.9)
    assert refine(Scripted(), IMAGE, beyond).face is beyond


def test_a_mirror_image_has_mirrored_landmarks(pipeline):
    """Whichever way round a photo is, the same points of the face are found."""
    image = image_of("astronaut")
    turned = np.ascontiguousarray(image[:, ::-1])
    face, other = (
        refine(pipeline.detector, each, pipeline.detector.detect(each, 320)[0]).face
        for each in (image, turned)
    )
    back = (other.landmarks * (-1, 1) + (image.shape[1] - 1, 0))[[1, 0, 2, 4, 3]]
    assert np.abs(back - face.landmarks).mean() < 0.03 * face.inter_eye_distance


def test_the_second_look_gives_finer_landmarks(pipeline):
    """Of faces in a photo, against what the detector sees when it is given each face alone."""
    group = image_of("t1")
    coarse, fine = [], []
    for face in pipeline.detector.detect(group, 320):
        x, y = face.box.centre
        left, top = round(x) - 110, round(y) - 110
        if left < 0 or top < 0:
            continue
        window = cv2.resize(group[top : top + 220, left : left + 220], (440, 440))
        found = pipeline.detector.detect(window, 448)
        nearest = min(found, key=lambda f: abs(f.box.centre[0] - 220) + abs(f.box.centre[1] - 220))
        truth = nearest.landmarks / 2 + [left, top]
        again = refine(pipeline.detector, group, face).face
        coarse.append(np.abs(face.landmarks - truth).mean())
        fine.append(np.abs(again.landmarks - truth).mean())
    assert len(fine) >= 4
    assert np.mean(fine) < 0.7 * np.mean(coarse)


@pytest.mark.parametrize("angle", [-120, -30, 0, 5, 45, 90])
def test_tilt_is_that_of_the_whole_face(angle):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    clockwise = np.array([[c, s], [-s, c]])
    assert tilt(ARCFACE_TEMPLATE @ clockwise) == pytest.approx(angle, abs=0.5)
