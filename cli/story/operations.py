"""Joint cases in a story: opened on a report from the public, worked on, and closed."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from casework.cases.entries import NewItem, NewTask
from casework.cases.states import MEASURES, VIOLATIONS, Ending
from casework.cases.steps import NewCase
from casework.kernel.vocabulary import CaseItemKind, CaseOutcome, Role, TipOrigin
from casework.service import Service
from casework.tips.reports import NewTip
from cli.story.agenda import Agenda
from cli.story.cast import REPORTED
from cli.story.desks import Desk

_PARTNERS: Final = (2, 4)
"""Agencies that a case is worked on with, at least and at most."""
_NOTHING_SHARE: Final = 0.2
"""Of cases, those in which no violation is found."""
_PLACES: Final = ("Vila", "Rumah kos", "Proyek bangunan", "Pasar", "Kantor fiktif")
_PURPOSE: Final = "Memeriksa laporan tentang kegiatan orang asing bersama-sama."
_BASIS: Final = "UU 6/2011 pasal 69"


@dataclass(slots=True)
class Operations:
    """Opens joint cases and works on them."""

    service: Service
    agenda: Agenda
    desks: Sequence[Desk]
    drawn: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def plan(self, number: int) -> None:
        """Plan so many cases, each with enough time to end."""
        seconds = (self.agenda.end - self.agenda.now).total_seconds()
        for _ in range(number):
            self.agenda.after(timedelta(seconds=self.drawn.uniform(0, seconds)), self._open)

    def _open(self) -> None:
        partners = min(self.drawn.randint(*_PARTNERS), len(self.desks) - 1)
        lead, *others = self.drawn.sample([*self.desks], 1 + partners)
        steps, chief = self.service.cases.steps, lead.one(Role.SUPERVISOR, self.drawn)
        area = self.drawn.choices([*REPORTED], weights=[*REPORTED.values()])[0]
        new = NewCase(self.drawn.choice(_PLACES), _PURPOSE, _BASIS, area)
        case_id = steps.open(chief, new).id
        self.done["joint cases opened"] += 1
        for each in others:
            steps.invite(chief, case_id, each.agency_id)
            joins = partial(steps.join, each.one(Role.SUPERVISOR, self.drawn), case_id)
            self.agenda.after(timedelta(hours=self.drawn.uniform(1, 20)), joins)
        self.agenda.after(timedelta(days=1), partial(self._work, case_id, lead, others, area))

    def _work(self, case_id: str, lead: Desk, others: Sequence[Desk], area: str) -> None:
        entries, officer = self.service.cases.entries, lead.one(Role.OFFICER, self.drawn)
        report = NewTip("Kegiatan orang asing mencurigakan.", TipOrigin.PUBLIC, area=area)
        tip = self.service.tip_steps.record(officer, report)
        self.done["tips"] += 1
        item = NewItem(CaseItemKind.TIP, tip.id, ["text", "area"])
        entries.give(officer, case_id, item)
        doer = others[0]
        due = self.agenda() + timedelta(days=2)
        task = entries.assign(
            officer, case_id, NewTask("Amati lokasi dan catat penghuni.", doer.agency_id, due)
        )
        end = partial(self._finish, case_id, task.id, doer)
        self.agenda.after(timedelta(days=self.drawn.uniform(0.5, 2.5)), end)
        self.agenda.after(timedelta(days=3), partial(self._end, case_id, lead))

    def _finish(self, case_id: str, task_id: str, doer: Desk) -> None:
        officer = doer.one(Role.OFFICER, self.drawn)
        result = "Sudah diamati; beberapa penghuni asing."
        self.service.cases.entries.done(officer, case_id, task_id, result)

    def _end(self, case_id: str, lead: Desk) -> None:
        steps, chief = self.service.cases.steps, lead.one(Role.SUPERVISOR, self.drawn)
        steps.start(chief, case_id)
        steps.close(chief, case_id, self._endings(), "Operasi selesai dan dilaporkan.")
        self.done["joint cases closed"] += 1

    def _endings(self) -> list[Ending]:
        if self.drawn.random() < _NOTHING_SHARE:
            return [Ending(CaseOutcome.NO_VIOLATION)]
        found = self.drawn.choice(sorted(VIOLATIONS)), self.drawn.choice(sorted(MEASURES))
        return [Ending(each, self.drawn.randint(1, 6)) for each in found]
