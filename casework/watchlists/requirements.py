"""What a watchlist's category requires: of the list, its legal basis; of its entries, the rest.

What is new, or changed, has to have it. What fell short before is not refused: it is named where it
is read, and listed, so that its keepers can make it good.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.codes import lists
from casework.codes.coded import CodedCategory
from casework.kernel.errors import RequirementMissing
from casework.kernel.messages import Labelled
from casework.kernel.vocabulary import Requirement
from casework.tables import Watchlist, WatchlistEntry

OF_ENTRIES: Final = frozenset({Requirement.DECISION_NUMBER, Requirement.VALID_UNTIL})
"""What can be required of entries."""


class RequiredFields(Protocol):
    """What of a subject can be required."""

    @property
    def decision_number(self) -> str | None:
        """Number of the decision that put the person on the list."""

    @property
    def valid_until(self) -> datetime | None:
        """The last instant on which the entry alerts."""


def require_basis(category: CodedCategory, legal_basis: str) -> None:
    """Raise RequirementMissing where a list lacks the legal basis that its category requires."""
    if lacks_basis(category, legal_basis):
        name = Labelled(category.code, category.label)
        raise RequirementMissing("requires_legal_basis", field="legal_basis", category=name)


def lacks_basis(category: CodedCategory, legal_basis: str) -> bool:
    """Whether a list lacks the legal basis that its category requires."""
    return Requirement.LEGAL_BASIS in category.requires and not legal_basis.strip()


class EntryRequirements:
    """What the lists of one transaction require of their entries."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._categories = lists.categories(session)
        self._of_list: dict[str, CodedCategory] = {}

    def lacking(self, watchlist_ids: Iterable[str], entry: RequiredFields) -> list[Requirement]:
        """Return what an entry on these lists lacks."""
        required = {each for id_ in watchlist_ids for each in self._category(id_).requires}
        return [
            each for each in Requirement if each in OF_ENTRIES & required and not _has(entry, each)
        ]

    def missing(
        self,
        watchlist_ids: Iterable[str],
        entry: RequiredFields,
        before: Iterable[Requirement] = (),
    ) -> RequirementMissing | None:
        """Return what refuses an entry on these lists.

        Args:
            watchlist_ids: the lists.
            entry: as it is to be.
            before: what it lacked before: that is not refused again.
        """
        for id_ in watchlist_ids:
            for each in self.lacking([id_], entry):
                if each in before:
                    continue
                category = self._category(id_)
                name = Labelled(category.code, category.label)
                return RequirementMissing(_SENTENCES[each], field=each.value, category=name)
        return None

    def require(
        self,
        watchlist_ids: Iterable[str],
        entry: RequiredFields,
        before: Iterable[Requirement] = (),
    ) -> None:
        """Raise RequirementMissing where `missing` returns one."""
        error = self.missing(watchlist_ids, entry, before)
        if error is not None:
            raise error

    def lists_requiring(self) -> list[str]:
        """Return the ids of the lists that require anything of their entries."""
        codes = [
            each.code
            for each in self._categories.values()
            if not each.requires.isdisjoint(OF_ENTRIES)
        ]
        return list(
            self._session.scalars(select(Watchlist.id).where(Watchlist.category.in_(codes)))
        )

    def _category(self, watchlist_id: str) -> CodedCategory:
        found = self._of_list.get(watchlist_id)
        if found is None:
            code = self._session.scalar(
                select(Watchlist.category).where(Watchlist.id == watchlist_id)
            )
            found = lists.known(self._categories, code or "")
            self._of_list[watchlist_id] = found
        return found


def lists_of(memberships: Iterable[WatchlistEntry]) -> list[str]:
    """Return the ids of the lists that a subject is on."""
    return sorted(each.watchlist_id for each in memberships)


def _has(entry: RequiredFields, requirement: Requirement) -> bool:
    if requirement is Requirement.DECISION_NUMBER:
        return bool((entry.decision_number or "").strip())
    return entry.valid_until is not None


_SENTENCES: Final[Mapping[Requirement, str]] = {
    Requirement.LEGAL_BASIS: "requires_legal_basis",
    Requirement.DECISION_NUMBER: "requires_decision_number",
    Requirement.VALID_UNTIL: "requires_valid_until",
}
