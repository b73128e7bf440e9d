"""Presets: what an agency usually hands over to another for one purpose, such as pro justitia.

A preset fills in the form of a referral. It sends nothing, and what is sent need not keep to it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AlreadyExists, InvalidReferral, NotFound
from casework.kernel.ids import REFERRAL_PRESET, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, require_object, within_reach
from casework.kernel.vocabulary import ReferralKind
from casework.tables import Agency, ReferralPreset

MOST_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class NewPreset:
    """What a preset is made from."""

    kind: ReferralKind
    name: str
    receiver_id: str
    fields: tuple[str, ...]
    note: str
    days: int


class ReferralPresets:
    """Keeps an agency's presets."""

    def __init__(self, kernel: Kernel, fields: Mapping[ReferralKind, Collection[str]]) -> None:
        """Take what can be handed over of each kind: fields of tips are known further down."""
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._fields = fields

    def page(
        self, actor: Actor, after: str | None, limit: int | None, kind: ReferralKind | None = None
    ) -> list[ReferralPreset]:
        """Return presets in order of making: those after `after`, at most `limit` (None: all).

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_PRESET)
        within = within_reach(actor, Permission.READ_PRESET, ReferralPreset.agency_id)
        query = select(ReferralPreset).where(within).order_by(ReferralPreset.id).limit(limit)
        if after is not None:
            query = query.where(ReferralPreset.id > after)
        if kind is not None:
            query = query.where(ReferralPreset.kind == kind.value)
        with self._database.read() as session:
            return list(session.scalars(query))

    def get(self, actor: Actor, preset_id: str) -> ReferralPreset:
        """Return one preset; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            return _find(session, actor, Permission.READ_PRESET, preset_id)

    def create(self, actor: Actor, new: NewPreset) -> ReferralPreset:
        """Add a preset of the actor's agency.

        Raises:
            NotPermitted, NotFound: the actor may not, or belongs to no agency.
            AlreadyExists: the agency has one of that name already.
            InvalidReferral: it cannot go to that agency, or not with these fields.
        """
        missing = NotFound("referral_sender_unknown")
        require_object(actor, Permission.EDIT_PRESET, actor.agency_id, missing=missing)
        if actor.agency_id is None:
            raise missing
        now = self._clock()
        values = asdict(new) | {"kind": new.kind.value, "fields": _each_once(new.fields)}
        row = ReferralPreset(
            id=new_id(REFERRAL_PRESET),
            agency_id=actor.agency_id,
            created_at=now,
            updated_at=now,
            **values,
        )
        with self._database.write() as session:
            self._check(session, row)
            session.add(row)
            session.flush()
            self._note(session, actor, row, "added")
        return row

    def edit(
        self, actor: Actor, preset_id: str, changes: Mapping[str, Any], version: int | None
    ) -> ReferralPreset:
        """Change fields of `NewPreset`, except the kind; referrals that were sent stay as they are.

        Raises:
            NotPermitted, NotFound, StaleVersion, AlreadyExists, InvalidReferral: nothing was
                changed.
        """
        with self._database.write() as session:
            row = _find(session, actor, Permission.EDIT_PRESET, preset_id)
            rows.require_version(row, version)
            with session.no_autoflush:
                for name, value in changes.items():
                    setattr(row, name, _each_once(value) if name == "fields" else value)
                self._check(session, row)
            row.updated_at = self._clock()
            session.flush()
            self._note(session, actor, row, "changed")
        return row

    def remove(self, actor: Actor, preset_id: str) -> None:
        """Remove a preset; raises NotPermitted, NotFound."""
        with self._database.write() as session:
            row = _find(session, actor, Permission.EDIT_PRESET, preset_id)
            session.delete(row)
            session.flush()
            self._note(session, actor, row, "removed")

    def _check(self, session: Session, row: ReferralPreset) -> None:
        """Raise AlreadyExists or InvalidReferral unless a preset can be."""
        receiver = session.get(Agency, row.receiver_id)
        if receiver is None or not receiver.active:
            raise InvalidReferral(
                "referral_receiver_unknown", field="receiver_id", agency=row.receiver_id
            )
        if receiver.id == row.agency_id:
            raise InvalidReferral("referral_to_self", field="receiver_id")
        unknown = set(row.fields).difference(self._fields[ReferralKind(row.kind)])
        if unknown:
            raise InvalidReferral(
                "referral_preset_fields", field="fields", fields=tuple(sorted(unknown))
            )
        other = select(ReferralPreset.id).where(
            ReferralPreset.agency_id == row.agency_id,
            ReferralPreset.kind == row.kind,
            ReferralPreset.name == row.name,
            ReferralPreset.id != row.id,
        )
        if session.scalar(other.limit(1)) is not None:
            raise AlreadyExists("referral_preset_taken", name=row.name)

    def _note(self, session: Session, actor: Actor, row: ReferralPreset, change: str) -> None:
        detail = {"change": change, "kind": row.kind, "to": row.receiver_id, "fields": row.fields}
        entry = AuditEntry(actor, Permission.EDIT_PRESET, row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)


def _each_once(fields: Iterable[str]) -> list[str]:
    return sorted({str(each) for each in fields})


def _find(session: Session, actor: Actor, act: Permission, preset_id: str) -> ReferralPreset:
    missing = NotFound("referral_preset_not_found", preset=preset_id)
    return rows.one_within(session, actor, act, ReferralPreset, preset_id, missing)
