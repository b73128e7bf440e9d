"""Random walks through the review of alerts, by several officers, beside a small model of it."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from casework.kernel.errors import IllegalTransition, NotFound, NotPermitted, StaleVersion
from casework.kernel.vocabulary import AlertState, Disposal, Opinion
from casework.review.alerts import AlertFilter
from casework.review.decisions import Finding
from tests.casework.review.people import people, share, traces

FIRST = {"potential_candidate", "not_candidate", "inconclusive"}
HARMLESS = {Disposal.MISTAKEN_IDENTITY, Disposal.CLEARED, Disposal.NOT_FOUND, Disposal.OTHER}
ARRIVING = set(Disposal) - {Disposal.EXIT_REFUSED}
ENDS = {
    "rejected": HARMLESS,
    "not_candidate": HARMLESS,
    "inconclusive": HARMLESS | {Disposal.OBSERVED},
    "potential_candidate": ARRIVING,
    "confirmed": ARRIVING,
    "referred": ARRIVING,
}
OPINIONS = st.sampled_from(list(Opinion))
OFFICERS = st.sampled_from(
    ["first", "second", "supervisor", "chief", "guest", "guest_supervisor", "stranger", "analyst"]
)


@dataclass
class Model:
    """What should be, written without a look at the code."""

    must_take: bool
    four_eyes: bool
    state: str = "new"
    holder: str | None = None
    author: str | None = None
    """Of the first opinion."""
    agreed_round: bool = False
    """Whether a second opinion on it was given."""
    steps: int = 0
    opinion_by: str | None = None
    """Whose opinion the last step is."""

    @property
    def veiled(self) -> bool:
        return self.four_eyes and self.state in FIRST and not self.agreed_round

    def shown_to(self, name: str) -> str:
        return "under_review" if self.veiled and name != self.author else self.state

    def acknowledge(self, name: str, *, supervises: bool) -> "Model | None":
        fits = (
            self.state == "new"
            or (self.state == "acknowledged" and supervises and self.holder != name)
            or (self.state == "inconclusive" and not self.veiled)
        )
        taken = replace(self, state="acknowledged", holder=name, opinion_by=None)
        return taken if fits else None

    def decide(self, name: str, opinion: str) -> "Model | None":
        fits = {
            "new": not self.must_take,
            "acknowledged": self.holder == name,
            "inconclusive": not self.veiled and self.holder == name,
        }.get(self.state, False)
        holder = self.holder or name
        return (
            replace(
                self,
                state=opinion,
                holder=holder,
                author=name,
                agreed_round=False,
                opinion_by=name,
            )
            if fits
            else None
        )

    def confirm(self, name: str, opinion: str) -> "Model | None":
        if self.state not in FIRST or self.agreed_round or self.author == name:
            return None
        if opinion == "not_candidate":
            after = "rejected"
        elif (self.state, opinion) == ("potential_candidate", "potential_candidate"):
            after = "confirmed"
        else:
            after = "inconclusive"
        return replace(self, state=after, agreed_round=True, opinion_by=name)

    def withdraw(self, name: str) -> "Model | None":
        taken = replace(self, state="acknowledged", holder=name, author=None, agreed_round=False)
        return replace(taken, opinion_by=None) if self.opinion_by == name else None

    def refer(self) -> "Model | None":
        fits = self.state in {"acknowledged", "potential_candidate", "inconclusive", "confirmed"}
        fits = fits and not self.veiled
        return replace(self, state="referred", opinion_by=None) if fits else None

    def close(self, disposal: Disposal) -> "Model | None":
        fits = not self.veiled and disposal in ENDS.get(self.state, set())
        return replace(self, state="closed", opinion_by=None) if fits else None


class Scene:
    """One service, its officers, and a list for each set of rules."""

    def __init__(self, desk):
        self.desk, self.records = desk, desk.service
        self.officers, self.guests = people(desk), desk.agency("POL")
        self.lists = {
            (take, four): desk.watchlist(
                f"{take} {four}", requires_acknowledgement=take, requires_second_officer=four
            )
            for take in (False, True)
            for four in (False, True)
        }
        for number, watchlist in enumerate(self.lists.values()):
            desk.enrol(number, watchlist)


class Walk(RuleBasedStateMachine):
    """Each example works on an alert of its own, over one service."""

    scene: ClassVar["Scene"]

    @initialize(rules=st.tuples(st.booleans(), st.booleans()), shared=st.booleans())
    def begin(self, rules, shared):
        self.watchlist = self.scene.lists[rules]
        (alert,) = self.scene.desk.screen(list(self.scene.lists).index(rules)).encounter.alerts
        self.id, self.version = alert.id, alert.version
        self.model = Model(*rules)
        self.shared = shared
        share(self.scene.desk, self.watchlist, *([self.scene.guests] if shared else []))

    def attempt(self, name, roles, after, act, stale):
        """Do something, and expect what the model expects: all of it, or none."""
        actor = getattr(self.scene.officers, name)
        before = traces(self.scene.desk, self.id)
        version = self.version - 1 if stale else self.version
        expected: type[Exception] | None
        if not roles & actor.roles:
            expected = NotPermitted
        elif name == "stranger" or (name.startswith("guest") and not self.shared):
            expected = NotFound
        elif stale:
            expected = StaleVersion
        else:
            expected = IllegalTransition if after is None else None
        if expected is None:
            act(actor, version)
            self.model = replace(after, steps=self.model.steps + 1)
            self.version += 1
            assert traces(self.scene.desk, self.id) == (before[0] + 1, before[1] + 1)
        else:
            with pytest.raises(expected):
                act(actor, version)
            assert traces(self.scene.desk, self.id) == before

    @rule(name=OFFICERS, stale=st.sampled_from([False] * 5 + [True]))
    def acknowledge(self, name, stale):
        supervises = "supervisor" in getattr(self.scene.officers, name).roles
        self.attempt(
            name,
            {"officer", "supervisor"},
            self.model.acknowledge(name, supervises=supervises),
            lambda actor, version: self.scene.records.review.decisions.acknowledge(
                actor, self.id, version
            ),
            stale,
        )

    @rule(name=OFFICERS, opinion=OPINIONS)
    def decide(self, name, opinion):
        self.attempt(
            name,
            {"officer", "supervisor"},
            self.model.decide(name, opinion.value),
            lambda actor, version: self.scene.records.review.decisions.decide(
                actor, self.id, Finding(opinion), version
            ),
            stale=False,
        )

    @rule(opinion=OPINIONS)
    def decide_as_holder(self, opinion):
        self.decide(self.model.holder or "first", opinion)

    @rule(name=OFFICERS, opinion=OPINIONS, stale=st.sampled_from([False] * 5 + [True]))
    def confirm(self, name, opinion, stale):
        self.attempt(
            name,
            {"supervisor"},
            self.model.confirm(name, opinion.value),
            lambda actor, version: self.scene.records.review.decisions.confirm(
                actor, self.id, Finding(opinion), version
            ),
            stale,
        )

    @rule(name=OFFICERS)
    def withdraw(self, name):
        """No time passes here: it is never too late."""
        self.attempt(
            name,
            {"officer", "supervisor"},
            self.model.withdraw(name),
            lambda actor, version: self.scene.records.review.decisions.withdraw(
                actor, self.id, version
            ),
            stale=False,
        )

    @rule()
    def withdraw_as_author(self):
        self.withdraw(self.model.opinion_by or "first")

    @rule(name=OFFICERS)
    def refer(self, name):
        def act(actor, version):
            with self.scene.records.kernel.database.write() as session:
                self.scene.records.review.decisions.refer(session, actor, self.id, version)

        self.attempt(name, {"officer", "supervisor"}, self.model.refer(), act, stale=False)

    @rule(name=OFFICERS, disposal=st.sampled_from(list(Disposal)))
    def close(self, name, disposal):
        self.attempt(
            name,
            {"officer", "supervisor"},
            self.model.close(disposal),
            lambda actor, version: self.scene.records.review.decisions.close(
                actor, self.id, disposal, version=version
            ),
            stale=False,
        )

    @rule()
    def share_or_unshare(self):
        self.shared = not self.shared
        share(self.scene.desk, self.watchlist, *([self.scene.guests] if self.shared else []))

    @rule(name=OFFICERS, asked=st.sampled_from(list(AlertState)))
    def look(self, name, asked):
        """Detail and filtered list show the same state, or the alert to nobody."""
        actor = getattr(self.scene.officers, name)
        of_alert = AlertFilter((asked,), watchlist_id=self.watchlist)
        listed = {
            row.id for row in self.scene.records.review.alerts.page(actor, None, 100, of_alert)
        }
        if name == "stranger" or (name.startswith("guest") and not self.shared):
            assert not listed
            with pytest.raises(NotFound):
                self.scene.records.review.alerts.get(actor, self.id)
            return
        view = self.scene.records.review.alerts.get(actor, self.id)
        assert view.state == self.model.shown_to(name)
        assert view.alert.version == self.version
        assert len(view.steps) == self.model.steps
        assert (self.id in listed) == (asked == self.model.shown_to(name))
        for step, following in pairwise(view.steps):
            if (step.action, following.action) == ("alert.decide", "alert.withdraw"):
                # Whoever gives the second opinion later must not know of the one taken back.
                assert (step.opinion is None) == (step.officer_id != actor.id)
        if self.model.shown_to(name) == "under_review":
            assert view.steps[-1].opinion is None
            assert view.steps[-1].state_after == "under_review"

    @invariant()
    def the_record_is_as_the_model_says(self):
        if hasattr(self, "id"):
            view = self.scene.records.review.alerts.get(self.scene.officers.analyst, self.id)
            assert view.alert.state == self.model.state
            by = self.model.holder and getattr(self.scene.officers, self.model.holder).id
            assert view.alert.acknowledged_by == by


def test_any_sequence_of_acts_ends_where_the_rules_say(desk):
    class OnDesk(Walk):
        scene = Scene(desk)

    run_state_machine_as_test(
        OnDesk,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, report_multiple_bugs=False
        ),
    )
    assert desk.service.kernel.audit.verify().whole
