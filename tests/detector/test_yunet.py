"""YuNet's decoding against its definition cell by cell, and all of it against OpenCV's own."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import NetworkError
from detector.faces import Box
from detector.loading import load_detector
from detector.session import Network
from detector.yunet import STRIDES, YuNet, decode_outputs
from models.compiled import compiled_path
from tests.data import T1_FACES, image_of


@pytest.fixture(scope="module")
def network_path(weights, pack, compiled_folder):
    return compiled_path(weights.detector, pack.detector.sha256, compiled_folder)


@pytest.fixture(scope="module")
def yunet(network_path, pack):
    return load_detector(pack.detector, network_path)


def cell_by_cell(outputs, shape, threshold):
    """What the twelve outputs mean, in the order in which cells are laid out."""
    found = []
    for level, stride in enumerate(STRIDES):
        cls, obj, box, kps = (outputs[3 * head + level][0] for head in range(4))
        cell = 0
        for row in range(shape[0] // stride):
            for column in range(shape[1] // stride):
                both = [min(max(float(head[cell, 0]), 0.0), 1.0) for head in (cls, obj)]
                score = (both[0] * both[1]) ** 0.5
                if score >= threshold:
                    x = (column + float(box[cell, 0])) * stride
                    y = (row + float(box[cell, 1])) * stride
                    width = np.exp(float(box[cell, 2])) * stride
                    height = np.exp(float(box[cell, 3])) * stride
                    points = [
                        ((column, row)[i % 2] + float(kps[cell, i])) * stride for i in range(10)
                    ]
                    found.append([score, x - width / 2, y - height / 2, width, height, *points])
                cell += 1
    return np.array(found).reshape(-1, 15)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 3),
    columns=st.integers(1, 3),
    threshold=st.sampled_from([0.3, 0.6, 0.9]),
    seed=st.integers(0, 2**32 - 1),
)
def test_decoding_is_what_it_means_cell_by_cell(rows, columns, threshold, seed):
    rng = np.random.default_rng(seed)
    shape = (32 * rows, 32 * columns)
    outputs = []
    for head in (1, 1, 4, 10):
        for stride in STRIDES:
            cells = (shape[0] // stride) * (shape[1] // stride)
            low, high = (-0.2, 1.2) if head == 1 else (-2, 2)
            outputs.append(rng.uniform(low, high, (1, cells, head)).astype(np.float32))
    scores, boxes, landmarks = decode_outputs(outputs, shape, threshold)
    expected = cell_by_cell(outputs, shape, threshold)
    # A score within rounding of the threshold may fall on either side of it.
    assert abs(len(scores) - len(expected)) <= int(
        np.sum(np.abs(expected[:, 0] - threshold) < 1e-5, initial=0)
    )
    if len(scores) == len(expected):
        found = np.concatenate([scores[:, np.newaxis], boxes, landmarks], axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    assert {each.dtype for each in (scores, boxes, landmarks)} == {np.dtype(np.float32)}


def test_a_size_beyond_all_reason_does_not_overflow():
    outputs = [np.zeros((1, (64 // s) ** 2, n), np.float32) for n in (1, 1, 4, 10) for s in STRIDES]
    outputs[0][:] = outputs[3][:] = 1
    outputs[6][..., 2:] = 1e6
    scores, boxes, _ = decode_outputs(outputs, (64, 64), 0.5)
    assert len(scores) == 64
    assert np.isfinite(boxes).all()


def iou(a: Box, b: Box) -> float:
    width = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    height = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (a.area + b.area - shared)


@pytest.mark.parametrize("long_side", [640, 1280])
def test_it_agrees_with_opencv_on_the_same_weights(yunet, weights, pack, long_side):
    """OpenCV 5 reads the published file itself, so this proves the compiled network too."""
    image = image_of("t1")
    size = (long_side, round(image.shape[0] * long_side / image.shape[1]))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    manifest = pack.detector
    theirs = cv2.FaceDetectorYN.create(
        str(weights.detector), "", size, manifest.score_threshold, manifest.nms_threshold
    )
    _, rows = theirs.detect(small)
    mine = yunet.detect(small, long_side)
    assert len(mine) == len(rows) == T1_FACES
    for face, row in zip(mine, rows, strict=True):  # both best first
        assert iou(face.box, Box(*(float(v) for v in row[:4]))) > 0.99
        assert np.abs(face.landmarks - row[4:14].reshape(5, 2)).max() < 0.5
        assert face.confidence == pytest.approx(float(row[14]), abs=0.01)


@pytest.mark.parametrize("long_side", [320, 480, 640, 1280, 1600])
def test_coordinates_are_those_of_the_image_whatever_the_working_size(yunet, long_side):
    image = image_of("t1")
    reference = yunet.detect(image, 1280)
    found = yunet.detect(image, long_side)
    assert len(found) == T1_FACES
    assert [f.confidence for f in found] == sorted((f.confidence for f in found), reverse=True)
    for face in found:
        nearest = max(reference, key=lambda other: iou(face.box, other.box))
        assert iou(face.box, nearest.box) > 0.7
        off = np.abs(face.landmarks - nearest.landmarks).max(axis=1) / nearest.box.width
        assert np.median(off) < 0.13
        assert off.max() < 0.18, "at small sizes landmarks are coarse: hence the second look"
        assert face.landmarks.shape == (5, 2)
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert left_eye[1] < nose[1] < right_mouth[1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 2), (33, 31), (320, 319)])
def test_images_of_any_shape_are_looked_at(yunet, shape):
    assert yunet.detect(np.zeros((*shape, 3), np.uint8), 320) == ()


def test_a_network_that_is_no_yunet_is_refused(weights, pack, compiled_folder):
    other = compiled_path(weights.recogniser, pack.recogniser.sha256, compiled_folder)
    with pytest.raises(NetworkError, match="not a YuNet: it lacks bbox_16"):
        YuNet(Network(other), 0.6, 0.3)


def test_a_manifest_of_unknown_architecture_is_refused(network_path, pack):
    unknown = pack.detector.model_copy(update={"architecture": "haar"})
    with pytest.raises(NetworkError, match="'haar'"):
        load_detector(unknown, network_path)
