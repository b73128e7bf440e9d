"""Sealing and opening the sealed fields of rows, wherever a session reads or writes them.

A session of `casework.kernel.database` carries the vault. Rows that it loads open their fields when
one is first asked for; what has changed is sealed, and its digests are computed, at the flush.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, cast

from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.orm.context import QueryContext

from casework.kernel import rows
from casework.kernel.database import VAULT
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.own_keys import RecordKey
from casework.kernel.subject_index import index_subject
from casework.kernel.vault import OWN_KEY, RowName, Vault
from casework.tables import (
    AlertEvent,
    Case,
    CaseEntry,
    CaseStep,
    Encounter,
    EnrolledPhoto,
    HeldPermit,
    ImportFault,
    ImportJob,
    Objection,
    Officer,
    ProbeSearch,
    ReferralMessage,
    Residence,
    Stay,
    Subject,
    Tip,
)
from casework.tables.sealed import UNSEALED, SealedFields

NAMES: Final[Mapping[type[SealedFields], Callable[[Any], RowName]]] = {
    AlertEvent: lambda row: rows.alert_event(row.alert_id),
    Case: lambda row: rows.joint_case(row.id),
    CaseEntry: lambda row: rows.case_entry(row.case_id, row.id),
    CaseStep: lambda row: rows.case_step(row.case_id),
    Encounter: lambda row: rows.encounter_fields(row.id),
    EnrolledPhoto: lambda row: rows.photo_fields(row.id, row.subject_id),
    HeldPermit: lambda row: rows.held_permit(row.id),
    ImportFault: lambda row: rows.import_fault(row.import_id),
    ImportJob: lambda row: rows.import_job(row.id, row.agency_id),
    Objection: lambda row: rows.objection(row.id, row.subject_id, row.agency_id),
    Officer: lambda row: rows.officer(row.id, row.agency_id),
    ProbeSearch: lambda row: rows.probe_search(row.id),
    ReferralMessage: lambda row: rows.referral_message(row.referral_id),
    Residence: lambda row: rows.residence(row.id, row.subject_id, row.agency_id),
    Stay: lambda row: rows.stay(row.id, row.agency_id),
    Subject: lambda row: rows.subject(row.id, row.agency_id),
    Tip: lambda row: rows.tip_fields(row.id, row.agency_id),
}
"""What names the sealed fields of each kind of row."""

SEALED_TABLES: Final[Mapping[str, type[SealedFields]]] = {
    kind.__tablename__: kind  # type: ignore[attr-defined]
    for kind in NAMES
}
"""Rows with sealed fields, by the name of their table."""


def vault_of(session: Session) -> Vault:
    """Return the vault that a session's rows are sealed with."""
    return cast("Vault", session.info[VAULT])


def seal_fields(vault: Vault, row: SealedFields) -> None:
    """Seal a row's fields as they are now, and compute their digests."""
    name, fields = NAMES[type(row)](row), row.dumped()
    given = {key: value for key, value in fields.items() if value not in (None, [])}
    row.sealed_fields = vault.seal(json.dumps(given).encode(), name) if given else None
    own_scope = name.subject or name.agency
    for field in row.fields_of_class.values():
        if field.digest is not None:
            value = fields.get(field.name)
            scope = INSTALLATION if field.digest_across else own_scope
            digest = digest_of(vault, type(row), field.name, value, scope) if value else None
            setattr(row, field.digest, digest)


def digest_of(
    vault: Vault,
    table: type[SealedFields],
    field: str,
    value: str,
    scope: str = INSTALLATION,
) -> str:
    """Return the digest under which rows with exactly this value of a field are found.

    Args:
        vault: holds the key, without which no guess can be tested.
        table: whose field.
        field: its name.
        value: as it is stored.
        scope: what the value is compared within, such as an agency: equal values of two scopes
            have different digests.
    """
    return vault.digest(f"{table.__tablename__}.{field}", scope, value)  # type: ignore[attr-defined]


def open_fields(
    vault: Vault, row: RowName, sealed: bytes | None, own: RecordKey | None = None
) -> dict[str, Any]:
    """Return the fields of a row that was read without its object, as JSON has them."""
    fields: dict[str, Any] = json.loads(vault.open(sealed, row, own)) if sealed else {}
    return fields


def open_fields_in(session: Session, row: RowName, sealed: bytes | None) -> dict[str, Any]:
    """Like `open_fields`, within the transaction that read the row; it may be erased meanwhile."""
    vault = vault_of(session)
    return open_fields(vault, row, sealed, _own_key(session, row, sealed))


def _own_key(session: Session, row: RowName, sealed: bytes | None) -> RecordKey | None:
    own_keys = vault_of(session).own_keys
    return own_keys.read_by(session, row.owner) if (sealed or b"")[:1] == OWN_KEY else None


def _open(vault: Vault, own: RecordKey | None, row: SealedFields) -> dict[str, Any]:
    return row.loaded(open_fields(vault, NAMES[type(row)](row), row.sealed_fields, own))


@event.listens_for(SealedFields, "load", propagate=True)
def _on_load(row: SealedFields, context: QueryContext) -> None:
    if (vault := context.session.info.get(VAULT)) is not None:
        own = _own_key(context.session, NAMES[type(row)](row), row.sealed_fields)
        row.opened_by(partial(_open, vault, own))


@event.listens_for(SealedFields, "refresh", propagate=True)
def _on_refresh(row: SealedFields, context: QueryContext, names: Iterable[str] | None) -> None:
    if names is None or "sealed_fields" in names:
        _on_load(row, context)


@event.listens_for(Session, "before_flush")
def _on_flush(session: Session, _context: object, _instances: object) -> None:
    vault: Vault | None = session.info.get(VAULT)
    if vault is None:
        return
    for row in (*session.new, *session.dirty):
        if isinstance(row, SealedFields) and row.sealed_fields == UNSEALED:
            seal_fields(vault, row)
            if isinstance(row, Subject):
                index_subject(vault, row)
