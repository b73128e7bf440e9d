"""Reading the areas, and keeping them: what the agency that runs the installation adds and renames.

They hold for everybody here. No area is ever removed: what lies in it keeps its place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from casework.areas import known, tree
from casework.areas.area_file import AreaFile, read_areas
from casework.areas.known import Area, AreaFilter
from casework.areas.provinces import BUILT_IN
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AreaRefused, AreasRefused, NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission, require
from casework.tables import AreaRow


@dataclass(frozen=True, slots=True)
class AreasTaken:
    """What a file of areas made, or would make."""

    added: int
    renamed: int
    unchanged: int
    left_out: int
    """Villages: no area is that small here."""


class Areas:
    """Shows the areas, and keeps them."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(
        self, actor: Actor, after: str | None, limit: int | None, filters: AreaFilter
    ) -> list[Area]:
        """Return areas in order of code: those after `after`, at most `limit` (None: all).

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_AREA)
        with self._database.read() as session:
            return known.listed(session, filters, after or "", limit)

    def get(self, actor: Actor, code: str) -> Area:
        """Return one area; raises NotPermitted, NotFound."""
        require(actor, Permission.READ_AREA)
        with self._database.read() as session:
            found = known.find(session, code)
        if found is None:
            raise NotFound("area_not_found", area=code)
        return found

    def names(self, codes: Iterable[str | None]) -> Mapping[str, str]:
        """Return the names of areas, and of all that they lie in, by code."""
        with self._database.read() as session:
            return known.names(session, codes)

    def put(self, actor: Actor, code: str, name: str, version: int | None = None) -> Area:
        """Add an area, or give one another name.

        Args:
            actor: an administrator of the agency that runs the installation.
            code: of the area; the one that it lies in is there already.
            name: what people call it.
            version: the version the caller read, None to overwrite whatever is there.

        Raises:
            NotPermitted, StaleVersion: nothing was changed.
            AreaRefused: no area has such a code.
            NotFound: what it would lie in is not there.
        """
        require(actor, Permission.EDIT_AREA)
        if not tree.well_formed(code):
            raise AreaRefused("area_file_code", field="code", code=code)
        with self._database.write() as session:
            before = known.find(session, code)
            rows.require_version(before or Area(code, ""), version, "arearow_changed")
            above = tree.parent_of(code)
            if above is not None and known.find(session, above) is None:
                raise NotFound("area_not_found", area=above)
            if before is None or before.name != name:
                row = self._write(session, session.get(AreaRow, code), code, name)
                session.flush()
                detail = {"change": "added" if before is None else "renamed"}
                self._audit.append(
                    session, AuditEntry(actor, Permission.EDIT_AREA, f"area/{code}", detail=detail)
                )
                return known.area_of(row)
            return before

    def take(self, actor: Actor, content: bytes, *, dry_run: bool = False) -> AreasTaken:
        """Take the areas of a CSV file in, all of them or none; areas that it lacks stay.

        Args:
            actor: an administrator of the agency that runs the installation.
            content: the file: see `casework.areas.area_file`.
            dry_run: whether to say only what it would make.

        Raises:
            NotPermitted: the actor may not.
            AreasRefused: the file has faults; they are named by line.
        """
        require(actor, Permission.EDIT_AREA)
        file = read_areas(content)
        if dry_run:
            with self._database.read() as session:
                return _compare(file, _names(_stored(session)))
        with self._database.write() as session:
            stored = _stored(session)
            before = _names(stored)
            found = _compare(file, before)
            changed = {
                code: line.name
                for code, line in file.areas.items()
                if before.get(code) != line.name
            }
            for code in changed.keys() & stored.keys():
                self._write(session, stored[code], code, changed[code])
            self._insert(session, {c: n for c, n in changed.items() if c not in stored})
            detail = {"change": "imported", "added": found.added, "renamed": found.renamed}
            self._audit.append(session, AuditEntry(actor, Permission.EDIT_AREA, detail=detail))
        return found

    def _write(self, session: Session, row: AreaRow | None, code: str, name: str) -> AreaRow:
        now = self._clock()
        if row is None:
            row = AreaRow(code=code, created_at=now)
            session.add(row)
        row.name, row.updated_at = name, now
        return row

    def _insert(self, session: Session, names: Mapping[str, str]) -> None:
        """Add areas in one statement: no port waits while thousands come in."""
        if names:
            now = self._clock()
            dated = {"version": 1, "created_at": now, "updated_at": now}
            new = [{"code": code, "name": name, **dated} for code, name in names.items()]
            session.execute(insert(AreaRow), new)


def _stored(session: Session) -> Mapping[str, AreaRow]:
    return {row.code: row for row in session.scalars(select(AreaRow))}


def _names(stored: Mapping[str, AreaRow]) -> Mapping[str, str]:
    """Return the names of all areas that there are, by code."""
    return {**BUILT_IN, **{code: row.name for code, row in stored.items()}}


def _compare(file: AreaFile, before: Mapping[str, str]) -> AreasTaken:
    """Return what a file makes.

    Raises:
        AreasRefused: what an area of it lies in is neither there nor in the file.
    """
    faults = [
        (line.number, Message("area_file_parent", {"code": code, "parent": above}))
        for code, line in file.areas.items()
        if (above := tree.parent_of(code)) is not None
        and above not in before
        and above not in file.areas
    ]
    if faults:
        raise AreasRefused(sorted(faults, key=lambda fault: fault[0]))
    added = sum(code not in before for code in file.areas)
    same = sum(before.get(code) == line.name for code, line in file.areas.items())
    return AreasTaken(added, len(file.areas) - added - same, same, file.left_out)
