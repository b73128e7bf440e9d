"""Whatever agencies do in whatever order: none ever reads what it was not given."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from casework.kernel.errors import CaseworkError
from tests.casework.cases.scenes import Together
from tests.services import Desk, FakeClock, open_service

LEAD, OTHERS, STRANGER = "IMI", ("POL", "BEA"), "KEJ"
AGENCIES = (LEAD, *OTHERS, STRANGER)
WHO, OTHER = st.sampled_from(AGENCIES), st.sampled_from(OTHERS)
WHICH = st.integers(0, 9)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    clock = FakeClock()
    service = open_service(tmp_path_factory.mktemp("visibility") / "siaga.db", clock)
    yield Together(Desk(service, clock))
    service.close()


class Walk(RuleBasedStateMachine):
    """Random acts, allowed or not, beside sets that say who may read what."""

    def __init__(self, together: Together) -> None:
        super().__init__()
        self.together = together
        self.case = together.opened()
        self.members = {LEAD}
        self.invited: set[str] = set()
        self.ids: list[str] = []
        self.given: list[tuple[str, str, set[str]]] = []
        """Whose, which words (empty once withdrawn), and to whom."""

    def done(self, act: Callable[[], object]) -> bool:
        """Whether an act was let happen."""
        try:
            act()
        except CaseworkError:
            return False
        return True

    def out(self, who: str, *, keep: bool) -> None:
        self.members.discard(who)
        self.invited.discard(who)
        for at, (owner, _, to) in enumerate(self.given):
            to.discard(who)
            if owner == who and not keep:
                self.given[at] = owner, "", to

    @rule(who=OTHER)
    def invite(self, who):
        agency, steps = self.together.desk.agency(who), self.together.cases.steps
        if self.done(lambda: steps.invite(self.together.of(LEAD), self.case.id, agency)):
            assert who not in self.members | self.invited
            self.invited.add(who)

    @rule(who=WHO)
    def join(self, who):
        if self.done(lambda: self.together.cases.steps.join(self.together.of(who), self.case.id)):
            assert who in self.invited
            self.invited.discard(who)
            self.members.add(who)

    @rule(who=OTHER)
    def bring(self, who):
        """Make members often: whatever else happens, happens among them."""
        self.invite(who)
        self.join(who)

    @rule(who=OTHER)
    def remove(self, who):
        agency, steps = self.together.desk.agency(who), self.together.cases.steps
        if self.done(lambda: steps.remove(self.together.of(LEAD), self.case.id, agency)):
            self.out(who, keep=False)

    @rule(who=OTHER)
    def put_out_and_bring_back(self, who):
        """Nothing that it was given before comes back."""
        self.remove(who)
        self.bring(who)

    @rule(who=WHO, keep=st.booleans())
    def leave(self, who, keep):
        act = partial(self.together.cases.steps.leave, self.together.of(who), self.case.id)
        if self.done(lambda: act(keep=keep)):
            assert who in self.members - {LEAD}
            self.out(who, keep=keep)

    @rule(who=WHO, to=st.none() | st.sets(WHO))
    def say(self, who, to):
        words, entries = f"words {len(self.given)}", self.together.cases.entries
        named = None if to is None else [self.together.desk.agency(each) for each in to]
        try:
            row = entries.comment(self.together.of(who), self.case.id, words, named)
        except CaseworkError:
            return
        readers = set(self.members if to is None else to)
        assert {who} | readers <= self.members
        self.ids.append(row.id)
        self.given.append((who, words, readers))

    @initialize()
    def begin(self):
        self.bring(OTHERS[0])

    @rule(which=WHICH)
    def say_to_all(self, which):
        self.say(sorted(self.members)[which % len(self.members)], None)

    @rule(which=WHICH, again=OTHER)
    def say_and_put_out(self, which, again):
        """Who heard it, and comes back, has not heard it."""
        self.say_to_all(which)
        self.put_out_and_bring_back(again)

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH, to=st.sets(WHO))
    def share(self, who, which, to):
        at = which % len(self.ids)
        named = [self.together.desk.agency(each) for each in to]
        share = self.together.cases.entries.share
        act = partial(share, self.together.of(who), self.case.id, self.ids[at], named)
        if self.done(act):
            owner, _, readers = self.given[at]
            assert owner == who
            assert {who} | to <= self.members
            readers |= to

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH)
    def withdraw(self, who, which):
        at = which % len(self.ids)
        withdraw = self.together.cases.entries.withdraw
        if self.done(partial(withdraw, self.together.of(who), self.case.id, self.ids[at])):
            owner, _, readers = self.given[at]
            assert owner == who
            self.given[at] = owner, "", readers

    @invariant()
    def each_reads_what_it_was_given(self):
        for who in AGENCIES:
            shown = {view.entry.text for view in self.together.seen(self.case, who)} - {None}
            given = {words for owner, words, to in self.given if words and who in {owner, *to}}
            assert shown == (given if who in self.members else set())
            assert (self.case.id in self.together.listed(who)) == (
                who in self.members | self.invited
            )


def test_no_agency_reads_what_it_was_not_given(together):
    run_state_machine_as_test(
        partial(Walk, together),  # type: ignore[arg-type]
        settings=settings(
            max_examples=20,
            stateful_step_count=16,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
