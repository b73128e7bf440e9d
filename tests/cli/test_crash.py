"""Processes killed at their worst moment."""

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import cv2
import httpx2
import numpy as np
import pytest
from sqlalchemy import select

from casework.accounts.api_keys import NewKey
from casework.kernel.actor import Actor
from casework.kernel.clock import utc_now
from casework.kernel.data_key import FileKeys
from casework.kernel.vocabulary import Scope
from casework.records import Records
from casework.tables import (
    Alert,
    Encounter,
    EnrolledPhoto,
    Stay,
    StayPhoto,
    Subject,
    Template,
)
from casework.watchlists.watchlists import NewWatchlist
from cli.background import free_port, running
from config.records import open_records
from config.settings import Settings
from tests.cli.conftest import environment, explained
from tests.data import encoded, image_of
from tests.deadlines import patience, wait_until
from tests.services import lay

PEOPLE = 60


@pytest.fixture
def people(tmp_path):
    """A folder of many people: shades of one face, which is all that enrolment needs."""
    face = image_of("astronaut")[:300, 80:380]
    folder = tmp_path / "people"
    for number in range(PEOPLE):
        (folder / f"person_{number:03}").mkdir(parents=True)
        shade = cv2.convertScaleAbs(face, alpha=0.7 + 0.008 * number)
        path = folder / f"person_{number:03}" / "1.jpg"
        path.write_bytes(encoded(np.asarray(shade, np.uint8), quality=90))
    return folder


def enrolled(database: Path) -> int:
    if not database.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM subject").fetchone()
    except sqlite3.OperationalError:
        return 0  # not made yet
    return int(count)


def test_enrolment_killed_midway_and_run_again_ends_without_a_duplicate(siaga, people, tmp_path):
    database = tmp_path / "var" / "siaga.db"
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *explained("enrol", people)],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: enrolled(database), 60, every=0.01)
        process.send_signal(signal.SIGKILL)
    before = enrolled(database)
    assert 0 < before < PEOPLE, "the process was not killed midway"

    again = siaga("enrol", people)
    assert again.returncode == 0, again.stderr
    assert f"{PEOPLE - before} created, {before} known before" in again.stdout

    settings = Settings(data_dir=tmp_path / "var")
    records = Records.open(
        settings.resolved_database_url, FileKeys(settings.resolved_data_key_file)
    )
    with records.kernel.database.read() as session:
        references = [each.reference for each in session.scalars(select(Subject))]
        photos = list(session.scalars(select(EnrolledPhoto.subject_id)))
        templates = list(session.scalars(select(Template.photo_id)))
    records.close()
    assert len(references) == len(set(references)) == PEOPLE
    assert len(photos) == len(set(photos)) == PEOPLE
    assert len(templates) == len(set(templates)) == PEOPLE


def test_the_service_killed_after_an_answer_still_has_it(tmp_path):
    """What was acknowledged is there after SIGKILL and a restart: subject, encounter and alert."""
    settings = Settings(data_dir=tmp_path, port=free_port())
    records = Records.open(settings.resolved_database_url, lay(tmp_path))
    _, port = records.accounts.keys.create(
        Actor.operator(), NewKey("port", frozenset({Scope.SCREEN}))
    )
    agency = records.accounts.agencies.begin(Actor.operator(), "IMI", "Immigration")
    enrols = NewKey("office", frozenset({Scope.ENROL}), agency_id=agency.id)
    listed = records.lists.watchlists.create(Actor.operator(), NewWatchlist("x", agency.id)).id
    _, office = records.accounts.keys.create(Actor.operator(), enrols)
    records.close()
    photo = encoded(image_of("astronaut"), quality=90)
    headers = {"Authorization": f"Bearer {port}", "Idempotency-Key": "once"}

    def screen(address):
        return httpx2.post(
            f"{address}/v1/encounters",
            headers=headers,
            data={"port": "CGK", "direction": "entry"},
            files={"photo": photo},
            timeout=patience(30),
        )

    with running(settings) as service:
        address = service.address
        body = f'{{"name": "Astronaut", "watchlist_ids": ["{listed}"]}}'
        made = httpx2.post(
            f"{address}/v1/subjects",
            headers={"Authorization": f"Bearer {office}"},
            data={"subject": body},
            files={"photos": photo},
            timeout=patience(30),
        )
        assert made.status_code == 201, made.text
        first = screen(address)
        assert first.json()["outcome"] == "alert"
        service.process.kill()
        service.process.wait()

    with running(settings) as service:
        address = service.address
        again = screen(address)
        assert again.status_code == 200
        assert again.json() == first.json()


GUESTS = 12
GUEST = {
    "lodging": "HTL-0042",
    "lodging_name": "Hotel Melati",
    "document_name": "DOE, JOHN",
    "document_nationality": "AUS",
    "document_country": "AUS",
}
STAYS_ON = {
    "SIAGA_STAYS_LEGAL_BASIS": "UU 6/2011, article 72",
    "SIAGA_STAYS_PURPOSE": "Finding listed persons in lodgings.",
    "SIAGA_KEEP_STAYS_DAYS": "90",
}


@pytest.mark.more
def test_guests_that_wait_for_a_killed_service_are_each_looked_up_once(tmp_path, monkeypatch):
    """Killed in the middle of a row of guests: after the restart none is missed or found twice."""
    for name, value in STAYS_ON.items():
        monkeypatch.setenv(name, value)
    settings = Settings(data_dir=tmp_path, port=free_port())
    records = Records.open(settings.resolved_database_url, lay(tmp_path))
    operator = Actor.operator()
    agency = records.accounts.agencies.begin(operator, "IMI", "Immigration").id
    listed = records.lists.watchlists.create(operator, NewWatchlist("x", agency)).id
    keys = [
        records.accounts.keys.create(operator, NewKey(name, frozenset({scope}), agency_id=agency))
        for name, scope in (("hotels", Scope.STAYS), ("office", Scope.ENROL))
    ]
    records.close()
    hotel, office = ({"Authorization": f"Bearer {text}"} for _, text in keys)
    photo, today = encoded(image_of("astronaut"), quality=90), f"{utc_now():%Y-%m-%d}"

    def stays():
        with records.kernel.database.read() as session:
            return list(session.scalars(select(Stay).order_by(Stay.id)))

    with (
        running(settings) as service,
        httpx2.Client(base_url=service.address, timeout=patience(30)) as client,
    ):
        body = f'{{"name": "Astronaut", "watchlist_ids": ["{listed}"]}}'
        made = client.post(
            "/v1/subjects", data={"subject": body}, files={"photos": photo}, headers=office
        )
        assert made.status_code == 201, made.text
        for number in range(GUESTS):
            fields = GUEST | {"document_number": f"N{number:07}", "checked_in": today}
            answer = client.post("/v1/stays", data=fields, files={"photo": photo}, headers=hotel)
            assert answer.status_code == 201, answer.text
        service.process.kill()
        service.process.wait()

    records = open_records(settings)
    waited = [each.id for each in stays() if each.screened_at is None]
    assert waited, "the service was killed too late"

    with running(settings):
        wait_until(lambda: all(each.screened_at for each in stays()), 30)
    found = stays()
    with records.kernel.database.read() as session:
        photos = list(session.scalars(select(StayPhoto.id)))
        alerts = list(session.scalars(select(Alert.encounter_id)))
        encounters = list(session.scalars(select(Encounter.id)))
    records.close()
    assert photos == []
    assert len(found) == GUESTS
    assert sorted(alerts) == sorted(encounters) == sorted(each.encounter_id for each in found)


def test_a_service_told_to_stop_finishes_what_it_admitted(tmp_path):
    settings = Settings(data_dir=tmp_path, port=free_port())
    records = Records.open(settings.resolved_database_url, lay(tmp_path))
    records.accounts.agencies.begin(Actor.operator(), "IMI", "Immigration")
    _, key = records.accounts.keys.create(
        Actor.operator(), NewKey("port", frozenset({Scope.SCREEN}))
    )
    records.close()
    answers: list[int] = []
    never_admitted: list[Exception] = []

    def screen(address):
        try:
            response = httpx2.post(
                f"{address}/v1/encounters",
                headers={"Authorization": f"Bearer {key}"},
                data={"port": "CGK", "direction": "entry"},
                files={"photo": encoded(image_of("astronaut"), quality=90)},
                timeout=patience(30),
            )
            answers.append(response.status_code)
        except httpx2.TransportError as error:
            never_admitted.append(error)

    with running(settings) as service:
        clients = [threading.Thread(target=screen, args=[service.address]) for _ in range(8)]
        for client in clients:
            client.start()
        # Sent while most of them are still waiting for a worker.
        wait_until(lambda: answers, 20, every=0.001)
        service.process.terminate()
        for client in clients:
            client.join()
        # The web server ends by the signal itself once its work is done.
        assert service.process.wait(timeout=patience(20)) in (0, -signal.SIGTERM)
    assert answers == [201] * len(answers)
    assert len(answers) + len(never_admitted) == 8
    # What began was answered, and what was not answered never began.
    with closing(sqlite3.connect(tmp_path / "siaga.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM encounter").fetchone()
    assert count == len(answers) > 1
