"""Stays over HTTP: what a lodging gets back never depends on who its guest is."""

import math
import random
import time
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from api.app import create_app
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.kernel.processing import Grounds
from casework.kernel.vocabulary import Role, Scope
from casework.tables import Alert, Stay
from tests.api.conftest import management, problem, settings_for, signed_in, wait_until_ready
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR, Desk, FakeClock, open_service

LODGING = "HTL-0042"
FIELDS = {
    "lodging": LODGING,
    "lodging_name": "Hotel Melati",
    "area": "31",
    "address": "Jalan Melati 1",
    "document_name": "DOE, JOHN",
    "document_birth": "1980-02-28",
    "document_sex": "M",
    "document_nationality": "AUS",
    "document_number": "N1234567",
    "document_country": "AUS",
    "checked_in": "2026-03-01",
}
LISTED = {"documents": ({"kind": "passport", "number": "N1234567", "country": "AUS"},)}
UNLISTED = {"document_number": "N7654321"}
NOBODY = photo_of()  # without a face
CSV = (
    "lodging;lodging_name;document_name;document_nationality;document_number;checked_in\n"
    "HTL-0042;Hotel Melati;DOE, JOHN;AUS;N1234567;2026-03-01\n"
    "HTL-0042;Hotel Melati;SUKARNO, AHMAD;IDN;X1234567;2026-03-01\n"
    "HTL-0042;Hotel Melati;ROE, JANE;AUS;N7654321;yesterday\n"
)


@pytest.fixture
def hotel(key):
    return key(Scope.STAYS, ports=[LODGING])


@pytest.fixture
def imi(sign_in):
    return sign_in(Role.OFFICER)


@pytest.fixture
def report(client, hotel):
    """Report a guest; returns the answer."""

    def make(photo=None, headers=None, **changes):
        parts: dict[str, tuple[str | None, object]]
        parts = {name: (None, text) for name, text in (FIELDS | changes).items()}
        if photo is not None:
            parts["photo"] = ("x.jpg", photo)
        return client.post("/v1/stays", files=parts, headers={**hotel, **(headers or {})})

    return make


def screened(desk: Desk) -> None:
    """Wait until nobody waits to be looked up."""
    waiting = select(func.count()).where(Stay.screened_at.is_(None))

    def done() -> bool:
        with desk.service.kernel.database.read() as session:
            return session.scalar(waiting) == 0

    wait_until(done, 30, every=0.005)


def alerts(desk: Desk) -> int:
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(Alert)) or 0


def test_a_guest_on_a_list_is_an_alert_and_the_lodging_has_a_receipt(client, desk, report, sign_in):
    listed = desk.watchlist(agency_id=desk.agency("POL"))
    desk.enrol(3, listed, **LISTED)
    answer = report(photo_of(3, brightness=0.9))
    assert answer.status_code == 201
    assert set(answer.json()) == {"receipt", "reported_at", "practice"}
    screened(desk)
    owner = sign_in(Role.OFFICER, agency="POL")
    here = {"port": LODGING}
    (alert,) = client.get("/v1/alerts", headers=owner, params=here).json()["items"]
    assert (alert["encounter"]["port"], alert["matched_by"]) == (LODGING, "both")
    answer = client.get(f"/v1/alerts/{alert['id']}", headers=owner)
    assert answer.status_code == 200, answer.text
    seen = answer.json()["encounter"]
    assert (seen["stage"], seen["lane"]) == ("stay", "Hotel Melati")


def test_every_answer_has_one_shape(desk, report):
    desk.enrol(3, **LISTED)
    cases = [
        report(photo_of(3, brightness=0.9)),
        report(photo_of(4), **UNLISTED),
        report(photo_of(4)),
        report(NOBODY, **UNLISTED),
        report(photo_of(3)[:-400], **UNLISTED),
        report(**UNLISTED),
        report(),
    ]
    screened(desk)
    assert alerts(desk) == 3
    told_by_time = ("x-request-id", "location")
    shapes = {
        (
            each.status_code,
            tuple(sorted(each.json())),
            len(each.json()["receipt"]),
            tuple((k, v) for k, v in each.headers.items() if k not in told_by_time),
        )
        for each in cases
    }
    assert len(shapes) == 1


def test_the_same_again_is_the_same_before_and_after_the_search(desk, report):
    desk.enrol(3, **LISTED)
    once = {"Idempotency-Key": "1"}
    first = report(photo_of(3), once)
    screened(desk)
    again = report(photo_of(3), once)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    problem(report(photo_of(4), once), 422, "idempotency_clash")


def _z_of_ranks(some: list[float], others: list[float]) -> float:
    """How far the ranks of two samples lie apart (Mann-Whitney), in standard deviations."""
    ranked = sorted([(each, True) for each in some] + [(each, False) for each in others])
    ranks = sum(at for at, (_, mine) in enumerate(ranked, 1) if mine)
    n, m = len(some), len(others)
    u = ranks - n * (n + 1) / 2
    return (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


def test_the_time_of_an_answer_says_nothing(desk, report):
    desk.enrol(3, **LISTED)
    face, other, order = photo_of(3, brightness=0.9), photo_of(4), random.Random(42)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for listed in order.sample([True, False] * 40, 80):
        begun = time.perf_counter()
        answer = report(face) if listed else report(other, **UNLISTED)
        spent[listed].append(time.perf_counter() - begun)
        assert answer.status_code == 201
    # 4.5 deviations: once in 150,000 runs by chance.
    assert abs(_z_of_ranks(spent[True], spent[False])) < 4.5
    screened(desk)
    assert alerts(desk) == 40


def test_a_key_for_stays_does_nothing_else(client, desk, report, hotel, key):
    receipt = report().json()["receipt"]
    other = key(Scope.STAYS, ports=["HTL-0043"])
    for path in ("/v1/stays", f"/v1/stays/{receipt}/guest", "/v1/alerts", "/v1/processing"):
        problem(client.get(path, headers=hotel), 403, "not_permitted")
    for name in ("/v1/encounters", "/v1/searches", "/v1/compare", "/v1/tips"):
        sent = {"data": {"x": "y"}, "files": {"photo": photo_of(3)}}
        problem(client.post(name, headers=hotel, **sent), 403, "not_permitted")
    problem(client.get(f"/v1/stays/{receipt}", headers=other), 404, "not_found")
    problem(report(lodging="HTL-0043"), 403, "not_permitted")
    seen = client.get(f"/v1/stays/{receipt}", headers=hotel).json()
    assert set(seen) == {
        *("receipt", "lodging", "checked_in_at", "expected_out_at", "checked_out_at"),
        *("reported_at", "state"),
    }


def test_what_cannot_be_taken_says_why(client, report, hotel):
    refused = problem(report(document_nationality="IDN"), 422, "stay_refused")
    assert refused["errors"][0]["field"] == "document_nationality"
    problem(report(area="99"), 422, "area_refused")
    problem(report(lodging="CGK"), 422, "request_invalid")
    problem(report(b"no photo at all"), 415, "photo_format_unsupported")
    problem(report(checked_in="2026-04-01"), 422, "invalid_period")
    problem(client.post("/v1/stays", headers=hotel, json=FIELDS), 422, "request_invalid")


def test_a_check_out_is_reported_and_what_is_late_is_seen(client, report, hotel, imi):
    receipt = report(checked_in="2026-02-20", expected_out="2026-02-27").json()["receipt"]
    assert report(expected_out="2026-03-02", **UNLISTED).status_code == 201
    url = f"/v1/stays/{receipt}"

    def listed(**query):
        answer = client.get("/v1/stays", headers=imi, params=query)
        assert answer.status_code == 200, answer.text
        return [each["receipt"] for each in answer.json()["items"]]

    late = {"state": "overdue", "lodging": LODGING, "area": "31"}
    assert listed(**late) == listed(receipt=receipt) == [receipt]
    assert listed(**late | {"area": "32"}) == listed(lodging="HTL-0043") == []
    state_of(client.app).metrics.stays(state_of(client.app).opened.stays.stays.figures())
    figures = management(client).get("/metrics").text
    assert "siaga_stays_overdue 1.0" in figures
    assert 'siaga_stays_reported_total{source="key"} 2.0' in figures
    answer = client.put(f"{url}/check-out", headers=hotel, json={"checked_out": "2026-02-28"})
    assert answer.json()["state"] == "left"
    assert listed(state="left") == [receipt]
    guest = client.get(f"{url}/guest", headers=imi).json()
    assert (guest["document_name"], guest["document_number"]) == ("DOE, JOHN", "N1234567")
    early = {"checked_out": "2026-02-01"}
    problem(client.put(f"{url}/check-out", headers=hotel, json=early), 422, "invalid_period")


def test_a_file_of_guests_is_answered_row_by_row(client, desk, hotel, imi):
    def send(text, **headers):
        files = {"file": ("guests.csv", text.encode())}
        return client.post("/v1/stays/file", headers={**hotel, **headers}, files=files)

    once = {"Idempotency-Key": "monday"}
    first = send(CSV, **once).json()
    assert [each["row"] for each in first["receipts"]] == [2]
    assert [(each["row"], each["field"]) for each in first["refused"]] == [
        (3, "document_nationality"),
        (4, "checked_in"),
    ]
    mended = send(CSV.replace("yesterday", "2026-03-01"), **once).json()
    assert mended["receipts"][0] == first["receipts"][0]
    assert [each["row"] for each in mended["receipts"]] == [2, 4]
    assert len(client.get("/v1/stays", headers=imi).json()["items"]) == 2
    problem(send("nothing"), 422, "stay_refused")


@pytest.fixture
def off(tmp_path):
    """A service that names no legal basis."""
    clock = FakeClock()
    app = create_app(
        settings_for(tmp_path),
        lambda s: open_service(tmp_path / "siaga.db", clock, limits=s.limits, grounds=Grounds()),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


def stays_of(answer: Any) -> dict[str, Any]:
    """What is stated of stays."""
    kind: dict[str, Any]
    (kind,) = (each for each in answer.json()["items"] if each["kind"] == "stays")
    return kind


def test_off_until_the_operator_names_a_basis(off):
    desk = Desk(state_of(off.app).opened, FakeClock())
    new = NewKey("hotel", frozenset({Scope.STAYS}), None, desk.agency())
    _, text = desk.service.accounts.keys.create(OPERATOR, new)
    hotel, imi = {"Authorization": f"Bearer {text}"}, signed_in(desk, Role.OFFICER)
    parts = {name: (None, value) for name, value in FIELDS.items()}
    refused = problem(off.post("/v1/stays", files=parts, headers=hotel), 409, "stays_off")
    assert "stays_legal_basis" in refused["detail"]
    problem(off.get("/v1/stays", headers=imi), 409, "stays_off")
    kind = stays_of(off.get("/v1/processing", headers=imi))
    assert kind == {
        "kind": "stays",
        "on": False,
        "legal_basis": None,
        "purpose": None,
        "keep_days": None,
    }


def test_what_is_on_is_stated_with_its_grounds(client, imi):
    kind = stays_of(client.get("/v1/processing", headers=imi))
    assert (kind["on"], kind["keep_days"]) == (True, 90)
    assert kind["legal_basis"]
    assert kind["purpose"]
