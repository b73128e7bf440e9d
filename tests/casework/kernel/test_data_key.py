"""The data key: made for a new database alone, known by its fingerprint, changed at any moment."""

import sqlite3
import stat
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.kernel.audit.log import AuditEntry
from casework.kernel.data_key import KEY_BYTES, FileKeys, GivenKeys, fingerprint, parse_keys
from casework.kernel.errors import SetUpError, WrongDataKey
from casework.kernel.key_rotation import rotate
from casework.records import Records
from tests.services import (
    DATA_KEY,
    DATA_KEYS,
    OPERATOR,
    QUICK,
    Desk,
    FakeClock,
    laid,
    open_service,
    url_of,
)

pytestmark = pytest.mark.every_database

OTHER = bytes(reversed(DATA_KEY))


def opened(database, keys):
    return Records.open(url_of(database), keys, FakeClock(), passwords=QUICK)


def test_a_new_database_gets_a_key_that_its_owner_alone_reads(database, tmp_path):
    keys = FileKeys(tmp_path / "deep" / "siaga.key")
    opened(database, keys).close()
    (key,) = keys.read()
    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert list(keys.path.parent.iterdir()) == [keys.path]
    with opened(database, keys) as records:
        assert records.kernel.vault.keys.data_key == fingerprint(key)
    assert keys.read() == [key]


def test_a_database_without_its_key_says_which_one_is_missing(database, tmp_path):
    keys = FileKeys(tmp_path / "siaga.key")
    with opened(database, keys) as records:
        records.kernel.audit.note(AuditEntry(OPERATOR, "test"))
    name = fingerprint(keys.read()[0])
    keys.path.unlink()
    for given_keys in (keys, GivenKeys.of(OTHER), GivenKeys.of()):
        with pytest.raises(SetUpError, match=f"the key with fingerprint {name} is missing"):
            opened(database, given_keys)
    assert not keys.path.exists()


def _as_before_there_were_stored_keys(database):
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM stored_key")


@pytest.mark.on_sqlite
def test_no_key_is_made_beside_records_of_before(database, tmp_path):
    with opened(database, DATA_KEYS) as records:
        records.kernel.audit.note(AuditEntry(OPERATOR, "test"))
    _as_before_there_were_stored_keys(database)
    absent = FileKeys(tmp_path / "siaga.key")
    with pytest.raises(SetUpError, match="the data key is missing"):
        opened(database, absent)
    assert not absent.path.exists()


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33, "00" * 32 + " 00"])
def test_a_text_that_is_no_key_is_refused_without_being_quoted(text):
    with pytest.raises(SetUpError, match="64 hexadecimal digits") as refused:
        parse_keys(text, "the place")
    assert not text or text not in str(refused.value)


def test_a_key_of_another_length_is_refused():
    with pytest.raises(SetUpError, match="32 bytes"):
        GivenKeys.of(bytes(31))


# Changing it


class Killed(Exception):
    """The process ends here."""


class Fragile:
    """Keys in memory as a file keeps them; the process may end around each change."""

    place = "a file"
    read_anew = True

    def __init__(self, *keys):
        self.keys, self.left = list(keys), None

    def step(self):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed

    def read(self):
        self.step()
        return list(self.keys)

    def add(self):
        self.step()
        self.keys.append(bytes([len(self.keys)]) * KEY_BYTES + self.keys[-1][1:])
        self.keys[-1] = self.keys[-1][:KEY_BYTES]
        self.step()
        return self.keys[-1]

    def keep(self, key):
        self.step()
        self.keys = [key]
        self.step()


@pytest.mark.on_sqlite
@settings(max_examples=15)
@given(kills=st.lists(st.integers(0, 7), max_size=3))
def test_a_rotation_killed_anywhere_is_ended_by_the_next(tmp_path_factory, kills):
    database = tmp_path_factory.mktemp("rotation") / "siaga.db"
    laid(database)
    source = Fragile(DATA_KEY)
    with opened(database, source) as running:
        seal = running.kernel.vault.derived("siaga audit seal")
        running.kernel.audit.note(AuditEntry(OPERATOR, "test"))
        for left in kills:
            with opened(database, source) as command:
                source.left = left
                with suppress(Killed):
                    rotate(command.kernel.vault)
                source.left = None
            # Whoever is at work goes on, and whoever starts anew finds everything.
            running.kernel.audit.note(AuditEntry(OPERATOR, "test"))
            with opened(database, source) as fresh:
                assert fresh.kernel.audit.verify().whole
        with opened(database, source) as command:
            _, now = rotate(command.kernel.vault)
            assert [fingerprint(key) for key in source.keys] == [now]
            assert command.kernel.vault.keys.data_key == now != fingerprint(DATA_KEY)
        with opened(database, source) as fresh:
            assert fresh.kernel.vault.derived("siaga audit seal") == seal
            assert fresh.kernel.audit.verify().whole


def test_what_was_sealed_before_opens_after_and_the_old_key_no_more(database):
    keys, clock = Fragile(DATA_KEY), FakeClock()
    desk = Desk(open_service(database, clock, data_keys=keys), clock)
    subject = desk.enrol(1)
    with opened(database, keys) as records:
        before, now = rotate(records.kernel.vault)
    assert before == fingerprint(DATA_KEY) != now
    desk.enrol(2)  # the service at work goes on
    desk.service.close()
    with pytest.raises(SetUpError, match=now):
        opened(database, DATA_KEYS)
    with opened(database, keys) as records:
        (photo,) = records.lists.subjects.get(OPERATOR, subject).photos
        assert records.lists.subjects.photo_content(OPERATOR, subject, photo.id)[1] == "jpeg"


def test_a_place_that_others_fill_says_what_to_do(database):
    with (
        opened(database, DATA_KEYS) as records,
        pytest.raises(SetUpError, match="put a new one behind"),
    ):
        rotate(records.kernel.vault)
    with opened(database, GivenKeys.of(DATA_KEY, OTHER)) as records:
        assert rotate(records.kernel.vault) == (fingerprint(DATA_KEY), fingerprint(OTHER))
        assert rotate(records.kernel.vault) == (fingerprint(OTHER), fingerprint(OTHER))
    opened(database, GivenKeys.of(OTHER)).close()


@pytest.mark.on_sqlite
@pytest.mark.parametrize("column", ["wrapped", "scope", "number"])
def test_an_altered_stored_key_is_noticed(database, column):
    opened(database, DATA_KEYS).close()
    value = {"wrapped": bytes(60), "scope": "agy", "number": 7}
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(
            f"UPDATE stored_key SET {column} = ? WHERE purpose = 'derived'", (value[column],)
        )
    with pytest.raises(WrongDataKey, match="does not open with its data key"):
        opened(database, DATA_KEYS)


def test_a_key_for_one_purpose_tells_nothing_of_another(desk, database):
    vault = desk.service.kernel.vault
    assert vault.derived("one") == vault.derived("one") != vault.derived("other")
    desk.service.close()
    again = open_service(database)
    assert again.kernel.vault.derived("one") == vault.derived("one")
    again.close()
