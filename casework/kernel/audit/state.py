"""What the audit trail protects besides itself: the columns of every table whose changes are acts.

A digest covers a row's protected values as they are meant, whatever they are sealed under, and the
row's own salt; docs/decisions/0019. `COVERAGE` and `UNCOVERED` together name every table, and each
coverage every column of its table: a test fails otherwise.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    RowMapping,
    Select,
    tuple_,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy import select as select_
from sqlalchemy.types import TypeEngine

from casework.kernel import rows
from casework.kernel.errors import WrongDataKey
from casework.kernel.vault import ANY_AGENCY, RowName
from casework.tables import (
    Agency,
    Alert,
    AlertEvent,
    ApiKey,
    Approval,
    CalibrationRecord,
    CategoryRow,
    DutyShift,
    Encounter,
    EnrolledPhoto,
    KnownLookalike,
    MeasuredPrior,
    Objection,
    Office,
    Officer,
    OutcomeRow,
    PortArea,
    RecoveryCode,
    ReferralPreset,
    Residence,
    Subject,
    Table,
    Team,
    TeamMember,
    Template,
    UtcDateTime,
    Watchlist,
    WatchlistEntry,
    WatchlistShare,
)

DIGEST_BYTES: Final = 16
SALT: Final = "state_salt"

Values = Mapping[str, Any] | RowMapping
Opener = Callable[[bytes, RowName], bytes]
"""Opens a sealed value; raises WrongDataKey."""
Naming = Callable[[Values], RowName]
"""Names what a row's sealed value was sealed for."""

_AT_A_TIME: Final = 400  # keys of one statement
_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_json: Final = json.loads

_IDENTITY: Final = {"version": "counts changes", "created_at": "no act depends on it"}
_DATED: Final = {**_IDENTITY, "updated_at": "follows the changes"}


@dataclass(frozen=True)
class Coverage:
    """Which columns of a table are protected, which are not and why."""

    of: type[Table]
    columns: tuple[str, ...]
    """Besides the key, which every digest covers."""
    left_out: Mapping[str, str]
    sealed: Mapping[str, Naming] = field(default_factory=dict)
    """Of the columns, those whose values are opened first."""
    generation: int = 1
    """To be raised by a migration that changes rows: their states are then taken over again."""

    @cached_property
    def table(self) -> SqlTable:
        """The table."""
        table = self.of.__table__
        assert isinstance(table, SqlTable)  # noqa: S101 - for the type checker
        return table

    @cached_property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @cached_property
    def key(self) -> tuple[Column[Any], ...]:
        """The columns of the primary key."""
        return tuple(self.table.primary_key.columns)

    @cached_property
    def key_names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(column.name for column in self.key)

    @cached_property
    def protected(self) -> frozenset[str]:
        """The names of the columns whose change is a change of state."""
        return frozenset(self.columns)

    @cached_property
    def fingerprint(self) -> str:
        """What changes when other columns are protected."""
        parts = [*self.key_names, *self.columns, self.generation]
        return hashlib.sha256(_encode(parts).encode()).hexdigest()[:16]

    @cached_property
    def rows(self) -> Select[Any]:
        """Selects what the digests of all rows need."""
        names = dict.fromkeys((*self.key_names, *self.columns, SALT))
        return select_(*(self.table.c[name] for name in names)).order_by(*self.key)

    @cached_property
    def _normal(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        return tuple((name, _normal_form(self.table.c[name].type)) for name in self.columns)

    def key_of(self, row: Values) -> str:
        """Return a row's key as records write it."""
        return "/".join(str(row[name]) for name in self.key_names)

    def digest(self, state_key: bytes, row: Values, opener: Opener) -> str:
        """Return the digest of a row's state: 32 hexadecimal digits."""
        values = []
        for name, normal in self._normal:
            value = row[name]
            if value is not None:
                naming = self.sealed.get(name)
                value = _opened(value, naming(row), opener) if naming else normal(value)
            values.append(value)
        salt = row[SALT] or b""
        text = b"\0".join(
            (self.name.encode(), self.key_of(row).encode(), salt, _encode(values).encode())
        )
        return hmac.digest(state_key, text, "sha256")[:DIGEST_BYTES].hex()

    def among(self, keys: Sequence[str]) -> Iterator[Select[Any]]:
        """Select the rows that have these keys, some at a time."""
        for start in range(0, len(keys), _AT_A_TIME):
            some = keys[start : start + _AT_A_TIME]
            if len(self.key) == 1:
                convert = int if isinstance(self.key[0].type, Integer) else str
                yield self.rows.where(self.key[0].in_([convert(each) for each in some]))
            else:
                pairs = [tuple(each.split("/")) for each in some]
                yield self.rows.where(tuple_(*self.key).in_(pairs))

    def digests(
        self, connection: Connection, keys: Sequence[str], state_key: bytes, opener: Opener
    ) -> dict[str, str | None]:
        """Return the digests of rows as they are now; None for those that are not there."""
        found: dict[str, str | None] = dict.fromkeys(keys)
        for query in self.among(keys):
            for row in connection.execute(query).mappings():
                found[self.key_of(row)] = self.digest(state_key, row, opener)
        return found


def _opened(sealed: bytes, name: RowName, opener: Opener) -> str:
    try:
        return hashlib.sha256(opener(sealed, name)).hexdigest()
    except WrongDataKey:
        return "unreadable"  # which no value's digest is


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _as_json(value: Any) -> Any:  # noqa: ANN401 - a column's value
    return _json(_encode(value))


def _normal_form(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """Return what makes a value that is written and one that is read the same."""
    forms: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], Any]], ...] = (
        (UtcDateTime, _time),
        (Date, date.isoformat),
        (Boolean, bool),
        (Integer, int),
        (Float, float),
        (JSON, _as_json),
    )
    return next((form for cls, form in forms if isinstance(kind, cls)), str)


def _note(row: Values) -> RowName:
    return rows.note(row["alert_id"], ANY_AGENCY)


def _template(row: Values) -> RowName:
    return rows.template(row["photo_id"], row["model"], row["subject_id"], ANY_AGENCY)


def _approval(row: Values) -> RowName:
    return rows.approval(row["id"])


def _totp(row: Values) -> RowName:
    return rows.totp(row["id"], row["agency_id"])


def _fields(name: Callable[[str, str], RowName]) -> Naming:
    return lambda row: name(row["id"], row["agency_id"])


def _photo_fields(row: Values) -> RowName:
    return rows.photo_fields(row["id"], row["subject_id"])


def _encounter_fields(row: Values) -> RowName:
    return rows.encounter_fields(row["id"])


def _objection_fields(row: Values) -> RowName:
    return rows.objection(row["id"], row["subject_id"], row["agency_id"])


def _residence_fields(row: Values) -> RowName:
    return rows.residence(row["id"], row["subject_id"], row["agency_id"])


def _lookalike(row: Values) -> RowName:
    return rows.known_lookalike(row["id"], row["model"], row["subject_id"], row["agency_id"])


def _event_fields(row: Values) -> RowName:
    return rows.alert_event(row["alert_id"])


COVERAGE: Final = (
    Coverage(Agency, ("code", "name", "kind", "active", "founding_until"), _DATED),
    Coverage(
        Approval,
        (
            "kind",
            "agency_id",
            "object_id",
            "sealed_request",
            "state",
            "asked_by",
            "asked_at",
            "effective_from",
            "lapses_at",
            "decided_by",
            "decided_at",
            "settled_at",
            "lapsed_because",
        ),
        {},
        {"sealed_request": _approval},
    ),
    Coverage(
        Officer,
        (
            "agency_id",
            "sealed_fields",
            "login_digest",
            "roles",
            "active",
            "password_hash",
            "must_change_password",
            "first_password_until",
            "sealed_totp",
            "totp_confirmed",
            "oidc_issuer",
            "oidc_digest",
        ),
        {
            **_DATED,
            "language": "a preference",
            "totp_step": "moves with each code",
            "signed_in_at": "moves with each sign-in",
        },
        {"sealed_totp": _totp, "sealed_fields": _fields(rows.officer)},
    ),
    Coverage(
        RecoveryCode,
        ("officer_id", "code_sha256", "used_at"),
        {"created_at": "no act depends on it"},
    ),
    Coverage(
        ApiKey,
        (
            "name",
            "agency_id",
            "secret_sha256",
            "former_sha256",
            "former_until",
            "scopes",
            "ports",
            "expires_at",
            "revoked_at",
        ),
        {
            "created_at": "no act depends on it",
            "used_at": "moves with each use",
            "warned_at": "a notice, not a right",
        },
    ),
    Coverage(CategoryRow, ("label", "instruction", "priority", "requires", "active"), _DATED),
    Coverage(
        OutcomeRow,
        ("label", "disposition", "directions", "stages", "after", "active"),
        _DATED,
    ),
    Coverage(PortArea, ("area",), _DATED),
    Coverage(Office, ("agency_id", "name", "area"), _DATED),
    Coverage(Team, ("agency_id", "name", "area"), _DATED),
    Coverage(TeamMember, (), {}),
    Coverage(
        Watchlist,
        (
            "agency_id",
            "name",
            "category",
            "direction",
            "stages",
            "ports",
            "target_fpir",
            "threshold",
            "legal_basis",
            "instruction",
            "requires_acknowledgement",
            "requires_second_officer",
            "requires_person_on_failed_pad",
            "acknowledge_within_s",
            "priority",
            "active",
            "breaker_tripped_at",
            "breaker_reset_at",
        ),
        _DATED,
    ),
    Coverage(WatchlistShare, (), {}),
    Coverage(WatchlistEntry, (), {}),
    Coverage(
        Subject,
        (
            "agency_id",
            "sealed_fields",
            "reference_digest",
            "nationality",
            "status",
            "valid_from",
            "valid_until",
            "erase_at",
        ),
        {**_DATED, "look_digest": "finds subjects by their references, which are protected"},
        {"sealed_fields": _fields(rows.subject)},
    ),
    Coverage(
        EnrolledPhoto,
        ("subject_id", "sealed_fields", "digest", "format", "width", "height", "erase_at"),
        {
            "quality": "measured on the photo",
            "sealed_content": "bound to its row by its seal, and to `sha256` by its digest",
            "sealed_face": "bound to its row by its seal, and made again of the photo",
            "created_at": "no act depends on it",
        },
        {"sealed_fields": _photo_fields},
    ),
    Coverage(
        Template,
        ("photo_id", "subject_id", "model", "sealed_vector"),
        {"created_at": "no act depends on it"},
        {"sealed_vector": _template},
    ),
    Coverage(
        Encounter,
        (
            "api_key_id",
            "port",
            "lane",
            "direction",
            "stage",
            "captured_at",
            "received_at",
            "sealed_fields",
            "outcome",
            "faces",
            "model",
            "gallery_size",
            "verification",
            "presentation",
            "person_required",
            "document_check",
        ),
        {
            "quality": "measured on the photo",
            "gallery_version": "a position in a log",
            "area": "where it is counted; the lodging itself is protected",
            "runtime": "one of two that are proven equal; the model is protected",
            "stages": "how long it took",
            "recapture": "tells the gate what to do next, and is over then; the trail has it",
            "recapture_of": "as the one before",
            "sealed_portrait": "bound to its row by its seal",
            "sealed_face": "bound to its row by its seal",
            "sealed_reference": "bound to its row by its seal",
        },
        {"sealed_fields": _encounter_fields},
    ),
    Coverage(
        Alert,
        (
            "encounter_id",
            "case_number",
            "owner_id",
            "subject_id",
            "watchlist_id",
            "watchlist_name",
            "category",
            "instruction",
            "requires_acknowledgement",
            "requires_second_officer",
            "acknowledge_within_s",
            "priority",
            "due_at",
            "matched_by",
            "photo_id",
            "score",
            "threshold",
            "threshold_basis",
            "calibration_id",
            "one_in",
            "rank",
            "state",
            "escalation",
            "acknowledged_by",
            "acknowledged_at",
            "decided_by",
            "decided_at",
            "confirmed_by",
            "disposal",
            "released",
            "found",
            "closed_at",
            "created_at",
        ),
        {"version": "counts changes", "port": "its encounter's, which is protected"},
    ),
    Coverage(
        AlertEvent,
        (
            "alert_id",
            "at",
            "officer_id",
            "sealed_fields",
            "agency_id",
            "action",
            "state_before",
            "state_after",
            "opinion",
            "reasons",
            "sealed_note",
            "disposal",
        ),
        {},
        {"sealed_note": _note, "sealed_fields": _event_fields},
    ),
    Coverage(
        Objection,
        (
            "agency_id",
            "subject_id",
            "sealed_fields",
            "received_on",
            "due_on",
            "recorded_by",
            "recorded_at",
            "outcome",
            "answered_by",
            "answered_at",
        ),
        {"version": "counts changes"},
        {"sealed_fields": _objection_fields},
    ),
    Coverage(
        Residence,
        (
            "agency_id",
            "subject_id",
            "kind",
            "sealed_fields",
            "valid_from",
            "valid_until",
            "departed_on",
            "area",
            "recorded_by",
            "recorded_at",
        ),
        {"version": "counts changes", "changed_at": "follows the changes"},
        {"sealed_fields": _residence_fields},
    ),
    Coverage(
        KnownLookalike,
        (
            "agency_id",
            "subject_id",
            "alert_id",
            "case_number",
            "model",
            "sealed_vector",
            "score",
            "asked_by",
            "asked_at",
            "decided_at",
            "valid_until",
            "revoked_by",
            "revoked_at",
        ),
        {
            "spared": "the records of the encounters name it",
            "spared_at": "the records of the encounters name it",
        },
        {"sealed_vector": _lookalike},
    ),
    Coverage(
        ReferralPreset,
        ("agency_id", "kind", "name", "receiver_id", "fields", "note", "days"),
        _DATED,
    ),
    Coverage(
        DutyShift,
        (
            "agency_id",
            "port",
            "zone",
            "weekdays",
            "begins",
            "ends",
            "first_day",
            "last_day",
            "officer_ids",
            "next_port",
        ),
        _DATED,
    ),
    Coverage(
        CalibrationRecord,
        (
            "model",
            "source",
            "detail",
            "searches",
            "gallery_size",
            "parameters",
            "created_at",
            "made_by",
        ),
        {"runtimes": "the record of its making says them too"},
    ),
    Coverage(MeasuredPrior, ("model", "runtime", "photos", "curve", "created_at", "made_by"), {}),
)

BY_TABLE: Final = {each.name: each for each in COVERAGE}

UNCOVERED: Final = {
    "alert_key": "without it nothing of its record opens",
    "approval_key": "without it nothing of its record opens",
    "area": "names as they are published; each change is a record",
    "audit": "the trail itself",
    "audit_actor": "digests in the trail cover it",
    "audit_checkpoint": "signed",
    "audit_earlier": "empty once it is taken over",
    "audit_earlier_head": "empty once it is taken over",
    "audit_head": "sealed",
    "audit_text": "digests in the trail cover it",
    "case_counter": "counts; the numbers given stand in the alerts",
    "case_entry": "each step is a record",
    "case_key": "without it nothing of its record opens",
    "case_member": "each step is a record",
    "case_outcome": "the record of the closing says it too",
    "case_photo": "a sealed copy",
    "case_reader": "each step is a record",
    "case_step": "each step is a record",
    "chance_score": "statistics without a name",
    "changed_day": "tells readers to read a day again",
    "delivery": "a copy on its way out",
    "encounter_permit": "the port's word, which decides nothing by itself",
    "encounter_key": "without it nothing of its record opens",
    "gallery_change": "rebuilt from the templates",
    "held_permit": "the records of the encounters, extensions and departures say so too",
    "held_permit_key": "without it nothing of its record opens",
    "idempotency": "repeats an answer for a while",
    "import_fault": "a report",
    "import_job": "work under way; what it stores is protected",
    "import_key": "without it nothing of its record opens",
    "import_part": "work under way; what it stores is protected",
    "installation": "the record of each agency's making says it too",
    "officer_session": "ends by itself within hours",
    "known_lookalike_key": "without it nothing of its record opens",
    "joint_case": "each step is a record",
    "joint_case_counter": "counts; the numbers given stand in the cases",
    "key_holder": "says who is at work, for minutes",
    "outbox": "references to what happened",
    "pending_release": "says that the port waits, for seconds",
    "probe_search": "its own record says who searched and why",
    "reference_set": "its keeping and its erasing are records",
    "referral": "each step is a record",
    "referral_key": "without it nothing of its record opens",
    "referral_message": "each step is a record",
    "referral_photo": "a sealed copy",
    "search_key": "without it nothing of its record opens",
    "sign_in_count": "counts of failures, for a while",
    "stay": "each report and change is a record",
    "stay_key": "without it nothing of its record opens",
    "stay_photo": "waits to be screened, for seconds",
    "stay_photo_key": "without it nothing of its record opens",
    "stored_key": "wrapped by the data key: another one opens nothing",
    "subject_document": "finds subjects by their documents, which are protected",
    "subject_key": "without it nothing of its record opens",
    "tip": "each step is a record",
    "tip_key": "without it nothing of its record opens",
    "tip_subject": "each link is a record",
    "announced_overstay": "the record of it says so too",
    "unsealed": "empty once it is sealed",
    "webhook": "its deliveries move it",
}


def covers(tables: Iterable[Coverage] = COVERAGE) -> dict[str, str]:
    """Return what the digests of each table's rows cover, as the head notes it."""
    return {each.name: each.fingerprint for each in tables}
