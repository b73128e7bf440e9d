"""SCRFD, the detector of the InsightFace packs, on real photos and on files that are none."""

import numpy as np
import pytest

from detector.errors import NetworkError
from detector.pipeline import Pipeline
from detector.scrfd import SCRFD
from models.compiled import compiled_path
from tests.data import T1_FACES, TEST_DATA, decoded, image_of, needs_test_data, packaged
from tests.fakes import FakeEmbedder

FACES_IN_PHOTO = {"bbt1": 4, "bbt2": 3, "bbt3": 5, "bbt4": 6, "bbt5": 5}


@pytest.fixture(scope="module", params=["det_500m", "det_2.5g"])
def scrfd(request, compiled_folder):
    source = TEST_DATA / "scrfd" / f"{request.param}.onnx"
    return SCRFD(compiled_path(source, f"{request.param:x<64}", compiled_folder), 0.5, 0.4)


@needs_test_data
@pytest.mark.parametrize(("photo", "count"), FACES_IN_PHOTO.items())
def test_it_finds_the_faces_yunet_finds(scrfd, pipeline, photo, count):
    image = decoded((TEST_DATA / "photos" / f"{photo}.jpg").read_bytes())
    mine, others = scrfd.detect(image, 640), pipeline.detector.detect(image, 640)
    assert len(mine) == len(others) == count
    for face in mine:
        nearest = min(others, key=lambda other: np.abs(other.landmarks - face.landmarks).max())
        assert np.abs(nearest.landmarks - face.landmarks).max() < 0.12 * face.box.width + 3
        assert face.landmarks.dtype == np.float32
        assert 0.5 <= face.confidence <= 1


@needs_test_data
def test_the_most_confident_face_comes_first_and_small_sizes_give_the_same_places(scrfd):
    image = image_of("t1")
    large, small = scrfd.detect(image, 640), scrfd.detect(image, 320)
    assert len(large) == len(small) == T1_FACES
    for found in (large, small):
        confidences = [face.confidence for face in found]
        assert confidences == sorted(confidences, reverse=True)
    for face in small:
        assert min(np.abs(other.landmarks - face.landmarks).max() for other in large) < 12


@needs_test_data
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 700), (33, 31)])
def test_images_of_any_shape_are_looked_at(scrfd, shape):
    assert scrfd.detect(np.zeros((*shape, 3), np.uint8), 320) == ()


@needs_test_data
def test_it_serves_a_pipeline(scrfd):
    analysis = Pipeline(scrfd, FakeEmbedder(), (320, 640)).analyse(packaged("astronaut"))
    assert len(analysis.faces) == 1
    assert analysis.subject is not None
    assert 35 < analysis.subject.inter_eye_distance < 48


@needs_test_data
def test_it_says_nothing(scrfd, capfd):
    scrfd.detect(image_of("t1"), 320)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("network", ["detector", "recogniser"])
def test_a_network_that_is_no_scrfd_is_refused(weights, pack, compiled_folder, network):
    path = compiled_path(getattr(weights, network), getattr(pack, network).sha256, compiled_folder)
    with pytest.raises(NetworkError, match=r"not an SCRFD|landmarks"):
        SCRFD(path, 0.5, 0.4)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"no network")
    with pytest.raises(NetworkError, match=r"cannot load x\.onnx"):
        SCRFD(tmp_path / "x.onnx", 0.5, 0.4)
