"""Each command, from outside."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from openpyxl import load_workbook

from models.manifest import load_pack
from models.root import default_root
from models.store import ModelStore
from tests.data import PACKAGED, encoded, image_of


@pytest.fixture
def photos(tmp_path):
    """A folder as `siaga enrol` takes it: two people, one of them with a photo of nobody."""
    folder = tmp_path / "people"
    for name in ("Eileen_C", "Tom"):
        (folder / name).mkdir(parents=True)
    shutil.copy(PACKAGED["astronaut"], folder / "Eileen_C" / "1.png")
    shutil.copy(PACKAGED["coffee"], folder / "Eileen_C" / "2.png")
    shutil.copy(PACKAGED["hanks"], folder / "Tom" / "1.png")
    return folder


def blurred_astronaut(path):
    image = cv2.GaussianBlur(image_of("astronaut"), (0, 0), 1.0)
    path.write_bytes(encoded(np.asarray(image, np.uint8), quality=60))
    return path


def test_help_names_every_command(siaga):
    result = siaga("--help")
    assert result.returncode == 0
    for command in ("demo", "serve", "enrol", "screen", "compare", "reembed", "models", "keys"):
        assert command in result.stdout
    assert siaga("enrol").returncode == 2
    assert siaga("enrol", "nowhere").returncode == 2


def test_enrol_then_screen_then_enrol_again(siaga, photos, tmp_path):
    report = tmp_path / "refused.json"
    first = siaga("enrol", photos, "--watchlist", "wanted", "--report", report, "--json")
    assert first.returncode == 1, first.stderr  # a photo was refused
    body = json.loads(first.stdout)
    assert (body["people"], body["created"], body["photos"], body["accepted"]) == (2, 2, 3, 2)
    (refused,) = json.loads(report.read_text())
    assert (refused["reference"], refused["photo"]) == ("Eileen_C", "2.png")
    assert "No face" in refused["detail"]

    again = json.loads(siaga("enrol", photos, "--watchlist", "wanted", "--json").stdout)
    assert (again["created"], again["known"], again["accepted"]) == (0, 2, 0)

    probe = blurred_astronaut(tmp_path / "arrival.jpg")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(probe.read_bytes()[:3000])
    screened = siaga("screen", "--yes", probe, PACKAGED["coffee"], broken, "--json")
    assert screened.returncode == 1
    alert, nobody, refusal = json.loads(screened.stdout)
    assert alert["outcome"] == "alert"
    (candidate,) = alert["candidates"]
    assert (candidate["name"], candidate["watchlist"]) == ("Eileen C", "wanted")
    assert nobody["outcome"] == "unsearchable"
    assert refusal["error"] == "photo_unreadable"

    unasked = siaga("screen", probe)
    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    counted = siaga("reembed", "--dry-run")
    assert "0 enrolled photos have no template of pack open." in counted.stderr
    table = siaga("screen", "--yes", probe)
    assert table.returncode == 0
    assert "Eileen C" in table.stdout


def test_compare(siaga, tmp_path):
    probe = blurred_astronaut(tmp_path / "arrival.jpg")
    same = json.loads(siaga("compare", PACKAGED["astronaut"], probe, "--json").stdout)
    assert same["score"] > 0.8
    assert same["false_match_rate"] < 1e-6
    assert same["match"] is True
    other = siaga("compare", PACKAGED["astronaut"], PACKAGED["hanks"])
    assert other.returncode == 0
    assert other.stdout.startswith("score ")
    assert other.stdout.rstrip().endswith("no match")
    nobody = siaga("compare", PACKAGED["astronaut"], PACKAGED["coffee"])
    assert nobody.returncode == 1
    assert "No face was found" in nobody.stderr


def test_keys_are_made_listed_and_revoked(siaga, tmp_path):
    made = siaga("keys", "create", "gate", "--scope", "screen", "--port", "CGK")
    assert made.returncode == 0, made.stderr
    text = made.stdout.strip()
    assert text.startswith("siaga.key_")
    (listed,) = json.loads(siaga("keys", "list", "--json").stdout)
    assert (listed["name"], listed["scopes"], listed["ports"]) == ("gate", ["screen"], ["CGK"])
    assert text.rpartition(".")[2] not in siaga("keys", "list").stdout
    unasked = siaga("keys", "revoke", listed["id"])
    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    revoked = siaga("keys", "revoke", listed["id"], "--yes", "--reason", "lost")
    assert revoked.returncode == 0
    assert "It screens travellers, at CGK" in revoked.stderr
    assert siaga("keys", "restore", listed["id"]).returncode == 0
    assert siaga("keys", "revoke", listed["id"], "--yes", "--reason", "lost").returncode == 0
    assert json.loads(siaga("keys", "list", "--json").stdout)[0]["revoked_at"]
    unknown = siaga("keys", "revoke", "key_x", "--yes", "--reason", "lost")
    assert unknown.returncode == 2
    assert "There is no key key_x" in unknown.stderr


def test_models_are_verified_and_a_flipped_byte_is_found(siaga, tmp_path):
    pack, source, store = load_pack("open"), ModelStore(default_root()), tmp_path / "models"
    here = {"SIAGA_MODELS_DIR": str(store)}
    missing = siaga("serve", **here)
    assert missing.returncode == 3
    assert "siaga models fetch" in missing.stderr
    imported = siaga("models", "import", source.path(pack.detector).parent, **here)
    assert imported.returncode == 0, imported.stderr
    assert siaga("models", "verify", "open", **here).returncode == 0

    weights = ModelStore(store).path(pack.recogniser)
    content = bytearray(weights.read_bytes())
    content[5_000_000] ^= 1
    weights.write_bytes(content)
    found = siaga("models", "verify", "open", "--json", **here)
    assert found.returncode == 1
    states = {row["file"]: row["state"] for row in json.loads(found.stdout)}
    assert states == {pack.detector.file: "ok", pack.recogniser.file: "corrupt"}
    compare = siaga("compare", PACKAGED["astronaut"], PACKAGED["hanks"], **here)
    assert compare.returncode == 3
    assert "siaga models" in compare.stderr


def test_a_pack_whose_licence_was_not_accepted_is_refused(siaga, tmp_path):
    refused = siaga("models", "fetch", "buffalo_l", SIAGA_MODELS_DIR=str(tmp_path / "models"))
    assert refused.returncode == 3
    assert "--accept-license" in refused.stderr
    served = siaga("serve", SIAGA_PACK="buffalo_l", SIAGA_MODELS_DIR=str(tmp_path / "models"))
    assert served.returncode == 3


def test_models_compile_proves_that_nothing_changed(siaga):
    result = siaga("models", "compile", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["least_cosine"] >= 0.9999


def test_the_public_form_is_not_served_without_a_legal_basis(siaga):
    served = siaga("serve", "--only", "public", "--port", "0")
    assert served.returncode == 3
    assert "public_legal_basis" in served.stderr


def test_a_wrong_setting_is_named(siaga, tmp_path):
    wrong = siaga("keys", "list", SIAGA_WORKERS="none")
    assert wrong.returncode == 3
    assert "workers" in wrong.stderr
    (tmp_path / "siaga.toml").write_text("wrokers = 2\n")
    misspelt = siaga("keys", "list")
    assert misspelt.returncode == 3
    assert "wrokers" in misspelt.stderr


def test_the_demo_tells_the_whole_story_and_draws_its_contact_sheet(siaga, tmp_path):
    result = siaga("demo", "--json", "--out", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    body = json.loads(result.stdout)
    arrivals = body["arrivals"]
    assert body["as_expected"] == len(arrivals)
    assert {row["outcome"] for row in arrivals} == {"alert", "clear", "unsearchable", "refused"}
    alerts = [row for row in arrivals if row["outcome"] == "alert"]
    assert {row["port"] for row in alerts} == {"CGK", "IDBTM"}
    assert {row["watchlist"] for row in alerts} == {"Tangkal", "DPO", "Cegah"}
    # An exit list is silent on entry, an entry that has lapsed always.
    of_exit_list = {
        row["direction"]: row["outcome"] for row in arrivals if "ler D" in row["arrival"]
    }
    assert of_exit_list == {"entry": "clear", "exit": "alert"}
    assert {row["outcome"] for row in arrivals if "ler E" in row["arrival"]} == {"clear"}
    answers = [step["answer"] for step in body["review"]]
    assert answers == [step["expected"] for step in body["review"]]
    states = [answer for answer in answers if not answer[0].isdigit()]
    assert states == [
        "acknowledged",
        "potential_candidate",
        "under_review",
        "confirmed",
        "closed",
    ]
    assert body["audit"]["fault"] is None
    assert "not as it was written" in body["audit"]["fault_of_forged_copy"]
    sheet = cv2.imread(str(tmp_path / "out" / "contact-sheet.png"))
    assert sheet is not None
    assert sheet.shape[0] > 500
    quarter = body["quarter"]
    cells = [count for row in quarter["provinces"].values() for count in row.values()]
    assert sum(cells) == sum(quarter["months"].values()) == quarter["counts"]["alerts raised"]
    assert {"Bali", "Banten"} <= quarter["provinces"].keys()
    paper, sheets = (Path(each) for each in quarter["report"])
    assert paper.read_bytes().startswith(b"%PDF")
    assert len(load_workbook(sheets).worksheets) > 3


def test_what_is_due_to_be_erased_follows_the_settings(siaga):
    due = json.loads(siaga("retention", "due", "--json", SIAGA_KEEP_SESSIONS_DAYS="0").stdout)
    limits = {each["kind"]: each["before"] for each in due}
    assert limits["sessions"] is None
    assert limits["encounters"] is not None
    assert siaga("retention", "run", "--compact").returncode == 0
