"""What a tip can hand over in a referral, field by field; never its source."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from casework.kernel.errors import InvalidReferral
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.vault import Vault
from casework.kernel.vocabulary import TipOrigin
from casework.referrals.fields import Field, FieldGroup, FieldKind, PhotoField, ReferralField
from casework.tables import Tip
from casework.tips.tips import Report, photo_of


@dataclass(frozen=True, slots=True)
class TipSource:
    """What the values of a tip's referral are read from."""

    tip: Tip
    report: Report
    area_name: str | None = None
    """Its area, in words."""


def _photo(source: TipSource, _: Session, vault: Vault) -> StoredPhoto:
    content, kind = photo_of(vault, source.tip), source.tip.photo_format
    if content is None or kind is None:
        raise InvalidReferral("referral_tip_without_photo", field="fields")
    return StoredPhoto.of(content, kind, source.tip.photo_quality)


_Value = Field[TipSource]
_Photo = PhotoField[TipSource]
_REPORT: Final = FieldGroup.REPORT
_TEXT: Final = FieldKind.TEXT


class TipField(ReferralField):
    """What can be carried of a tip; never its source."""

    REFERENCE = _Value("reference", "Reference", _REPORT, _TEXT, lambda of: of.tip.reference)
    ORIGIN = _Value("origin", "From", _REPORT, TipOrigin, lambda of: of.tip.origin)
    TEXT = _Value(
        "text", "What was reported", _REPORT, _TEXT, lambda of: of.report.text, identifies=True
    )
    PLACE = _Value("place", "Where", _REPORT, _TEXT, lambda of: of.report.place)
    AREA = _Value("area", "Area", _REPORT, _TEXT, lambda of: of.area_name)
    HAPPENED_AT = _Value(
        "happened_at", "When it happened", _REPORT, FieldKind.TIME, lambda of: of.tip.happened_at
    )
    PHOTO = _Photo("photo", "Photo", _REPORT, _photo)
