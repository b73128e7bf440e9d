"""A trail of the first format is taken over, once and whole, however often that is interrupted."""

import hmac
import json

import pytest
from sqlalchemy import insert, select, text

from casework.kernel.audit import earlier, takeover
from casework.kernel.audit.chain import GENESIS, TAKE_OVER, check_export
from casework.kernel.audit.log import Audit
from casework.kernel.audit.state import COVERAGE
from casework.kernel.errors import AuditBroken
from casework.tables import AuditRecord, EarlierAuditHead, EarlierAuditRecord
from tests.services import OPERATOR, Desk, FakeClock, open_service

COUNT = 25
NAME, PURPOSE = "Nyai Dasima", "about Nyai Dasima"

pytestmark = pytest.mark.every_database


def give_a_first_trail(desk: Desk, *, altered: int | None = None) -> None:
    """Make the trail of an installation one of the first format, as its key's holder wrote it."""
    records, before = desk.service, GENESIS
    key = records.kernel.vault.derived("siaga audit seal")
    with records.kernel.database.write_core() as connection:
        for table in ("audit", "audit_head", "audit_text", "audit_actor"):
            connection.execute(text(f"DELETE FROM {table}"))
        for seq in range(1, COUNT + 1):
            record = {
                "seq": seq,
                "at": desk.clock(),
                "actor_kind": "officer",
                "actor_id": f"off_{seq % 3}",
                "actor_name": NAME,
                "agency_id": None,
                "action": "gallery.search",
                "object_id": f"sea_{seq}",
                "owner_id": None,
                "outcome": "done",
                "purpose": PURPOSE if seq % 2 else None,
                "detail": {"é": seq, "b": [1, None]} if seq % 3 else None,
                "request_id": None,
            }
            before = earlier.chained(before, earlier.text(record))
            if seq == altered:
                record["action"] = "watchlist.read"
            connection.execute(insert(EarlierAuditRecord), record | {"hash": before})
        seal = earlier_seal(key, COUNT, before)
        head = {"id": 1, "seq": COUNT, "hash": before, "seal": seal}
        connection.execute(insert(EarlierAuditHead), head)
        for table in ("subject", "officer", "agency", "watchlist"):
            connection.execute(text(f"UPDATE {table} SET state_salt = NULL"))


def earlier_seal(key: bytes, seq: int, digest: str) -> bytes:
    return hmac.digest(key, f"{seq}:{digest}".encode(), "sha256")


@pytest.fixture
def old(desk, monkeypatch):
    desk.enrol(1)
    desk.screen(1)
    give_a_first_trail(desk)
    monkeypatch.setattr(takeover, "_RECORDS", 4)
    monkeypatch.setattr(takeover, "_ROWS", 2)
    return desk


def reopened(database) -> Desk:
    clock = FakeClock()
    return Desk(open_service(database, clock), clock)


def test_every_record_keeps_its_place_and_its_first_hash(old, database):
    with old.service.kernel.database.read() as session:
        before = session.execute(text("SELECT seq, hash FROM audit_earlier ORDER BY seq")).all()
    desk = reopened(database)
    try:
        verdict = desk.service.kernel.audit.verify()
        assert verdict.whole, verdict.fault
        assert (verdict.proved.taken_over, verdict.proved.recomputed) == (COUNT, COUNT)
        assert verdict.proved.rows > 5
        with desk.service.kernel.database.read() as session:
            rows = session.scalars(
                select(AuditRecord).where(AuditRecord.seq <= COUNT).order_by(AuditRecord.seq)
            ).all()
            shown = desk.service.oversight.trail.opened(session, rows)
            left = session.scalars(select(EarlierAuditRecord)).all()
            first = session.scalars(select(AuditRecord).where(AuditRecord.seq == COUNT + 1)).one()
        assert [(row.seq, row.earlier) for row in rows] == [tuple(each) for each in before]
        assert {each.actor_name for each in shown} == {NAME}
        assert [each.purpose for each in shown[:2]] == [PURPOSE, None]
        assert left == []
        assert (first.action, (first.detail or {})["whole"]) == (TAKE_OVER, True)
        lines = list(desk.service.oversight.trail.export(OPERATOR))
        assert check_export(lines).proved.taken_over == COUNT
    finally:
        desk.service.close()


def test_neither_name_nor_purpose_is_clear_any_more(old, database):
    reopened(database).service.close()
    old.service.close()
    if isinstance(database, str):
        return
    content = b"".join(each.read_bytes() for each in database.parent.glob("siaga.db*"))
    assert NAME.encode() not in content


@pytest.mark.parametrize("steps", range(1, 12, 2))
def test_a_run_that_is_killed_is_continued(old, database, monkeypatch, steps):
    done, real = [], Audit.move

    def dying(self, *args):
        done.append(args)
        if len(done) > steps:
            raise KeyboardInterrupt
        real(self, *args)

    monkeypatch.setattr(Audit, "move", dying)
    with pytest.raises(KeyboardInterrupt):
        reopened(database)
    monkeypatch.setattr(Audit, "move", real)
    desk = reopened(database)
    try:
        verdict = desk.service.kernel.audit.verify()
        assert verdict.whole, verdict.fault
        assert verdict.proved.recomputed == COUNT
        desk.screen(2)
        assert desk.service.kernel.audit.verify().whole
    finally:
        desk.service.close()


def test_a_trail_that_was_broken_before_stays_so(desk, database):
    desk.enrol(1)
    give_a_first_trail(desk, altered=7)
    again = reopened(database)
    try:
        verdict = again.service.kernel.audit.verify()
        assert verdict.records > COUNT
        assert faults(again) == {"trail_taken_over_broken", "trail_earlier_altered"}
        # Also when names are gone, so that nothing can be computed again.
        with again.service.kernel.database.write_core() as connection:
            connection.execute(text("DELETE FROM audit_actor"))
        assert "trail_taken_over_broken" in faults(again)
    finally:
        again.service.close()


def faults(desk: Desk) -> set[str]:
    verdict = desk.service.kernel.audit.verify()
    assert verdict.message is not None
    return {each.code for each in (verdict.message, *verdict.more)}


def test_a_trail_whose_end_was_forged_is_not_taken_over(old, database):
    with old.service.kernel.database.write_core() as connection:
        connection.execute(text("DELETE FROM audit_earlier WHERE seq > 20"))
        connection.execute(text("UPDATE audit_earlier_head SET seq = 20"))
    with pytest.raises(AuditBroken):
        reopened(database)


def test_an_emptied_trail_is_not_taken_for_a_new_one(desk, database):
    """Somebody makes it look like an installation from before there was a trail."""
    desk.enrol(1)
    with desk.service.kernel.database.write_core() as connection:
        for table in ("audit", "audit_head"):
            connection.execute(text(f"DELETE FROM {table}"))
    again = reopened(database)
    try:
        assert "state_row_added" in faults(again) or "trail_end_missing" in faults(again)
    finally:
        again.service.close()


def test_other_protected_columns_are_taken_over_again(desk, database, monkeypatch):
    desk.enrol(1)
    coverage = next(each for each in COVERAGE if each.name == "subject")
    monkeypatch.setitem(coverage.__dict__, "fingerprint", "another")
    again = reopened(database)
    try:
        assert again.service.kernel.audit.verify().whole
        found = list(again.service.oversight.trail.export(OPERATOR))
        acts = [json.loads(line)["record"] for line in found]
        assert [each["detail"] for each in acts if each["action"] == TAKE_OVER] == [
            {"table": "subject"}
        ]
    finally:
        again.service.close()
