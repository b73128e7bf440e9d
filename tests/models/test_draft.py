"""A manifest from two files: what they tell is read, what they do not is marked."""

import onnx
import pytest
from onnx import TensorProto, helper

from models.draft import Terms, draft
from models.errors import ManifestInvalid
from models.manifest import MANIFEST_NAME, load_pack
from tests.packs import arcface_shaped

TERMS = Terms("own", "MIT", "https://example.invalid/")


def network(path, outputs, side=640):
    """Write a network with so many outputs, which computes nothing."""
    names = [f"y{number}" for number in range(outputs)]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], [name]) for name in names],
        "drawn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, side, side]) for n in names],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    return path


@pytest.mark.parametrize(("outputs", "kind"), [(12, "yunet"), (9, "scrfd")])
def test_what_is_written_reads_back(tmp_path, outputs, kind):
    detector = network(tmp_path / "det.onnx", outputs)
    recogniser = arcface_shaped(tmp_path / "rec.onnx", dim=256)
    made = draft(tmp_path, detector, recogniser, TERMS)
    assert load_pack(str(tmp_path)) == made
    assert made.detector.architecture == kind
    assert made.detector.size == detector.stat().st_size
    assert made.recogniser.embedding_dim == 256
    assert made.prior is None
    assert made.folder == tmp_path.resolve()


def test_a_manifest_that_is_there_stays(tmp_path):
    (tmp_path / MANIFEST_NAME).write_text("mine")
    with pytest.raises(ManifestInvalid, match="is there already"):
        draft(tmp_path, tmp_path / "a", tmp_path / "b", TERMS)
    assert (tmp_path / MANIFEST_NAME).read_text() == "mine"


def test_files_that_are_no_such_networks_are_refused_and_nothing_is_written(tmp_path):
    detector = network(tmp_path / "det.onnx", 12)
    recogniser = arcface_shaped(tmp_path / "rec.onnx")
    text = tmp_path / "text.onnx"
    text.write_bytes(b"no network at all")
    elsewhere = network(tmp_path.parent / "det.onnx", 12)
    refusals = [
        (text, recogniser, TERMS, "is no ONNX file"),
        (tmp_path / "absent.onnx", recogniser, TERMS, "Make it readable"),
        (network(tmp_path / "odd.onnx", 5), recogniser, TERMS, "has 5 outputs"),
        (detector, detector, TERMS, "is no recogniser"),
        (elsewhere, recogniser, TERMS, "put it there first"),
        (detector, recogniser, Terms("Own Pack", "MIT", TERMS.upstream), "name"),
        (detector, recogniser, Terms("own", "MIT", "http://example.invalid/"), "upstream"),
        (detector, recogniser, Terms("open", "MIT", TERMS.upstream), "built-in"),
    ]
    for finds, knows, terms, says in refusals:
        with pytest.raises(ManifestInvalid, match=says):
            draft(tmp_path, finds, knows, terms)
        assert not (tmp_path / MANIFEST_NAME).exists()


def test_words_are_quoted(tmp_path):
    detector = network(tmp_path / "det.onnx", 12)
    recogniser = arcface_shaped(tmp_path / "rec.onnx")
    licence = 'A "licence"\\ of ours'
    made = draft(tmp_path, detector, recogniser, Terms("own", licence, TERMS.upstream))
    assert made.licence.name == licence
    assert load_pack(str(tmp_path)) == made
