"""Presentation attack detection of our own: what the network is fed, and that it only advises."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from benchmarks.accuracy import pad
from benchmarks.accuracy.identities import DataSetInvalid
from benchmarks.command import new_report
from detector.decode import Pixels
from detector.errors import NetworkError
from detector.loading import load_presentation
from detector.presentation import MEASURE, PresentationScorer, surroundings
from detector.session import Network
from models.errors import ManifestInvalid
from models.manifest import PresentationNetwork, parse_pack
from models.store import ModelStore
from tests.fakes import fake_pipeline, photo_of
from tests.models.builders import DETECTOR, RECOGNISER, sha256, tables
from tests.services import Desk, FakeClock, open_service

SIDE = 32


def lightness(folder: Path) -> Path:
    """A network that gives how light each channel of its square is, from 0 to 1."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["means"]),
        helper.make_node("Flatten", ["means"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "lightness",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
    )
    path = folder / "live.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def part(path: Path, **values: Any) -> dict[str, Any]:
    return {
        "file": path.name,
        "sha256": sha256(path.read_bytes()),
        "licence": "Test-1.0",
        "upstream": "https://example.invalid/live",
        "input_size": SIDE,
        "preprocessing": {"colour": "BGR", "mean": 0.0, "std": 255.0},
        "crop": 1.0,
        "outputs": 3,
        "bona_fide": 0,
        "softmax": False,
        **values,
    }


@pytest.fixture
def scorer(tmp_path):
    path = lightness(tmp_path)
    return PresentationScorer(
        Network(path), PresentationNetwork.model_validate(part(path), strict=True)
    )


@pytest.fixture
def drawn():
    return fake_pipeline()


def test_a_score_is_the_output_that_the_manifest_names(tmp_path, drawn):
    path = lightness(tmp_path)
    one = drawn.analyse(photo_of(1))
    means = surroundings(one, 1.0).mean(axis=(0, 1)) / 255
    for place in range(3):
        manifest = PresentationNetwork.model_validate(part(path, bona_fide=place))
        found = PresentationScorer(Network(path), manifest).score(one)
        assert found == pytest.approx(means[place], abs=0.02)
    soft = PresentationNetwork.model_validate(part(path, softmax=True))
    shares = np.exp(means) / np.exp(means).sum()
    found = PresentationScorer(Network(path), soft).score(one)
    assert found == pytest.approx(shares[0], abs=0.02)


def test_what_is_fed_is_as_wide_as_the_manifest_says_and_black_beyond_the_photo(drawn):
    one = drawn.analyse(photo_of(1))
    side = round(one.subject.box.width * one.pixels.scale)
    assert surroundings(one, 1.0).shape == (side, side, 3)
    wide = surroundings(one, 4.0)
    assert wide.shape == (4 * side, 4 * side, 3)
    assert not wide[0, 0].any()


def test_no_face_has_no_score_and_another_number_of_outputs_is_told(tmp_path, scorer, drawn):
    assert scorer.score(drawn.analyse(photo_of())) is None
    path = lightness(tmp_path)
    manifest = PresentationNetwork.model_validate(part(path, outputs=2))
    with pytest.raises(NetworkError, match="manifest says"):
        PresentationScorer(Network(path), manifest).score(drawn.analyse(photo_of(1)))


@pytest.mark.parametrize("wrong", [{"outputs": 2}, {"input_size": SIDE + 1}])
def test_a_network_that_is_not_as_its_manifest_says_stops_the_start(tmp_path, wrong):
    path = lightness(tmp_path)
    (tmp_path / "det.onnx").write_bytes(DETECTOR)
    (tmp_path / "rec.onnx").write_bytes(RECOGNISER)
    pack = parse_pack({**tables(), "presentation": part(path, **wrong)}, "test")
    pack = pack.model_copy(update={"folder": tmp_path})
    with pytest.raises(NetworkError):
        load_presentation(pack, ModelStore(tmp_path / "store"))


class _NotFinite(Network):
    """Gives no number once it has started, as networks do that overflow."""

    def __call__(self, batch: Any) -> Any:
        return [super().__call__(batch)[0] * np.nan]


def test_a_network_that_fails_closes_no_lane(tmp_path, caplog):
    path = lightness(tmp_path)
    manifest = PresentationNetwork.model_validate(part(path), strict=True)
    scorer = PresentationScorer(_NotFinite(path), manifest)
    service = open_service(tmp_path / "siaga.db", presentation=scorer)
    try:
        desk = Desk(service, FakeClock())
        desk.enrol(1)
        found = desk.screen(1).encounter
        assert found.outcome == "alert"
        assert MEASURE not in {each["name"] for each in found.quality["measures"]}
    finally:
        service.close()
    assert "not finite" in caplog.text


def test_the_surroundings_of_a_large_face_stay_small(drawn):
    one = drawn.analyse(photo_of(1))
    whole = surroundings(one, 8.0)
    large = replace(
        one,
        pixels=Pixels(cv2.resize(one.pixels.image, None, fx=12, fy=12), one.pixels.scale * 12),
    )
    found = surroundings(large, 8.0)
    assert found.shape == (2048, 2048, 3)
    small = cv2.resize(found, whole.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - whole).mean() < 5


def test_a_pack_names_it_and_the_store_checks_it(tmp_path):
    path = lightness(tmp_path)
    (tmp_path / "det.onnx").write_bytes(DETECTOR)
    (tmp_path / "rec.onnx").write_bytes(RECOGNISER)
    store = ModelStore(tmp_path / "store")
    pack = parse_pack({**tables(), "presentation": part(path)}, "test")
    pack = pack.model_copy(update={"folder": tmp_path})
    assert store.require(pack).presentation == path
    assert store.require(pack).companions == ()
    assert load_presentation(pack, store) is not None
    assert load_presentation(parse_pack(tables(), "test"), store) is None
    with pytest.raises(ManifestInvalid, match="bona_fide"):
        parse_pack({**tables(), "presentation": part(path, bona_fide=3)}, "test")


def test_it_advises_and_decides_nothing(tmp_path, scorer):
    service = open_service(tmp_path / "siaga.db", presentation=scorer)
    try:
        desk = Desk(service, FakeClock())
        desk.watchlist(requires_person_on_failed_pad=True, requires_acknowledgement=False)
        desk.enrol(1)
        found = desk.screen(1).encounter
        (measure,) = [each for each in found.quality["measures"] if each["name"] == MEASURE]
        assert 0 < measure["value"] < 1
        assert measure["score"] == round(100 * measure["value"])
        assert (found.outcome, found.person_required, found.presentation) == ("alert", False, None)
        nobody = desk.screen().encounter
        assert MEASURE not in {each["name"] for each in nobody.quality["measures"]}
    finally:
        service.close()


def test_errors_are_counted_by_kind_with_exact_intervals(tmp_path, scorer, drawn):
    for kind, lights in (
        ("bona_fide", (1.0, 0.95, 0.9, 0.5)),
        ("attack/print", (0.4, 0.45)),
        ("attack/screen", (0.4, 1.0, 1.0)),
    ):
        folder = tmp_path / kind
        folder.mkdir(parents=True)
        for number, light in enumerate(lights):
            (folder / f"{number}.jpg").write_bytes(photo_of(1, brightness=light))
    (tmp_path / "attack/print/nobody.jpg").write_bytes(photo_of())
    (tmp_path / "attack/print/text.jpg").write_bytes(b"text")
    for litter in ("attack/.DS_Store", "bona_fide/Thumbs.db", "attack/print/._1.jpg"):
        (tmp_path / litter).write_bytes(b"x")
    people, attacks = pad.read_presentations(tmp_path, drawn, scorer)
    at = float(people.scores[1])
    assert (pad.bpcer(people, at).wrong, pad.bpcer(people, at).of) == (1, 4)
    printed, screens = attacks
    assert (pad.apcer(printed, at).wrong, printed.photos, printed.unanswered) == (0, 4, 2)
    assert (pad.apcer(screens, at).wrong, pad.apcer(screens, at).of) == (2, 3)
    # Clopper and Pearson, 1934: none of two is at most 84.2 %, two of three at least 9.4 %.
    assert pad.apcer(printed, at).interval == pytest.approx((0, 0.8419), abs=1e-4)
    assert pad.apcer(screens, at).interval == pytest.approx((0.0943, 0.9916), abs=1e-4)
    assert pad.threshold_at(people, 0.25) == people.scores[1]
    report = new_report("pad")
    pad.add_to(report, people, attacks, at)
    assert len(report.grids[0].rows) == 9


def test_a_folder_of_another_shape_is_told(tmp_path, scorer, drawn):
    with pytest.raises(DataSetInvalid, match="bona_fide/"):
        pad.read_presentations(tmp_path, drawn, scorer)
    for kind in ("bona_fide", "attack/mask"):
        (tmp_path / kind).mkdir(parents=True)
    with pytest.raises(DataSetInvalid, match="no photo that shows a face"):
        pad.read_presentations(tmp_path, drawn, scorer)
    (tmp_path / "attack/print.jpg").write_bytes(photo_of(1))
    with pytest.raises(DataSetInvalid, match=r"print\.jpg is in no folder"):
        pad.read_presentations(tmp_path, drawn, scorer)
