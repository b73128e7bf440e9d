"""What an officer does with a tip: records, searches, refers, enrols or dismisses it.

Each step is one transaction with its audit record. Photos are analysed before it begins.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from casework.areas import known as areas
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import ReferralKind, TipState
from casework.referrals import payload
from casework.referrals.referrals import in_hand
from casework.referrals.steps import Handover, ReferralSource, ReferralSteps
from casework.screening.searches import Searches, SearchRequest, SearchView
from casework.tables import Referral, Tip
from casework.tips import states as tip_states
from casework.tips.payload import TipField, TipSource
from casework.tips.reports import NewTip, ReportedPhoto, TipReports
from casework.tips.states import TipPosition
from casework.tips.tips import find, photo_of, report_of
from casework.watchlists.enrolment import (
    Application,
    Enrolled,
    Enrolment,
    PhotoFile,
    require_subject,
)
from casework.watchlists.subjects import NewSubject
from detector.pipeline import Pipeline


class TipSteps:
    """Records tips and takes them through their states."""

    def __init__(
        self,
        kernel: Kernel,
        pipeline: Pipeline,
        reports: TipReports,
        enrolment: Enrolment,
        searches: Searches,
        correspondence: ReferralSteps,
    ) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._pipeline = pipeline
        self._reports = reports
        self._enrolment = enrolment
        self._searches = searches
        self._correspondence = correspondence
        self._clock = kernel.clock

    def record(self, actor: Actor, new: NewTip, photo: bytes | None = None) -> Tip:
        """Record a report; its photo, if any, is kept even if no face can be searched in it.

        A system's is analysed only once somebody works on it: nothing of its answer, nor how long
        it takes, says what a photo shows.

        Raises:
            NotPermitted: the actor may not, or is of no agency.
            PhotoError: what was sent as a photo is none; nothing was written.
            AreaRefused: there is no such area; nothing was written.
        """
        if actor.scopes is not None:
            return self._reports.record(actor, new, photo)
        require(actor, Permission.RECORD_TIP)
        reported = None
        if photo is not None:
            analysis = self._pipeline.analyse(photo)
            reported = ReportedPhoto(photo, analysis.photo.format, analysis.quality_record())
        return self._reports.store(actor, new, reported)

    def search(
        self, actor: Actor, tip_id: str, purpose: str, version: int | None = None
    ) -> SearchView:
        """Search the lists within the actor's reach by a tip's photo.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was searched.
            PhotoError: what was reported as a photo cannot be read as one; nothing was searched.
        """
        require(actor, Permission.SEARCH)
        content = self._photo(actor, tip_id, version, TipState.SEARCHED)
        found = self._searches.search(actor, SearchRequest(content, purpose))
        with self._database.write() as session:
            row = self._turned(session, actor, tip_id, version, TipState.SEARCHED)
            row.search_id, row.searched_at = found.search.id, found.search.made_at
            row.photo_quality = row.photo_quality or found.search.quality
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
