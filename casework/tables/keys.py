"""The keys that values are sealed under: stored keys, and one for each record that is erased whole.

The data key opens stored keys, and a stored key those of records.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from casework.tables.base import Table


class StoredKey(Table):
    """One key, which only the data key opens."""

    __tablename__ = "stored_key"
    __table_args__ = (UniqueConstraint("purpose", "scope", "number"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    """Eight random bytes, hexadecimal: what is sealed under the key begins with them."""
    purpose: Mapped[str] = mapped_column(String(40))
    """See `casework.kernel.key_ring.Purpose`."""
    scope: Mapped[str]
    """The agency whose values it seals; `installation` for what belongs to none."""
    number: Mapped[int]
    """Counts the keys of one purpose and scope; the highest is in force."""
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    """The key under AES-256-GCM, bound to its id, purpose and scope."""
    data_key: Mapped[str] = mapped_column(String(16))
    """Fingerprint of the data key that opens it."""
    created_at: Mapped[datetime]


class KeyHolder(Table):
    """A process at work, and the data keys that it has: none of them may be lost to it."""

    __tablename__ = "key_holder"

    id: Mapped[str] = mapped_column(primary_key=True)
    machine: Mapped[str]
    """The machine's name, and the process's number on it."""
    place: Mapped[str | None]
    """Where it reads its keys each time it needs them; None where it keeps what it started with."""
    fingerprints: Mapped[list[str]]
    """Of its data keys."""
    seen_at: Mapped[datetime]


class OwnKey:
    """The key of one record, gone with it; apart from the record, as all are wrapped again often.

    A stored key that still wraps one cannot be deleted.
    """

    @declared_attr
    def wrapped_by(self) -> Mapped[str]:
        """Id of the stored key that opens it."""
        return mapped_column(
            String(16), ForeignKey("stored_key.id", ondelete="RESTRICT"), index=True
        )

    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    """The key under AES-256-GCM, bound to the record."""


class SubjectKey(OwnKey, Table):
    """Seals who a subject is, its photos and its templates."""

    __tablename__ = "subject_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True
    )


class EncounterKey(OwnKey, Table):
    """Seals a traveller's portrait and reference."""

    __tablename__ = "encounter_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("encounter.id", ondelete="CASCADE"), primary_key=True
    )


class AlertKey(OwnKey, Table):
    """Seals the review of an alert."""

    __tablename__ = "alert_key"

    owner: Mapped[str] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True)


class SearchKey(OwnKey, Table):
    """Seals for what purpose an officer searched."""

    __tablename__ = "search_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("probe_search.id", ondelete="CASCADE"), primary_key=True
    )


class TipKey(OwnKey, Table):
    """Seals a tip, its photo and its source."""

    __tablename__ = "tip_key"

    owner: Mapped[str] = mapped_column(ForeignKey("tip.id", ondelete="CASCADE"), primary_key=True)


class StayKey(OwnKey, Table):
    """Seals who stays where."""

    __tablename__ = "stay_key"

    owner: Mapped[str] = mapped_column(ForeignKey("stay.id", ondelete="CASCADE"), primary_key=True)


class StayPhotoKey(OwnKey, Table):
    """Seals a guest's photo until it is screened; the key goes with it."""

    __tablename__ = "stay_photo_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("stay_photo.id", ondelete="CASCADE"), primary_key=True
    )


class HeldPermitKey(OwnKey, Table):
    """Seals a permit that is held for a traveller on no list."""

    __tablename__ = "held_permit_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("held_permit.id", ondelete="CASCADE"), primary_key=True
    )


class ReferralKey(OwnKey, Table):
    """Seals what a referral carries, and its messages."""

    __tablename__ = "referral_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("referral.id", ondelete="CASCADE"), primary_key=True
    )


class ImportKey(OwnKey, Table):
    """Seals an import: its file, and what was wrong with rows."""

    __tablename__ = "import_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True
    )


class ApprovalKey(OwnKey, Table):
    """Seals what a second person is asked to accept."""

    __tablename__ = "approval_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("approval.id", ondelete="CASCADE"), primary_key=True
    )
