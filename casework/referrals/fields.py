"""What an alert can hand over in a referral, field by field.

A line here is all that a field needs: copies, previews, the API's schema and the console's forms
and pages derive from it. `casework.tips.payload` has the same for tips.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, Final, Generic, Self, TypeVar

from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.errors import InvalidReferral
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.vault import RowName, Vault
from casework.kernel.vocabulary import (
    Direction,
    MatchedBy,
    PadResult,
    Sex,
    Stage,
    VerificationResult,
)
from casework.review.alerts import PORTRAIT_FORMAT, SubjectCard
from casework.review.gate import pad_result, verification_result
from casework.tables import Alert
from casework.watchlists import subjects

Source = TypeVar("Source")


class FieldKind(Enum):
    """What a value is, and so how it is sent and shown; a vocabulary is a kind of its own."""

    TEXT = auto()
    TEXTS = auto()
    DOCUMENTS = auto()
    COUNTRY = auto()
    BIRTH = auto()
    """A day, a month or a year, as far as it is known."""
    DAY = auto()
    """A time, shown as its day."""
    TIME = auto()
    SCORE = auto()
    ODDS = auto()
    """One in so many."""
    CATEGORY = auto()
    """A code of the categories: see `casework.codes`."""


class FieldGroup(Enum):
    """What a field is about."""

    TRAVELLER = auto()
    PERSON = auto()
    """The person on the list."""
    LIST = auto()
    """The list and the score."""
    REPORT = auto()
    """What was reported in a tip."""

    @property
    def of_list(self) -> bool:
        """Whether it reveals something of a list: then only its owner may hand it on."""
        return self in (FieldGroup.PERSON, FieldGroup.LIST)


# No slots: what makes an instance of `Field[...]` could not be noted on it.
@dataclass(frozen=True)
class Field(Generic[Source]):
    """A value that can be handed over."""

    name: str
    """As it is stored and sent: it stays."""
    label: str
    """In English."""
    group: FieldGroup
    kind: FieldKind | type[StrEnum]
    read: Callable[[Source], Any]
    """Raises InvalidReferral where its content was erased."""
    proposed: bool = False
    """Whether it is chosen until an officer says otherwise."""
    identifies: bool = False
    """Whether the receiver knows by it who it is about."""


@dataclass(frozen=True)
class PhotoField(Generic[Source]):
    """A photo that can be handed over; the receiver reads it by itself, each read audited."""

    name: str
    label: str
    group: FieldGroup
    read: Callable[[Source, Session, Vault], StoredPhoto]
    """Raises InvalidReferral where it was erased, or there is none."""
    proposed: bool = False
    identifies: bool = True


class ReferralField(StrEnum):
    """Base of the vocabularies of what can be handed over: each member is its field's name."""

    field: Field[Any] | PhotoField[Any]

    def __new__(cls, field: Field[Any] | PhotoField[Any]) -> Self:
        """Make the member of a field."""
        member = str.__new__(cls, field.name)
        member._value_ = field.name
        member.field = field
        return member


@dataclass(frozen=True, slots=True)
class AlertSource:
    """What the values of an alert's referral are read from."""

    alert: Alert
    """Its `encounter` is loaded."""
    subject: SubjectCard | None
    """None where it was erased."""
    legal_basis: str
    """Of the list."""

    @property
    def person(self) -> SubjectCard:
        """The subject; raises InvalidReferral."""
        if self.subject is None:
            raise InvalidReferral("referral_subject_erased", field="fields")
        return self.subject


def _probe(source: AlertSource, _: Session, vault: Vault) -> StoredPhoto:
    meeting = source.alert.encounter
    erased = InvalidReferral("referral_probe_erased", field="fields")
    return _face(vault, meeting.sealed_portrait, rows.encounter(meeting.id), erased)


def _reference(source: AlertSource, _: Session, vault: Vault) -> StoredPhoto:
    meeting = source.alert.encounter
    missing = InvalidReferral("referral_reference_missing", field="fields")
    return _face(vault, meeting.sealed_reference, rows.encounter_reference(meeting.id), missing)


def _face(
    vault: Vault, sealed: bytes | None, name: RowName, otherwise: InvalidReferral
) -> StoredPhoto:
    if sealed is None:
        raise otherwise
    # A face that was cut out is upright already.
    return StoredPhoto(vault.open(sealed, name), PORTRAIT_FORMAT, 0)


def _enrolled(source: AlertSource, session: Session, vault: Vault) -> StoredPhoto:
    photo = subjects.kept_photo(session, source.alert.photo_id)
    if photo is None:
        raise InvalidReferral("referral_photo_erased", field="fields")
    name = rows.photo(photo.id, photo.subject_id, photo.subject.agency_id)
    content = vault.open(photo.sealed_content, name)
    return StoredPhoto.of(content, photo.format, photo.quality)


def _score(of: AlertSource) -> float | None:
    return round(of.alert.score, 4) if of.alert.score is not None else None


def _says(name: str) -> Callable[[AlertSource], Any]:
    """Read what the traveller's document says; None where the gate sent nothing of it."""
    return lambda of: (of.alert.encounter.document or {}).get(name)


_Value = Field[AlertSource]
_Photo = PhotoField[AlertSource]
_TRAVELLER: Final = FieldGroup.TRAVELLER
_PERSON: Final = FieldGroup.PERSON
_LIST: Final = FieldGroup.LIST
_TEXT: Final = FieldKind.TEXT


class AlertField(ReferralField):
    """What can be carried of an alert."""

    NAME = _Value("name", "Name", _PERSON, _TEXT, lambda of: of.person.name, identifies=True)
    ALIASES = _Value(
        "aliases", "Also known as", _PERSON, FieldKind.TEXTS, lambda of: of.person.aliases
    )
    SEX = _Value("sex", "Sex", _PERSON, Sex, lambda of: of.person.sex)
    BIRTH = _Value("birth", "Born", _PERSON, FieldKind.BIRTH, lambda of: of.person.birth)
    NATIONALITY = _Value(
        "nationality", "Nationality", _PERSON, FieldKind.COUNTRY, lambda of: of.person.nationality
    )
    DOCUMENTS = _Value(
        "documents", "Documents", _PERSON, FieldKind.DOCUMENTS, lambda of: of.person.documents
    )
    REASON = _Value("reason", "Reason", _PERSON, _TEXT, lambda of: of.person.reason)
    DECISION_NUMBER = _Value(
        "decision_number", "Decision", _PERSON, _TEXT, lambda of: of.person.decision_number
    )
    VALID_UNTIL = _Value(
        "valid_until", "Valid until", _PERSON, FieldKind.DAY, lambda of: of.person.valid_until
    )
    CASE_NUMBER = _Value(
        "case_number", "Case number", _LIST, _TEXT, lambda of: of.alert.case_number, proposed=True
    )
    WATCHLIST = _Value("watchlist", "Watchlist", _LIST, _TEXT, lambda of: of.alert.watchlist_name)
    CATEGORY = _Value(
        "category", "Category", _LIST, FieldKind.CATEGORY, lambda of: of.alert.category
    )
    LEGAL_BASIS = _Value("legal_basis", "Legal basis", _LIST, _TEXT, lambda of: of.legal_basis)
    PORT = _Value("port", "Port", _TRAVELLER, _TEXT, lambda of: of.alert.encounter.port)
    DIRECTION = _Value(
        "direction", "Direction", _TRAVELLER, Direction, lambda of: of.alert.encounter.direction
    )
    STAGE = _Value("stage", "Stage", _TRAVELLER, Stage, lambda of: of.alert.encounter.stage)
    CAPTURED_AT = _Value(
        "captured_at",
        "Photographed",
        _TRAVELLER,
        FieldKind.TIME,
        lambda of: of.alert.encounter.captured_at,
    )
    TRAVELLER_REF = _Value(
        "traveller_ref",
        "Port's reference",
        _TRAVELLER,
        _TEXT,
        lambda of: of.alert.encounter.traveller_ref,
    )
    VERIFICATION = _Value(
        "verification",
        "Traveller and reference",
        _TRAVELLER,
        VerificationResult,
        lambda of: verification_result(of.alert.encounter.verification),
    )
    PAD_RESULT = _Value(
        "pad_result",
        "Attack detection of the gate",
        _TRAVELLER,
        PadResult,
        lambda of: pad_result(of.alert.encounter.presentation),
    )
    DOCUMENT_NAME = _Value(
        "document_name", "Name in the document", _TRAVELLER, _TEXT, _says("name"), identifies=True
    )
    DOCUMENT_BIRTH = _Value(
        "document_birth",
        "Born, by the document",
        _TRAVELLER,
        FieldKind.BIRTH,
        _says("birth"),
    )
    DOCUMENT_NATIONALITY = _Value(
        "document_nationality",
        "Nationality in the document",
        _TRAVELLER,
        FieldKind.COUNTRY,
        _says("nationality"),
    )
    DOCUMENT_NUMBER = _Value(
        "document_number", "Number of the document", _TRAVELLER, _TEXT, _says("number")
    )
    DOCUMENT_COUNTRY = _Value(
        "document_country",
        "Who issued the document",
        _TRAVELLER,
        FieldKind.COUNTRY,
        _says("country"),
    )
    MATCHED_BY = _Value("matched_by", "Found by", _LIST, MatchedBy, lambda of: of.alert.matched_by)
    SCORE = _Value("score", "Score", _LIST, FieldKind.SCORE, _score)
    ONE_IN = _Value("one_in", "By chance", _LIST, FieldKind.ODDS, lambda of: of.alert.one_in)
    PROBE_PHOTO = _Photo("probe_photo", "Photo of the traveller", _TRAVELLER, _probe)
    REFERENCE_PHOTO = _Photo(
        "reference_photo", "Reference from the gate, such as the chip", _TRAVELLER, _reference
    )
    ENROLLED_PHOTO = _Photo("enrolled_photo", "Photo on the list", _PERSON, _enrolled)


def identifies(fields: Collection[ReferralField], values: Mapping[str, Any]) -> bool:
    """Whether the receiver can know who a referral is about.

    Args:
        fields: what is handed over.
        values: what is known of the fields that are no photos.
    """
    return any(
        each.field.identifies and (isinstance(each.field, PhotoField) or values.get(each.value))
        for each in fields
    )


OF_LIST: Final = frozenset(each for each in AlertField if each.field.group.of_list)
"""Fields that reveal something of a list: only its owner may hand them on."""
