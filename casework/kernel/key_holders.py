"""Which processes are at work on a database, and which data keys each of them has.

A rotation asks: a process without the new data key could read nothing new any more.
"""

import os
import socket
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from casework.kernel import ids
from casework.kernel.key_ring import KeyRing
from casework.tables import KeyHolder

SIGN_EVERY_S: Final = 60
_SILENT: Final = timedelta(seconds=3 * SIGN_EVERY_S)
"""After which a process counts as ended."""


class KeyHolders:
    """The processes on one database, this one among them."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._id = ids.new_id("prc")
        self._host = socket.gethostname()

    def sign(self) -> None:
        """Say that this process is at work, and which keys it finds now."""
        values = {
            "machine": f"{self._host} ({os.getpid()})",
            "place": self._place(),
            "fingerprints": self._ring.given(),
            "seen_at": self._ring.clock(),
        }
        with self._ring.database.write_core() as connection:
            connection.execute(delete(KeyHolder).where(KeyHolder.seen_at < self._since()))
            own = update(KeyHolder).where(KeyHolder.id == self._id)
            if connection.execute(own.values(values)).rowcount == 0:
                connection.execute(insert(KeyHolder).values(values | {"id": self._id}))

    def leave(self) -> None:
        """Say that this process ends."""
        with self._ring.database.write_core() as connection:
            connection.execute(delete(KeyHolder).where(KeyHolder.id == self._id))

    def without(self, fingerprint: str) -> list[str]:
        """Return the machines and numbers of the processes at work that lack a data key.

        Those on this machine that read the same place again find there what this process does.
        """
        with self._ring.database.read_one() as connection:
            rows = connection.execute(
                select(KeyHolder.machine, KeyHolder.place, KeyHolder.fingerprints)
                .where(KeyHolder.seen_at >= self._since())
                .order_by(KeyHolder.machine)
            ).all()
        place = self._place()
        return [
            row.machine
            for row in rows
            if fingerprint not in row.fingerprints and (place is None or row.place != place)
        ]

    def _since(self) -> datetime:
        return self._ring.clock() - _SILENT

    def _place(self) -> str | None:
        source = self._ring.source
        return f"{self._host}:{source.place}"[:200] if source.read_anew else None
