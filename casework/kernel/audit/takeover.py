"""What a trail is given once: records of the first format, and the states that no act has stated.

It runs when the database is opened, behind the schema's migration, because it takes the data key.
Nothing is to be done where everything was done before; a run that was killed is continued.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from casework.kernel.actor import Actor
from casework.kernel.audit import earlier, state
from casework.kernel.audit.chain import GENESIS, NODE, PURPOSE, TAKE_OVER, Link, Salted, encode
from casework.kernel.audit.log import Audit, AuditEntry
from casework.kernel.audit.state import SALT, Coverage
from casework.kernel.errors import AuditBroken
from casework.tables import AuditHead, EarlierAuditHead, EarlierAuditRecord, Officer
from casework.tables.base import new_salt

_log: Final = logging.getLogger(__name__)
_NOTHING: Final = "{}"
_RECORDS: Final = 2000
_ROWS: Final = 1000


def take_over(audit: Audit) -> None:
    """Bring a trail up to what this version of the software expects.

    Raises:
        AuditBroken: the chain of the first format does not end as this installation sealed it.
    """
    with audit.database.read() as session:
        waiting = session.scalar(select(EarlierAuditHead))
        covers = session.scalar(select(AuditHead.covers))
    if waiting is not None:
        _take_records(audit, waiting)
        covers = _NOTHING
    if covers is not None and covers != encode(state.covers()):
        _take_states(audit)


def _take_records(audit: Audit, end: EarlierAuditHead) -> None:
    """Give each record of the first format its place in the chain."""
    key = audit.vault.derived("siaga audit seal")
    if end.seq and not earlier.sealed(key, end.seq, end.hash, end.seal):
        raise AuditBroken("audit_end_unsealed")
    with audit.database.write_core() as connection:
        # No officer is made without a record: a trail that says nothing of them was taken away.
        if not end.seq and connection.execute(select(Officer.id).limit(1)).first() is not None:
            raise AuditBroken("audit_end_missing")
        if connection.execute(select(AuditHead.node)).first() is None:
            values = {"node": NODE, "seq": 0, "hash": GENESIS, "covers": _NOTHING, "seal": b""}
            connection.execute(insert(AuditHead).values(values))
            audit.move(connection, Link(0, GENESIS), _NOTHING)
    done = 0
    while taken := _take_batch(audit):
        done += taken
        _log.info("took over %d audit records", done)
    with audit.database.read() as session:
        fault = earlier.first_fault(_earlier(session.connection()))
        records = session.scalar(select(func.count()).select_from(EarlierAuditRecord))
    whole = fault is None and records == end.seq
    detail = {"records": records, "hash": end.hash, "whole": whole, "fault": fault}
    with audit.database.write_core() as connection:
        audit.append(connection, AuditEntry(Actor.service(), TAKE_OVER, detail=detail))
        for table in (EarlierAuditRecord, EarlierAuditHead):
            # At once gone from a server's files too, and not only when it vacuums.
            how = "DELETE FROM" if audit.database.local else "TRUNCATE"
            connection.execute(text(f"{how} {table.__tablename__}"))
    audit.database.empty_log()


def _take_batch(audit: Audit) -> int:
    """Take some records over in one transaction; returns how many there were."""
    with audit.database.write_core() as connection:
        head = audit.head(connection)
        query = select(EarlierAuditRecord.__table__).order_by(EarlierAuditRecord.seq)
        if head.end.seq:
            query = query.where(EarlierAuditRecord.seq > head.end.seq)
        found = _read(connection, query.limit(_RECORDS))
        if not found:
            return 0
        written = []
        for row in found:
            record = {
                **{name: row[name] for name in earlier.FIELDS},
                "node": NODE,
                "actor_card": audit.card(connection, row["actor_id"], {"name": row["actor_name"]}),
                "states": None,
                "earlier": row["hash"],
            }
            texts = {}
            if row["purpose"] is not None:
                texts[PURPOSE] = Salted.of(row["purpose"])
            record["texts"] = {name: each.digest(name) for name, each in texts.items()} or None
            del record["actor_name"], record["purpose"]
            written.append((record, texts))
        audit.put(connection, head, written)
        return len(written)


def _earlier(connection: Connection) -> Iterator[RowMapping]:
    """Yield the records of the first format in order."""
    last: int | None = None
    query = select(EarlierAuditRecord.__table__).order_by(EarlierAuditRecord.seq)
    while True:
        beyond = query if last is None else query.where(EarlierAuditRecord.seq > last)
        found = _read(connection, beyond.limit(_RECORDS))
        if not found:
            return
        yield from found
        last = found[-1]["seq"]


def _read(connection: Connection, query: Any) -> Sequence[RowMapping]:  # noqa: ANN401
    try:
        return connection.execute(query).mappings().all()
    except (SQLAlchemyError, ValueError) as error:
        raise AuditBroken("audit_unreadable") from error


def _take_states(audit: Audit) -> None:
    """Record the state of every row of the tables whose digests cover something else by now."""
    for coverage in state.COVERAGE:
        with audit.database.read() as session:
            known = json.loads(session.execute(select(AuditHead.covers)).scalar_one())
            if known.get(coverage.name) == coverage.fingerprint:
                continue
            # Without what the rows hold: templates of a large list are gigabytes.
            only_keys = select(*coverage.key).order_by(*coverage.key)
            keys = [coverage.key_of(row) for row in session.execute(only_keys).mappings()]
        for start in range(0, len(keys), _ROWS):
            with audit.database.write_core() as connection:
                _take_rows(audit, connection, coverage, keys[start : start + _ROWS])
        if keys:
            _log.info("recorded the state of %d rows of %s", len(keys), coverage.name)
        with audit.database.write_core() as connection:
            _note_coverage(audit, connection, coverage)
    with audit.database.write_core() as connection:
        head = audit.head(connection)
        audit.move(connection, head.end, encode(state.covers()))


def _take_rows(
    audit: Audit, connection: Connection, coverage: Coverage, keys: Sequence[str]
) -> None:
    """Record the state of some rows, each with a salt of its own."""
    _salt(connection, coverage, keys)
    found = coverage.digests(connection, keys, audit.state_key, audit.vault.open)
    entry = AuditEntry(Actor.service(), TAKE_OVER, detail={"table": coverage.name})
    audit.write(connection, entry, {coverage.name: found})


def _salt(connection: Connection, coverage: Coverage, keys: Sequence[str]) -> None:
    salts = [
        {f"the_{name}": row[name] for name in coverage.key_names} | {"new": new_salt()}
        for query in coverage.among(keys)
        for row in connection.execute(query).mappings()
        if row[SALT] is None
    ]
    if salts:
        mine = (column == bindparam(f"the_{column.name}") for column in coverage.key)
        change = update(coverage.table).where(*mine).values({SALT: bindparam("new")})
        connection.execute(change, salts)


def _note_coverage(audit: Audit, connection: Connection, coverage: Coverage) -> None:
    head = audit.head(connection)
    covers = json.loads(head.covers) | {coverage.name: coverage.fingerprint}
    audit.move(connection, head.end, encode(covers))
