"""What a referral carries: the fields its sender chose, copied and sealed when it is sent.

The receiver is shown these copies and nothing else: no way leads from a referral to the alert, the
subject, the list or the tip it was made from. The source of a tip is never among the fields.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.errors import InvalidReferral
from casework.kernel.stored_photo import StoredPhoto, UncheckedPhoto
from casework.kernel.vault import Vault
from casework.referrals.fields import AlertField, AlertSource, Field, PhotoField, ReferralField
from casework.review.alerts import subject_card
from casework.tables import Alert, Referral, ReferralPhoto, Watchlist
from casework.watchlists import subjects


@dataclass(frozen=True, slots=True)
class Payload:
    """Copies of what was chosen, as JSON has it, and of the photos with their formats."""

    values: Mapping[str, Any]
    photos: Mapping[str, StoredPhoto] = field(default_factory=dict, repr=False)


def alert_source(session: Session, alert: Alert) -> AlertSource:
    """Return what an alert's fields are read from, within a transaction."""
    subject = subjects.kept(session, alert.subject_id)
    watchlist = session.get(Watchlist, alert.watchlist_id)
    return AlertSource(
        alert,
        subject_card(subject) if subject is not None else None,
        watchlist.legal_basis if watchlist is not None else "",
    )


def copied(
    session: Session, vault: Vault, fields: Collection[ReferralField], source: object
) -> Payload:
    """Copy fields of what is handed over, within the transaction that it was read in.

    Raises:
        InvalidReferral: something that was chosen has been erased, or there is none.
    """
    values = {
        each.value: _plain(each.field.read(source))
        for each in fields
        if isinstance(each.field, Field)
    }
    photos = {
        each.value: each.field.read(source, session, vault)
        for each in fields
        if isinstance(each.field, PhotoField)
    }
    return Payload(values, photos)


def preview(fields: Collection[ReferralField], source: object) -> dict[str, Any]:
    """Return what could be handed over now, without photos and without what was erased."""
    values = {}
    for each in fields:
        if isinstance(each.field, Field):
            try:
                values[each.value] = each.field.read(source)
            except InvalidReferral:
                continue
    return values


def put(vault: Vault, referral: Referral, carried: Payload) -> None:
    """Seal the copies into a new referral, which has its id already."""
    referral.fields = sorted([*carried.values, *carried.photos])
    text = json.dumps(dict(carried.values)).encode()
    referral.sealed_carried = vault.seal(text, rows.referral_payload(referral.id))
    referral.photos = [
        ReferralPhoto(
            name=name,
            format=photo.format,
            turn=photo.turn,
            sealed_content=vault.seal(photo.content, rows.referral_photo(referral.id, name)),
        )
        for name, photo in carried.photos.items()
    ]


def values_of(vault: Vault, referral: Referral) -> dict[str, Any]:
    """Open the carried fields that are no photos."""
    text = vault.open(referral.sealed_carried, rows.referral_payload(referral.id))
    values: dict[str, Any] = json.loads(text)
    return values


def photo_of(vault: Vault, photo: ReferralPhoto) -> StoredPhoto:
    """Open a carried photo: one that was reported may never have been decoded."""
    name = rows.referral_photo(photo.referral_id, photo.name)
    kind = kind_of(photo.name)
    return kind(vault.open(photo.sealed_content, name), photo.format, photo.turn)


def kind_of(name: str) -> type[StoredPhoto]:
    """Return how a carried photo is shown, by its name: only those of alerts are known photos."""
    return StoredPhoto if name in {*AlertField} else UncheckedPhoto


def _plain(value: Any) -> Any:  # noqa: ANN401 - as JSON
    return value.isoformat() if isinstance(value, datetime) else value
