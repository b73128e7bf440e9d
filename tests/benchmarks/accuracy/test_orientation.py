"""The campaign of turned photos, on one person whom a dependency carries."""

import numpy as np
import pytest

from benchmarks.accuracy import orientation
from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Report
from detector.pipeline import Pipeline
from tests.data import encoded, image_of


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> DataSet:
    """Two photos of one person."""
    folder = tmp_path_factory.mktemp("astronaut")
    photos = []
    for name, image in (("light", image_of("astronaut")), ("dark", image_of("astronaut") // 2)):
        photos.append(folder / f"{name}.jpg")
        photos[-1].write_bytes(encoded(image))
    return DataSet(folder, photos=tuple(photos), owners=(0, 0), names=("astronaut",))


@pytest.fixture(scope="module")
def ways(pack) -> orientation.Ways:
    ((_, ways),) = orientation.pipelines(pack, ())
    return ways


def test_every_angle_is_searched_and_what_goes_wrong_is_counted(data, ways, monkeypatch):
    monkeypatch.setattr(orientation, "STEP", 90)
    angles = {
        each.name: each for each in orientation.measure_angles(data, ways.checking, 1, 0.5, 0)
    }
    assert list(angles)[:4] == ["0°", "90°", "180°", "270°"]
    assert all(each.searched == each.hits == each.probes == 1 for each in angles.values())
    assert not any(each.wrong or each.usable_misses for each in angles.values())
    own = ways.trusting
    trusting = Pipeline(own.detector, own.embedder, own.detection_sizes)  # whatever it doubts
    trusted = orientation.measure_angles(data, trusting, 1, 0.5, 0)
    assert sum(each.wrong for each in trusted) > 0, "the detector alone takes it for upright"
    missed = orientation.measure_angles(data, ways.checking, 1, 1.1, 0)
    assert sum(each.hits for each in missed) == 0


def test_upright_photos_are_not_turned_and_timed_both_ways(data, ways):
    upright = orientation.measure_upright(data, ways, 2, 0)
    assert (upright.photos, upright.turned, upright.undecided) == (2, 0, 0)
    assert (upright.of_all > 0).all()


def test_far_faces_are_found_until_they_are_too_small(data, ways, monkeypatch):
    monkeypatch.setattr(orientation, "FAR_CANVASES", ((2000, 1500),))
    monkeypatch.setattr(orientation, "FAR_EYES", (40, 4))
    near, tiny = orientation.measure_far(data, ways.checking, 1, 0.5, 0)
    assert (near.searched, near.hits) == (1, 1)
    assert tiny.hits == 0


def test_targets_are_about_what_is_lost_and_what_is_searched_wrongly():
    def angle(degrees: int | None, hits: int, wrong: int = 0) -> orientation.Angle:
        return orientation.Angle(str(degrees), degrees, 100, 100, hits, 0, wrong, 0)

    report = Report("orientation", "", {})
    orientation.add_to(
        report,
        "any",
        [angle(0, 99), angle(30, 96, wrong=1), angle(45, 95), angle(None, 10)],
        [orientation.Far(4000, 3000, 60, 10, 10, 9)],
        orientation.Upright(10, 0, 0, np.array([0.2, 0.1]), np.array([9.0, 9.0])),
    )
    met = {target.name.partition(": ")[2]: target.measured for target in report.targets}
    assert met["points lost near quarter turns"] == pytest.approx(3)
    assert met["points lost between"] == pytest.approx(4)
    assert met["searched wrong way up"] == 1


def test_a_photo_turned_by_a_quarter_keeps_its_pixels():
    image = image_of("astronaut")
    assert np.array_equal(orientation.turned(orientation.turned(image, 90), 270), image)
    assert orientation.turned(image, 45).shape == (724, 724, 3)
