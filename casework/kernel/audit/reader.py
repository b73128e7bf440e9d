"""Reading the audit trail: page by page for people, line by line for an export."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    false,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.audit import proof
from casework.kernel.audit import rows as stored
from casework.kernel.audit.acts import READS
from casework.kernel.audit.chain import (
    ACTOR,
    FIELDS,
    NODE,
    PURPOSE,
    Link,
    Salted,
    Verdict,
    exported_line,
    plain,
)
from casework.kernel.audit.checkpoints import Checkpoint, Checkpoints
from casework.kernel.audit.log import DONE, AuditEntry
from casework.kernel.audit.proof import RecordProof
from casework.kernel.audit.tail import result
from casework.kernel.errors import AuditBroken, NotFound, WrongDataKey
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    require,
    scope_of,
    within_reach,
)
from casework.tables import AuditActor, AuditRecord, AuditText

_BATCH: Final = 500  # their numbers are parameters of one statement


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records to list; None sets no condition."""

    actor_id: str | None = None
    action: str | None = None
    """An act's name, or its beginning up to a dot: `alert` finds `alert.decide`."""
    object_id: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    reads: bool = True
    """Whether acts that only read are listed, too."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query."""
        row = AuditRecord
        conditions: list[ColumnElement[bool]] = []
        if self.actor_id is not None:
            conditions.append(row.actor_id == self.actor_id)
        if self.action is not None:
            inside = row.action.startswith(f"{self.action}.", autoescape=True)
            conditions.append(or_(row.action == self.action, inside))
        if self.object_id is not None:
            conditions.append(row.object_id == self.object_id)
        if self.outcome is not None:
            conditions.append(row.outcome == self.outcome)
        if self.since is not None:
            conditions.append(row.at >= self.since)
        if self.until is not None:
            conditions.append(row.at < self.until)
        if not self.reads:
            conditions.append(row.action.not_in(READS))
        return conditions


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record with what stands sealed beside it."""

    record: AuditRecord
    salted_actor: Salted | None
    """The actor's card; None where it was erased."""
    salted_texts: Mapping[str, Salted]
    """What people typed, without what was erased."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a column's value
        """Return a field of the record."""
        return getattr(self.record, name)

    @property
    def actor_name(self) -> str | None:
        """The actor's name as of that day; None where it was erased."""
        if self.salted_actor is None:
            return None
        name: str = json.loads(self.salted_actor.text)["name"]
        return name

    @property
    def agency_name(self) -> str | None:
        """The actor's agency as of that day; None where there was none, or it was erased."""
        if self.salted_actor is None:
            return None
        name: str | None = json.loads(self.salted_actor.text).get("agency")
        return name

    @property
    def service_number(self) -> str | None:
        """The actor's service number as of that day; None where there is none, or it was erased."""
        if self.salted_actor is None:
            return None
        number: str | None = json.loads(self.salted_actor.text).get("service_number")
        return number

    @property
    def purpose(self) -> str | None:
        """Why, as a person typed it; None where nobody did, or it was erased."""
        return self.typed.get(PURPOSE)

    @property
    def typed(self) -> dict[str, str | None]:
        """What people typed, by name; None for what was erased."""
        names = self.record.texts or {}
        texts = self.salted_texts
        return {name: texts[name].text if name in texts else None for name in names}


class RecordAbout(NamedTuple):
    """A record about an object."""

    seq: int
    proof: RecordProof | None
    """That a signed checkpoint covers it; None where none does yet."""
    line: str | None
    """As an export has it, where there is no proof and all of it is shown."""


@dataclass(frozen=True, slots=True)
class _Covered:
    """A checkpoint, with the digests of all records that its tree holds."""

    checkpoint: Checkpoint
    digests: Sequence[bytes]

    def holds(self, seq: int) -> bool:
        end = self.checkpoint.fields["nodes"][NODE]
        return bool(end["first"] <= seq <= end["last"])

    def proof_of(self, read: ReadRecord, shown: Sequence[str] | None) -> RecordProof:
        fields, salt = plain(_fields(read.record)), read.record.salt
        return proof.made(fields, salt, _texts(read), self.digests, self.checkpoint, shown)


class AuditReader:
    """Shows the trail to those who may read it: acts of their agency, and acts on its objects."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit

    def page(
        self, actor: Actor, before: int | None, limit: int, filters: AuditFilter
    ) -> list[ReadRecord]:
        """Return up to `limit` records, newest first, those with numbers below `before`.

        Raises:
            NotPermitted: the actor may read no trail.
        """
        require(actor, Permission.READ_AUDIT)
        conditions = filters.conditions
        if before is not None:
            conditions.append(AuditRecord.seq < before)
        with self._database.read() as session:
            # Its own order is found by both.
            in_trail = AuditRecord.node == NODE
            query = select(AuditRecord).where(in_trail, _visible(actor), *conditions)
            ways = self._ways(session, actor, filters)
            if ways:
                # Each way is read from its end, and no further than the page goes.
                ends = [
                    select(
                        select(AuditRecord.seq)
                        .where(*way, *conditions)
                        .order_by(AuditRecord.seq.desc())
                        .limit(limit)
                        .subquery()
                    )
                    for way in ways
                ]
                query = select(AuditRecord).where(in_trail, AuditRecord.seq.in_(union(*ends)))
            query = query.order_by(AuditRecord.seq.desc()).limit(limit)
            found = self.opened(session, session.scalars(query).all())
        self._audit.note(AuditEntry(actor, Permission.READ_AUDIT, detail={"records": len(found)}))
        return found

    def _ways(
        self, session: Session, actor: Actor, filters: AuditFilter
    ) -> list[list[ColumnElement[bool]]]:
        """Return conditions that find all between them, each by an index in the trail's order.

        None are returned where the trail itself is as short a way, or the database knows best.
        """
        seen = _visible(actor, by_index=False)
        if filters.object_id is not None:
            return [[seen]]
        if filters.actor_id is not None:
            return [[AuditRecord.actor_id == filters.actor_id, seen]]
        if filters.outcome is not None and filters.outcome != DONE:
            # In these words, without a parameter, its index is found.
            return [[AuditRecord.outcome != literal_column(f"'{DONE}'"), seen]]
        if filters.action is not None and self._database.local:
            return [
                [AuditRecord.action == name, seen] for name in _acts(session, filters.action)
            ] or [[false()]]
        if scope_of(actor, Permission.READ_AUDIT) is PermissionScope.ALL or actor.agency_id is None:
            return []
        columns = AuditRecord.agency_id, AuditRecord.owner_id
        ways = [[column == actor.agency_id] for column in columns]
        if actor.runs_installation:
            ways += [[column.is_(None)] for column in columns]
        return ways

    def export(self, actor: Actor) -> Iterator[str]:
        """Return every record the actor may read, oldest first, one a line (NDJSON).

        It ends with the record of the export itself. Records are read a few at a time, so that a
        slow reader holds nothing up: none is ever changed, so they fit together all the same. An
        export of the whole trail can be checked by anyone: see `casework.kernel.audit.chain`.

        Raises:
            NotPermitted: the actor may read no trail; before the first record is asked for.
        """
        require(actor, Permission.READ_AUDIT)
        self._audit.note(AuditEntry(actor, "audit.export"))
        with self._database.read() as session:
            last = session.scalar(select(func.max(AuditRecord.seq))) or 0
        return self._up_to(last, _visible(actor))

    def verify(
        self,
        actor: Actor,
        anchor: Link | None = None,
        elsewhere: Sequence[Checkpoint] | None = None,
        check: Callable[[], Verdict] | None = None,
        *,
        tail: bool = False,
    ) -> Verdict:
        """Check the trail, with what is beyond the actor's reach; the check is recorded.

        Args:
            actor: who wants to know.
            anchor: where the trail stood when it was exported: it must have gone on from there.
            elsewhere: checkpoints from outside the database; None means those handed out to where
                this installation can read them.
            check: does the work in another process, without anchor and checkpoints; None means
                that it is done here.
            tail: whether it will do to check what was recorded since the last check.

        Raises:
            NotPermitted: the actor may not.
        """
        require(actor, Permission.VERIFY_AUDIT)
        verdict = check() if check else self._audit.verify(anchor, elsewhere, tail=tail)
        detail = result(verdict.records, verdict.after, verdict.all_at, whole=verdict.whole)
        with suppress(AuditBroken):  # then nothing can be chained to the trail any more
            self._audit.note(AuditEntry(actor, Permission.VERIFY_AUDIT, detail=detail))
        return verdict

    def prove(self, actor: Actor, seq: int, shown: Sequence[str] | None = None) -> RecordProof:
        """Return a proof of one record, which shows no other; that it was made is recorded.

        Args:
            actor: who proves it.
            seq: the record's number.
            shown: its fields and texts to show; None means all.

        Raises:
            NotPermitted: the actor may read no trail.
            NotFound: there is no such record, or none that the actor may read, or no checkpoint
                covers it yet, or it has no field or text of such a name.
        """
        require(actor, Permission.READ_AUDIT)
        query = select(AuditRecord).where(_visible(actor), AuditRecord.seq == seq)
        with self._database.read() as session:
            row = session.scalar(query)
            if row is None:
                raise NotFound("audit_record_not_found", record=seq)
            covered = self._covering(session, seq)
            if covered is None:
                raise NotFound("checkpoint_none_covers", record=seq)
            (read,) = self.opened(session, [row])
        texts = _texts(read)
        for name in shown or ():
            if name not in FIELDS and name not in texts:
                raise NotFound("audit_field_not_found", record=seq)
        made = covered.proof_of(read, shown)
        self._audit.note(AuditEntry(actor, "audit.prove", detail={"record": seq}))
        return made

    def about(
        self, object_id: str, owner_id: str | None, shown: Sequence[str] | None = None
    ) -> list[RecordAbout]:
        """Return every record about one object, in order, for a use case that checked its reader.

        Args:
            object_id: the object.
            owner_id: the agency it belongs to.
            shown: fields to show; None means all, with what stands beside them.
        """
        query = select(AuditRecord).where(
            AuditRecord.object_id == object_id, AuditRecord.owner_id.is_not_distinct_from(owner_id)
        )
        found, covered = [], None
        with self._database.read() as session:
            rows = session.scalars(query.order_by(AuditRecord.seq)).all()
            for read in self.opened(session, rows):
                seq = read.record.seq
                if covered is None or not covered.holds(seq):
                    covered = self._covering(session, seq)
                made = covered.proof_of(read, shown) if covered is not None else None
                # What is not shown of a record can be left out of a proof alone.
                line = _line(read) if made is None and shown is None else None
                found.append(RecordAbout(seq, made, line))
        return found

    def _covering(self, session: Session, seq: int) -> _Covered | None:
        checkpoint = Checkpoints(self._audit).covering(session, seq)
        if checkpoint is None:
            return None
        end = checkpoint.fields["nodes"][NODE]
        interval = stored.records(session, NODE, end["first"] - 1, end["last"])
        return _Covered(checkpoint, [each.digest or b"" for each in interval])

    def _up_to(self, last: int, visible: ColumnElement[bool]) -> Iterator[str]:
        done = 0
        query = select(AuditRecord).where(
            AuditRecord.node == NODE, visible, AuditRecord.seq <= last
        )
        while True:
            batch = query.where(AuditRecord.seq > done).order_by(AuditRecord.seq).limit(_BATCH)
            with self._database.read() as session:
                found = self.opened(session, session.scalars(batch).all())
            if not found:
                return
            yield from map(_line, found)
            done = found[-1].record.seq

    def opened(self, session: Session, found: Sequence[AuditRecord]) -> list[ReadRecord]:
        """Open what stands beside records; what does not open is for `verify` to report."""
        wanted = {row.actor_card for row in found}
        cards: dict[str, Salted] = {}
        for actor in session.scalars(select(AuditActor).where(AuditActor.digest.in_(wanted))):
            with suppress(WrongDataKey):
                cards[actor.digest] = self._audit.actor(actor.digest, actor.sealed_card)
        typed: dict[int, dict[str, Salted]] = {}
        numbers = [row.seq for row in found if row.texts]
        for text in session.scalars(select(AuditText).where(AuditText.seq.in_(numbers))):
            with suppress(WrongDataKey):
                opened = self._audit.text(text.node, text.seq, text.name, text.sealed_text)
                typed.setdefault(text.seq, {})[text.name] = opened
        return [ReadRecord(row, cards.get(row.actor_card), typed.get(row.seq, {})) for row in found]


def _fields(record: AuditRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS}


def _texts(read: ReadRecord) -> dict[str, Salted]:
    """Return what stands beside a record, by name."""
    texts = dict(read.salted_texts)
    if read.salted_actor is not None:
        texts[ACTOR] = read.salted_actor
    return texts


def _line(read: ReadRecord) -> str:
    row = read.record
    fields = plain(_fields(row))
    return exported_line(fields, row.salt, row.hash, read.salted_actor, read.salted_texts)


def _acts(session: Session, begun: str) -> list[str]:
    """Return the acts that were recorded whose name is this, or begins so up to a dot.

    For SQLite: by looking for each in turn, which reads no record.
    """
    found, last = [begun], f"{begun}."
    until = f"{begun}/"  # which follows the dot
    while True:
        query = select(func.min(AuditRecord.action)).where(
            AuditRecord.action > last, AuditRecord.action < until
        )
        following = session.scalar(query)
        if following is None:
            return found
        found.append(following)
        last = following


def _visible(actor: Actor, *, by_index: bool = True) -> ColumnElement[bool]:
    """Acts of the actor's agency, and acts of anybody on what belongs to it.

    Args:
        actor: the reader.
        by_index: whether records may be looked for by that; otherwise they are only checked.
    """
    agency: SQLColumnExpression[str | None] = AuditRecord.agency_id
    owner: SQLColumnExpression[str | None] = AuditRecord.owner_id
    if not by_index:
        agency, owner = agency + "", owner + ""
    acted = within_reach(actor, Permission.READ_AUDIT, agency)
    return or_(acted, within_reach(actor, Permission.READ_AUDIT, owner))
