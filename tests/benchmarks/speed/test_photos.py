"""Composed photos are what a benchmark promises: so large, the same each time, with a face."""

import numpy as np
import pytest

from benchmarks.packaged import Person, people
from benchmarks.speed.photos import MEGAPIXELS, compose, read_folder
from benchmarks.speed.speed import overlap
from tests.data import decoded, packaged


@pytest.fixture(scope="module")
def cast(pipeline) -> list[Person]:
    return people(pipeline)


def test_the_packaged_pictures_show_seven_people(cast):
    assert len(cast) == 7


@pytest.mark.parametrize("megapixels", MEGAPIXELS)
@pytest.mark.parametrize("portrait", [True, False])
def test_a_photo_has_its_size_and_a_face_where_it_was_put(cast, pipeline, megapixels, portrait):
    random = np.random.default_rng(5)
    photo = compose(cast[3], megapixels, random, portrait=portrait)
    height, width = decoded(photo.data).shape[:2]
    assert width * height / 1e6 == pytest.approx(megapixels, rel=0.01)
    assert (height > width) is portrait
    assert photo.face is not None
    assert 0.19 < photo.face.height / height < 0.61
    subject = pipeline.analyse(photo.data).subject
    assert subject is not None
    assert overlap(subject.box, photo.face) > 0.5


def test_the_same_seed_composes_the_same_photo(cast):
    first, again = (compose(cast[0], 1.0, np.random.default_rng(1)) for _ in range(2))
    assert first.data == again.data


def test_a_folder_s_photos_are_read_and_others_passed_over(tmp_path):
    (tmp_path / "a.png").write_bytes(packaged("astronaut"))
    (tmp_path / "b.jpg").write_bytes(b"not a photo")
    (photo,) = read_folder(tmp_path)
    assert photo.name == "a.png"
    assert photo.megapixels == pytest.approx(512 * 512 / 1e6)
    with pytest.raises(FileNotFoundError):
        read_folder(tmp_path / "absent")
