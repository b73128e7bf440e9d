"""Agencies that work on a case together, and short words for what they do."""

from dataclasses import dataclass, field

from casework.cases.cases import CaseFilter, EntryFilter, EntryView
from casework.cases.entries import NewItem
from casework.cases.steps import NewCase
from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound
from casework.kernel.vocabulary import CaseItemKind, Role, TipOrigin
from casework.records import CaseUseCases
from casework.tables import Case
from casework.tips.reports import NewTip
from tests.services import Desk, officer

TITLE, PURPOSE, BASIS = "Villa Somebody", "to look into it together", "art. 69"
NEW = NewCase(TITLE, PURPOSE, BASIS)
ALL = EntryFilter()


@dataclass(slots=True)
class Together:
    """Who takes part; IMI leads."""

    desk: Desk
    people: dict[str, Actor] = field(default_factory=dict)

    @property
    def cases(self) -> CaseUseCases:
        """The use cases."""
        return self.desk.service.cases

    def of(self, code: str) -> Actor:
        """Return an officer and supervisor of an agency."""
        if code not in self.people:
            roles = (Role.OFFICER, Role.SUPERVISOR)
            self.people[code] = officer(self.desk.agency(code), *roles, name=code.lower())
        return self.people[code]

    def opened(self, *members: str) -> Case:
        """Open a case of IMI's, which these agencies join."""
        row = self.cases.steps.open(self.of("IMI"), NEW)
        for code in members:
            self.join(row, code)
        return row

    def join(self, row: Case, code: str) -> None:
        """Have an agency invited, and accept."""
        who = self.of(code)
        self.cases.steps.invite(self.of("IMI"), row.id, self.desk.agency(code))
        self.cases.steps.join(who, row.id)

    def tip(self, code: str, text: str = "Seen at the harbour.", photo: bytes | None = None) -> str:
        """Record a tip of an agency's; returns its id."""
        new = NewTip(text, TipOrigin.PUBLIC, "Pier 3", source="the fishmonger")
        return self.desk.service.tip_steps.record(self.of(code), new, photo).id

    def give_tip(self, row: Case, code: str, text: str, to: tuple[str, ...] | None = None) -> str:
        """Give the text of a fresh tip; returns the entry's id."""
        item = NewItem(CaseItemKind.TIP, self.tip(code, text), ["text"])
        readers = None if to is None else [self.desk.agency(each) for each in to]
        return self.cases.entries.give(self.of(code), row.id, item, readers).id

    def seen(self, row: Case, code: str) -> list[EntryView]:
        """Return what an agency sees of a case, oldest first; nothing where it is not there."""
        try:
            found = self.cases.reading.entries(self.of(code), row.id, None, 100, ALL)
        except NotFound:
            return []
        return found[::-1]

    def listed(self, code: str) -> list[str]:
        """Return the cases that are there for an agency, by id."""
        return [
            row.id for row, _ in self.cases.reading.page(self.of(code), None, 100, CaseFilter())
        ]
