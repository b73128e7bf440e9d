"""Officers at work in a story: opinions, second opinions, outcomes, referrals, tips."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from casework.kernel.actor import Actor
from casework.kernel.errors import CodeRefused, IllegalTransition
from casework.kernel.vocabulary import (
    Disposal,
    MatchedBy,
    Opinion,
    OpinionReason,
    Role,
    TipOrigin,
)
from casework.referrals.fields import AlertField
from casework.referrals.steps import Handover
from casework.review.decisions import Finding
from casework.service import Service
from casework.tables import Alert, Encounter
from casework.tips.reports import NewTip
from cli.story.agenda import Agenda
from cli.story.cast import LODGINGS, REPORTED

_OTHER_SHARE: Final = 0.12
"""Of alerts, those in which the traveller turns out to be somebody else."""
_LATE_SHARE: Final = 0.06
"""Of alerts, those that nobody takes within their time."""
_FORGOTTEN_SHARE: Final = 0.03
"""Of alerts, those that nobody takes at all."""
_REFERRED_SHARE: Final = 0.15
"""Of confirmed alerts, those that go on to another agency."""
_USUAL: Final = (Disposal.OBSERVED, Disposal.HANDED_OVER)
"""Outcomes that fit where the list's usual ones do not, such as a refused entry at a departure."""

_TIPS: Final = (
    "Rumah kos dihuni warga asing yang bekerja di proyek tanpa izin.",
    "Warga asing menjadi pemandu wisata dengan visa kunjungan.",
    "Pemilik vila tidak melaporkan tamu asing.",
    "Warga asing berdagang di pasar dengan izin tinggal terbatas.",
    "Diduga izin tinggal warga asing sudah habis beberapa bulan.",
    "Warga asing mengaku investor, namun bekerja sebagai tukang.",
)
_NOTICED: Final = (
    "Tamu asing di {lodging} menerima banyak orang pada malam hari.",
    "Pegawai {lodging} ditawari uang oleh tamu asing agar tidak melapor.",
    "Warga asing di sekitar sini tampak bekerja dari kamar penginapan.",
)
"""What neighbours say of a listed guest, mostly with the lodging's name."""
NOTICED_SHARE: Final = 0.5
"""Of alerts of guests, those near which somebody reports something."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The people of one agency."""

    agency_id: str
    by_role: Mapping[Role, Sequence[Actor]]

    def one(self, role: Role, drawn: random.Random) -> Actor:
        """Return somebody who has the role."""
        return drawn.choice(self.by_role[role])


@dataclass(slots=True)
class Desks:
    """Works on what the travellers leave behind."""

    service: Service
    agenda: Agenda
    desks: Mapping[str, Desk]
    """By the agency's id."""
    ends: Mapping[str, Sequence[Disposal]]
    """Usual outcomes by the list's id."""
    drawn: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def take(self, encounter: Encounter) -> None:
        """Plan the review of an encounter's alerts."""
        self.done["alerts raised"] += len(encounter.alerts)
        for alert in encounter.alerts:
            if self.drawn.random() < _FORGOTTEN_SHARE:
                continue
            late = self.drawn.random() < _LATE_SHARE
            wait = alert.acknowledge_within_s * self.drawn.uniform(*((2, 40) if late else (0.1, 1)))
            self.agenda.after(timedelta(seconds=wait), partial(self._acknowledge, alert))

    def take_guest(self, encounter: Encounter) -> None:
        """Plan the review of a listed guest's alerts; now and then neighbours report something."""
        self.take(encounter)
        lodging, area = LODGINGS[encounter.port]
        for alert in encounter.alerts:
            if self.drawn.random() < NOTICED_SHARE:
                new = NewTip(
                    self.drawn.choice(_NOTICED).format(lodging=lodging),
                    TipOrigin.PUBLIC,
                    area=area,
                )
                noticed = partial(self._record, self.desks[alert.owner_id], new)
                self.agenda.after(timedelta(days=self.drawn.uniform(0.5, 9)), noticed)

    def plan_tips(self, number: int) -> None:
        """Plan so many reports from the public and from agencies."""
        seconds = (self.agenda.end - self.agenda.now).total_seconds()
        for _ in range(number):
            self.agenda.after(timedelta(seconds=self.drawn.uniform(0, seconds)), self._tip)

    def _acknowledge(self, alert: Alert) -> None:
        officer = self.desks[alert.owner_id].one(Role.OFFICER, self.drawn)
        self.service.review.decisions.acknowledge(officer, alert.id)
        self.done["alerts taken"] += 1
        same = self.drawn.random() >= _OTHER_SHARE
        wait = timedelta(minutes=self.drawn.uniform(0.5, 12))
        self.agenda.after(wait, lambda: self._decide(officer, alert, same=same))

    def _decide(self, officer: Actor, alert: Alert, *, same: bool) -> None:
        self.service.review.decisions.decide(officer, alert.id, _finding(alert, same=same))
        wait = timedelta(minutes=self.drawn.uniform(1, 30))
        self.agenda.after(wait, lambda: self._settle(alert, same=same))

    def _settle(self, alert: Alert, *, same: bool) -> None:
        desk = self.desks[alert.owner_id]
        supervisor = desk.one(Role.SUPERVISOR, self.drawn)
        if alert.requires_second_officer:
            self.service.review.decisions.confirm(supervisor, alert.id, _finding(alert, same=same))
        if same and self.drawn.random() < _REFERRED_SHARE:
            self._refer(supervisor, alert)
            return
        usual = (*self.drawn.sample([*self.ends[alert.watchlist_id]], 1), *_USUAL)
        for disposal in usual if same else (Disposal.MISTAKEN_IDENTITY,):
            with suppress(CodeRefused, IllegalTransition):
                self.service.review.decisions.close(supervisor, alert.id, disposal)
                self.done["alerts closed"] += 1
                return

    def _refer(self, supervisor: Actor, alert: Alert) -> None:
        receiver_id = self.drawn.choice([each for each in self.desks if each != alert.owner_id])
        to = Handover(
            receiver_id, "Mohon tindak lanjut sesuai kewenangan.", self.agenda() + timedelta(days=7)
        )
        made = self.service.exchange.referral_steps.refer_alert(
            supervisor, alert.id, to, [AlertField.PORT, AlertField.WATCHLIST]
        )
        self.done["referrals"] += 1
        officer = self.desks[receiver_id].one(Role.OFFICER, self.drawn)
        wait = timedelta(hours=self.drawn.uniform(1, 60))
        self.agenda.after(
            wait, lambda: self.service.exchange.referral_steps.accept(officer, made.id)
        )

    def _tip(self) -> None:
        desk = self.drawn.choice([*self.desks.values()])
        new = NewTip(
            self.drawn.choice(_TIPS),
            self.drawn.choice([*TipOrigin]),
            area=self.drawn.choices([*REPORTED], weights=[*REPORTED.values()])[0],
        )
        self._record(desk, new)

    def _record(self, desk: Desk, new: NewTip) -> None:
        self.service.tip_steps.record(desk.one(Role.OFFICER, self.drawn), new)
        self.done["tips"] += 1


def _finding(alert: Alert, *, same: bool) -> Finding:
    """Return an opinion with the reason that what raised the alert gives."""
    by_face = alert.matched_by != MatchedBy.DOCUMENT
    if same:
        reason = OpinionReason.FACIAL_FEATURES_AGREE if by_face else OpinionReason.DOCUMENTS_AGREE
        return Finding(Opinion.POTENTIAL_CANDIDATE, (reason,))
    reason = OpinionReason.FACIAL_FEATURES_DIFFER if by_face else OpinionReason.DOCUMENTS_DIFFER
    return Finding(Opinion.NOT_CANDIDATE, (reason,))
