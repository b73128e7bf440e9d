"""Sealing what an earlier version left in the clear, or sealed in the first format.

It runs when a database is opened, before anything else: migrations have no key. Each batch is one
transaction, so it can be stopped at any moment and goes on with the next opening.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import InstrumentedAttribute, Session, lazyload

from casework.kernel import rows
from casework.kernel.database import Database
from casework.kernel.errors import WrongDataKey
from casework.kernel.sealed_fields import NAMES, SEALED_TABLES, seal_fields
from casework.kernel.subject_index import document_digests, look_digest
from casework.kernel.vault import FIRST_FORMAT, SHARED_KEY, RowName, Vault
from casework.tables import (
    Alert,
    AlertEvent,
    Approval,
    AuditActor,
    AuditText,
    Encounter,
    EnrolledPhoto,
    IdempotencyRecord,
    ImportJob,
    ImportPart,
    Officer,
    Referral,
    ReferralMessage,
    ReferralPhoto,
    Subject,
    SubjectDocument,
    Template,
    Tip,
    Unsealed,
    Webhook,
)

_AT_A_TIME: Final = 500
_log: Final = logging.getLogger(__name__)


def bring_up_to_date(database: Database, vault: Vault) -> None:
    """Seal everything that is not sealed as this version does."""
    done = sum(_seal_fields(database, vault)) + sum(_seal_again(database, vault))
    if done:
        _log.warning("sealed %d values of earlier versions", done)


def seal_under_own_keys(database: Database, vault: Vault) -> None:
    """Give records of before keys of their own, and seal what belongs to them again.

    Each batch is one transaction, so it can be stopped at any moment and goes on with the next run.
    """
    done = 0
    for kind in (*_KINDS, *_FIELDS):
        for count in _again(database, vault, kind, SHARED_KEY):
            done += count
            _log.info("sealed %d values under keys of their records", done)


def leave_no_trace(database: Database, vault: Vault) -> None:
    """Write the file again after an upgrade, and destroy the key of the first format.

    What stood in the clear is in free pages, and in the log, until they are written over. Until
    that is done the key stays, so that a stop in between is noticed.
    """
    if vault.keys.first_format is None:
        return
    database.compact(rewrite=True)
    with database.write_core() as connection:
        vault.keys.forget_first_format(connection)
    vault.keys.reload()
    _log.warning("the database is up to date, and nothing of before is left in it")


def _seal_fields(database: Database, vault: Vault) -> Iterator[int]:
    """Seal the fields that wait in `unsealed`; yields how many rows each batch had."""
    with database.read_one() as connection:
        # Nearly every opening finds nothing, and has no need to wait for its turn to write.
        if connection.execute(_WAITING).first() is None:
            return
    done = 0
    while True:
        with database.write() as session:
            waiting = list(session.scalars(_WAITING))
            if not waiting:
                return
            for table in {each.row_table for each in waiting}:
                some = [each for each in waiting if each.row_table == table]
                if table == IdempotencyRecord.__tablename__:
                    _answered_again(session, vault, some)
                else:
                    _sealed(session, vault, table, some)
            session.execute(delete(Unsealed).where(Unsealed.id.in_([each.id for each in waiting])))
        done += len(waiting)
        _log.info("sealed the fields of %d rows", done)
        yield len(waiting)


def _sealed(session: Session, vault: Vault, table: str, some: Sequence[Unsealed]) -> None:
    kind: Any = SEALED_TABLES[table]
    convert = kind.id.type.python_type
    contents: dict[Any, dict[str, Any]] = {}
    for each in some:
        contents.setdefault(convert(each.row_key), {}).update(each.content)
    digest = ImportJob.__tablename__ == table
    found = session.scalars(select(kind).options(lazyload("*")).where(kind.id.in_(contents))).all()
    owners = {NAMES[kind](row).owner for row in found if contents[row.id]}
    vault.own_keys.ensure(session, owners - {""})
    for row in found:
        # Beside the session: the record itself does not change, and its version stays.
        session.expunge(row)
        values: dict[str, Any] = {}
        content = contents[row.id]
        if digest and "digest" in content:
            file_digest = vault.digest("import_job.digest", row.watchlist_id, content.pop("digest"))
            values["digest"] = file_digest
        for name, value in row.loaded(content).items():
            setattr(row, name, value)
        if content:
            seal_fields(vault, row)
            values["sealed_fields"] = row.sealed_fields
            for field in row.fields_of_class.values():
                if field.digest is not None:
                    values[field.digest] = getattr(row, field.digest)
        if values:
            statement = update(kind.__table__).where(kind.__table__.c.id == row.id)
            session.execute(statement.values(values))
    if kind is Subject:
        _index(session, vault, found)


def _index(session: Session, vault: Vault, found: Sequence[Subject]) -> None:
    """Have subjects found by what stands sealed, and name those whose references look the same."""
    table: Any = Subject.__table__
    for row in found:
        try:
            row.look_digest = look_digest(vault, row.agency_id, row.reference)
        except WrongDataKey:
            # Nobody else is to be kept out for it: what is altered shows when it is looked at.
            _log.error("subject %s does not open: it was altered, and is left as it is", row.id)
            continue
        looks = update(table).where(table.c.id == row.id).values(look_digest=row.look_digest)
        session.execute(looks)
        session.execute(delete(SubjectDocument).where(SubjectDocument.subject_id == row.id))
        digests = document_digests(vault, row.agency_id, row.documents)
        if digests:
            values = [{"subject_id": row.id, "digest": each} for each in sorted(digests)]
            session.execute(insert(SubjectDocument), values)
    alike: dict[str | None, list[str]] = {}
    among = Subject.look_digest.in_([row.look_digest for row in found])
    for look, subject_id in session.execute(
        select(Subject.look_digest, Subject.id).where(among).order_by(Subject.id)
    ):
        alike.setdefault(look, []).append(subject_id)
    for ids in alike.values():
        if len(ids) > 1:
            _log.warning("references look the same: %s; give one of them another", ", ".join(ids))


def _answered_again(session: Session, vault: Vault, some: Sequence[Unsealed]) -> None:
    for each in some:
        fields = dict(each.content)
        caller = fields["api_key_id"]
        fields["key"] = vault.digest("idempotency.key", caller, fields["key"])
        fields["fingerprint"] = vault.digest(
            "idempotency.fingerprint", caller, fields["fingerprint"]
        )
        at = datetime.fromisoformat(fields["created_at"])
        fields["created_at"] = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        session.execute(insert(IdempotencyRecord).values(fields))


@dataclass(frozen=True, slots=True)
class _Kind:
    """One column of sealed values, and what names the row of each."""

    column: InstrumentedAttribute[Any]
    query: Select[*tuple[Any, ...]]
    """The key's columns, and what the name takes."""
    name: Callable[[Any], RowName]

    @property
    def table(self) -> SqlTable:
        table = self.column.class_.__table__
        assert isinstance(table, SqlTable)  # noqa: S101 - no view, no join
        return table

    @property
    def key(self) -> list[Column[Any]]:
        return list(self.table.primary_key.columns)


def _seal_again(database: Database, vault: Vault) -> Iterator[int]:
    """Seal values of the first format again; yields how many each batch had."""
    if vault.keys.first_format is None:
        return
    for kind in _KINDS:
        for count in _again(database, vault, kind, FIRST_FORMAT):
            _log.info("sealed %d values of %s again", count, kind.column)
            yield count


def _again(database: Database, vault: Vault, kind: _Kind, version: bytes) -> Iterator[int]:
    """Seal the values of one kind and version again; yields how many each batch had."""
    after: tuple[Any, ...] | None = None
    while True:
        query = (
            kind.query.add_columns(kind.column.label("sealed_value"))
            .where(func.substr(kind.column, 1, 1) == version)
            .order_by(*kind.key)
            .limit(_AT_A_TIME)
        )
        if after is not None:
            query = query.where(tuple_(*kind.key) > after)
        with database.write_core() as connection:
            found = connection.execute(query).all()
            names = {kind.name(row) for row in found}
            vault.own_keys.ensure(connection, {name.owner for name in names if name.owner})
            _replace(connection, vault, kind, found)
        if not found:
            return
        after = tuple(getattr(found[-1], column.key) for column in kind.key)
        yield len(found)


def _replace(connection: Connection, vault: Vault, kind: _Kind, found: Sequence[Row[Any]]) -> None:
    changed = []
    for row in found:
        name = kind.name(row)
        try:
            content = vault.open(row.sealed_value, name)
        except WrongDataKey:
            _log.error("%s does not open: it was altered, and is left as it is", name)
            continue
        keys = {f"where_{column.key}": getattr(row, column.key) for column in kind.key}
        changed.append(keys | {"sealed_again": vault.seal(content, name)})
    if changed:
        statement = update(kind.table).values({kind.column.key: bindparam("sealed_again")})
        for column in kind.key:
            statement = statement.where(column == bindparam(f"where_{column.key}"))
        connection.execute(statement, changed)


_WAITING: Final = select(Unsealed).order_by(Unsealed.id).limit(_AT_A_TIME)

_KINDS: Final = (
    _Kind(
        Template.sealed_vector,
        select(
            Template.id, Template.photo_id, Template.model, Template.subject_id, Subject.agency_id
        ).join(Subject, Subject.id == Template.subject_id),
        lambda row: rows.template(row.photo_id, row.model, row.subject_id, row.agency_id),
    ),
    _Kind(
        EnrolledPhoto.sealed_content,
        select(EnrolledPhoto.id, EnrolledPhoto.subject_id, Subject.agency_id).join(
            Subject, Subject.id == EnrolledPhoto.subject_id
        ),
        lambda row: rows.photo(row.id, row.subject_id, row.agency_id),
    ),
    _Kind(
        EnrolledPhoto.sealed_face,
        select(EnrolledPhoto.id, EnrolledPhoto.subject_id, Subject.agency_id).join(
            Subject, Subject.id == EnrolledPhoto.subject_id
        ),
        lambda row: rows.photo_face(row.id, row.subject_id, row.agency_id),
    ),
    _Kind(Encounter.sealed_portrait, select(Encounter.id), lambda row: rows.encounter(row.id)),
    _Kind(Encounter.sealed_face, select(Encounter.id), lambda row: rows.encounter_face(row.id)),
    _Kind(
        AlertEvent.sealed_note,
        select(AlertEvent.id, AlertEvent.alert_id, Alert.owner_id).join(
            Alert, Alert.id == AlertEvent.alert_id
        ),
        lambda row: rows.note(row.alert_id, row.owner_id),
    ),
    _Kind(Referral.sealed_carried, select(Referral.id), lambda row: rows.referral_payload(row.id)),
    _Kind(
        ReferralMessage.sealed_text,
        select(ReferralMessage.id, ReferralMessage.referral_id),
        lambda row: rows.referral_messages(row.referral_id),
    ),
    _Kind(
        ReferralPhoto.sealed_content,
        select(ReferralPhoto.referral_id, ReferralPhoto.name),
        lambda row: rows.referral_photo(row.referral_id, row.name),
    ),
    *(
        _Kind(
            column,
            select(Tip.id, Tip.agency_id),
            lambda row, name=name: name(row.id, row.agency_id),  # type: ignore[misc]
        )
        for column, name in (
            (Tip.sealed_report, rows.tip_report),
            (Tip.sealed_source, rows.tip_source),
            (Tip.sealed_photo, rows.tip_photo),
            (Tip.sealed_dismissal, rows.tip_dismissal),
        )
    ),
    _Kind(
        ImportPart.sealed_content,
        select(ImportPart.import_id, ImportPart.stream, ImportPart.number),
        lambda row: rows.import_piece(row.import_id, row.stream, row.number),
    ),
    _Kind(Approval.sealed_request, select(Approval.id), lambda row: rows.approval(row.id)),
    _Kind(
        AuditText.sealed_text,
        select(AuditText.node, AuditText.seq, AuditText.name),
        lambda row: rows.audit_text(row.node, row.seq, row.name),
    ),
    _Kind(
        AuditActor.sealed_card,
        select(AuditActor.digest),
        lambda row: rows.audit_actor(row.digest),
    ),
    _Kind(
        Officer.sealed_totp,
        select(Officer.id, Officer.agency_id),
        lambda row: rows.totp(row.id, row.agency_id),
    ),
    *(
        _Kind(column, select(Webhook.id), lambda row: rows.webhook_secret(row.id))
        for column in (Webhook.sealed_secret, Webhook.sealed_former_secret)
    ),
)

_NAMED_BY: Final = frozenset(
    {"id", "agency_id", "alert_id", "import_id", "referral_id", "subject_id"}
)
"""Columns that names of sealed fields are made of."""

_FIELDS: Final = tuple(
    _Kind(
        table.sealed_fields,
        select(*(column for column in table.__table__.columns if column.key in _NAMED_BY)),  # type: ignore[attr-defined]
        name,
    )
    for table, name in NAMES.items()
)
