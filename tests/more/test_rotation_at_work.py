"""The data key is changed again and again while two processes serve one database.

Every request succeeds, each process reads what the other writes, and rotations that are killed are
ended by the next.
"""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from casework.accounts.agencies import NewAgency
from casework.accounts.api_keys import NewKey
from casework.kernel.data_key import FileKeys
from casework.kernel.vocabulary import AgencyKind, Scope
from casework.records import Records
from casework.watchlists.watchlists import NewWatchlist
from tests.cli.conftest import environment
from tests.cli.test_import import serving
from tests.deadlines import patience
from tests.fakes import photo_of
from tests.services import OPERATOR

pytestmark = [pytest.mark.more, pytest.mark.timeout(400)]

ROTATE = [sys.executable, "-m", "cli", "data-key", "rotate", "--json"]
ROUNDS, KILLED = 8, 4


@dataclass
class Work:
    """Enrols and screens at one process, and reads at another, until it is told to end."""

    addresses: list[str]
    keys: dict[Scope, dict[str, str]]
    watchlist: str
    answered: int = 0
    refused: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        with httpx2.Client(timeout=patience(30)) as client:
            for person in range(number * 10_000, (number + 1) * 10_000):
                if self.ended.is_set():
                    return
                self.go_round(client, person)

    def go_round(self, client: httpx2.Client, person: int) -> None:
        one, other = random.sample(self.addresses, 2)
        photo = photo_of(person)
        subject = {"name": f"Person {person}", "watchlist_ids": [self.watchlist]}
        answer = self.asked(
            client.post(
                f"{one}/v1/subjects",
                headers=self.keys[Scope.ENROL],
                data={"subject": json.dumps(subject)},
                files={"photos": photo},
            )
        )
        arrival = {"port": "CGK", "direction": "entry", "traveller_ref": f"PNR-{person}"}
        shown = self.keys[Scope.SCREEN]
        answer = self.asked(
            client.post(
                f"{other}/v1/encounters", headers=shown, data=arrival, files={"photo": photo}
            )
        )
        if answer.is_success:
            assert answer.json()["outcome"] == "alert"
            encounter = answer.json()["id"]
            self.asked(client.get(f"{one}/v1/encounters/{encounter}", headers=shown))

    def asked(self, answer: httpx2.Response) -> httpx2.Response:
        if answer.is_success:
            self.answered += 1
        else:
            self.refused.append(f"{answer.request.url}: {answer.text}")
        return answer


def test_requests_succeed_while_the_data_key_is_changed(tmp_path: Path, record_property):
    folder = tmp_path / "var"
    folder.mkdir()
    key, database = FileKeys(folder / "siaga.key"), f"sqlite:///{folder / 'siaga.db'}"
    with Records.open(database, key) as records:
        new = NewAgency("IMI", "Immigration", AgencyKind.OPERATOR)
        agency = records.accounts.agencies.create(OPERATOR, new).id
        watchlist = records.lists.watchlists.create(OPERATOR, NewWatchlist("wanted", agency)).id
        keys = {}
        for scope in (Scope.SCREEN, Scope.ENROL):
            _, text = records.accounts.keys.create(
                OPERATOR, NewKey(scope.value, frozenset({scope}), agency_id=agency)
            )
            keys[scope] = {"Authorization": f"Bearer {text}"}
        first = records.kernel.vault.keys.data_key
    with ExitStack() as stack:
        served = [stack.enter_context(serving(tmp_path))[0] for _ in range(2)]
        addresses = [str(client.base_url).rstrip("/") for client in served]
        work = Work(addresses, keys, watchlist)
        threads = [threading.Thread(target=work.run, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for number in range(ROUNDS):
            with subprocess.Popen(
                ROTATE, env=environment(tmp_path), stdout=subprocess.DEVNULL
            ) as rotation:
                if number % 2 == 0 and number // 2 < KILLED:
                    time.sleep(random.uniform(0.5, 3))
                    rotation.send_signal(signal.SIGKILL)
                else:
                    assert rotation.wait(patience(60)) == 0
        work.ended.set()
        for thread in threads:
            thread.join()
    assert work.refused == []
    record_property("requests answered during rotations", work.answered)
    with Records.open(database, key) as records:
        assert len(key.read()) == 1
        assert records.kernel.vault.keys.data_key != first
        assert records.kernel.audit.verify().whole
        after, read = None, 0
        while page := records.lists.subjects.page(OPERATOR, after, 200):
            for row in page:
                assert row.name.startswith("Person ")
                records.lists.subjects.photo_content(OPERATOR, row.id, row.photos[0].id)
            after, read = page[-1].id, read + len(page)
        record_property("subjects read after them", read)
        assert read > 0
