"""What a referral carries: the fields its sender chose, copied and sealed when it is sent.

The receiver is shown these copies and nothing else: no way leads from a referral to the alert, the
subject, the list or the tip it was made from. The source of a tip is never among the fields.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.errors import InvalidReferral
from casework.kernel.vault import Vault
from casework.review.alerts import PORTRAIT_FORMAT, subject_card
from casework.tables import (
    Alert,
    EnrolledPhoto,
    Referral,
    ReferralPhoto,
    Subject,
    Tip,
    Watchlist,
)
from casework.tips.tips import photo_of as tip_photo_of
from casework.tips.tips import report_of

_T = TypeVar("_T")


class AlertField(StrEnum):
    """What can be carried of an alert."""

    NAME = "name"
    ALIASES = "aliases"
    SEX = "sex"
    BIRTH = "birth"
    NATIONALITY = "nationality"
    DOCUMENTS = "documents"
    REASON = "reason"
    DECISION_NUMBER = "decision_number"
    VALID_UNTIL = "valid_until"
    WATCHLIST = "watchlist"
    """The list's name."""
    CATEGORY = "category"
    LEGAL_BASIS = "legal_basis"
    PORT = "port"
    DIRECTION = "direction"
    STAGE = "stage"
    CAPTURED_AT = "captured_at"
    TRAVELLER_REF = "traveller_ref"
    SCORE = "score"
    ONE_IN = "one_in"
    PROBE_PHOTO = "probe_photo"
    """The traveller's face."""
    ENROLLED_PHOTO = "enrolled_photo"


class TipField(StrEnum):
    """What can be carried of a tip; never its source."""

    REFERENCE = "reference"
    ORIGIN = "origin"
    TEXT = "text"
    PLACE = "place"
    HAPPENED_AT = "happened_at"
    PHOTO = "photo"


PHOTOS: Final = frozenset({AlertField.PROBE_PHOTO, AlertField.ENROLLED_PHOTO, TipField.PHOTO})
"""Fields that are photos: read one by one, each read audited."""

_OF_SUBJECT: Final = frozenset(
    {
        AlertField.NAME,
        AlertField.ALIASES,
        AlertField.SEX,
        AlertField.BIRTH,
        AlertField.NATIONALITY,
        AlertField.DOCUMENTS,
        AlertField.REASON,
        AlertField.DECISION_NUMBER,
        AlertField.VALID_UNTIL,
    }
)
OF_LIST: Final = _OF_SUBJECT | {
    AlertField.WATCHLIST,
    AlertField.CATEGORY,
    AlertField.LEGAL_BASIS,
    AlertField.SCORE,
    AlertField.ONE_IN,
    AlertField.ENROLLED_PHOTO,
}
"""Fields that tell something of a list: for its owner to hand on."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Copies of what was chosen, as JSON has it, and of the photos with their formats."""

    values: Mapping[str, Any]
    photos: Mapping[str, tuple[bytes, str]] = field(default_factory=dict, repr=False)


def of_alert(
    session: Session, vault: Vault, alert: Alert, fields: Collection[AlertField]
) -> Payload:
    """Copy fields of an alert.

    Raises:
        InvalidReferral: something that was chosen has been erased.
    """
    subject = session.get(Subject, alert.subject_id)
    if subject is None and not _OF_SUBJECT.isdisjoint(fields):
        raise InvalidReferral("referral_subject_erased", field="fields")
    person = asdict(subject_card(subject)) if subject is not None else {}
    meeting = alert.encounter
    row = session.get(Watchlist, alert.watchlist_id)
    known: dict[str, Any] = {
        **person,
        AlertField.WATCHLIST: alert.watchlist_name,
        AlertField.CATEGORY: alert.category,
        AlertField.LEGAL_BASIS: row.legal_basis if row is not None else "",
        AlertField.PORT: meeting.port,
        AlertField.DIRECTION: meeting.direction,
        AlertField.STAGE: meeting.stage,
        AlertField.CAPTURED_AT: meeting.captured_at,
        AlertField.TRAVELLER_REF: meeting.traveller_ref,
        AlertField.SCORE: round(alert.score, 4),
        AlertField.ONE_IN: alert.one_in,
    }
    photos: dict[str, tuple[bytes, str]] = {}
    if AlertField.PROBE_PHOTO in fields:
        sealed = _present(meeting.sealed_portrait, "referral_probe_erased")
        content = vault.open(sealed, rows.encounter(meeting.id))
        photos[AlertField.PROBE_PHOTO.value] = (content, PORTRAIT_FORMAT)
    if AlertField.ENROLLED_PHOTO in fields:
        photo = _present(session.get(EnrolledPhoto, alert.photo_id), "referral_photo_erased")
        content = vault.open(photo.sealed_content, rows.photo(photo.id))
        photos[AlertField.ENROLLED_PHOTO.value] = (content, photo.format)
    values = {name.value: _plain(known[name]) for name in fields if name not in PHOTOS}
    return Payload(values, photos)


def of_tip(vault: Vault, tip: Tip, fields: Collection[TipField]) -> Payload:
    """Copy fields of a tip, within the transaction that it was read in.

    Raises:
        InvalidReferral: the photo was chosen, and there is none.
    """
    report = report_of(vault, tip)
    known: dict[str, Any] = {
        TipField.REFERENCE: tip.reference,
        TipField.ORIGIN: tip.origin,
        TipField.TEXT: report.text,
        TipField.PLACE: report.place,
        TipField.HAPPENED_AT: tip.happened_at,
    }
    photos: dict[str, tuple[bytes, str]] = {}
    if TipField.PHOTO in fields:
        content, kind = tip_photo_of(vault, tip), tip.photo_format
        if content is None or kind is None:
            raise InvalidReferral("referral_tip_without_photo", field="fields")
        photos[TipField.PHOTO.value] = (content, kind)
    values = {name.value: _plain(known[name]) for name in fields if name not in PHOTOS}
    return Payload(values, photos)


def put(vault: Vault, referral: Referral, carried: Payload) -> None:
    """Seal the copies into a new referral, which has its id already."""
    referral.fields = sorted([*carried.values, *carried.photos])
    text = json.dumps(dict(carried.values)).encode()
    referral.sealed_carried = vault.seal(text, rows.referral_payload(referral.id))
    referral.photos = [
        ReferralPhoto(
            name=name,
            format=kind,
            sealed_content=vault.seal(content, rows.referral_photo(referral.id, name)),
        )
        for name, (content, kind) in carried.photos.items()
    ]


def values_of(vault: Vault, referral: Referral) -> dict[str, Any]:
    """Open the carried fields that are no photos."""
    text = vault.open(referral.sealed_carried, rows.referral_payload(referral.id))
    values: dict[str, Any] = json.loads(text)
    return values


def photo_of(vault: Vault, photo: ReferralPhoto) -> bytes:
    """Open a carried photo."""
    return vault.open(photo.sealed_content, rows.referral_photo(photo.referral_id, photo.name))


def _present(value: _T | None, erased: str) -> _T:
    if value is None:
        raise InvalidReferral(erased, field="fields")
    return value


def _plain(value: Any) -> Any:  # noqa: ANN401 - as JSON
    return value.isoformat() if isinstance(value, datetime) else value
