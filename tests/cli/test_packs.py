"""Another pack: its prior measured, templates made, and the way back, while the service runs."""

import json
import shutil

import cv2
import numpy as np
import pytest

from casework.calibration.priors import PriorSource
from casework.calibration.thresholds import read_basis
from casework.kernel.vocabulary import Direction, Outcome, Stage
from casework.screening.screening import Arrival
from cli.calibrate import Seen, against_each_other, conspicuous_among
from config.opening import open_service
from config.settings import Settings
from index.false_matches import least_photos
from models.manifest import load_pack
from models.root import default_root
from models.store import ModelStore
from tests.data import PACKAGED, TEST_DATA, encoded, image_of, needs_test_data
from tests.packs import DIM, arcface_shaped, unit_rows
from tests.services import port_system

STRANGERS = least_photos() + 8


@pytest.fixture
def strangers(tmp_path):
    """A folder of photos that a network from afar tells apart: one face in lights of all kinds."""
    face = image_of("astronaut")[:300, 80:380]
    random = np.random.default_rng(0)
    folder = tmp_path / "strangers"
    folder.mkdir()
    for number in range(STRANGERS):
        light = cv2.resize(random.uniform(0.6, 1.3, (4, 4, 3)), face.shape[1::-1])
        shade = np.clip(face * light, 0, 255).astype(np.uint8)
        (folder / f"{number}.jpg").write_bytes(encoded(shade, quality=90))
    return folder


@pytest.fixture
def own_pack(siaga, tmp_path, detector_file):
    """A pack of one's own, with a manifest that a command wrote."""
    folder = tmp_path / "stand-in"
    folder.mkdir()
    shutil.copy(detector_file, folder / "detector.onnx")
    arcface_shaped(folder / "recogniser.onnx")
    made = siaga(
        *("models", "new", folder, "--detector", "detector.onnx"),
        *("--recogniser", "recogniser.onnx", "--licence", "MIT"),
        *("--upstream", "https://example.invalid/"),
    )
    assert made.returncode == 0, made.stderr
    assert f"siaga reembed --pack {folder}" in made.stdout
    assert siaga("models", "compile", folder).returncode == 0
    return folder


def yunet():
    """The default pack's detector, where its weights are kept."""
    return ModelStore(default_root()).require(load_pack("open")).detector


@pytest.fixture(params=["yunet", pytest.param("scrfd", marks=needs_test_data)])
def detector_file(request):
    """A detector of either architecture."""
    if request.param == "yunet":
        return yunet()
    return TEST_DATA / "scrfd" / "det_500m.onnx"


def outcome_of(service, name="hanks"):
    photo = PACKAGED[name].read_bytes()
    arrival = Arrival(photo, "CGK", Direction.ENTRY, Stage.ARRIVAL)
    return service.screening.encounters.screen(arrival, port_system()).encounter


def test_a_pack_without_a_prior_is_calibrated_and_embedded_before_it_is_used(
    siaga, own_pack, strangers, tmp_path
):
    people = tmp_path / "people"
    people.mkdir()
    shutil.copy(PACKAGED["hanks"], people / "Tom.png")
    assert siaga("enrol", people).returncode == 0
    settings = Settings(data_dir=tmp_path / "var")
    with open_service(settings) as running:
        tried = siaga("calibrate", strangers, "--pack", own_pack, "--dry-run")
        assert tried.returncode == 0, tried.stderr
        assert "Not kept." in tried.stdout
        shown = siaga("calibrate", "--show", "--pack", own_pack)
        assert "nothing is known of it" in shown.stdout

        made = siaga("calibrate", strangers, "--pack", own_pack, "--json")
        assert made.returncode == 0, made.stderr
        prior = json.loads(made.stdout)["prior"]
        assert prior["fmr"] == [0.1, 0.01, 0.001]
        assert siaga("reembed", "--pack", own_pack).returncode == 0
        # Meanwhile the service goes on with the pack that it has.
        found = outcome_of(running)
        assert found.outcome == Outcome.ALERT
        assert found.alerts[0].threshold_basis.startswith("prior of open:")

    with open_service(settings.model_copy(update={"pack": str(own_pack)})) as service:
        assert service.pipeline.embedder.dim == DIM
        assert service.calibration.prior.source is PriorSource.MEASURED
        assert list(service.calibration.prior.curve.score) == prior["score"]
        found = outcome_of(service)
        assert found.outcome == Outcome.ALERT
        assert found.alerts[0].threshold_basis.startswith("prior of stand-in:")
    shown = siaga("calibrate", "--show", "--pack", own_pack)
    assert f"measured here on {STRANGERS} photos" in shown.stdout
    with open_service(settings) as again:  # the way back costs nothing
        assert again.gallery.re_embedding.waiting() == 0
        assert outcome_of(again).outcome == Outcome.ALERT


def test_until_it_is_measured_a_packs_thresholds_follow_from_other_packs(siaga, own_pack, tmp_path):
    settings = Settings(data_dir=tmp_path / "var", pack=str(own_pack))
    people = tmp_path / "people"
    people.mkdir()
    shutil.copy(PACKAGED["hanks"], people / "Tom.png")
    assert siaga("enrol", people, SIAGA_PACK=str(own_pack)).returncode == 0
    with open_service(settings) as service:
        (alert,) = outcome_of(service).alerts
    assert alert.threshold_basis.startswith("generic curve for stand-in: FPIR 0.001 at 1 templates")
    read = read_basis(alert.threshold_basis)
    assert read is not None
    assert read.code == "basis_generic"


def test_few_photos_measure_no_prior(siaga, own_pack, strangers):
    for path in sorted(strangers.iterdir())[9:]:
        path.unlink()
    tried = siaga("calibrate", strangers, "--pack", own_pack)
    assert tried.returncode == 1
    assert (
        f"9 photos are too few to measure how high strangers score: {least_photos()}"
        in tried.stderr
    )


def test_who_is_there_twice_is_named():
    rows = unit_rows(STRANGERS, dim=64)
    rows[7] = rows[3] + 0.3 * rows[8]
    rows[7] /= np.linalg.norm(rows[7])
    seen = [Seen(f"{number}.jpg", row) for number, row in enumerate(rows)]
    seen.append(Seen("cup.jpg", None, "No face was found."))
    searched = against_each_other(seen)
    assert {each.photo for each in conspicuous_among(searched)} == {"3.jpg", "7.jpg"}
    assert [each.photo for each in searched if each.refusal] == ["cup.jpg"]
