"""The keys that values are sealed under, each wrapped by the data key."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

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
