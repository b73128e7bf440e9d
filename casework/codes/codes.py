"""Keeping the code lists: what the agency that runs the installation adds to them and changes.

They hold for everybody here, so only that agency's administrators keep them. What has a code keeps
it: a code in use is never removed, but it can be switched off, and is then offered no more.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.codes import lists
from casework.codes.built_in import NEEDED
from casework.codes.coded import Coded, CodedCategory, CodedOutcome
from casework.codes.instructions import complete, own_words
from casework.codes.lists import CodeLists
from casework.gallery.change_log import log_policy
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    AlreadyExists,
    CodeRefused,
    NotFound,
    ReasonMissing,
    StaleVersion,
    StillInUse,
)
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import ComparisonResult, Disposition
from casework.tables import (
    Alert,
    AlertEvent,
    CategoryRow,
    OutcomeRow,
    Referral,
    Watchlist,
)

MOST_OWN: Final = 200
"""Own codes of a list: more could not be chosen from."""

# What a built-in member may be made of: its meaning is the program's.
_OF_BUILT_IN_OUTCOME: Final = frozenset({"label", "active"})
_OF_OWN_OUTCOME: Final = frozenset({ComparisonResult.SAME_PERSON, ComparisonResult.UNDECIDED})

CodedT = TypeVar("CodedT", bound=Coded)


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A member of a code list, and how much has its code."""

    member: Coded
    uses: int


class CodeReader:
    """Reads the code lists, for all that shows codes to people."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database

    def now(self) -> CodeLists:
        """Return both lists as they stand."""
        with self._database.read() as session:
            return CodeLists.read(session)


class _CodeList(ABC, Generic[CodedT]):
    """One code list; each says what its members are stored as, and where they stand."""

    kind: str
    table: type[CategoryRow] | type[OutcomeRow]

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def members(self, actor: Actor) -> list[CodedT]:
        """Return all members, built-in ones first; raises NotPermitted."""
        require(actor, Permission.READ_CODE)
        with self._database.read() as session:
            return list(self._all(session).values())

    def get(self, actor: Actor, code: str) -> CodedT:
        """Return one member; raises NotPermitted, NotFound."""
        require(actor, Permission.READ_CODE)
        with self._database.read() as session:
            return self._find(session, code)

    def use(self, actor: Actor, code: str) -> CodeUse:
        """Return one member, and how many records have its code; raises NotPermitted, NotFound."""
        require(actor, Permission.EDIT_CODE)
        with self._database.read() as session:
            return CodeUse(self._find(session, code), self._uses(session, code))

    def create(self, actor: Actor, new: CodedT) -> CodedT:
        """Add an own code.

        Args:
            actor: an administrator of the agency that runs the installation.
            new: what it is; its code begins with `x-`.

        Raises:
            NotPermitted: the actor may not.
            AlreadyExists: the list has that code.
            CodeRefused: it cannot be like that, or there are too many.
        """
        require(actor, Permission.EDIT_CODE)
        try:
            with self._database.write() as session:
                found = self._all(session)
                if new.code in found:
                    raise AlreadyExists("code_exists", code=new.code)
                if sum(not each.built_in for each in found.values()) >= MOST_OWN:
                    raise CodeRefused("codes_too_many", field="code", most=MOST_OWN)
                self._check(session, None, new)
                made = self._write(session, new)
                entry = self._entry(actor, "code.create", new.code, {"label": dict(new.label)})
                self._audit.append(session, entry)
        except IntegrityError as error:
            raise AlreadyExists("code_exists", code=new.code) from error
        return made

    def edit(
        self,
        actor: Actor,
        code: str,
        changes: Mapping[str, Any],
        version: int | None,
        reason: str | None = None,
    ) -> CodedT:
        """Change a member, built-in or own.

        Args:
            actor: an administrator of the agency that runs the installation.
            code: which.
            changes: fields of the member except its code, with their new values; languages of a
                text that are left out stay.
            version: the version the caller read, None to overwrite whatever is there.
            reason: why; required where the member is switched off.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
            ReasonMissing: it is switched off without a reason.
            CodeRefused: it cannot be like that.
        """
        require(actor, Permission.EDIT_CODE)
        try:
            with self._database.write() as session:
                before = self._find(session, code)
                rows.require_version(before, version, "code_changed")
                values: dict[str, Any] = {
                    name: {**getattr(before, name), **value} if isinstance(value, dict) else value
                    for name, value in changes.items()
                }
                if before.active and not values.get("active", True) and not reason:
                    raise ReasonMissing("off_reason_missing", field="reason")
                after = replace(before, **values)
                self._check(session, before, after)
                made = self._write(session, after)
                self._follow(session, before, after)
                detail = {"fields": sorted(values), "active": after.active}
                entry = self._entry(actor, "code.edit", code, detail, reason)
                self._audit.append(session, entry)
        except IntegrityError as error:  # somebody else was the first to change a built-in member
            raise StaleVersion("code_changed") from error
        return made

    def remove(self, actor: Actor, code: str, reason: str) -> None:
        """Remove an own code that nothing has.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such code.
            StillInUse: something has it, or it is built in.
        """
        require(actor, Permission.EDIT_CODE)
        with self._database.write() as session:
            member = self._find(session, code)
            if member.built_in:
                raise StillInUse("code_built_in", code=code)
            if uses := self._uses(session, code):
                raise StillInUse("code_in_use", code=code, uses=uses)
            session.delete(session.get_one(self.table, code))
            self._audit.append(session, self._entry(actor, "code.remove", code, {}, reason))

    def _find(self, session: Session, code: str) -> CodedT:
        found = self._all(session).get(code)
        if found is None:
            raise NotFound("code_not_found", code=code)
        return found

    def _check(self, session: Session, before: CodedT | None, after: CodedT) -> None:
        """Raise CodeRefused unless a member can be like that; None stands for a new one."""
        del session, before
        if after.code in NEEDED and not after.active:
            raise CodeRefused("code_needed", field="active", code=after.code)
        empty = next((each for each, text in after.label.items() if not text.strip()), None)
        if empty is not None:
            raise CodeRefused("code_unnamed", field="label", language=empty)

    def _write(self, session: Session, member: CodedT) -> CodedT:
        now = self._clock()
        table: type[Any] = self.table
        row = session.get(table, member.code)
        if row is None:
            row = table(code=member.code, created_at=now)
            session.add(row)
        for each in fields(member):
            if each.name not in {"code", "version"}:
                setattr(row, each.name, _plain(getattr(member, each.name)))
        row.updated_at = now
        session.flush()
        return replace(member, version=row.version)

    def _entry(
        self,
        actor: Actor,
        act: str,
        code: str,
        detail: Mapping[str, Any],
        reason: str | None = None,
    ) -> AuditEntry:
        about = {"list": self.kind, **detail}
        return AuditEntry(actor, act, f"{self.kind}/{code}", purpose=reason, detail=about)

    @abstractmethod
    def _all(self, session: Session) -> dict[str, CodedT]:
        """Return every member, by code."""

    @abstractmethod
    def _uses(self, session: Session, code: str) -> int:
        """Count the records that have a code."""

    def _follow(self, session: Session, before: CodedT, after: CodedT) -> None:
        """Change what depends on a member that was changed."""


class CategoryCodes(_CodeList[CodedCategory]):
    """The categories of watchlists."""

    kind = "category"
    table = CategoryRow

    def _all(self, session: Session) -> dict[str, CodedCategory]:
        return lists.categories(session)

    def _uses(self, session: Session, code: str) -> int:
        return _count(session, _having(Watchlist.category, code), _having(Alert.category, code))

    def _follow(self, session: Session, before: CodedCategory, after: CodedCategory) -> None:
        """Give the lists that have the usual instruction the new one; policies are read again."""
        if before.instruction != after.instruction:
            for row in session.scalars(select(Watchlist).where(Watchlist.category == after.code)):
                kept = own_words(row.instruction, before.instruction)
                row.instruction = complete(kept, after.instruction)
                row.updated_at = self._clock()
        session.flush()
        log_policy(session, self._clock)


class OutcomeCodes(_CodeList[CodedOutcome]):
    """How alerts can end."""

    kind = "outcome"
    table = OutcomeRow

    def _all(self, session: Session) -> dict[str, CodedOutcome]:
        return lists.outcomes(session)

    def _uses(self, session: Session, code: str) -> int:
        return _count(
            session,
            _having(Alert.disposal, code),
            _having(AlertEvent.disposal, code),
            _having(Referral.outcome, code),
        )

    def _check(self, session: Session, before: CodedOutcome | None, after: CodedOutcome) -> None:
        super()._check(session, before, after)
        if after.built_in:
            kept = {each.name for each in fields(after)} - _OF_BUILT_IN_OUTCOME
            changed = [name for name in kept if getattr(before, name) != getattr(after, name)]
            if changed:
                raise CodeRefused("outcome_built_in", field=min(changed), code=after.code)
            return
        if not after.after or not after.after <= _OF_OWN_OUTCOME:
            raise CodeRefused("outcome_of_other_person", field="after")
        releases = after.disposition is Disposition.RELEASED
        if ComparisonResult.UNDECIDED in after.after and not releases:
            raise CodeRefused("outcome_holds_undecided", field="after")
        if before is not None and before.disposition is not after.disposition:
            uses = self._uses(session, after.code)
            if uses:
                raise CodeRefused("outcome_meaning_used", field="disposition", uses=uses)


def _having(column: Any, code: str) -> Select[Any]:  # noqa: ANN401 - a column
    return select(func.count()).where(column == code)


def _count(session: Session, *queries: Select[Any]) -> int:
    return sum(session.scalar(each) or 0 for each in queries)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field of a member
    """Return a value as its column takes it."""
    if isinstance(value, frozenset):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else value
