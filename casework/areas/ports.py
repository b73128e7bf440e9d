"""Keeping where ports lie: the agency that runs the installation says it, for everybody."""

from dataclasses import dataclass

from sqlalchemy import select

from casework.areas import known
from casework.areas.port_areas import KNOWN
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.tables import PortArea


@dataclass(frozen=True, slots=True)
class PlacedPort:
    """A port, and where it lies."""

    port: str
    area: str | None
    """Code of the smallest area that is known; None: in none."""
    version: int = 0
    """0 of what is built in."""


class PlacedPorts:
    """Says where ports lie."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(self, actor: Actor, after: str | None, limit: int | None) -> list[PlacedPort]:
        """Return ports in order of code: those after `after`, at most `limit` (None: all).

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_AREA)
        with self._database.read() as session:
            set_here = {row.port: _placed(row) for row in session.scalars(select(PortArea))}
        found = {port: PlacedPort(port, area) for port, area in KNOWN.items()} | set_here
        return [found[port] for port in sorted(found) if port > (after or "")][:limit]

    def get(self, actor: Actor, port: str) -> PlacedPort:
        """Return where one port lies; raises NotPermitted, and NotFound where nobody said it."""
        require(actor, Permission.READ_AREA)
        with self._database.read() as session:
            row = session.get(PortArea, port)
        if row is None and port not in KNOWN:
            raise NotFound("port_area_not_found", port=port)
        return _as_set(row, port)

    def put(
        self, actor: Actor, port: str, area: str | None, version: int | None = None
    ) -> PlacedPort:
        """Say where a port lies; all that is filtered or counted by area follows from now on.

        Args:
            actor: an administrator of the agency that runs the installation.
            port: which.
            area: the smallest area that is known; None: in none.
            version: the version the caller read, None to overwrite whatever is there.

        Raises:
            NotPermitted, StaleVersion: nothing was changed.
            AreaRefused: there is no such area.
        """
        require(actor, Permission.EDIT_AREA)
        now = self._clock()
        with self._database.write() as session:
            row = session.get(PortArea, port)
            before = _as_set(row, port)
            rows.require_version(before, version, "portarea_changed")
            if area is not None:
                known.choose(session, area, "area")
            if row is None:
                row = PortArea(port=port, created_at=now)
                session.add(row)
            row.area, row.updated_at = area, now
            session.flush()
            detail = {"change": "port", "port": port, "area": area, "before": before.area}
            entry = AuditEntry(actor, Permission.EDIT_AREA, f"port/{port}", detail=detail)
            self._audit.append(session, entry)
            return _placed(row)


def _as_set(row: PortArea | None, port: str) -> PlacedPort:
    return _placed(row) if row is not None else PlacedPort(port, KNOWN.get(port))


def _placed(row: PortArea) -> PlacedPort:
    return PlacedPort(row.port, row.area, row.version)
