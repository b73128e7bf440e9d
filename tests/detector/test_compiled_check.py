"""The proof that compiling changed nothing: it holds for what is equal and for nothing else."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from detector.compiled_check import packaged_chips, verify_compiled
from detector.errors import NetworkError
from detector.pipeline import Pipeline
from models.compiled import compiled_path
from tests.fakes import FakeDetector, FakeEmbedder

NOISE = [np.random.default_rng(seed).integers(0, 255, (112, 112, 3), np.uint8) for seed in (1, 2)]


@pytest.fixture(scope="module")
def compiled(weights, pack, compiled_folder):
    return compiled_path(weights.recogniser, pack.recogniser.sha256, compiled_folder)


def changed_copy(source, target, amount):
    """The network with every weight changed by a share of its tensor's spread."""
    model = onnx.load(str(source))
    rng = np.random.default_rng(3)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.ndim == 4:
            noise = rng.normal(0, amount * array.std(), array.shape)
            tensor.CopyFrom(
                numpy_helper.from_array((array + noise).astype(array.dtype), tensor.name)
            )
    onnx.save(model, str(target))
    return target


def test_the_chips_are_six_real_faces(pipeline):
    chips = packaged_chips(pipeline)
    assert [chip.shape for chip in chips] == [(112, 112, 3)] * 6
    # each is a face in the middle of its chip: the detector finds it there again
    for chip in chips:
        (face, *_) = pipeline.detector.detect(chip, 160)
        assert face.box.centre == pytest.approx((56, 62), abs=20)


def test_without_faces_there_is_no_proof():
    with pytest.raises(NetworkError, match="finds no face"):
        packaged_chips(Pipeline(FakeDetector([]), FakeEmbedder(), (320,)))


def test_the_default_pack_is_proven(weights, compiled, pack, pipeline):
    chips = packaged_chips(pipeline)
    assert verify_compiled(weights.recogniser, compiled, chips, pack.recogniser) >= 0.9999


@pytest.mark.parametrize(("amount", "proven"), [(0.0, True), (1e-4, True), (0.2, False)])
def test_it_measures_how_much_changed(compiled, pack, tmp_path, amount, proven):
    other = changed_copy(compiled, tmp_path / "other.onnx", amount)
    cosine = verify_compiled(compiled, other, NOISE, pack.recogniser)
    assert (cosine >= 0.9999) == proven
    assert cosine <= 1 + 1e-6


def test_the_worst_face_counts(weights, compiled, pack):
    faces = [
        verify_compiled(weights.recogniser, compiled, [chip], pack.recogniser) for chip in NOISE
    ]
    assert verify_compiled(weights.recogniser, compiled, NOISE, pack.recogniser) == pytest.approx(
        min(faces), abs=1e-6
    )


def test_a_network_of_another_shape_is_a_typed_error(weights, compiled, pack):
    other = pack.recogniser.model_copy(update={"embedding_dim": 512})
    with pytest.raises(NetworkError, match="its manifest says"):
        verify_compiled(weights.recogniser, compiled, NOISE, other)
