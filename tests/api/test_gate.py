"""What a gate sends beside the photo: a chip's reference, compared 1:1, and its PAD verdict."""

import re

import pytest

from casework.kernel import rows
from casework.kernel.vocabulary import Direction, Role, Stage
from casework.review.gate import verification_result
from casework.screening import verification
from casework.tables import AuditRecord, Encounter, IdempotencyRecord, Watchlist
from casework.watchlists.watchlists import weakened
from detector.quality import Reason
from tests.api.conftest import problem
from tests.api.test_metrics import figures
from tests.fakes import photo_of

LIVE, CHIP, OTHER = (photo_of(n, brightness=b) for n, b in ((1, 0.9), (1, 0.8), (5, 0.8)))
PAD = {"pad_result": "fail", "pad_score": "0.12", "pad_vendor": "Gate 7", "pad_level": "level 2"}


def submit(client, port, photo=LIVE, reference=None, key=None, **fields):
    files = {"photo": ("x.jpg", photo)}
    if reference is not None:
        files["reference"] = ("chip.jpg", reference)
    return client.post(
        "/v1/encounters",
        headers={**port, **({"Idempotency-Key": key} if key else {})},
        data={"port": "CGK", "direction": "entry", **fields},
        files=files,
    )


def kept(desk, encounter_id):
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Encounter, encounter_id)
        return row.sealed_portrait, row.sealed_reference


def test_a_reference_is_compared_and_not_kept(client, desk, port):
    desk.enrol(7)
    body = submit(client, port, reference=CHIP).json()
    assert body["outcome"] == "clear"
    found = body["verification"]
    assert found["passes"] is True
    assert found["score"] > 0.8
    assert found["one_in"] >= 10_000
    assert found["reason"] is None
    assert kept(desk, body["id"]) == (None, None)
    assert body["stages_ms"]["verify"] > 0
    assert client.get(f"/v1/encounters/{body['id']}", headers=port).json() == body


def test_a_mismatch_is_told_and_raises_nothing(client, desk, port):
    """Even where the person of the reference is on a list: it is compared, never searched."""
    desk.enrol(5)
    body = submit(client, port, reference=OTHER).json()
    assert (body["outcome"], body["alerts"]) == ("clear", [])
    assert body["verification"]["passes"] is False
    assert body["verification"]["one_in"] < 10_000


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (b"", "photo_empty"),
        (b"not a photo", "photo_format_unsupported"),
        (CHIP[:900], "photo_unreadable"),
        (b"\xff\xd8\xff" + bytes(400_000), "photo_too_large"),
        (photo_of(), "reference_unsearchable"),
    ],
)
def test_a_reference_that_cannot_be_used_says_why_and_spoils_nothing(
    client, desk, port, reference, code
):
    desk.enrol(1)
    body = submit(client, port, reference=reference)
    assert body.status_code == 201, body.text
    assert body.json()["outcome"] == "alert"
    found = body.json()["verification"]
    assert (found["score"], found["one_in"], found["passes"]) == (None, None, None)
    assert found["reason"]["code"] == code
    assert re.search("[Rr]eference", found["reason"]["advice"])
    assert not re.search("camera|focus|light", found["reason"]["advice"])


def test_advice_on_a_reference_is_about_the_document():
    assert set(verification._ADVICE) == set(Reason)
    for advice in verification._ADVICE.values():
        assert "reference" in advice
        assert not re.search("camera|focus|light|traveller", advice)


def test_a_live_photo_without_a_face_is_no_mismatch(client, desk, port):
    body = submit(client, port, photo_of(), reference=CHIP).json()
    assert body["outcome"] == "unsearchable"
    assert body["verification"]["reason"]["code"] == "photo_unsearchable"
    assert body["verification"]["passes"] is None


def test_a_live_photo_that_is_none_is_refused_as_ever(client, desk, port):
    problem(submit(client, port, b"x", reference=CHIP), 415, "photo_format_unsupported")
    two = client.post(
        "/v1/encounters",
        headers=port,
        data={"port": "CGK", "direction": "entry"},
        files=[("photo", LIVE), ("reference", CHIP), ("reference", CHIP)],
    )
    problem(two, 422, "request_invalid")


def test_an_alert_keeps_the_reference_sealed_beside_the_portrait(client, desk, port, sign_in):
    subject = desk.enrol(1)
    body = submit(client, port, reference=CHIP, **PAD).json()
    (alert,) = body["alerts"]
    portrait, reference = kept(desk, body["id"])
    vault = desk.service.kernel.vault
    opened = vault.open(reference, rows.encounter_reference(body["id"]))
    assert opened.startswith(b"\xff\xd8")
    assert opened != vault.open(portrait, rows.encounter(body["id"]))
    assert b"\xff\xd8" not in reference[:200]
    officer = sign_in(Role.OFFICER)
    shown = client.get(f"/v1/alerts/{alert['id']}", headers=officer).json()["encounter"]
    assert shown["verification"]["passes"] is True
    assert shown["verification"]["kept"] is True
    assert shown["presentation"] == {
        "result": "fail",
        "score": 0.12,
        "vendor": "Gate 7",
        "level": "level 2",
    }
    photo = client.get(f"/v1/alerts/{alert['id']}/reference", headers=officer)
    assert (photo.content, photo.headers["content-type"]) == (opened, "image/jpeg")
    held = client.get(
        f"/v1/subjects/{subject}/held?purpose=a request of theirs",
        headers=sign_in(Role.ANALYST),
    ).json()["alerts"][0]
    assert (held["verification"], held["pad_result"]) == ("match", "fail")
    assert held["reference_kept"] is True
    stranger = sign_in(Role.OFFICER, agency="POL")
    hidden = client.get(f"/v1/alerts/{alert['id']}/reference", headers=stranger)
    problem(hidden, 404, "not_found")


def test_without_a_reference_there_is_none_to_read(client, desk, port, sign_in):
    desk.enrol(1)
    (alert,) = submit(client, port).json()["alerts"]
    officer = sign_in(Role.OFFICER)
    problem(client.get(f"/v1/alerts/{alert['id']}/reference", headers=officer), 404, "not_found")
    shown = client.get(f"/v1/alerts/{alert['id']}", headers=officer).json()["encounter"]
    assert (shown["verification"], shown["presentation"]) == (None, None)
    assert shown["person_required"] is False


def test_the_reference_belongs_to_the_request(client, desk, port):
    """The same answer for the same request; another reference, or none, is another request."""
    first = submit(client, port, reference=CHIP, key="k", **PAD)
    again = submit(client, port, reference=CHIP, key="k", **PAD)
    assert (again.status_code, again.json()) == (200, first.json())
    for more in ({"reference": OTHER}, {}, {"reference": CHIP, "pad_score": "0.2"}):
        problem(submit(client, port, key="k", **{**PAD, **more}), 422, "idempotency_clash")
    with desk.service.kernel.database.read() as session:
        (record,) = session.query(IdempotencyRecord)
        assert set(record.__dict__) - {"_sa_instance_state"} == {
            "api_key_id",
            "key",
            "fingerprint",
            "encounter_id",
            "created_at",
        }


def test_a_request_whose_alert_was_erased_is_screened_anew(client, desk, port, sign_in):
    """Nothing of an erased answer, and no photo of it, comes back with its key."""
    desk.enrol(1)
    first = submit(client, port, reference=CHIP, key="k").json()
    with desk.service.kernel.database.write() as session:
        session.delete(session.get_one(Encounter, first["id"]))
    again = submit(client, port, reference=CHIP, key="k")
    assert again.status_code == 201
    assert again.json()["id"] != first["id"]
    officer = sign_in(Role.OFFICER)
    for name in ("", "/probe", "/reference"):
        url = f"/v1/alerts/{first['alerts'][0]['id']}{name}"
        problem(client.get(url, headers=officer), 404, "not_found")


@pytest.mark.parametrize("people", [(1,), (2,), ()])
def test_a_list_asks_for_a_person_where_an_attack_was_found(client, desk, port, people):
    """Of an alert, of nobody who resembles anybody, and of a photo without a face."""
    desk.watchlist("wanted", requires_acknowledgement=False, requires_person_on_failed_pad=True)
    desk.enrol(1)
    photo = photo_of(*people, brightness=0.9)
    body = submit(client, port, photo, **PAD).json()
    assert body["person_required"] is True
    assert body["presentation"]["result"] == "fail"
    assert all(alert["requires_acknowledgement"] for alert in body["alerts"])
    for result in ("pass", "undetermined"):
        passed = submit(client, port, photo, pad_result=result).json()
        assert passed["person_required"] is False
        assert not any(alert["requires_acknowledgement"] for alert in passed["alerts"])
    assert submit(client, port, photo).json()["presentation"] is None


def test_only_lists_that_concern_the_traveller_ask(client, desk, port):
    desk.watchlist("wanted", requires_person_on_failed_pad=True, direction=Direction.EXIT)
    desk.watchlist("visa", requires_person_on_failed_pad=True, stages=[Stage.VISA])
    desk.watchlist("arrivals")
    assert submit(client, port, **PAD).json()["person_required"] is False
    assert submit(client, port, **{**PAD, "direction": "exit"}).json()["person_required"] is True


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"pad_result": "no"}, "pad_result"),
        ({"pad_result": "pass", "pad_score": "high"}, "pad_score"),
        ({"pad_result": "pass", "pad_score": "nan"}, "pad_score"),
        ({"pad_result": "pass", "pad_vendor": "x" * 101}, "pad_vendor"),
        ({"pad_result": "pass", "pad_level": ""}, "pad_level"),
    ],
)
def test_a_wrong_verdict_is_told(client, desk, port, fields, field):
    body = problem(submit(client, port, **fields), 422, "request_invalid")
    assert [each["field"] for each in body["errors"]] == [field]


def test_a_score_without_a_verdict_is_told(client, desk, port):
    problem(submit(client, port, pad_score="0.5"), 422, "request_invalid")


def test_what_came_of_it_is_counted_and_in_the_trail(client, desk, port, sign_in):
    desk.watchlist("wanted", requires_person_on_failed_pad=True)
    submit(client, port, reference=CHIP, lane="1", **PAD)
    submit(client, port, reference=OTHER, lane="1")
    submit(client, port, reference=b"x", lane="1", pad_result="pass")
    found = figures(client)
    for result in ("match", "mismatch", "unusable"):
        assert found[f'siaga_verifications_total{{result="{result}"}}'] == 1
    assert found['siaga_pad_results_total{result="fail"}'] == 1
    assert found['siaga_person_required_total{reason="failed_pad"}'] == 1
    (lane,) = client.get("/v1/reports/lanes", headers=sign_in(Role.SUPERVISOR)).json()["lanes"]
    assert (lane["verified"], lane["mismatched"], lane["attacks"]) == (2, 1, 1)
    with desk.service.kernel.database.read() as session:
        details = [
            record.detail
            for record in session.query(AuditRecord).where(AuditRecord.action == "encounter.screen")
        ]
    assert [each.get("verification") for each in details] == ["match", "mismatch", "unusable"]
    assert details[0]["pad"] == "fail"
    assert details[0]["person_required"] is True
    assert "pad" not in details[1]
    assert verification_result(None) is None


def test_a_policy_that_asks_no_longer_is_weakened(desk, client, office):
    watchlist = desk.watchlist("wanted", requires_person_on_failed_pad=True)
    body = client.get(f"/v1/watchlists/{watchlist}", headers=office).json()
    assert body["requires_person_on_failed_pad"] is True
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Watchlist, watchlist)
        name = "requires_person_on_failed_pad"
        assert weakened(row, {name: False}) == [name]
        assert weakened(row, {name: True}) == []


def test_a_referral_carries_what_the_gate_found(client, desk, port, sign_in):
    desk.enrol(1)
    (alert,) = submit(client, port, reference=CHIP, **PAD).json()["alerts"]
    officer = sign_in(Role.OFFICER)
    client.post(f"/v1/alerts/{alert['id']}/acknowledge", headers=officer)
    opinion = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}
    client.post(f"/v1/alerts/{alert['id']}/decide", headers=officer, json=opinion)
    fields = ["verification", "pad_result", "reference_photo"]
    sent = client.post(
        f"/v1/alerts/{alert['id']}/refer",
        headers={**officer, "If-Match": "*"},
        json={
            "receiver_id": desk.agency("POL"),
            "note": "look at this",
            "fields": fields,
            "due_at": "2026-03-05",
        },
    )
    assert sent.status_code == 201, sent.text
    receiver = sign_in(Role.OFFICER, agency="POL")
    url = f"/v1/referrals/{sent.json()['id']}"
    carried = client.get(url, headers=receiver).json()["carried"]
    assert (carried["verification"], carried["pad_result"]) == ("match", "fail")
    photo = client.get(f"{url}/photos/reference_photo", headers=receiver)
    assert photo.content.startswith(b"\xff\xd8")
