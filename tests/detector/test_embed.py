"""Embeddings are unit vectors, alike one by one and in a batch, or a typed error."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from detector.compiled_check import packaged_chips
from detector.embed import FusedEmbedder, Measured, NetworkEmbedder, input_batch, unit_rows
from detector.errors import NetworkError
from detector.session import Network
from models.manifest import Preprocessing
from tests.fakes import FakeEmbedder

PLAIN = Preprocessing(colour="BGR", mean=0.0, std=1.0)


@pytest.fixture(scope="module")
def chips(pipeline):
    return packaged_chips(pipeline)


def tiny_network(folder: Path, scale: float = 1.0, dim: int = 3) -> Network:
    """A network that answers with the mean of each channel times `scale`."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Mul", ["flat", "scale"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", dim])],
        [numpy_helper.from_array(np.full(1, scale, np.float32), "scale")],
    )
    path = folder / "tiny.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return Network(path)


def test_embeddings_are_unit_vectors_of_the_promised_size(pipeline, chips, pack):
    rows = pipeline.embedder.embed(chips)
    assert rows.shape == (len(chips), pack.recogniser.embedding_dim) == (6, 128)
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_a_batch_gives_what_single_faces_give(pipeline, chips):
    together = pipeline.embedder.embed(chips)
    alone = np.concatenate([pipeline.embedder.embed([chip]) for chip in chips])
    assert (together * alone).sum(axis=1).min() > 0.99999


def test_no_faces_give_no_rows(pipeline):
    assert pipeline.embedder.embed([]).shape == (0, 128)


def test_two_people_are_further_apart_than_one_and_himself(pipeline, chips):
    rows = pipeline.embedder.embed([*chips, *(chip[:, ::-1] for chip in chips)])
    similar = rows[:6] @ rows.T
    own = similar[np.arange(6), np.arange(6) + 6]
    others = similar[:, :6][~np.eye(6, dtype=bool)]
    assert own.min() > 0.6
    assert others.max() < 0.4


@settings(max_examples=15, deadline=None)
@given(
    colour=st.sampled_from(["BGR", "RGB"]),
    mean=st.sampled_from([0.0, 127.5]),
    std=st.sampled_from([1.0, 127.5, 128.0]),
)
def test_faces_are_fed_as_the_manifest_says(colour, mean, std):
    chip = np.random.default_rng(1).integers(0, 255, (112, 112, 3), np.uint8)
    batch = input_batch([chip, chip[::-1]], Preprocessing(colour=colour, mean=mean, std=std))
    assert batch.shape == (2, 3, 112, 112)
    ordered = chip[..., ::-1] if colour == "RGB" else chip
    expected = (ordered.astype(np.float64) - mean) / std
    np.testing.assert_allclose(batch[0], expected.transpose(2, 0, 1), rtol=1e-5, atol=1e-5)


def test_a_network_of_another_dimension_than_its_manifest_says_is_refused(tmp_path):
    embedder = NetworkEmbedder(tiny_network(tmp_path), PLAIN, dim=128)
    with pytest.raises(NetworkError, match=r"gave \(1, 3\), its manifest says \(1, 128\)"):
        embedder.embed([np.full((112, 112, 3), 9, np.uint8)])


@pytest.mark.parametrize("scale", [0.0, float("nan"), float("inf")])
def test_an_answer_without_a_direction_is_refused(tmp_path, scale):
    embedder = NetworkEmbedder(tiny_network(tmp_path, scale), PLAIN, dim=3)
    with pytest.raises(NetworkError, match="without a direction"):
        embedder.embed([np.full((112, 112, 3), 9, np.uint8)])


def test_one_bad_row_among_good_ones_is_noticed():
    rows = np.ones((4, 8), np.float32)
    rows[2] = 0
    with pytest.raises(NetworkError):
        unit_rows(rows)


@given(exponent=st.integers(-30, 30), seed=st.integers(0, 2**32 - 1))
def test_length_is_1_whatever_it_was(exponent, seed):
    row = np.random.default_rng(seed).normal(0, 1, (1, 128)).astype(np.float32)
    unit = unit_rows(row * np.float32(10.0**exponent))
    assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-6)
    assert float((unit @ unit_rows(row).T)[0, 0]) == pytest.approx(1, abs=1e-6)


def test_a_network_with_several_inputs_is_refused(weights):
    with pytest.raises(NetworkError, match="wants 30 inputs"):
        Network(weights.recogniser)


def test_fakes_keep_the_same_contract():
    noise = np.random.default_rng(2).integers(0, 255, (3, 112, 112, 3), np.uint8)
    fake = FakeEmbedder()
    rows = fake.embed(list(noise))
    assert rows.shape == (3, fake.dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(rows, fake.embed(list(noise)))
    assert fake.embed([]).shape == (0, fake.dim)
    assert np.linalg.norm(fake.embed([np.zeros((112, 112, 3), np.uint8)])) == 1


class Constant:
    """An embedder whose every answer is one direction, and that remembers what it was shown."""

    def __init__(self, direction: list[float]) -> None:
        self.direction = np.array(direction, np.float32)
        self.dim = len(direction)
        self.seen: list[np.ndarray] = []

    def embed(self, chips):
        self.seen += list(chips)
        return np.tile(self.direction, (len(chips), 1)).reshape(len(chips), self.dim)

    def measure(self, chips):
        rows = self.embed(chips)
        return Measured(rows, np.full(len(rows), float(len(self.seen))))


def test_fused_embeddings_compare_by_the_weighted_mean_of_their_cosines():
    chips = [np.zeros((112, 112, 3), np.uint8)] * 2
    first = FusedEmbedder([Constant([1, 0]), Constant([0, 0, 1])], [1.0, 0.5], mirrored=False)
    second = FusedEmbedder([Constant([0, 1]), Constant([0, 0, 1])], [1.0, 0.5], mirrored=False)
    one, other = first.embed(chips), second.embed(chips)
    assert one.shape == (2, 5)
    assert first.dim == 5
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-6)
    # Cosines 0 and 1, weighted by the squares of 1 and 0.5.
    assert one[0] @ other[0] == pytest.approx(0.25 / 1.25)
    assert first.embed([]).shape == (0, 5)


def test_a_mirrored_pack_sees_each_face_and_its_mirror_image():
    part = Constant([1, 0])
    chip = np.arange(112 * 112 * 3, dtype=np.uint8).reshape(112, 112, 3)
    FusedEmbedder([part], [1.0], mirrored=True).embed([chip])
    assert len(part.seen) == 2
    np.testing.assert_array_equal(part.seen[1], chip[:, ::-1])


def test_a_mirrored_embedding_does_not_know_left_from_right(pipeline):
    chip = packaged_chips(pipeline)[0]
    fused = FusedEmbedder([pipeline.embedder], [1.0], mirrored=True)
    one, mirror = fused.embed([chip, np.ascontiguousarray(chip[:, ::-1])])
    assert one @ mirror == pytest.approx(1, abs=1e-5)


def test_lengths_are_those_of_the_networks_answers(tmp_path):
    chips = [np.full((112, 112, 3), tone, np.uint8) for tone in (10, 20)]
    told = NetworkEmbedder(tiny_network(tmp_path, scale=2.0), PLAIN, 3).measure(chips)
    np.testing.assert_allclose(told.lengths, [20 * 3**0.5, 40 * 3**0.5], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(told.rows, axis=1), 1, rtol=1e-6)


def test_a_fused_embedding_is_as_long_as_its_first_part_with_its_mirror_image():
    chip = np.zeros((112, 112, 3), np.uint8)
    fused = FusedEmbedder([Constant([1, 0]), Constant([0, 0, 1])], [1.0, 0.5], mirrored=True)
    # The stand-in's answers are 1, 2, ... long.
    assert fused.measure([chip]).lengths.tolist() == [1.5]


def test_shorter_faces_are_harder_to_recognise(pipeline, chips):
    blurred = [cv2.GaussianBlur(chip, (0, 0), 6) for chip in chips]
    sharp, soft = (pipeline.embedder.measure(each).lengths for each in (chips, blurred))
    assert (soft < sharp).all()
