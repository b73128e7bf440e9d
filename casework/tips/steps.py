"""What an officer does with a tip: records, searches, refers, enrols or dismisses it.

Each step is one transaction with its audit record. Photos are analysed before it begins.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from casework.areas import known as areas
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, NotPermitted
from casework.kernel.ids import TIP, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import ReferralKind, TipOrigin, TipState
from casework.referrals import payload
from casework.referrals.referrals import in_hand
from casework.referrals.steps import Handover, ReferralSource, ReferralSteps
from casework.screening.searches import Searches, SearchRequest, SearchView
from casework.tables import Referral, Tip
from casework.tips import states as tip_states
from casework.tips.payload import TipField, TipSource
from casework.tips.states import TipPosition
from casework.tips.tips import (
    Report,
    find,
    photo_of,
    report_of,
)
from casework.watchlists.enrolment import (
    Application,
    Enrolled,
    Enrolment,
    PhotoFile,
    require_subject,
)
from casework.watchlists.subjects import NewSubject
from detector.pipeline import Pipeline

_GROUP: Final = 4
"""A reference is two groups of this many letters and digits, to be read out over the telephone."""


@dataclass(frozen=True, slots=True)
class NewTip:
    """What was reported."""

    text: str
    origin: TipOrigin
    place: str | None = None
    happened_at: datetime | None = None
    source: str | None = field(default=None, repr=False)
    """Who reported it; stored separately."""
    area: str | None = None
    """Code of the smallest area that is known."""


class TipSteps:
    """Records tips and takes them through their states."""

    def __init__(
        self,
        kernel: Kernel,
        pipeline: Pipeline,
        enrolment: Enrolment,
        searches: Searches,
        correspondence: ReferralSteps,
    ) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._pipeline = pipeline
        self._enrolment = enrolment
        self._searches = searches
        self._correspondence = correspondence
        self._clock = kernel.clock

    def record(self, actor: Actor, new: NewTip, photo: bytes | None = None) -> Tip:
        """Record a report; its photo, if any, is kept even if no face can be searched in it.

        Raises:
            NotPermitted: the actor may not, or is of no agency.
            PhotoError: what was sent as a photo is none; nothing was written.
            AreaRefused: there is no such area; nothing was written.
        """
        require(actor, Permission.HANDLE_TIP)
        if actor.agency_id is None:
            raise NotPermitted("tip_of_nobody")
        analysis = self._pipeline.analyse(photo) if photo is not None else None
        now, tip_id = self._clock(), new_id(TIP)
        report = json.dumps(asdict(Report(new.text, new.place))).encode()
        seal = self._vault.seal
        self._vault.own_keys.make(tip_id, actor.agency_id)
        source_name = rows.tip_source(tip_id, actor.agency_id)
        row = Tip(
            id=tip_id,
            agency_id=actor.agency_id,
            reference=f"{tip_id[-2 * _GROUP : -_GROUP]}-{tip_id[-_GROUP:]}",
            state=TipState.NEW.value,
            origin=new.origin.value,
            sealed_report=seal(report, rows.tip_report(tip_id, actor.agency_id)),
            sealed_source=seal(new.source.encode(), source_name) if new.source else None,
            has_source=bool(new.source),
            happened_at=new.happened_at,
            area=new.area,
            recorded_by=actor.id,
            recorded_by_name=actor.name,
            created_at=now,
            updated_at=now,
        )
        if photo is not None and analysis is not None:
            row.sealed_photo = seal(photo, rows.tip_photo(tip_id, actor.agency_id))
            row.photo_format = analysis.photo.format
            row.photo_quality = analysis.quality_record()
        with self._database.write() as session:
            if new.area is not None:
                areas.choose(session, new.area, "area")
            session.add(row)
            self._vault.own_keys.store(session, row.id)
            session.flush()
            detail = {"photo": photo is not None, "source": row.has_source}
            self._note(session, actor, row, "record", detail)
        return row

    def search(
        self, actor: Actor, tip_id: str, purpose: str, version: int | None = None
    ) -> SearchView:
        """Search the lists within the actor's reach by a tip's photo.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was searched.
        """
        require(actor, Permission.SEARCH)
        content = self._photo(actor, tip_id, version, TipState.SEARCHED)
        found = self._searches.search(actor, SearchRequest(content, purpose))
        with self._database.write() as session:
            row = self._turned(session, actor, tip_id, version, TipState.SEARCHED)
            row.search_id, row.searched_at = found.search.id, found.search.made_at
            session.flush()
            self._note(session, actor, row, "search", {"search": found.search.id})
        return found

    def refer(
        self,
        actor: Actor,
        tip_id: str,
        to: Handover,
        fields: Sequence[TipField],
        version: int | None = None,
    ) -> Referral:
        """Hand a tip to another agency, with the fields that are chosen.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
            InvalidReferral: it cannot go to that agency, until that time, or with these fields.
        """
        require(actor, Permission.HANDLE_REFERRAL)
        with self._database.write() as session:
            row = self._turned(session, actor, tip_id, version, TipState.REFERRED)
            copied = TipSource(row, report_of(self._vault, row), areas.place(session, row.area))
            copies = payload.copied(session, self._vault, fields, copied)
            source = ReferralSource(ReferralKind.TIP, row.id, row.agency_id)
            referral = self._correspondence.hand_over(session, actor, source, to, copies)
            self._note(session, actor, row, "refer", {"referral": referral.id})
        return referral

    def enrol(
        self, actor: Actor, tip_id: str, person: NewSubject, version: int | None = None
    ) -> Enrolled:
        """Make a subject of a tip, with its photo, on lists of the agency that recorded it.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition, InvalidPeriod, ImpossibleBirth:
                nothing was changed.
            EnrolmentRefused: nobody can be searched by the photo.
        """
        require(actor, Permission.EDIT_SUBJECT)
        content = self._photo(actor, tip_id, version, TipState.ENROLLED)
        examined = self._enrolment.examine(PhotoFile(tip_id, content))
        with self._database.write() as session:
            row = self._turned(session, actor, tip_id, version, TipState.ENROLLED)
            (enrolled,) = self._enrolment.store_within(
                session, actor, [Application(person, (examined,))]
            )
            row.subject_id = require_subject(enrolled)
            session.flush()
            self._note(session, actor, row, "enrol", {"subject": row.subject_id})
        return enrolled

    def dismiss(self, actor: Actor, tip_id: str, reason: str, version: int | None = None) -> None:
        """Dismiss a tip, with the reason.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
        """
        with self._database.write() as session:
            row = self._turned(session, actor, tip_id, version, TipState.DISMISSED)
            name = rows.tip_dismissal(row.id, row.agency_id)
            row.sealed_dismissal = self._vault.seal(reason.encode(), name)
            session.flush()
            self._note(session, actor, row, "dismiss", {})

    def _photo(self, actor: Actor, tip_id: str, version: int | None, into: TipState) -> bytes:
        """Return the photo of a tip that may be put into another state."""
        with self._database.read() as session:
            row = self._turnable(session, actor, tip_id, version, into)
            content = photo_of(self._vault, row)
        if content is None:
            raise IllegalTransition("tip_needs_photo", into=into)
        return content

    def _turned(
        self, session: Session, actor: Actor, tip_id: str, version: int | None, into: TipState
    ) -> Tip:
        """Return a tip, put into another state."""
        row = self._turnable(session, actor, tip_id, version, into)
        row.state, row.updated_at = into.value, self._clock()
        return row

    def _turnable(
        self, session: Session, actor: Actor, tip_id: str, version: int | None, into: TipState
    ) -> Tip:
        """Return a tip that may be put into another state."""
        row = find(session, actor, Permission.HANDLE_TIP, tip_id)
        rows.require_version(row, version)
        tip_states.require_turn(TipPosition(TipState(row.state), in_hand(session, row.id)), into)
        return row

    def _note(
        self, session: Session, actor: Actor, row: Tip, action: str, detail: dict[str, Any]
    ) -> None:
        entry = AuditEntry(actor, f"tip.{action}", row.id, row.agency_id, detail=detail or None)
        self._audit.append(session, entry)
