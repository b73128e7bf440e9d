"""Imports and exports over HTTP."""

import csv
import io
import json
import zipfile

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.imports.exports import ExportForm
from casework.kernel.vocabulary import Role, Scope
from casework.tables import AuditRecord
from tests.api.conftest import problem, settings_for, wait_until_ready
from tests.casework.imports.lists import counts, csv_of, imported, person, photos_of, zip_of
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR, Desk, open_service

PART = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'


@pytest.fixture
def analyst(sign_in):
    return sign_in(Role.ANALYST)


def send(client, who, watchlist, file, photos=None, **params):
    files = {"file": ("list.csv", file)}
    if photos is not None:
        files["photos"] = ("photos.zip", photos)
    return client.post(
        "/v1/imports", params={"watchlist_id": watchlist, **params}, headers=who, files=files
    )


def finished(client, who, sent):
    """Wait for an import to end; returns its answer."""
    assert sent.status_code == 202, sent.text

    def told():
        return client.get(sent.headers["location"], headers=who).json()

    wait_until(lambda: told()["finished_at"] is not None, 60)
    return told()


def test_a_list_is_taken_in_and_reported_on(client, desk, analyst):
    rows = csv_of(
        person(1, status="active", photos="1.jpg"),
        person(2, status="=gone", photos="2.jpg"),
        {"reference": "=3", "name": "x", "status": "active", "photos": "none.jpg"},
    )
    sent = send(client, analyst, desk.watchlist(), rows, photos_of([1, 2]))
    assert sent.json()["state"] in {"queued", "running", "done"}
    assert (sent.json()["rows"], sent.json()["dry_run"]) == (3, False)
    body = finished(client, analyst, sent)
    assert body["state"] == "done"
    assert (body["done"], body["created"], body["refused"], body["photos_added"]) == (3, 1, 2, 1)
    assert body["rows_per_s"] > 0
    assert desk.screen(1).encounter.alerts

    path = f"/v1/imports/{body['id']}/errors"
    first = client.get(path, params={"limit": 1}, headers=analyst).json()
    assert [(e["row"], e["field"], e["code"]) for e in first["items"]] == [
        (3, "status", "field_invalid")
    ]
    assert "=gone" not in json.dumps(first), "a report repeats no value"
    rest = client.get(path, params={"after": first["next"]}, headers=analyst).json()
    assert [(e["row"], e["code"]) for e in rest["items"]] == [(4, "photo_not_found")]
    assert rest["next"] is None
    whole = client.get(path, params={"format": "json"}, headers=analyst)
    assert whole.json() == first["items"] + rest["items"]
    table = client.get(path, params={"format": "csv"}, headers=analyst)
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.startswith("\ufeff")
    told = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert [(e["row"], e["reference"]) for e in told] == [("3", "R-2"), ("4", "'=3")]

    listed = client.get("/v1/imports", headers=analyst).json()
    assert [each["id"] for each in listed["items"]] == [body["id"]]
    problem(
        client.post(
            f"/v1/imports/{body['id']}/cancel", headers=analyst, json={"reason": "wrong file"}
        ),
        409,
        "illegal_transition",
    )


def test_a_clean_import_has_an_empty_report(client, desk, analyst):
    rows = csv_of(person(1, photos="1.jpg"))
    body = finished(client, analyst, send(client, analyst, desk.watchlist(), rows, photos_of([1])))
    path = f"/v1/imports/{body['id']}/errors"
    assert client.get(path, headers=analyst).json() == {"items": [], "next": None}
    assert client.get(path, params={"format": "json"}, headers=analyst).json() == []
    assert client.get(path, params={"format": "csv"}, headers=analyst).text.count("\n") == 1


def test_a_dry_run_over_http(client, desk, analyst):
    rows = csv_of(person(1, photos="1.jpg"))
    sent = send(client, analyst, desk.watchlist(), rows, photos_of([1]), dry_run=True)
    body = finished(client, analyst, sent)
    assert (body["dry_run"], body["created"]) == (True, 1)
    assert client.get("/v1/subjects", headers=analyst).json()["items"] == []


def test_who_may_import_and_into_what(client, desk, analyst, sign_in):
    rows, watchlist = csv_of(person(1)), desk.watchlist()
    other = desk.watchlist("other", agency_id=desk.agency("KJA"))
    problem(send(client, {}, watchlist, rows), 401, "not_authenticated")
    problem(send(client, sign_in(Role.OFFICER), watchlist, rows), 403, "not_permitted")
    unknown = problem(send(client, analyst, "wl_none", rows), 404, "not_found")
    theirs = problem(send(client, analyst, other, rows), 404, "not_found")
    assert theirs["detail"].replace(other, "") == unknown["detail"].replace("wl_none", "")
    done = finished(client, analyst, send(client, analyst, watchlist, rows))
    stranger = sign_in(Role.ANALYST, agency="KJA")
    for path in ("", "/errors", "/errors?format=csv"):
        problem(client.get(f"/v1/imports/{done['id']}{path}", headers=stranger), 404, "not_found")
    problem(
        client.post(
            f"/v1/imports/{done['id']}/cancel", headers=stranger, json={"reason": "wrong file"}
        ),
        404,
        "not_found",
    )
    assert client.get("/v1/imports", headers=stranger).json()["items"] == []


def test_a_file_that_is_no_list_is_a_422_that_names_what_is_wrong(client, desk, analyst):
    watchlist = desk.watchlist()
    body = problem(send(client, analyst, watchlist, b"name\nx\n"), 422, "import_refused")
    assert [error["field"] for error in body["errors"]] == ["reference"]
    body = problem(send(client, analyst, watchlist, csv_of(person(1)), b"x"), 422, "import_refused")
    assert [error["field"] for error in body["errors"]] == ["photos"]
    assert client.get("/v1/imports", headers=analyst).json()["items"] == []


@pytest.mark.parametrize(
    "files",
    [
        {"photos": b"x"},
        {"file": b"x", "more": b"x"},
        [("file", b"x"), ("file", b"x")],
    ],
)
def test_other_forms_are_refused(client, desk, analyst, files):
    answer = client.post(
        "/v1/imports", params={"watchlist_id": desk.watchlist()}, headers=analyst, files=files
    )
    problem(answer, 422, "request_invalid")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--y\r\n"),
        ("multipart/form-data; boundary=x", PART + b"reference,na"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nname\r\n--x--\r\n"),
    ],
)
def test_a_body_that_is_no_form_is_refused(client, desk, analyst, kind, content):
    answer = client.post(
        "/v1/imports",
        params={"watchlist_id": desk.watchlist()},
        headers={**analyst, "Content-Type": kind},
        content=content,
    )
    problem(answer, 422, "request_invalid")
    assert desk.service.exchange.imports.page(OPERATOR, None, 9) == []


def test_uploads_are_larger_than_other_bodies_but_bounded(tmp_path, clock):
    settings = settings_for(tmp_path, max_photos=1, max_import_bytes=3_000_000)
    app = create_app(settings, lambda s: open_service(tmp_path / "siaga.db", clock))
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)

        _, key = desk.service.accounts.keys.create(
            OPERATOR, NewKey("k", frozenset({Scope.ENROL}), None, desk.agency())
        )
        who = {"Authorization": f"Bearer {key}"}
        rows = csv_of(person(1)) + b"\n" * 2_000_000
        assert send(client, who, desk.watchlist(), rows).status_code == 202
        rows += b"\n" * 2_000_000
        problem(send(client, who, desk.watchlist(), rows), 413, "body_too_large")
        assert len(desk.service.exchange.imports.page(OPERATOR, None, 9)) == 1


def test_a_list_goes_out_and_comes_in_elsewhere_equal(client, desk, analyst, tmp_path, clock):
    rows = csv_of(
        person(
            1,
            aliases='["a;b", "c"]',
            documents="passport:A1:IDN; ktp:3",
            reason='two\nlines, "quoted"',
            birth_date="1980-02-29",
            valid_until="2030-01-01",
            status="suspended",
            photos="1.jpg;1b.jpg",
        ),
        person(
            2,
            **dict.fromkeys(
                ("aliases", "documents", "reason", "birth_date", "valid_until", "status"), ""
            ),
            photos="2.jpg",
        ),
    )
    photos = {"1.jpg": photo_of(1), "1b.jpg": photo_of(1, brightness=0.8), "2.jpg": photo_of(2)}
    watchlist = desk.watchlist()
    done = finished(client, analyst, send(client, analyst, watchlist, rows, zip_of(photos)))
    assert done["created"] == 2
    nameless = desk.enrol(3)

    def exported(**params):
        answer = client.get(f"/v1/watchlists/{watchlist}/export", params=params, headers=analyst)
        assert answer.status_code == 200, answer.text
        return answer

    lines = exported(format="jsonl")
    assert lines.headers["content-type"] == "application/x-ndjson"
    told = [json.loads(line) for line in lines.text.splitlines()]
    assert [each["reference"] for each in told] == ["R-1", "R-2", nameless]
    assert told[0]["reason"] == 'two\nlines, "quoted"'
    with zipfile.ZipFile(io.BytesIO(exported(photos=True).content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "subjects.csv"
        sent_in = {*photos.values()}
        assert sent_in < {archive.read(name) for name in archive.namelist()[1:]}

    again = finished(
        client, analyst, send(client, analyst, watchlist, exported(photos=True).content)
    )
    assert (again["unchanged"], again["refused"]) == (3, 0), "also without a reference of its own"

    other = open_service(tmp_path / "other.db", clock)
    elsewhere = Desk(other, clock)

    for form in ("csv", "jsonl", "xlsx", "nist"):
        answer = exported(photos=True, format=form)
        assert answer.headers["content-type"] == "application/zip"
        job = imported(elsewhere, answer.content)
        assert counts(job) == ((3, 0, 0, 0) if form == "csv" else (0, 0, 3, 0))
    there = other.exchange.exports

    back = there.export(OPERATOR, elsewhere.watchlist(), ExportForm.JSONL, photos=False)
    assert [json.loads(line) for line in b"".join(back.content).splitlines()] == told
    other.close()


def test_exports_are_the_owner_s_analysts_and_in_the_trail(client, desk, analyst, sign_in):
    desk.enrol(1)
    path = f"/v1/watchlists/{desk.watchlist()}/export"
    problem(client.get(path), 401, "not_authenticated")
    for role in (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR):
        problem(client.get(path, headers=sign_in(role)), 403, "not_permitted")
    stranger = sign_in(Role.ANALYST, agency="KJA")
    problem(client.get(path, headers=stranger), 404, "not_found")
    for form in ("csv", "xlsx", "nist"):
        params = {"photos": form == "csv", "format": form}
        assert client.get(path, params=params, headers=analyst).status_code == 200

    with desk.service.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.action == "watchlist.export")
        done = [row for row in session.scalars(query) if row.outcome == "done"]
    assert [row.detail for row in done] == [
        {"subjects": 1, "photos": 1, "format": "csv"},
        {"subjects": 1, "photos": 0, "format": "xlsx"},
        {"subjects": 1, "photos": 1, "format": "nist"},
    ]
