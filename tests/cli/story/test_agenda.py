"""Time in a story goes forward only, whatever is planned when."""

from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from cli.story.agenda import Agenda

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=10)

HOURS = st.integers(-50, 300)


@given(st.lists(st.tuples(HOURS, st.lists(HOURS, max_size=3)), max_size=12))
def test_everything_happens_in_its_order_and_nothing_after_the_end(planned):
    """Also what is planned by what happens, for later or for before."""
    agenda = Agenda(BEGIN, END)
    happened = []

    def act(when, then):
        happened.append((agenda(), when))
        for hours in then:
            agenda.after(
                timedelta(hours=hours), partial(act, agenda() + timedelta(hours=hours), [])
            )

    for hours, then in planned:
        when = BEGIN + timedelta(hours=hours)
        agenda.at(when, partial(act, when, then))
    agenda.play()
    times = [now for now, _ in happened]
    assert times == sorted(times)
    assert all(now == max(when, now) < END for now, when in happened)
    first = [hours for hours, _ in planned if BEGIN + timedelta(hours=hours) < END]
    assert len(happened) >= len(first)
    assert agenda() == END


def test_of_two_at_one_moment_the_first_planned_is_first():
    agenda = Agenda(BEGIN, END)
    happened: list[str] = []
    for name in "abc":
        agenda.at(BEGIN, partial(happened.append, name))
    agenda.play()
    assert happened == ["a", "b", "c"]
