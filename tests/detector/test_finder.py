"""Which way is up, and faces that are far away: real networks, on photos turned and enlarged."""

import numpy as np
import pytest

from detector.align import ARCFACE_TEMPLATE
from detector.faces import Box, Face, resized
from detector.loading import load_detector
from detector.negative import looks_negative
from detector.pipeline import Pipeline
from detector.quality import Reason, Verdict
from models.compiled import compiled_path
from models.manifest import load_pack
from tests.data import (
    T1_FACES,
    TEST_DATA,
    decoded,
    encoded,
    image_of,
    needs_test_data,
    packaged,
    turned_clockwise,
)
from tests.fakes import FakeDetector, FakeEmbedder


@pytest.fixture(scope="module")
def astronaut(pipeline):
    return pipeline.analyse(packaged("astronaut"))


# -- which way is up


def overlap(one, other):
    """Intersection over union of two boxes."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(0, width) * max(0, height)
    return shared / (one.area + other.area - shared)


@pytest.mark.parametrize("degrees", range(15, 360, 15))
def test_a_photo_turned_by_any_angle_is_turned_back_and_searched(pipeline, astronaut, degrees):
    shown = pipeline.analyse(encoded(turned_clockwise(image_of("astronaut"), degrees)))
    assert shown.embedding is not None, shown.quality.reasons
    assert float(shown.embedding @ astronaut.embedding) > 0.85
    turn = shown.quality.measure("PhotoTurn").value
    off = (turn + degrees + 180) % 360 - 180
    assert turn % 90 == 0
    assert abs(off) <= 60, "the face is upright, or nearly so, in the photo as it was turned"
    assert (Reason.TURNED in shown.quality.reasons) == (turn != 0)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_all_that_is_known_of_a_turned_photo_is_of_the_photo_upright(pipeline, astronaut, degrees):
    wide = np.pad(image_of("astronaut"), ((0, 40), (0, 300), (0, 0)))
    upright, shown = (
        pipeline.analyse(encoded(each, ".png")) for each in (wide, turned_clockwise(wide, degrees))
    )
    assert (shown.photo.width, shown.photo.height) == (812, 552)
    assert shown.pixels.image.shape == upright.pixels.image.shape
    assert overlap(shown.subject.box, upright.subject.box) > 0.8
    assert len(shown.faces) == len(upright.faces)
    assert overlap(shown.faces[0].box, upright.faces[0].box) > 0.6
    off = np.abs(shown.subject.landmarks - upright.subject.landmarks).mean()
    assert off < 0.03 * upright.subject.inter_eye_distance
    assert shown.quality.measure("PhotoTurn").value == 360 - degrees
    assert shown.quality.measure("HeadSize").value == pytest.approx(
        upright.quality.measure("HeadSize").value, rel=0.15
    )
    assert shown.quality.verdict is Verdict.MARGINAL
    assert shown.quality.reasons == (Reason.TURNED,)


def test_nothing_but_the_looks_at_doubtful_faces_gives_a_photo_on_its_head_away(pipeline, pack):
    """The detector draws upright landmarks into it: it would be searched, and nobody found."""
    head_down = encoded(turned_clockwise(image_of("astronaut"), 180))
    assert pipeline.confident_score == pack.detector.confident_score
    trusting = Pipeline(pipeline.detector, pipeline.embedder, pipeline.detection_sizes)
    trusted, known = trusting.analyse(head_down), pipeline.analyse(head_down)
    assert trusted.quality.measure("PhotoTurn").value == 0
    assert abs(float(trusted.embedding @ known.embedding)) < 0.5


class Counting:
    """The default detector, and how often it looked."""

    def __init__(self, detector):
        self.detector, self.looks = detector, 0

    def detect(self, image, long_side):
        """See `detector.faces.FaceDetector.detect`."""
        self.looks += 1
        return self.detector.detect(image, long_side)


@pytest.mark.parametrize(
    ("sure_score", "sure_spread", "looked_at"),
    [(0.0, 0.0, False), (1.0, 0.0, True), (1.0, 0.2, False), (1.0, 0.002, True)],
)
def test_a_face_is_sure_by_its_score_or_by_landmarks_that_agree(
    pipeline, sure_score, sure_spread, looked_at
):
    counting = Counting(pipeline.detector)
    shown = Pipeline(
        counting,
        FakeEmbedder(),
        pipeline.detection_sizes,
        confident_score=0.5,
        sure_score=sure_score,
        sure_spread=sure_spread,
    ).analyse(packaged("astronaut"))
    assert shown.quality.measure("PhotoTurn").value == 0
    # The photo, the close-up and its mirror image; in doubt the chip turned, and inverted. Neither
    # shows a face, so neither is compared with the chip as it is.
    assert counting.looks == 3 + 2 * looked_at


@needs_test_data
@pytest.mark.parametrize("degrees", [180, 165])
def test_scrfd_takes_no_face_on_its_head_for_upright(pipeline, compiled_folder, degrees):
    manifest = load_pack("buffalo_s").detector
    source = TEST_DATA / "scrfd" / "det_500m.onnx"
    detector = load_detector(
        manifest, compiled_path(source, f"{source.stem:x<64}", compiled_folder)
    )
    scrfd = Pipeline(
        detector,
        pipeline.embedder,
        manifest.input_sizes,
        confident_score=manifest.confident_score,
        sure_score=manifest.sure_score,
        sure_spread=manifest.sure_spread,
    )
    for folder in sorted(each for each in (TEST_DATA / "lfw").iterdir() if each.is_dir())[::400]:
        image = decoded(min(folder.glob("*.jpg")).read_bytes())
        upright = scrfd.analyse(encoded(image))
        shown = scrfd.analyse(encoded(turned_clockwise(image, degrees)))
        if upright.embedding is not None and shown.embedding is not None:
            assert float(shown.embedding @ upright.embedding) > 0.5, folder.name


def test_a_group_on_its_head_has_all_its_faces(pipeline):
    shown = pipeline.analyse(encoded(turned_clockwise(image_of("t1"), 180)))
    upright = pipeline.analyse(packaged("t1"))
    assert len(shown.faces) == T1_FACES
    assert float(shown.embedding @ upright.embedding) > 0.8


@needs_test_data
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_no_photo_is_searched_the_wrong_way_up_and_none_upright_is_turned(pipeline, degrees):
    folders = sorted(each for each in (TEST_DATA / "lfw").iterdir() if each.is_dir())[::60]
    assert len(folders) > 40
    searched = 0
    for folder in folders:
        image = decoded(min(folder.glob("*.jpg")).read_bytes())
        shown = pipeline.analyse(encoded(turned_clockwise(image, degrees)))
        if shown.embedding is not None:
            assert shown.quality.measure("PhotoTurn").value == (360 - degrees) % 360, folder.name
            searched += 1
    assert searched >= len(folders) - 2


# -- far faces


def scene(width, height, scale, at):
    """A face far away: the astronaut, smaller, in a softly lit room that shows no other."""
    room = np.tile(np.linspace(90, 160, width, dtype=np.uint8)[None, :, None], (height, 1, 3))
    person = resized(image_of("astronaut"), scale)
    left, top = (round(share * side) for share, side in zip(at, (width, height), strict=True))
    room = room.copy()
    room[top : top + person.shape[0], left : left + person.shape[1]] = person
    return room


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (3000, 4000), (8000, 1000)])
def test_a_far_face_is_found_and_searched(pipeline, astronaut, width, height):
    shown = pipeline.analyse(encoded(scene(width, height, 0.7, (0.6, 0.4))))
    assert shown.quality.measure("InterEyeDistance").value < 45
    assert float(shown.embedding @ astronaut.embedding) > 0.85
    assert Reason.NO_FACE not in shown.quality.reasons


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_far_face_is_found_in_a_photo_on_its_side_or_head_too(pipeline, astronaut, quarter):
    lying = np.ascontiguousarray(np.rot90(scene(4000, 3000, 0.7, (0.6, 0.4)), quarter))
    shown = pipeline.analyse(encoded(lying))
    assert float(shown.embedding @ astronaut.embedding) > 0.85
    assert Reason.TURNED in shown.quality.reasons


def test_of_a_face_that_is_too_small_the_advice_is_to_come_closer(pipeline):
    shown = pipeline.analyse(encoded(scene(4000, 3000, 0.35, (0.3, 0.5))))
    assert shown.embedding is not None
    assert Reason.FACE_TOO_SMALL in shown.quality.reasons
    assert "closer" in Reason.FACE_TOO_SMALL.advice


def test_looks_at_a_photo_without_a_face_are_bounded_whatever_its_size():
    """Pixels that the detector is shown, in all, do not grow with the photo."""
    totals = []
    for width, height in ((1920, 1440), (5700, 4300), (8000, 1000)):
        detector = FakeDetector()
        data = encoded(np.full((height, width, 3), 90, np.uint8))
        Pipeline(detector, FakeEmbedder(), (320, 640)).analyse(data)
        totals.append(
            sum(
                size**2 * min(rows, columns) / max(rows, columns)
                for rows, columns, size in detector.calls
            )
        )
    assert max(totals) < 10_500_000  # 3.7 million of them from the sides and from above


# -- negatives and mirror images


@pytest.mark.parametrize("size", [(1, 40_000), (40_000, 1), (300, 20_000)])
def test_a_ribbon_without_a_face_is_looked_at_from_no_large_canvas(size):
    detector = FakeDetector(scripted=())
    Pipeline(detector, FakeEmbedder(), (320, 640)).analyse(
        encoded(np.zeros((*size, 3), np.uint8), ".png")
    )
    assert max(height * width for height, width, _ in detector.calls) <= size[0] * size[1] + 10**6


def test_a_negative_is_inverted_searched_and_called_one(pipeline, astronaut):
    shown = pipeline.analyse(encoded(255 - image_of("astronaut")))
    assert shown.quality.reasons == (Reason.NEGATIVE,)
    assert float(shown.embedding @ astronaut.embedding) > 0.85
    assert shown.pixels.image.mean() == pytest.approx(astronaut.pixels.image.mean(), abs=3)


class LikesLight:
    """Is the more confident the lighter an image is."""

    def detect(self, image, long_side):
        del long_side
        return (Face(Box(0, 0, 90, 90), ARCFACE_TEMPLATE, float(image.mean()) / 255),)


@pytest.mark.parametrize("doubted", [False, True])
def test_a_doubted_face_may_be_a_negative_wherever_its_eyes_are(doubted):
    """A face all of one shade has its eyes as dark as its cheeks."""
    dark, light = (np.full((112, 112, 3), shade, np.uint8) for shade in (60, 200))
    assert looks_negative(LikesLight(), dark, doubted=doubted) == doubted
    assert not looks_negative(LikesLight(), light, doubted=doubted)


def test_of_two_looks_at_a_negative_none_is_enough_to_search_it_as_it_is(pipeline):
    """Whatever the turn, a negative is searched as its positive or not at all."""
    for degrees in (90, 180, 270, 30):
        image = turned_clockwise(255 - image_of("astronaut"), degrees)
        shown = pipeline.analyse(encoded(image))
        assert shown.embedding is None or Reason.NEGATIVE in shown.quality.reasons


def test_a_mirror_image_is_searched_as_it_is(pipeline, astronaut):
    """Nothing in a face tells; recognisers were trained with both."""
    shown = pipeline.analyse(encoded(np.ascontiguousarray(image_of("astronaut")[:, ::-1])))
    assert shown.quality.verdict is Verdict.USABLE
    assert float(shown.embedding @ astronaut.embedding) > 0.85
