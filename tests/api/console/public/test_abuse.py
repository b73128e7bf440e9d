"""The public form under abuse: bounded, nothing of the honest lost, nothing of anybody in a log."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from api.console.public.admission import HOUR_S, Admission
from casework.tables import AuditRecord, AuditText, Tip
from tests.api.console.public.conftest import ADDRESS, reference_in
from tests.fakes import photo_of

NAME, CONTACT, TEXT = "Ani Rahasia", "0812-3456-7890", "Seorang pria tidur di gudang."


@pytest.fixture
def settings():
    return {"public_reports_per_hour": 40, "public_reports_per_address": 3}


@pytest.fixture
def neighbour(public):
    """Make somebody at another address."""

    def make(address):
        other = TestClient(
            public.app, base_url=ADDRESS, raise_server_exceptions=False, client=(address, 1)
        )
        other.portal = public.portal
        other.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        return other

    return make


def tips(desk):
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(Tip))


def test_a_flood_of_one_address_is_refused_and_others_are_heard(desk, public, neighbour, token):
    photo = photo_of(1)
    statuses = []
    for number in range(60):
        data = {"text": f"spam {number}", "token": token()}
        statuses.append(public.post("/report", data=data, files={"photo": photo}).status_code)
        if number % 6 == 0:
            honest = neighbour(f"203.0.113.{number}")
            answer = honest.post("/report", data={"text": TEXT, "token": token()})
            assert reference_in(answer.text)
    assert statuses.count(200) == 3
    assert set(statuses) == {200, 429}
    assert tips(desk) == 3 + 10


def test_who_is_refused_keeps_what_was_typed_and_reads_when_to_come_again(public, token):
    for number in range(3):
        public.post("/report", data={"text": f"{TEXT} {number}", "token": token()})
    answer = public.post("/report", data={"text": TEXT, "name": NAME, "token": token()})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert TEXT in answer.text
    assert NAME in answer.text
    assert "send it again in" in answer.text


def test_reading_and_asking_are_bounded_too(public):
    statuses = [
        public.post("/report/status", data={"reference": f"{number:04}-0000"}).status_code
        for number in range(125)
    ]
    assert statuses.count(200) == 120
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "body",
    [
        {"content": b"", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
        {"content": b"%ff=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"data": {f"f{number}": "x" for number in range(300)}},
        {"data": {"text": "x\0y", "token": "z"}},
        {"data": {"text": "x" * 5000, "token": "z"}},
        {"data": {"text": "x", "day": "2026-02-31", "area": "ID' or 1=1"}},
        {"files": [("photo", ("a.jpg", b"\xff\xd8\xff")), ("photo", ("b.jpg", b"\xff\xd8\xff"))]},
    ],
)
def test_what_is_wrong_in_any_way_is_a_page_with_a_sentence(desk, public, body):
    answer = public.post("/report", **body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert tips(desk) == 0


def test_nothing_of_who_reports_is_in_log_figures_or_audit_trail(desk, public, token, capsys):
    data = {"text": TEXT, "name": NAME, "contact": CONTACT, "token": token()}
    answer = public.post("/report", data=data, files={"photo": photo_of(1)})
    reference = reference_in(answer.text)
    public.post("/report/status", data={"reference": reference})
    with desk.service.kernel.database.read() as session:
        records = session.scalars(select(AuditRecord)).all()
        texts = session.scalars(select(AuditText)).all()
    (made,) = (each for each in records if each.action == "tip.record")
    assert json.loads(json.dumps(made.detail)) == {"photo": True, "source": True}
    assert made.actor_kind == "public"
    written = capsys.readouterr()
    everything = written.out + written.err + repr([vars(each) for each in (*records, *texts)])
    for secret in (NAME, CONTACT, TEXT, "testclient", reference):
        assert secret not in everything


SCALE = (400, pytest.param(10_000, marks=pytest.mark.more))
_EVERY = 40
"""Of so many posts, one is an honest person's, from an address of their own."""


@pytest.mark.parametrize("posts", SCALE)
def test_ten_thousand_posts_take_nobody_s_place(desk, public, neighbour, token, ticks, posts):
    public.app.state.siaga.admission = Admission(40, 3, ticks)
    photo, script = photo_of(1), b"<script>alert(1)</script>" * 400
    bodies: tuple[dict[str, Any], ...] = (
        {"files": {"photo": photo}},
        {"files": {"photo": script}},
        {"files": {"photo": bytes(300_000)}},
        {"files": {"website": (None, "http://spam.example")}},
        {"files": {"photo": b"\xff\xd8\xff" + bytes(9 << 20)}} if posts > 1_000 else {},
        {},
    )
    flood = [neighbour(f"198.51.100.{number}") for number in range(5)]
    references, taken = [], 0
    for number in range(posts):
        data = {"text": f"{TEXT} {number}", "token": token()}
        if number % _EVERY == 0:
            honest = neighbour(f"2001:db8:{number:x}::1")
            answer = honest.post("/report", data=data)
            assert answer.status_code == 200, (number, answer.text)
            references.append(reference_in(answer.text))
            ticks.now += HOUR_S / 8
            continue
        sender = flood[number % len(flood)]
        answer = sender.post("/report", data=data, **bodies[number % len(bodies)])
        assert answer.status_code in (200, 413, 422, 429, 503), answer.text
        taken += answer.status_code == 200
    hours = posts / _EVERY / 8 + posts * 4 / HOUR_S + 1
    assert taken <= len(flood) * 3 * (hours + 1)
    assert tips(desk) == taken + len(references)
    for reference in references[-50:]:
        answer = neighbour("203.0.113.9").post("/report/status", data={"reference": reference})
        assert "Nobody has begun to work on it yet." in answer.text
