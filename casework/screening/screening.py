"""Screening: a traveller's photo in, clear / alert / unsearchable out.

This is the one path of a photo: analyse -> search, group by subject and apply each watchlist's
policy (`casework.screening.matching`) -> commit encounter and alerts in one transaction -> answer.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from casework.calibration import non_mated_scores
from casework.calibration.policy import Policy
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IdempotencyClash, NotFound, RecaptureRefused
from casework.kernel.group_commit import GroupCommit
from casework.kernel.ids import ALERT, ENCOUNTER, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.lodgings import is_lodging
from casework.kernel.outbox import Event
from casework.kernel.permissions import Permission, require, require_port
from casework.kernel.sealed_fields import seal_fields
from casework.kernel.vocabulary import (
    AlertState,
    Direction,
    EventKind,
    MatchedBy,
    Outcome,
    PadResult,
    Recapture,
    Stage,
)
from casework.review import case_number
from casework.review.gate import verification_result
from casework.review.known_lookalikes import FaceScore, KnownLookalikes, note_spared
from casework.review.siblings import WITH_ALERTS, strictest
from casework.review.states import ReviewPolicy
from casework.screening import recapture
from casework.screening.capture_time import check_capture_time
from casework.screening.document_matching import DocumentMatch, DocumentMatching, by_document
from casework.screening.matching import Candidate, Matches, Matching
from casework.screening.travel_document import ReadDocument, TravelDocument
from casework.screening.verification import ReferenceComparer, Verification
from casework.tables import Alert, Encounter, EncounterPermit, IdempotencyRecord
from detector.errors import NetworkError
from detector.pipeline import Analysis, Pipeline
from detector.portrait import portrait, small
from detector.presentation import PresentationScorer, as_measure
from detector.quality import Quality, Verdict
from detector.timing import Stopwatch

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a gate's presentation attack detection found (ISO/IEC 30107)."""

    result: PadResult
    score: float | None = None
    """On the vendor's own scale."""
    vendor: str | None = None
    level: str | None = None
    """To which it was tested, in the words of its tester."""

    @property
    def record(self) -> dict[str, Any]:
        """What an encounter keeps of it."""
        return {**asdict(self), "result": self.result.value}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A traveller's photo and what the port says about it."""

    photo: bytes | None = field(repr=False)
    """None of a guest of whom a lodging sent none: the document alone is looked for."""
    port: str
    """Or the code of a lodging: see `casework.kernel.lodgings`."""
    direction: Direction
    stage: Stage
    captured_at: datetime | None = None
    """None means when it was received."""
    traveller_ref: str | None = None
    lane: str | None = None
    idempotency_key: str | None = None
    reference: bytes | None = field(default=None, repr=False)
    """Another photo of the person the traveller says to be, such as a chip's: compared alone."""
    presentation: Presentation | None = None
    """What the gate's presentation attack detection found."""
    document: TravelDocument | None = field(default=None, repr=False)
    """What the gate read of the traveller's document."""
    permit_until: date | None = None
    """The last day that the traveller may stay; kept with an alert: see `EncounterPermit`."""
    recapture_of: str | None = None
    """The encounter whose capture this one repeats: see `casework.screening.recapture`."""

    @property
    def fingerprint(self) -> str:
        """Digest of everything that makes this request the same as another."""
        parts = [
            self.port,
            self.direction,
            self.stage,
            self.captured_at.isoformat() if self.captured_at is not None else None,
            self.traveller_ref,
            self.lane,
            hashlib.sha256(self.photo or b"").hexdigest(),
        ]
        # Only where they are sent: a request of before this version has the fingerprint it had.
        if self.reference is not None:
            parts.append(hashlib.sha256(self.reference).hexdigest())
        if self.presentation is not None:
            parts.append(json.dumps(self.presentation.record))
        if self.document is not None:
            parts.append(json.dumps(self.document.parts))
        if self.permit_until is not None:
            parts.append(self.permit_until.isoformat())
        if self.recapture_of is not None:
            parts.append(f"recapture_of {self.recapture_of}")
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Screened:
    """The answer to an arrival."""

    encounter: Encounter
    replayed: bool
    """Whether the answer was given before, to the same idempotency key."""
    watch: Stopwatch
    top_score: float | None = None
    """The highest score of all templates, where any were searched."""
    spared: tuple[str, ...] = ()
    """Ids of the known look-alikes by whom a subject raised no alert."""

    @property
    def stages(self) -> Mapping[str, float]:
        """Milliseconds by stage, for this request."""
        return self.watch.stages


class Screening:
    """Screens arrivals against the gallery. Safe to call from several threads at once."""

    def __init__(
        self,
        kernel: Kernel,
        commits: GroupCommit,
        pipeline: Pipeline,
        matching: Matching,
        documents: DocumentMatching,
        references: ReferenceComparer,
        known: KnownLookalikes,
        presentation: PresentationScorer | None = None,
    ) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._practice = kernel.practice
        self._pipeline = pipeline
        self._matching = matching
        self._documents = documents
        self._references = references
        self._known = known
        self._presentation = presentation
        self._clock = kernel.clock
        self._commits = commits
        self._audit = kernel.audit
        self._outbox = kernel.outbox

    def screen(self, arrival: Arrival, caller: Actor) -> Screened:
        """Screen one photo and record the encounter: `examine`, then `record`.

        Raises:
            PhotoError: the photo is not one; nothing is recorded.
            NotPermitted: the key may not speak for the port.
            IdempotencyClash: the idempotency key was used for a different request.
            CaptureTimeRefused: it was taken, it says, more than a day before or after now.
            RecaptureRefused: the capture that it repeats is another's, or too old.
        """
        return self.record(self.examine(arrival, caller), arrival, caller)

    def examine(self, arrival: Arrival, caller: Actor) -> Screened:
        """Analyse and search: all the work that needs a processor. Nothing counts until `record`.

        Raises:
            PhotoError, NotPermitted, IdempotencyClash, CaptureTimeRefused, RecaptureRefused: see
                `screen`.
        """
        require(caller, Permission.SCREEN)
        require_port(caller, arrival.port)
        watch = Stopwatch()
        if (earlier := self._answered(arrival, caller)) is not None:
            return Screened(earlier, replayed=True, watch=watch)
        received_at = self._clock()
        check_capture_time(arrival.captured_at, received_at)
        self._check_recapture(arrival, caller, received_at)
        analysis = None
        if arrival.photo is not None:
            analysis = self._pipeline.analyse(arrival.photo, watch)
        with watch.stage("search"):
            version = self._matching.catch_up()
            policies = self._matching.applicable(arrival.direction, arrival.port, arrival.stage)
            matches = self._search(analysis, policies, received_at)
        document, listed = None, tuple[DocumentMatch, ...]()
        if arrival.document is not None:
            with watch.stage("document"):
                document = arrival.document.read(received_at.date())
                listed = self._documents.find(document, policies, received_at)
        matches, spared = self._spare(arrival, analysis, matches, listed, received_at)
        found = _found(matches.candidates, listed)
        encounter = self._encounter(arrival, caller, analysis, found, received_at, document)
        encounter.gallery_size = matches.gallery_size
        encounter.person_required = _failed_pad(arrival) and any(
            policy.requires_person_on_failed_pad for policy in policies.values()
        )
        if not is_lodging(arrival.port):
            encounter.recapture = recapture.decide(
                Outcome(encounter.outcome),
                encounter.quality,
                repeats=arrival.recapture_of is not None,
                person=encounter.person_required,
            )
        if (
            analysis is not None
            and (score := self._presentation_score(analysis, watch)) is not None
        ):
            measures = [*encounter.quality["measures"], as_measure(score)]
            encounter.quality = {**encounter.quality, "measures": measures}
        if arrival.reference is not None and analysis is not None:
            with watch.stage("verify"):
                verification = self._references.verify(
                    analysis.embedding,
                    arrival.reference,
                    keep=encounter.sealed_portrait is not None,
                )
            self._keep(encounter, verification)
        encounter.gallery_version = version
        encounter.stages = {name: round(spent, 2) for name, spent in watch.stages.items()}
        return Screened(
            encounter, replayed=False, watch=watch, top_score=matches.top_score, spared=spared
        )

    def record(
        self,
        screened: Screened,
        arrival: Arrival,
        caller: Actor,
        also: Callable[[Connection], None] = lambda _: None,
    ) -> Screened:
        """Commit what was found, and wait for the disk: from then on it is the answer.

        Args:
            screened: what `examine` returned.
            arrival: what was examined.
            caller: who sent it.
            also: writes what belongs to it into the same transaction; what it raises undoes all.

        Raises:
            IdempotencyClash: see `screen`.
        """
        if screened.replayed:
            return screened
        with screened.watch.stage("record"):
            try:
                write = self._rows_of(screened, arrival, caller)

                def write_all(connection: Connection) -> None:
                    write(connection)
                    also(connection)

                self._commits.write(write_all)
            except IntegrityError:
                # The same key was being answered at the same moment: that answer stands.
                earlier = self._answered(arrival, caller)
                if earlier is None:
                    raise
                return Screened(earlier, replayed=True, watch=screened.watch)
        return screened

    def get(self, encounter_id: str, caller: Actor) -> Encounter:
        """Return an encounter that the caller submitted.

        Raises:
            NotFound: there is none, or it is another key's: the caller does not learn which.
        """
        with self._database.read() as session:
            return rows.one(
                session,
                Encounter,
                encounter_id,
                NotFound("encounter_not_found", encounter=encounter_id),
                options=[WITH_ALERTS],
                where=lambda row: row.api_key_id == caller.id,
            )

    def _search(
        self, analysis: Analysis | None, policies: Mapping[str, Policy], at: datetime
    ) -> Matches:
        """Return who passes."""
        if analysis is None or analysis.embedding is None:
            return self._matching.no_match()
        return self._matching.search(analysis.embedding, policies, at)

    def _spare(
        self,
        arrival: Arrival,
        analysis: Analysis | None,
        matches: Matches,
        listed: Sequence[DocumentMatch],
        at: datetime,
    ) -> tuple[Matches, tuple[str, ...]]:
        """Leave out subjects whom the traveller is a known look-alike of.

        Never where the gate found an attack or could not tell: a mask may be what makes the subject
        look like somebody else. Nor for a subject whose document the traveller carries.
        """
        if not matches.candidates or analysis is None or analysis.embedding is None:
            return matches, ()
        if arrival.presentation is not None and arrival.presentation.result is not PadResult.PASS:
            return matches, ()
        named = {each.subject_id for each in listed}
        found = [
            FaceScore(each.subject_id, each.score, each.policy.threshold)
            for each in matches.candidates
            if each.subject_id not in named
        ]
        spared = self._known.spare(analysis.embedding, found, at)
        if not spared:
            return matches, ()
        stopped = tuple(each for each in matches.candidates if each.subject_id not in spared)
        return replace(matches, candidates=stopped), tuple(sorted(spared.values()))

    def _presentation_score(self, analysis: Analysis, watch: Stopwatch) -> float | None:
        """Return what the pack's own attack detection says; it advises, so none closes no lane."""
        if self._presentation is None:
            return None
        with watch.stage("presentation"):
            try:
                return self._presentation.score(analysis)
            except NetworkError as error:
                _log.warning("presentation attack detection gave no score: %s", error)
                return None

    def _keep(self, encounter: Encounter, verification: Verification) -> None:
        """Put a verification into an encounter; the reference's face only beside a portrait."""
        kept = verification.portrait is not None
        encounter.verification = verification.record | {"kept": kept}
        if verification.portrait is not None:
            name = rows.encounter_reference(encounter.id)
            encounter.sealed_reference = self._vault.seal(verification.portrait, name)

    def _encounter(
        self,
        arrival: Arrival,
        caller: Actor,
        analysis: Analysis | None,
        found: Sequence["_Found"],
        received_at: datetime,
        document: ReadDocument | None,
    ) -> Encounter:
        """Compose the record; what the search says of itself is filled in by the caller."""
        searched = analysis is not None and analysis.embedding is not None
        outcome = Outcome.CLEAR if searched else Outcome.UNSEARCHABLE
        if found:
            outcome = Outcome.ALERT
        encounter_id = new_id(ENCOUNTER)
        if found or arrival.traveller_ref is not None:
            self._vault.own_keys.make(encounter_id, INSTALLATION)
        sealed = face = None
        # A document may be on a list where no face is in the photo.
        if found and analysis is not None and analysis.subject is not None:
            sealed = self._vault.seal(portrait(analysis), rows.encounter(encounter_id))
            face = self._vault.seal(small(analysis), rows.encounter_face(encounter_id))
        encounter = Encounter(
            id=encounter_id,
            api_key_id=caller.id,
            port=arrival.port,
            lane=arrival.lane,
            direction=arrival.direction.value,
            stage=arrival.stage.value,
            captured_at=arrival.captured_at or received_at,
            received_at=received_at,
            traveller_ref=arrival.traveller_ref,
            document=dict(document.says) if document is not None and found else None,
            outcome=outcome.value,
            faces=len(analysis.faces) if analysis is not None else 0,
            quality=analysis.quality_record() if analysis is not None else _NO_PHOTO,
            model=self._matching.model,
            runtime=self._pipeline.runtime.value,
            sealed_portrait=sealed,
            sealed_face=face,
            presentation=arrival.presentation.record if arrival.presentation is not None else None,
            person_required=False,
            document_check=document.check if document is not None else None,
            recapture_of=arrival.recapture_of,
            alerts=_alerts(found, arrival.port, received_at, failed_pad=_failed_pad(arrival)),
        )
        seal_fields(self._vault, encounter)
        return encounter

    def _answered(self, arrival: Arrival, caller: Actor) -> Encounter | None:
        """Return the encounter that already answers this idempotency key, if any."""
        if arrival.idempotency_key is None:
            return None
        with self._database.read_one() as connection:
            record = connection.execute(
                _ANSWERED.where(
                    IdempotencyRecord.api_key_id == caller.id,
                    IdempotencyRecord.key == self._key_digest(arrival.idempotency_key, caller),
                )
            ).first()
        if record is None:
            return None
        if record.fingerprint != self._fingerprint(arrival, caller):
            raise IdempotencyClash("idempotency_key_reused")
        with self._database.read() as session:
            return session.get_one(Encounter, record.encounter_id)

    def _check_recapture(self, arrival: Arrival, caller: Actor, now: datetime) -> None:
        """Refuse a photo that repeats a capture of another key or port, or one of long ago."""
        if arrival.recapture_of is None:
            return
        with self._database.read_one() as connection:
            received_at = connection.execute(
                _REPEATED.where(
                    Encounter.id == arrival.recapture_of,
                    Encounter.api_key_id == caller.id,
                    Encounter.port == arrival.port,
                )
            ).scalar()
        if received_at is None:
            raise RecaptureRefused("recapture_unknown", field="recapture_of", port=arrival.port)
        if not recapture.is_fresh(received_at, now):
            minutes = recapture.REPEATED_WITHIN // timedelta(minutes=1)
            raise RecaptureRefused("recapture_too_late", field="recapture_of", minutes=minutes)

    def _key_digest(self, key: str, caller: Actor) -> str:
        return self._vault.digest("idempotency.key", caller.id, key)

    def _fingerprint(self, arrival: Arrival, caller: Actor) -> str:
        return self._vault.digest("idempotency.fingerprint", caller.id, arrival.fingerprint)

    def _rows_of(
        self, screened: Screened, arrival: Arrival, caller: Actor
    ) -> Callable[[Connection], None]:
        """Return what writes the encounter and all that goes with it.

        Plain rows: the objects were made for the answer, and a session would take a millisecond to
        find out that all of them are new.
        """
        encounter = screened.encounter
        # An alert has its score in its own row.
        clear = encounter.outcome == Outcome.CLEAR and not screened.spared
        chance = screened.top_score if clear else None
        alerts = [_row(alert) | {"encounter_id": encounter.id} for alert in encounter.alerts]
        raised = [_raised(alert, caller) for alert in encounter.alerts]
        act = AuditEntry(
            caller,
            Permission.SCREEN,
            encounter.id,
            detail={"port": encounter.port, "outcome": encounter.outcome, "alerts": len(alerts)}
            | _said_by_the_gate(encounter)
            | ({"look_alikes": list(screened.spared)} if screened.spared else {}),
        )

        def write(connection: Connection) -> None:
            connection.execute(_NEW_ENCOUNTER, _row(encounter))
            if encounter.sealed_portrait is not None or encounter.sealed_fields is not None:
                self._vault.own_keys.store(connection, encounter.id)
            if alerts:
                _number(connection, encounter.alerts, alerts, practice=self._practice)
                connection.execute(_NEW_ALERTS, alerts)
                if arrival.permit_until is not None:
                    permit = {"encounter_id": encounter.id, "until": arrival.permit_until}
                    connection.execute(_NEW_PERMIT, permit)
            note_spared(connection, screened.spared, encounter.received_at)
            if chance is not None:
                non_mated_scores.record(
                    connection,
                    non_mated_scores.Origin(
                        encounter.model, encounter.runtime, encounter.gallery_size
                    ),
                    chance,
                    encounter.received_at.date(),
                )
            if arrival.idempotency_key is not None:
                answered = {
                    "api_key_id": caller.id,
                    "key": self._key_digest(arrival.idempotency_key, caller),
                    "fingerprint": self._fingerprint(arrival, caller),
                    "encounter_id": encounter.id,
                    "created_at": encounter.received_at,
                }
                connection.execute(_NEW_ANSWER, answered)
            self._audit.append(connection, act)
            self._outbox.append(connection, *raised)

        return write


_NO_PHOTO: Final = Quality(Verdict.UNSEARCHABLE, (), ()).as_record()
_REPEATED: Final = select(Encounter.received_at)
_ANSWERED: Final = select(IdempotencyRecord.fingerprint, IdempotencyRecord.encounter_id)


def _failed_pad(arrival: Arrival) -> bool:
    return arrival.presentation is not None and arrival.presentation.result is PadResult.FAIL


def _said_by_the_gate(encounter: Encounter) -> dict[str, Any]:
    """Return what the audit trail has of a gate's own findings, where it sent any."""
    detail: dict[str, Any] = {}
    verified = verification_result(encounter.verification)
    if verified is not None:
        detail["verification"] = verified.value
    if encounter.presentation is not None:
        detail["pad"] = encounter.presentation["result"]
    if encounter.person_required:
        detail["person_required"] = True
    if encounter.recapture not in (None, Recapture.NOT_NEEDED):
        detail["recapture"] = encounter.recapture
    if encounter.recapture_of is not None:
        detail["recapture_of"] = encounter.recapture_of
    if encounter.document_check is not None:
        detail["document"] = encounter.document_check["result"]
    documents = sum(each.matched_by != MatchedBy.FACE for each in encounter.alerts)
    if documents:
        detail["by_document"] = documents
    return detail


@dataclass(frozen=True, slots=True)
class _Found:
    """A subject on one watchlist, and by what it was found."""

    subject_id: str
    photo_id: str | None
    policy: Policy
    score: float | None
    matched_by: MatchedBy


def _found(candidates: Sequence[Candidate], listed: Sequence[DocumentMatch]) -> list[_Found]:
    """Return who was found: by face first, the best of them, then by document alone."""
    documents = {(each.subject_id, each.policy.watchlist_id): each for each in listed}
    found = []
    for each in candidates:
        both = documents.pop((each.subject_id, each.policy.watchlist_id), None) is not None
        by = MatchedBy.BOTH if both else MatchedBy.FACE
        found.append(_Found(each.subject_id, each.photo_id, each.policy, each.score, by))
    return found + [
        _Found(each.subject_id, each.photo_id, each.policy, None, MatchedBy.DOCUMENT)
        for each in documents.values()
    ]


def _alerts(
    candidates: Sequence[_Found], port: str, at: datetime, *, failed_pad: bool
) -> list[Alert]:
    """Make the alerts of an encounter; siblings have the strictest of their lists' rules."""
    asked: dict[tuple[str, str], list[ReviewPolicy]] = defaultdict(list)
    for each in candidates:
        person = failed_pad and each.policy.requires_person_on_failed_pad
        rules = ReviewPolicy(
            each.policy.requires_acknowledgement or person, each.policy.requires_second_officer
        )
        asked[each.policy.owner_id, each.subject_id].append(rules)
    return [
        _alert(each, rank, strictest(asked[each.policy.owner_id, each.subject_id]), port, at)
        for rank, each in enumerate(candidates, start=1)
    ]


def _alert(candidate: _Found, rank: int, rules: ReviewPolicy, port: str, at: datetime) -> Alert:
    policy, score = candidate.policy, candidate.score
    by_face = score is not None
    return Alert(
        id=new_id(ALERT),
        owner_id=policy.owner_id,
        port=port,
        subject_id=candidate.subject_id,
        watchlist_id=policy.watchlist_id,
        watchlist_name=policy.name,
        category=policy.category,
        instruction=dict(policy.instruction) if by_face else by_document(policy.instruction),
        requires_acknowledgement=rules.requires_acknowledgement,
        requires_second_officer=rules.requires_second_officer,
        acknowledge_within_s=policy.acknowledge_within_s,
        priority=policy.priority,
        due_at=at + timedelta(seconds=policy.acknowledge_within_s),
        matched_by=candidate.matched_by.value,
        photo_id=candidate.photo_id,
        score=score,
        threshold=policy.threshold if by_face else None,
        threshold_basis=str(policy.basis) if by_face else None,
        calibration_id=policy.chance.calibration_id if by_face else None,
        one_in=policy.one_in(score) if score is not None else None,
        rank=rank,
        state=AlertState.NEW.value,
        version=1,
        created_at=at,
    )


def _number(
    connection: Connection,
    alerts: Sequence[Alert],
    written: Sequence[dict[str, Any]],
    *,
    practice: bool,
) -> None:
    """Give alerts, and the rows that are to be written of them, their case numbers."""
    numbers = case_number.give(connection, [alert.owner_id for alert in alerts], practice=practice)
    for alert, row, number in zip(alerts, written, numbers, strict=True):
        alert.case_number = row["case_number"] = number


def _raised(alert: Alert, caller: Actor) -> Event:
    return Event(
        EventKind.ALERT_RAISED, alert.id, alert.owner_id, alert.watchlist_id, key_id=caller.id
    )


def _row(record: Encounter | Alert) -> dict[str, Any]:
    """Return the values of a new row, without the salt that it is given when it is written."""
    names = (column.key for column in record.__table__.columns if column.key != "state_salt")
    return {name: getattr(record, name) for name in names}


_NEW_ENCOUNTER: Final = insert(Encounter.__table__)  # type: ignore[arg-type]
_NEW_ALERTS: Final = insert(Alert.__table__)  # type: ignore[arg-type]
_NEW_PERMIT: Final = insert(EncounterPermit.__table__)  # type: ignore[arg-type]
_NEW_ANSWER: Final = insert(IdempotencyRecord.__table__)  # type: ignore[arg-type]
