"""Encounters, the alerts they raised, and the requests that were answered with them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.areas import AREA_LENGTH
from casework.tables.base import Protected, Serial, Table
from casework.tables.sealed import Sealed, SealedFields, nothing

IS_OPEN: Final = "state != 'closed'"
"""The rows of the index of open alerts. A statement finds it by these words alone, not by a
parameter: see `casework.review.alerts.is_open`."""


GATE_ACTED: Final = "recapture != 'not_needed' OR recapture_of IS NOT NULL OR person_required"
"""The rows of the index of what gates did besides opening; a statement finds it by these words."""


class Encounter(SealedFields, Protected, Table):
    """One photo of one traveller, screened."""

    __tablename__ = "encounter"
    __table_args__ = (
        # All that counting travellers needs (casework.calibration.monitoring): no row is read.
        Index("ix_encounter_screened", "received_at", "port", "direction", "stage", "outcome"),
        # All that counting captures needs (casework.reports.performance), of few rows.
        Index(
            "ix_encounter_gate_acted",
            *("received_at", "port", "recapture", "recapture_of", "person_required"),
            sqlite_where=text(GATE_ACTED),
            postgresql_where=text(GATE_ACTED),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    api_key_id: Mapped[str] = mapped_column(index=True)
    port: Mapped[str]
    lane: Mapped[str | None]
    area: Mapped[str | None] = mapped_column(String(AREA_LENGTH))
    """Where a lodging lies, as it said; None of a port, whose place is looked up by its code."""
    direction: Mapped[str]
    stage: Mapped[str]
    captured_at: Mapped[datetime]
    received_at: Mapped[datetime]
    traveller_ref = Sealed[str | None](nothing)
    document = Sealed[dict[str, Any] | None](nothing)
    """Who the traveller's document says they are; kept only where an alert was raised: see
    `casework.screening.travel_document`."""
    outcome: Mapped[str]
    faces: Mapped[int]
    quality: Mapped[dict[str, Any]]
    model: Mapped[str]
    runtime: Mapped[str] = mapped_column(String(20), server_default="onnxruntime")
    """What ran the model: see `models.runtimes.Runtime`."""
    gallery_version: Mapped[int] = mapped_column(BigInteger)
    gallery_size: Mapped[int]
    stages: Mapped[dict[str, Any]]
    """Milliseconds by stage, up to the commit."""
    sealed_portrait: Mapped[bytes | None] = mapped_column(deferred=True)
    """The traveller's face as JPEG; kept only where an alert was raised."""
    sealed_face: Mapped[bytes | None] = mapped_column(deferred=True)
    """The same face, small and aligned, as JPEG: for lists of alerts."""
    sealed_reference: Mapped[bytes | None] = mapped_column(deferred=True)
    """The face of the reference, such as a chip's, as JPEG; kept only beside a portrait."""
    verification: Mapped[dict[str, Any] | None]
    """How alike both are: see `casework.screening.verification`."""
    presentation: Mapped[dict[str, Any] | None]
    """What the gate's presentation attack detection said: `result`, `score`, `vendor`, `level`."""
    person_required: Mapped[bool] = mapped_column(server_default=false())
    """Whether a list asked for a person, because that detection failed."""
    document_check: Mapped[dict[str, Any] | None]
    """How the document's check digits came out, nothing of what it says: `result`, `wrong`,
    `contradicts`."""
    recapture: Mapped[str | None] = mapped_column(String(20))
    """What the gate does about the capture: see `casework.screening.recapture`. None of a lodging's
    guest, and of encounters from before there was this answer."""
    recapture_of: Mapped[str | None]
    """The encounter, it may be erased since, whose capture this one repeats."""

    alerts: Mapped[list["Alert"]] = relationship(
        order_by="Alert.rank",
        cascade="all, delete-orphan",
        lazy="selectin",
        back_populates="encounter",
    )
    pending_release: Mapped["PendingRelease | None"] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="joined"
    )


class PendingRelease(Table):
    """A traveller may go on, but the port has to wait: the opinion can still be taken back."""

    __tablename__ = "pending_release"

    encounter_id: Mapped[str] = mapped_column(
        ForeignKey("encounter.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[datetime] = mapped_column(index=True)


class Alert(Protected, Table):
    """A subject that a traveller may be, by one watchlist's policy: by face, document or both."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("encounter_id", "subject_id", "watchlist_id"),
        Index("ix_alert_raised", "created_at", "watchlist_id"),
        # All that filters of the queue need: no row is read that is not on the page.
        Index(
            "ix_alert_listed",
            *("state", "id", "owner_id", "watchlist_id", "port", "category", "matched_by"),
            *("acknowledged_by", "created_at"),
        ),
        # All that a row says of earlier encounters with the same person.
        Index(
            "ix_alert_met",
            *("subject_id", "state", "created_at", "id", "encounter_id", "disposal"),
            *("owner_id", "watchlist_id"),
        ),
        # All that counting what is open needs, however many are closed.
        Index(
            "ix_alert_open",
            *("subject_id", "port", "owner_id", "watchlist_id", "state"),
            *("requires_acknowledgement", "due_at", "escalation"),
            sqlite_where=text(IS_OPEN),
            postgresql_where=text(IS_OPEN),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id", ondelete="CASCADE"))
    case_number: Mapped[str] = mapped_column(String(40), unique=True)
    """What people call it: see `casework.review.case_number`."""
    owner_id: Mapped[str]
    """The agency that owned the watchlist."""
    port: Mapped[str]
    """The encounter's."""
    subject_id: Mapped[str]
    """Outlives the subject: an alert is a record of what was answered."""
    watchlist_id: Mapped[str] = mapped_column(index=True)
    watchlist_name: Mapped[str]
    category: Mapped[str]
    instruction: Mapped[dict[str, Any]]
    requires_acknowledgement: Mapped[bool]
    requires_second_officer: Mapped[bool]
    """Both as the list asked, or a sibling's list: see `casework.review.siblings`."""
    acknowledge_within_s: Mapped[int]
    priority: Mapped[int] = mapped_column(server_default="2")
    """Of its list when it was raised: see `casework.watchlists.priorities`."""
    due_at: Mapped[datetime]
    """When it should be taken: so many seconds after it was raised."""
    matched_by: Mapped[str] = mapped_column(String(10), server_default="face")
    """What raised it: see `casework.kernel.vocabulary.MatchedBy`."""
    photo_id: Mapped[str | None]
    """The photo that the face was found by; of an alert by document the newest, None without one.
    """
    score: Mapped[float | None]
    """None of an alert by document, as are the next three."""
    threshold: Mapped[float | None]
    threshold_basis: Mapped[str | None]
    """Where the threshold came from: the prior of a pack, a calibration, or set by hand."""
    calibration_id: Mapped[str | None]
    """The calibration that the odds come from, and the threshold unless set by hand."""
    one_in: Mapped[float | None]
    """About one in so many travellers would score this high against this list by chance."""
    rank: Mapped[int]
    state: Mapped[str] = mapped_column(String(30))
    escalation: Mapped[str | None] = mapped_column(String(20))
    """Who else was called because nobody took it in time: see `casework.review.overdue`."""
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    """Who gave the first opinion."""
    decided_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    """Who gave the second opinion."""
    disposal: Mapped[str | None] = mapped_column(String(30))
    released: Mapped[bool | None]
    """Whether the traveller may go on, by that outcome as it was then; None without one."""
    found: Mapped[str | None] = mapped_column(String(20))
    """The result of a closed alert's comparison: see `ComparisonResult`; None while open."""
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]

    encounter: Mapped[Encounter] = relationship(back_populates="alerts")
    events: Mapped[list["AlertEvent"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="AlertEvent.id"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CaseCounter(Table):
    """How many case numbers an agency's alerts were given: it only grows."""

    __tablename__ = "case_counter"

    agency_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), primary_key=True
    )
    last: Mapped[int] = mapped_column(BigInteger)


class AlertEvent(SealedFields, Protected, Table):
    """One step of an alert's review: who did what, with their opinion and note."""

    __tablename__ = "alert_event"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    officer_id: Mapped[str]
    officer_name = Sealed[str](str)
    agency_id: Mapped[str | None]
    action: Mapped[str] = mapped_column(String(30))
    state_before: Mapped[str] = mapped_column(String(30))
    state_after: Mapped[str] = mapped_column(String(30))
    opinion: Mapped[str | None] = mapped_column(String(30))
    reasons: Mapped[list[str] | None]
    sealed_note: Mapped[bytes | None]
    disposal: Mapped[str | None] = mapped_column(String(30))
    """The outcome, of a step that closes the alert or corrects that."""


class ChangedDay(Table):
    """How often rows of a day that is over have changed: triggers count it (migration 0060).

    Of encounters, by when they were received, of alerts, by when they were raised, and of what
    reports say of their subjects. See `casework.kernel.kept_days`.
    """

    __tablename__ = "changed_day"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own style

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    """Of UTC, such as 2026-10-01."""
    changes: Mapped[int] = mapped_column(BigInteger)
    """Only grows: while it stands, no row of the day has changed."""


class IdempotencyRecord(Table):
    """A request that was answered, so that its repetition gets the same answer."""

    __tablename__ = "idempotency"

    api_key_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """Keyed digest of what the caller sent: it may say whom the request is about."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Keyed digest of the request, photo and all."""
    encounter_id: Mapped[str] = mapped_column(
        ForeignKey("encounter.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]


class ProbeSearch(SealedFields, Table):
    """A search of the gallery by an officer: for what purpose, and who was found. No photo."""

    __tablename__ = "probe_search"

    id: Mapped[str] = mapped_column(primary_key=True)
    officer_id: Mapped[str] = mapped_column(index=True)
    agency_id: Mapped[str | None]
    purpose = Sealed[str](str)
    made_at: Mapped[datetime]
    model: Mapped[str]
    runtime: Mapped[str] = mapped_column(String(20), server_default="onnxruntime")
    """As an encounter's."""
    gallery_size: Mapped[int]
    quality: Mapped[dict[str, Any]]
    watchlist_ids: Mapped[list[str]]
    """Lists that were searched."""
    candidates: Mapped[list[dict[str, Any]]]
    """Ids and scores, best first: see `casework.screening.searches.Resemblance`."""
