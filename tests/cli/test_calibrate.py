"""`siaga calibrate`, from outside."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest

from tests.data import PACKAGED, encoded, image_of

STRANGERS = 210


@pytest.fixture
def strangers(tmp_path):
    """A folder of people on no list: shades of one face, and a photo of nobody."""
    face = image_of("astronaut")[:300, 80:380]
    for number in range(STRANGERS):
        folder = tmp_path / "strangers" / str(number % 7)
        folder.mkdir(parents=True, exist_ok=True)
        shade = cv2.convertScaleAbs(face, alpha=0.7 + 0.002 * number)
        (folder / f"{number}.jpg").write_bytes(encoded(np.asarray(shade, np.uint8), quality=90))
    (tmp_path / "strangers" / "README.txt").write_text("no photo")
    shutil.copy(PACKAGED["coffee"], tmp_path / "strangers" / "cup.png")
    return tmp_path / "strangers"


def test_a_folder_of_strangers_sets_the_thresholds(siaga, strangers, tmp_path):
    empty = siaga("calibrate", strangers / "0")
    assert empty.returncode == 1
    assert "gallery is empty" in empty.stderr
    people = tmp_path / "people"
    people.mkdir()
    shutil.copy(PACKAGED["hanks"], people / "Tom.png")
    assert siaga("enrol", people).returncode == 0

    before = siaga("calibrate", "--show")
    assert before.returncode == 0
    assert "no calibration of pack open" in before.stdout
    assert json.loads(siaga("calibrate", "--show", "--json").stdout) is None

    own = siaga("calibrate")
    assert own.returncode == 1
    assert "0 non-mated searches" in own.stderr

    few = siaga("calibrate", strangers / "0", "--dry-run")
    assert few.returncode == 1
    assert f"{STRANGERS // 7} non-mated searches" in few.stderr

    made = siaga("calibrate", strangers, "--json")
    assert made.returncode == 1, made.stderr  # the cup was refused
    body = json.loads(made.stdout)
    assert body["calibration"]["searches"] == STRANGERS
    assert body["calibration"]["source"] == "reference"
    ((refused,), conspicuous) = body["refused"], body["conspicuous"]
    assert refused["photo"].endswith("cup.png")
    assert "No face" in refused["refusal"]
    assert len(conspicuous) < 5

    shown = siaga("calibrate", "--show")
    assert shown.returncode == 0
    assert body["calibration"]["id"] in shown.stdout
    assert "0.1% (1 in 1000)" in shown.stdout
    found = siaga("screen", "--yes", PACKAGED["hanks"])
    assert "1 in 1,000,000" in found.stdout
    assert siaga("calibrate", strangers, "--show").returncode == 2


@pytest.mark.more
def test_a_trial_prints_the_thresholds_and_keeps_nothing(siaga, strangers, tmp_path):
    people = tmp_path / "people"
    people.mkdir()
    shutil.copy(PACKAGED["hanks"], people / "Tom.png")
    assert siaga("enrol", people).returncode == 0
    trial = siaga("calibrate", strangers, "--dry-run", "--json")
    assert json.loads(trial.stdout)["calibration"]["searches"] == STRANGERS
    assert json.loads(siaga("calibrate", "--show", "--json").stdout) is None


def test_templates_of_reference_photos_are_kept_and_erased_where_somebody_asks(
    siaga, strangers, tmp_path
):
    people = tmp_path / "people"
    people.mkdir()
    shutil.copy(PACKAGED["hanks"], people / "Tom.png")
    assert siaga("enrol", people).returncode == 0
    assert siaga("calibrate", "--keep").returncode == 2
    assert siaga("calibrate", strangers, "--keep", "--dry-run").returncode == 2
    assert siaga("calibrate", strangers, "--erase-kept").returncode == 2
    made = siaga("calibrate", strangers, "--keep", "--json")
    assert made.returncode == 1, made.stderr  # the cup was refused
    assert "template" not in json.loads(made.stdout)["refused"][0]
    shown = re.sub(r"\s+", " ", siaga("calibrate", "--show").stdout)
    assert f"The templates of {STRANGERS} reference photos are kept" in shown
    assert json.loads(siaga("calibrate", "--erase-kept", "--json").stdout) == {"erased": STRANGERS}
    assert "are kept" not in siaga("calibrate", "--show").stdout
