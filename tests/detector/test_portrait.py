"""The crop that an officer sees."""

import dataclasses

import cv2
import numpy as np
import pytest

from detector.faces import LEFT_EYE, RIGHT_EYE, Box, Face
from detector.portrait import FRAME_SIDE, FRAMED_EYES, SMALL_SIDE, framed, portrait, small
from tests.data import decoded, encoded, image_of, packaged
from tests.fakes import fake_pipeline, photo_of


def test_it_is_a_jpeg_of_the_face_with_surroundings(pipeline):
    analysis = pipeline.analyse(packaged("astronaut"))
    content = portrait(analysis)
    assert content[:3] == b"\xff\xd8\xff"
    crop = decoded(content)
    box = analysis.subject.box
    assert crop.shape[0] == pytest.approx(1.8 * box.height, abs=2)
    left, top = (int(c - 0.9 * box.height) for c in box.centre)
    original = image_of("astronaut")[max(0, top) :, left:][: crop.shape[0], : crop.shape[1]]
    assert np.abs(crop.astype(int) - original.astype(int)).mean() < 6


def test_the_person_in_it_is_the_subject(pipeline):
    analysis = pipeline.analyse(packaged("t1"))
    again = pipeline.analyse(portrait(analysis))
    assert float(again.embedding @ analysis.embedding) > 0.7


def test_it_is_never_larger_than_needed():
    analysis = fake_pipeline().analyse(photo_of(1, side=1500, suffix=".png"))
    assert max(decoded(portrait(analysis)).shape) == 480


def test_of_a_reduced_photo_it_shows_the_same(pipeline):
    large = np.repeat(np.repeat(image_of("astronaut"), 4, axis=0), 4, axis=1)
    analysis = pipeline.analyse(encoded(large))
    assert analysis.pixels.scale < 1
    again = pipeline.analyse(portrait(analysis))
    assert float(again.embedding @ analysis.embedding) > 0.7


def test_without_a_face_there_is_none(pipeline):
    with pytest.raises(ValueError, match="without a face"):
        portrait(pipeline.analyse(packaged("coffee")))


@pytest.mark.parametrize(
    "box",
    [
        Box(-500, -500, 20, 20),
        Box(5000, 5000, 20, 20),
        Box(-40, 100, 60, 60),
        Box(0, 0, 4000, 4000),
        Box(100, 100, 0.1, 0.1),
    ],
)
def test_a_box_beyond_the_image_still_gives_a_picture(box):
    analysis = fake_pipeline().analyse(photo_of(1))
    assert analysis.subject is not None
    moved = Face(box, analysis.subject.landmarks, 0.9)
    crop = decoded(portrait(dataclasses.replace(analysis, subject=moved)))
    assert min(crop.shape[:2]) >= 1
    assert max(crop.shape[:2]) <= 480


@pytest.mark.parametrize(("factor", "turned"), [(1, 0), (0.4, 0), (3, 0), (1, 15)])
def test_framed_photos_have_their_eyes_at_the_same_place(pipeline, factor, turned):
    image = image_of("astronaut")
    turn = cv2.getRotationMatrix2D((224, 100), turned, factor)
    side = round(512 * max(1, factor))
    turn[:, 2] += [side / 2 - 224, side / 3 - 100]
    photo = encoded(np.asarray(cv2.warpAffine(image, turn, (side, side)), np.uint8))
    content = framed(pipeline.analyse(photo))
    assert decoded(content).shape == (FRAME_SIDE, FRAME_SIDE, 3)
    found = pipeline.analyse(content).subject
    assert found is not None
    eyes = found.landmarks[[LEFT_EYE, RIGHT_EYE]]
    assert np.abs(eyes - FRAMED_EYES).max() < 12


def test_a_photo_without_a_face_is_framed_whole():
    analysis = fake_pipeline().analyse(photo_of(side=200))
    frame = decoded(framed(analysis))
    assert frame.shape == (FRAME_SIDE, FRAME_SIDE, 3)
    assert np.abs(frame[360, 360].astype(int) - 120).max() < 4


# Small, for lists


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_the_small_face_is_square_and_upright_however_the_photo_lies(pipeline, quarters):
    image = image_of("astronaut")
    upright = pipeline.analyse(encoded(image))
    lying = pipeline.analyse(encoded(np.ascontiguousarray(np.rot90(image, quarters))))
    content = small(lying)
    assert len(content) < 8_000
    face = decoded(content)
    assert face.shape == (SMALL_SIDE, SMALL_SIDE, 3)
    asked = decoded(small(upright)).astype(int)
    # The landmarks of a face that lies are a little elsewhere.
    assert np.abs(face - asked).mean() < 0.5 * np.abs(face[::-1] - asked).mean()


def test_the_small_face_of_a_reduced_photo_is_the_same():
    face, large = (
        decoded(small(fake_pipeline().analyse(photo_of(1, side=side, suffix=".jpg"))))
        for side in (400, 1600)
    )
    assert np.abs(face.astype(int) - large.astype(int)).mean() < 25


def test_without_a_face_the_small_picture_is_the_photo(pipeline):
    analysis = pipeline.analyse(packaged("coffee"))
    assert decoded(small(analysis)).shape == (SMALL_SIDE, SMALL_SIDE, 3)
