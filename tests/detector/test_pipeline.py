"""The way of a photo: real faces with the default pack's networks; fakes where order matters."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from detector.align import ARCFACE_TEMPLATE
from detector.errors import EmptyPhoto, PhotoError, TooManyPixels
from detector.faces import Box, Face, plausible
from detector.limits import Limits
from detector.loading import load_detector, load_pipeline
from detector.pipeline import Pipeline, with_embedding
from detector.quality import Reason, Verdict
from detector.timing import Stopwatch
from models.compiled import compiled_path
from tests.data import (
    T1_FACES,
    TEST_DATA,
    decoded,
    encoded,
    image_of,
    needs_test_data,
    packaged,
    photos_of_people,
)
from tests.detector.face_records import dg2, fac_2005
from tests.fakes import FakeDetector, FakeEmbedder, fake_pipeline, photo_of

SAME = 0.45
DIFFERENT = 0.4


@pytest.fixture(scope="module")
def astronaut(pipeline):
    return pipeline.analyse(packaged("astronaut"))


def crop(image, box: Box, factor: float):
    """The picture around a box's centre, `factor` times its longer side."""
    x, y = box.centre
    reach = max(box.width, box.height) * factor / 2
    height, width = image.shape[:2]
    left, top = max(0, round(x - reach)), max(0, round(y - reach))
    return image[top : min(height, round(y + reach)), left : min(width, round(x + reach))]


def resized(image, factor: float):
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def turned(image, angle: float):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


# -- one person, seen differently


CHANGES = {
    "darker": lambda image: (image * 0.4).astype(np.uint8),
    "brighter": lambda image: np.clip(image * 1.3 + 10, 0, 255).astype(np.uint8),
    "warmer light": lambda image: np.clip(image * [0.7, 0.95, 1.15], 0, 255).astype(np.uint8),
    "grey": lambda image: cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
    "half in shadow": lambda image: (
        (image * np.linspace(0.35, 1.1, image.shape[1])[np.newaxis, :, np.newaxis])
        .clip(0, 255)
        .astype(np.uint8)
    ),
    "blurred": lambda image: cv2.GaussianBlur(image, (0, 0), 2),
    "noisy": lambda image: np.clip(
        image + np.random.default_rng(1).normal(0, 12, image.shape), 0, 255
    ).astype(np.uint8),
    "low JPEG quality": lambda image: decoded(encoded(image, quality=15)),
    "half the size": lambda image: resized(image, 0.5),
    "three times the size": lambda image: resized(image, 3),
    "turned by 25 degrees": lambda image: turned(image, 25),
    "turned by 45 degrees": lambda image: turned(image, 45),
    "turned by -40 degrees": lambda image: turned(image, -40),
    "mirrored": lambda image: image[:, ::-1],
    "shifted crop": lambda image: image[:300, 120:360],
    "squeezed": lambda image: cv2.resize(image, None, fx=0.85, fy=1.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_person_is_recognised_under_changed_conditions(pipeline, astronaut, change):
    changed = np.ascontiguousarray(CHANGES[change](image_of("astronaut")))
    analysis = pipeline.analyse(encoded(changed, ".png"))
    assert len(analysis.faces) == 1
    assert float(analysis.embedding @ astronaut.embedding) > SAME
    assert analysis.quality.verdict is not Verdict.UNSEARCHABLE


def test_six_people_are_six_people(pipeline):
    group = image_of("t1")
    faces = pipeline.analyse(packaged("t1")).faces
    assert len(faces) == T1_FACES
    rows = []
    for face in faces:
        alone = pipeline.analyse(encoded(crop(group, face.box, 1.5)))
        # A neighbour's face may reach into the crop; the subject is the one in the middle.
        assert alone.subject is not None
        rows.append(alone.embedding)
        again = pipeline.analyse(encoded(resized(crop(group, face.box, 1.7), 2), quality=50))
        assert float(again.embedding @ alone.embedding) > SAME
    scores = np.stack(rows) @ np.stack(rows).T
    assert scores[~np.eye(T1_FACES, dtype=bool)].max() < DIFFERENT


@needs_test_data
def test_photos_of_people_are_told_apart(pipeline):
    names, rows = [], []
    for name, path in photos_of_people():
        analysis = pipeline.analyse(path.read_bytes())
        assert analysis.embedding is not None, path.name
        names.append(name)
        rows.append(analysis.embedding)
    scores = np.stack(rows) @ np.stack(rows).T
    same = np.equal.outer(names, names)
    mated = scores[same & ~np.eye(len(names), dtype=bool)]
    assert len(names) == 40
    assert np.mean(mated > SAME) > 0.85
    assert np.mean(scores[~same] < DIFFERENT) > 0.999


# -- faces small and large


@pytest.mark.parametrize("side", [1600, 2400])
def test_a_small_face_in_a_large_photo_is_found(pipeline, astronaut, side):
    """About 30 pixels of a face: nothing at the first size, or not much; full pixels embedded."""
    small = resized(image_of("astronaut"), 0.45)
    photo = np.full((side * 3 // 4, side, 3), 120, np.uint8)
    photo[100 : 100 + small.shape[0], 300 : 300 + small.shape[1]] = small
    analysis = pipeline.analyse(encoded(photo))
    assert len(analysis.faces) == 1
    assert 15 < analysis.subject.inter_eye_distance < 24
    assert analysis.pixels.scale == 1, "the face is cut from the photo's full resolution"
    assert Reason.FACE_TOO_SMALL in analysis.quality.reasons
    assert float(analysis.embedding @ astronaut.embedding) > 0.6


@pytest.mark.parametrize("factor", [1.3, 1.0, 0.8, 0.7, 0.6])
@pytest.mark.parametrize("enlarged", [1, 4, 12])
def test_a_passport_style_close_up_is_found(pipeline, astronaut, factor, enlarged):
    """Down to 0.6 of the face's own box: the face exceeds the frame on every side."""
    close_up = resized(crop(image_of("astronaut"), astronaut.subject.box, factor), enlarged)
    analysis = pipeline.analyse(encoded(close_up))
    assert len(analysis.faces) == 1
    assert analysis.subject.box.height > 0.65 * min(close_up.shape[:2])
    if factor >= 0.8:
        assert float(analysis.embedding @ astronaut.embedding) > 0.6


@needs_test_data
def test_tight_close_ups_of_many_people_are_found(pipeline):
    found = 0
    for _, path in photos_of_people():
        image = decoded(path.read_bytes())
        box = pipeline.analyse(path.read_bytes()).subject.box
        found += len(pipeline.analyse(encoded(resized(crop(image, box, 0.6), 4))).faces) > 0
    assert found >= 39


def test_sizes_are_tried_in_order_and_no_more_than_needed():
    detector = FakeDetector()
    pipeline = Pipeline(detector, FakeEmbedder(), (320, 640))
    pipeline.analyse(photo_of())
    assert [size for *_, size in detector.calls][:3] == [320, 160, 640]
    detector.calls.clear()
    pipeline.analyse(photo_of(1))
    # the others are the close look at the face that was found, and at its mirror image
    assert [size for *_, size in detector.calls] == [320, 288, 288]
    odd = Pipeline(detector, FakeEmbedder(), (480,))
    detector.calls.clear()
    odd.analyse(photo_of())
    assert {size for *_, size in detector.calls[:2]} == {480, 256}
    assert all(size % 32 == 0 for *_, size in detector.calls), "as networks need"
    least = Pipeline(detector, FakeEmbedder(), (32,))
    detector.calls.clear()
    least.analyse(photo_of())
    assert detector.calls[0][-1] == 32


def test_a_photo_is_never_enlarged_for_a_size_that_its_file_has():
    """A reduced JPEG is decoded again when a larger size is tried."""
    data = encoded(np.full((866, 1155, 3), 90, np.uint8))
    detector = FakeDetector()
    analysis = Pipeline(detector, FakeEmbedder(), (320, 640)).analyse(data)
    assert [max(height, width) for height, width, _ in detector.calls[:3]] == [578, 578, 1155]
    assert analysis.pixels.scale == 1


# -- no face, no photo


@pytest.mark.parametrize("content", ["coffee", "black", "noise", "one pixel", "a line"])
def test_without_a_face_it_is_unsearchable(pipeline, content):
    images = {
        "black": np.zeros((480, 640, 3), np.uint8),
        "noise": np.random.default_rng(3).integers(0, 255, (480, 640, 3), np.uint8),
        "one pixel": np.zeros((1, 1, 3), np.uint8),
        "a line": np.full((1, 3000, 3), 200, np.uint8),
    }
    data = packaged("coffee") if content == "coffee" else encoded(images[content], ".png")
    analysis = pipeline.analyse(data)
    assert (analysis.quality.verdict, analysis.quality.reasons) == (
        Verdict.UNSEARCHABLE,
        (Reason.NO_FACE,),
    )
    assert analysis.faces == ()
    assert analysis.subject is analysis.chip is analysis.embedding is None
    assert "embed" not in analysis.stages


def test_a_hopeless_face_is_located_and_not_embedded():
    class Unused(FakeEmbedder):
        def embed(self, chips):
            raise AssertionError("an unsearchable face was embedded")

    flat = encoded(np.full((200, 200, 3), 128, np.uint8), ".png")
    face = Face(Box(40, 40, 112, 112), ARCFACE_TEMPLATE + np.float32(40), 0.9)
    analysis = Pipeline(FakeDetector([face]), Unused(), (320,)).analyse(flat)
    assert analysis.quality.verdict is Verdict.UNSEARCHABLE
    assert set(analysis.quality.reasons) == {Reason.BLURRED, Reason.LOW_CONTRAST}
    assert analysis.chip is not None
    assert analysis.embedding is None


@pytest.mark.parametrize(("data", "error"), [(b"", EmptyPhoto), (b"no photo at all", PhotoError)])
def test_what_is_no_photo_is_a_typed_error(data, error):
    with pytest.raises(error):
        fake_pipeline().analyse(data)


def test_limits_are_those_given():
    with pytest.raises(TooManyPixels):
        fake_pipeline(Limits(max_pixels=1000)).analyse(photo_of(1))


# -- coordinates, resolutions, stages


@pytest.mark.parametrize("enlarged", [3, 5, 8])
def test_reduced_and_full_decoding_agree(pipeline, enlarged):
    """A JPEG is decoded at a reduced scale, the same picture as PNG is not."""
    image = resized(image_of("astronaut"), enlarged)
    jpeg, png = (pipeline.analyse(encoded(image, suffix, 97)) for suffix in (".jpg", ".png"))
    assert jpeg.pixels.scale < 1 == png.pixels.scale
    assert len(jpeg.faces) == len(png.faces) == 1
    assert float(jpeg.embedding @ png.embedding) > 0.9
    assert jpeg.quality.reasons == png.quality.reasons
    tolerance = 0.1 * png.subject.box.width
    assert np.abs(jpeg.subject.landmarks - png.subject.landmarks).max() < tolerance
    for one, other in zip(jpeg.faces, png.faces, strict=True):
        assert one.box.centre == pytest.approx(other.box.centre, abs=tolerance)
    for name in ("InterEyeDistance", "HeadSize", "HeadPoseYaw"):
        values = [each.quality.measure(name).value for each in (jpeg, png)]
        assert values[0] == pytest.approx(values[1], rel=0.1, abs=6)


def test_faces_are_in_pixels_of_the_photo_as_submitted(pipeline, astronaut):
    large = pipeline.analyse(encoded(resized(image_of("astronaut"), 5)))
    assert large.pixels.scale < 1, "and yet:"
    assert (large.photo.width, large.photo.height) == (2560, 2560)
    assert large.subject.box.centre == pytest.approx(
        tuple(5 * v for v in astronaut.subject.box.centre), abs=25
    )
    assert np.abs(large.subject.landmarks / 5 - astronaut.subject.landmarks).max() < 4
    assert large.faces[0].box.width == pytest.approx(5 * astronaut.faces[0].box.width, rel=0.1)


@pytest.mark.parametrize("angle", [-40, -20, 20, 40])
def test_landmarks_of_a_tilted_face_are_where_the_upright_face_has_them(pipeline, astronaut, angle):
    image = image_of("astronaut")
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    analysis = pipeline.analyse(encoded(turned(image, angle), ".png"))
    expected = astronaut.subject.landmarks @ matrix[:, :2].T + matrix[:, 2]
    off = np.abs(analysis.subject.landmarks - expected).mean()
    assert off < 0.1 * astronaut.subject.inter_eye_distance
    roll = [a.quality.measure("HeadPoseRoll").value for a in (astronaut, analysis)]
    assert roll[1] - roll[0] == pytest.approx(-angle, abs=10)


def test_stages_are_timed_and_their_names_are_stable(pipeline):
    watch = Stopwatch()
    analysis = pipeline.analyse(packaged("astronaut"), watch)
    assert analysis.stages == watch.stages
    assert list(watch.stages) == ["decode", "detect", "align", "assess", "embed"]
    assert all(milliseconds > 0 for milliseconds in watch.stages.values())


def test_locating_and_embedding_later_is_the_same(pipeline, astronaut):
    located = pipeline.locate(packaged("astronaut"), Stopwatch())
    assert located.embedding is None
    (embedding,), (length,) = pipeline.embedder.measure([located.chip])
    later = with_embedding(located, embedding, length, pipeline.recognisable_length)
    np.testing.assert_array_equal(later.embedding, astronaut.embedding)
    assert later.subject is located.subject
    assert later.quality == astronaut.quality


# -- implausible answers of a network


GOOD = Face(Box(40, 40, 112, 112), ARCFACE_TEMPLATE + np.float32(40), 0.9)
NAN = float("nan")


@pytest.mark.parametrize(
    "face",
    [
        Face(Box(NAN, 0, 10, 10), GOOD.landmarks, 0.9),
        Face(Box(0, 0, 0.5, 10), GOOD.landmarks, 0.9),
        Face(Box(0, 0, 10, -3), GOOD.landmarks, 0.9),
        Face(GOOD.box, GOOD.landmarks * np.float32("inf"), 0.9),
        Face(GOOD.box, np.full((5, 2), 70, np.float32), 0.9),
        Face(GOOD.box, GOOD.landmarks, NAN),
    ],
)
def test_what_cannot_be_a_face_is_none(face):
    assert plausible(GOOD)
    assert not plausible(face)
    pipeline = Pipeline(FakeDetector([face]), FakeEmbedder(), (320,))
    assert pipeline.analyse(photo_of(1)).quality.reasons == (Reason.NO_FACE,)


@pytest.mark.parametrize("shift", [-5000, -100, 190, 5000])
def test_a_face_that_lies_beyond_the_image_does_no_harm(shift):
    box = Box(shift, shift, 112, 112)
    face = Face(box, (ARCFACE_TEMPLATE + np.float32(shift)).astype(np.float32), 0.9)
    pipeline = Pipeline(FakeDetector([face]), FakeEmbedder(), (320,))
    analysis = pipeline.analyse(photo_of(1))
    assert analysis.chip is not None
    assert analysis.chip.shape == (112, 112, 3)


# -- several at once


def test_one_photo_analysed_by_several_threads_is_one_answer(pipeline, astronaut):
    photos = [packaged("astronaut"), packaged("t1"), packaged("hanks")]
    alone = [pipeline.analyse(photo).embedding for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(pipeline.analyse, photos * 8))
    for place, analysis in enumerate(together):
        np.testing.assert_array_equal(analysis.embedding, alone[place % 3])


def test_threads_inside_a_network_do_not_change_the_answer(pack, store, astronaut):
    pipeline = load_pipeline(pack, store, threads=2)
    analysis = pipeline.analyse(packaged("astronaut"))
    assert float(analysis.embedding @ astronaut.embedding) > 0.99999


# -- SCRFD in YuNet's place


@needs_test_data
def test_an_insightface_detector_serves_the_same_pipeline(pipeline, pack, astronaut, tmp_path):

    manifest = pack.detector.model_copy(
        update={"architecture": "scrfd", "score_threshold": 0.5, "nms_threshold": 0.4}
    )
    path = compiled_path(TEST_DATA / "scrfd" / "det_500m.onnx", "e" * 64, tmp_path)
    other = Pipeline(load_detector(manifest, path), pipeline.embedder, (320, 640))
    analysis = other.analyse(packaged("astronaut"))
    assert float(analysis.embedding @ astronaut.embedding) > 0.8
    tight = crop(image_of("astronaut"), astronaut.subject.box, 0.7)
    assert len(other.analyse(encoded(resized(tight, 4))).faces) == 1
    assert other.analyse(packaged("coffee")).quality.reasons == (Reason.NO_FACE,)
    assert len(other.analyse(packaged("t1")).faces) == T1_FACES


def test_a_jpeg_that_was_compressed_hard_is_marked_also_inside_a_record(pipeline):
    image = image_of("astronaut")
    for quality, marked in ((10, True), (18, True), (20, False), (75, False)):
        photo = encoded(image, ".jpg", quality)
        for data in (photo, dg2(fac_2005(photo))):
            found = pipeline.analyse(data)
            assert (Reason.COMPRESSED in found.quality.reasons) is marked, quality
            assert found.embedding is not None
