"""What a gate sends of a traveller's document: checked, shown beside the list, and forgotten."""

import io
import json
import zipfile

import pytest
from sqlalchemy import text

from casework.kernel.vocabulary import Role
from casework.tables import Encounter, IdempotencyRecord
from tests.api.conftest import signed_in
from tests.api.test_metrics import figures
from tests.fakes import photo_of

LIVE = photo_of(1, brightness=0.9)
STRANGER = photo_of(5)
ZONE = "P<IDNSUKARNO<<AHMAD<<<<<<<<<<<<<<<<<<<<<<<<<\nX1234567<7IDN8002284M3001019<<<<<<<<<<<<<<<2"
FIELDS = {
    "document_name": "SUKARNO, AHMAD",
    "document_birth": "1980-02-28",
    "document_sex": "M",
    "document_nationality": "IDN",
    "document_number": "X1234567",
    "document_country": "IDN",
}


def submit(client, port, photo=LIVE, key=None, **fields):
    return client.post(
        "/v1/encounters",
        headers={**port, **({"Idempotency-Key": key} if key else {})},
        data={"port": "CGK", "direction": "entry", **fields},
        files={"photo": ("x.jpg", photo)},
    )


def kept(desk, encounter_id):
    with desk.service.kernel.database.read() as session:
        return session.get_one(Encounter, encounter_id).document


@pytest.fixture
def reader(desk):
    return signed_in(desk, Role.OFFICER, Role.SUPERVISOR)


def test_both_identities_stand_side_by_side(client, desk, port, reader):
    desk.enrol(1, aliases=["Ahmad Sukarno"], nationality="MYS", birth_year=1980, sex="M")
    body = submit(client, port, document_mrz=ZONE).json()
    assert body["outcome"] == "alert"
    assert body["document"] == {"result": "agrees", "wrong": [], "contradicts": []}
    assert "SUKARNO" not in json.dumps(body)
    alert = client.get(f"/v1/alerts/{body['alerts'][0]['id']}", headers=reader).json()
    assert alert["document"]["number"] == "X1234567"
    assert alert["document"]["mrz"] == ZONE
    assert {each["field"]: each["agreement"] for each in alert["identities"]} == {
        "name": "agrees",
        "birth": "agrees",
        "sex": "agrees",
        "nationality": "differs",
        "document": "unknown",
    }
    assert client.get(f"/v1/encounters/{body['id']}", headers=port).json() == body


def test_without_an_alert_nothing_of_it_is_kept(client, desk, port):
    desk.enrol(1)
    headers = {"key": "k-1", "captured_at": "2026-03-01T08:00:00Z"}
    body = submit(client, port, STRANGER, document_mrz=ZONE, **headers).json()
    assert (body["outcome"], body["document"]["result"]) == ("clear", "agrees")
    assert kept(desk, body["id"]) is None
    again = submit(client, port, STRANGER, document_mrz=ZONE, **headers)
    assert (again.status_code, again.json()) == (200, body)
    other = submit(client, port, STRANGER, document_mrz=ZONE.replace("AHMAD", "AHMED"), **headers)
    assert other.status_code == 422
    with desk.service.kernel.database.read() as session:
        rows = [
            str(tuple(row))
            for table in ("encounter", IdempotencyRecord.__tablename__, "audit", "audit_text")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        ]
    assert rows
    assert not any("SUKARNO" in row or "X1234567" in row for row in rows)


@pytest.mark.parametrize(
    ("sent", "check"),
    [
        (FIELDS, ("absent", [], [])),
        ({"document_mrz": "no such thing"}, ("unreadable", [], [])),
        (
            {"document_mrz": ZONE.replace("X1234567<7", "X1234568<7")},
            ("disagrees", ["number", "composite"], []),
        ),
        ({**FIELDS, "document_mrz": ZONE}, ("agrees", [], [])),
        (
            {**FIELDS, "document_name": "BUDI", "document_number": "Y1", "document_mrz": ZONE},
            ("agrees", [], ["name", "document"]),
        ),
    ],
)
def test_check_digits_and_contradictions_are_told_and_spoil_nothing(
    client, desk, port, sent, check
):
    desk.enrol(1)
    body = submit(client, port, **sent).json()
    assert body["outcome"] == "alert"
    assert tuple(body["document"].values()) == check
    assert kept(desk, body["id"]) is not None


def test_nothing_that_a_document_says_refuses_its_bearer(client, desk, port):
    desk.enrol(1)
    odd = {
        "document_name": " ",
        "document_birth": "800228",
        "document_sex": "<",
        "document_nationality": "d<<",
        "document_number": "X1<<<<<<<",
        "document_country": "ZZZ",
        "document_mrz": "",
    }
    body = submit(client, port, **odd)
    assert body.status_code == 201
    says = kept(desk, body.json()["id"])
    assert says == {
        "birth": "1980-02-28",
        "sex": "X",
        "nationality": "DEU",
        "number": "X1<<<<<<<",
        "country": "ZZZ",
    }
    blank = submit(client, port, document_name="", document_mrz=" ")
    assert (blank.status_code, blank.json()["document"]) == (201, None)
    assert submit(client, port, document_name="x" * 501).status_code == 422


def test_report_bundle_and_held_data_have_it(client, desk, port, reader):
    subject = desk.enrol(1)
    raised = submit(client, port, **FIELDS).json()["alerts"][0]["id"]
    purpose = {"purpose": "Hearing 114/2026"}
    answer = client.get(f"/v1/alerts/{raised}/evidence", params=purpose, headers=reader)
    bundle = zipfile.ZipFile(io.BytesIO(answer.content))
    encounter = json.loads(bundle.read("records/encounter.json"))
    assert encounter["document"]["name"] == "SUKARNO, AHMAD"
    identities = json.loads(bundle.read("records/identities.json"))
    assert (identities[0]["field"], identities[0]["agreement"]) == ("name", "differs")
    held = client.get(f"/v1/subjects/{subject}/held", params=purpose, headers=reader).json()
    assert held["alerts"][0]["document_kept"] is True
    assert "SUKARNO" not in json.dumps(held)


LISTED = [{"kind": "passport", "number": "X1234567", "country": "IDN"}]


def test_a_listed_document_alerts_and_the_port_hears_why_the_face_was_not_searched(
    client, desk, port, reader
):
    desk.enrol(7, documents=LISTED)
    body = submit(client, port, photo_of(), document_mrz=ZONE).json()
    assert body["outcome"] == "alert"
    assert body["quality"]["reasons"][0]["code"] == "no_face"
    (alert,) = body["alerts"]
    assert alert["matched_by"] == "document"
    assert "Stolen or lent?" in alert["instruction"]["en"]
    assert "Curian atau pinjaman?" in alert["instruction"]["id"]
    assert body["disposition"]["state"] == "pending"
    seen = client.get(f"/v1/alerts/{alert['id']}", headers=reader).json()
    assert (seen["matched_by"], seen["score"], seen["one_in"]) == ("document", None, None)
    assert client.get(f"/v1/alerts/{alert['id']}/probe", headers=reader).status_code == 404
    assert client.get(f"/v1/alerts/{alert['id']}/enrolled", headers=reader).status_code == 200
    found = client.get("/v1/alerts?matched_by=document", headers=reader).json()["items"]
    assert [each["id"] for each in found] == [alert["id"]]
    assert client.get("/v1/alerts?matched_by=face", headers=reader).json()["items"] == []
    answer = client.get(
        f"/v1/alerts/{alert['id']}/evidence",
        params={"purpose": "Hearing 114/2026"},
        headers=reader,
    )
    assert answer.status_code == 200
    assert figures(client)['siaga_alerts_total{matched_by="document"}'] == 1


def test_alerts_by_document_are_counted_apart(client, desk, port, reader):
    desk.enrol(1, documents=LISTED)
    submit(client, port, STRANGER, document_number="X1234567")
    submit(client, port, LIVE, document_number="X1234567")
    submit(client, port, LIVE)
    (whole,) = client.get("/v1/reports/review?until=2026-03-02", headers=reader).json()["lines"]
    assert (whole["alerts"]["value"], whole["by_document"]["value"]) == (3, 1)
    lines = client.get("/v1/reports/review?by=matched_by&until=2026-03-02", headers=reader).json()[
        "lines"
    ]
    assert {each["group"]["matched_by"]: each["alerts"]["value"] for each in lines} == {
        "face": 1,
        "document": 1,
        "both": 1,
    }
