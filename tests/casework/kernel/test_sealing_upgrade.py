"""What an earlier version left in the clear is sealed in place, whenever that was stopped."""

import hashlib
import secrets
from datetime import date
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import JSON, Date, DateTime, MetaData, func, insert, select, text, update
from sqlalchemy import LargeBinary as Blob

from casework.kernel import rows, sealing_upgrade
from casework.kernel.database import Database
from casework.kernel.errors import WrongDataKey
from casework.records import Records
from casework.tables import EnrolledPhoto, StoredKey, Subject, Table, Template, Unsealed
from casework.watchlists.subjects import SubjectFilter
from tests.services import BEGIN, DATA_KEY, DATA_KEYS, OPERATOR, QUICK, FakeClock, url_of

pytestmark = pytest.mark.every_database

PEOPLE = 25
STAMPS = {"version": 1, "created_at": BEGIN, "updated_at": BEGIN}
ALIKE = {7: "CLEARREF-7", 8: "CLEARREF\u20137"}
CLEAR_REVISION = "0016"
"""The last with personal columns."""


@pytest.fixture
def empty(request, tmp_path):
    """A database without tables: its URL."""
    if request.param == "sqlite":
        yield url_of(tmp_path / "siaga.db")
        return
    with request.getfixturevalue("postgresql").empty() as url:
        yield url


def pytest_generate_tests(metafunc):
    if "empty" in metafunc.fixturenames:
        metafunc.parametrize("empty", ["sqlite", "postgresql"], indirect=True)


def first_format(content, row):
    nonce = secrets.token_bytes(12)
    return b"\x01" + nonce + AESGCM(DATA_KEY).encrypt(nonce, content, row.encode())


def filled(url):
    """Fill a database as the last version with clear columns would have."""
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", "casework:migrations")
    assert ScriptDirectory.from_config(config).get_revision(CLEAR_REVISION)
    with database._migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, CLEAR_REVISION)
    old = MetaData()
    old.reflect(database.engine)

    def put(connection, table, **values):
        columns = old.tables[table].c
        for name, value in values.items():
            if isinstance(value, list | dict):
                columns[name].type = JSON()
            elif isinstance(value, bytes):
                columns[name].type = Blob()
        if "created_at" in columns:
            values.setdefault("created_at", BEGIN)
        for name, value in values.items():
            if hasattr(value, "tzinfo"):
                columns[name].type = DateTime(timezone=not database.local)
                values[name] = value.replace(tzinfo=None) if database.local else value
            elif isinstance(value, date):
                columns[name].type = Date()
        connection.execute(insert(old.tables[table]).values(values))

    with database.write_core() as connection:
        put(
            connection,
            "agency",
            id="agy_1",
            code="IMI",
            name="Immigration",
            kind="operator",
            active=True,
            **STAMPS,
        )
        for n in range(PEOPLE):
            put(
                connection,
                "subject",
                id=f"sub_{n:02}",
                agency_id="agy_1",
                name=f"Clearname{n}",
                reference=ALIKE.get(n, f"CLEARREF{n}"),
                aliases=[f"Clearalias{n}"],
                birth_date=date(1977, 7, 7),
                documents=[{"kind": "passport", "number": f"CLEARDOC{n}", "country": None}],
                reason="clearreason",
                status="active",
                **STAMPS,
            )
            put(
                connection,
                "photo",
                id=f"pho_{n:02}",
                subject_id=f"sub_{n:02}",
                sha256=hashlib.sha256(bytes([n])).hexdigest(),
                format="png",
                width=1,
                height=1,
                quality={},
                sealed_content=first_format(b"photo", f"photo/pho_{n:02}"),
            )
            put(
                connection,
                "template",
                photo_id=f"pho_{n:02}",
                subject_id=f"sub_{n:02}",
                model="m",
                sealed_vector=first_format(bytes([n]) * 8, f"template/pho_{n:02}/m"),
            )
    database.close()


class Killed(Exception):
    """The process ends here."""


def opened(url):
    return Records.open(url, DATA_KEYS, FakeClock(), passwords=QUICK)


def test_a_clear_database_is_sealed_in_place_however_often_that_is_stopped(
    empty, monkeypatch, caplog
):
    filled(empty)
    monkeypatch.setattr(sealing_upgrade, "_AT_A_TIME", 10)
    monkeypatch.setattr(
        sealing_upgrade, "_WAITING", select(Unsealed).order_by(Unsealed.id).limit(10)
    )
    stops = []
    real = Database.write, Database.write_core
    for after in range(1, 12, 2):
        left = [after]

        def counted(how, left=left):
            def write(self):
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
                return how(self)

            return write

        monkeypatch.setattr(Database, "write", counted(real[0]))
        monkeypatch.setattr(Database, "write_core", counted(real[1]))
        try:
            opened(empty).close()
        except Killed:
            stops.append(after)
    monkeypatch.setattr(Database, "write", real[0])
    monkeypatch.setattr(Database, "write_core", real[1])
    assert len(stops) > 2
    with opened(empty) as records:
        page = records.lists.subjects.page(OPERATOR, None, 100)
        assert [each.name for each in page] == [f"Clearname{n}" for n in range(PEOPLE)]
        assert {each.version for each in page} == {1}
        assert page[3].birth_date == date(1977, 7, 7)
        assert page[3].documents[0]["number"] == "CLEARDOC3"
        assert page[3].photos[0].sha256 == hashlib.sha256(bytes([3])).hexdigest()
        found = records.lists.subjects.page(OPERATOR, None, 9, SubjectFilter(words="cleardoc7"))
        assert [each.name for each in found] == ["Clearname7"]
        exactly = SubjectFilter(document="clear-doc 7")
        found = records.lists.subjects.page(OPERATOR, None, 9, exactly)
        assert [each.name for each in found] == ["Clearname7"]
        alike = SubjectFilter(reference="CLEARREF\u20117")
        found = records.lists.subjects.page(OPERATOR, None, 9, alike)
        assert [each.reference for each in found] == list(ALIKE.values())
        assert "references look the same: sub_07, sub_08;" in caplog.text
        content = records.lists.subjects.photo_content(OPERATOR, "sub_04", "pho_04")
        assert content == (b"photo", "png", 0)
        with records.kernel.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Unsealed)) == 0
            purposes = session.scalars(select(StoredKey.purpose)).all()
            own = ["own keys", "own keys"]
            assert sorted(purposes) == ["derived", *own, "values", "values"]
            for table, column in ((EnrolledPhoto, "sealed_content"), (Template, "sealed_vector")):
                versions = {
                    bytes(getattr(row, column))[:1] for row in session.scalars(select(table))
                }
                assert versions == {b"\x03"}
            shown = [
                repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
                for name in ("subject", "photo", "unsealed")
                for row in session.execute(text(f"SELECT * FROM {name}")).all()
            ]
        assert not any("Clear" in row or "CLEAR" in row or "clearreason" in row for row in shown)


def test_what_the_first_format_sealed_opens_no_more_once_all_is_sealed_again(empty):
    filled(empty)
    old = first_format(b"photo", "photo/pho_04")
    with opened(empty) as records, pytest.raises(WrongDataKey):
        records.kernel.vault.open(old, rows.photo("pho_04", "sub_04", "agy_1"))


def test_a_subject_that_was_altered_keeps_nobody_out(empty, caplog):
    filled(empty)
    subjects: Any = Subject.__table__
    unsealed: Any = Unsealed.__table__
    with opened(empty) as records, records.kernel.database.write_core() as connection:
        altered = update(subjects).where(subjects.c.id == "sub_03")
        connection.execute(altered.values(sealed_fields=b"\x03" + bytes(40)))
        waiting: list[dict[str, Any]] = [
            {"row_table": "subject", "row_key": each, "content": {}}
            for each in ("sub_03", "sub_04")
        ]
        connection.execute(insert(unsealed), waiting)
    with opened(empty) as records:
        found = records.lists.subjects.page(OPERATOR, None, 9, SubjectFilter(reference="CLEARREF4"))
        assert [each.id for each in found] == ["sub_04"]
    assert "subject sub_03 does not open" in caplog.text


def test_all_that_an_earlier_version_sealed_or_that_is_made_of_it_gets_keys_of_its_records():
    kinds = (*sealing_upgrade._KINDS, *sealing_upgrade._FIELDS)
    sealed_again = {(each.table.name, each.column.key) for each in kinds}
    sealed = {
        (table.name, column.key)
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if column.key.startswith("sealed")
    }
    # Made with its record alone, which has had a key for as long as there are any of these.
    assert sealed - sealed_again == {
        ("case_entry", "sealed_carried"),
        ("case_entry", "sealed_content"),
        ("case_photo", "sealed_content"),
        ("encounter", "sealed_reference"),
        ("known_lookalike", "sealed_vector"),
        ("stay_photo", "sealed_content"),
        # Of no one record: under the installation's key.
        ("reference_set", "sealed_vectors"),
    }
