"""Of other agencies, no pair of permitted cuts gives a count of 1 to 4 away."""

from collections import Counter, defaultdict
from functools import cache
from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from casework.reports.calendar import CalendarPeriod
from casework.reports.counted import CountedAlerts
from casework.reports.dimensions import CUTS, Dimension, refines
from casework.reports.figures import LEAST_SHOWN, STEP, FigureKind
from casework.reports.suppression import publish

YEAR = CalendarPeriod(2026, 1, 12)
MOST = 10**9

# Few values of few dimensions: small cells meet all the time.
VARIED = (Dimension.AGENCY, Dimension.PORT, Dimension.CATEGORY, Dimension.OUTCOME)
AREA_OF = {"a": "north", "b": "north", "c": "south"}
PLACES = (Dimension.AREA, Dimension.REGENCY)
LOOKED_AT = frozenset({*VARIED, Dimension.AREA})
"""The other dimensions have one value, or those of these: their cells are those of other cuts."""
ALERTS = st.tuples(st.integers(0, 11), *(st.sampled_from("abc") for _ in VARIED))


def counted(rows):
    """Alerts of these values; every other dimension has one value."""
    values = {each: ["x"] * len(rows) for each in Dimension}
    values |= {each: [row[at] for row in rows] for at, each in enumerate(VARIED)}
    areas = [AREA_OF[port] for port in values[Dimension.PORT]]
    values |= dict.fromkeys(PLACES, areas)
    return CountedAlerts(values, [None] * len(rows), [None] * len(rows))


def by_month(rows):
    return [counted([row[1:] for row in rows if row[0] == month]) for month in range(12)]


def shown(period, months):
    """What everybody can see of a period: figures by cut and cell, with the true counts."""
    found = publish(period, months[period.month - 1 : period.month - 1 + period.months])
    alerts = found.alerts
    for cut in CUTS:
        if not cut <= LOOKED_AT:
            continue
        columns = [alerts.values[each] for each in sorted(cut)]
        counts = Counter(zip(*columns, strict=True) if columns else [()] * len(alerts))
        figures = found.figures(cut)
        assert figures.keys() == counts.keys()
        yield cut, {key: (figures[key], counts[key]) for key in counts}


def ranges(figure):
    return figure.least, MOST if figure.most is None else figure.most


@cache
def coarsest(one, other):
    """The finest cut that both refine."""
    common = [cut for cut in CUTS if cut <= LOOKED_AT and refines(one, cut) and refines(other, cut)]
    return max(common, key=len)


def project(cell, cut, coarser):
    by_name = dict(zip(sorted(cut), cell, strict=True))
    if Dimension.PORT in by_name:
        by_name.setdefault(Dimension.AREA, AREA_OF[by_name[Dimension.PORT]])
    return tuple(by_name[each] for each in sorted(coarser))


def pinned(one, other, coarser):
    """Counts of 1 to 4 in `one` that can be one value alone, given the sums of `other`.

    Both are lists of (period, cut, cells) over the same alerts.
    """

    def sums(tables):
        low: defaultdict[tuple[str, ...], int] = defaultdict(int)
        high: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for _, cut, cells in tables:
            for cell, (figure, _) in cells.items():
                least, most = ranges(figure)
                low[project(cell, cut, coarser)] += least
                high[project(cell, cut, coarser)] += most
        return low, high

    low, high = sums(one)
    other_low, other_high = sums(other)
    for period, cut, cells in one:
        for cell, (figure, count) in cells.items():
            whole = project(cell, cut, coarser)
            least, most = ranges(figure)
            bottom = max(low[whole], other_low[whole])
            top = min(high[whole], other_high[whole])
            lowest = max(least, bottom - (high[whole] - most))
            highest = min(most, top - (low[whole] - least))
            assert lowest <= count <= highest
            if count < LEAST_SHOWN and lowest == highest:
                yield period, cut, cell, count


def tables_of(periods, months):
    return {str(each): dict(shown(each, months)) for each in periods}


def check_all_pairs(periods, months):
    tables = {str(each): dict(shown(each, months)) for each in periods}
    levels = defaultdict(list)
    for each in periods:
        levels[each.months].append(str(each))
    sides = [
        [(name, cut, tables[name][cut]) for name in names]
        for names in levels.values()
        for cut in CUTS
        if cut <= LOOKED_AT
    ]
    for one, other in combinations(sides, 2):
        coarser = coarsest(one[0][1], other[0][1])
        assert not list(pinned(one, other, coarser))
        assert not list(pinned(other, one, coarser))
    numbers = {
        figure.value
        for _, _, cells in chain.from_iterable(sides)
        for figure, _ in cells.values()
        if figure.kind is FigureKind.NUMBER
    }
    assert all(number % STEP == 0 for number in numbers)  # no difference is 1 to 4


@given(st.lists(ALERTS, max_size=60))
@settings(max_examples=30, deadline=None)
def test_no_pair_of_cuts_of_a_month_pins_a_small_count(rows):
    months = by_month([(0, *row[1:]) for row in rows])
    check_all_pairs([CalendarPeriod(2026, 1, 1)], months)


@given(st.lists(ALERTS, max_size=60))
@settings(max_examples=30, deadline=None)
def test_no_pair_of_cuts_of_a_quarter_and_its_months_does(rows):
    months = by_month([(row[0] % 3, *row[1:]) for row in rows])
    quarter = CalendarPeriod(2026, 1, 3)
    check_all_pairs([quarter, *quarter.parts(1)], months)


@given(st.lists(ALERTS, max_size=80))
@settings(max_examples=6, deadline=None)
def test_no_pair_of_cuts_of_a_year_its_quarters_and_months_does(rows):
    quarters = [*YEAR.parts(3)]
    check_all_pairs([YEAR, *quarters, *YEAR.parts(1)], by_month(rows))


@given(st.lists(ALERTS, max_size=60))
@settings(max_examples=6, deadline=None)
def test_what_a_month_shows_does_not_depend_on_the_period_it_is_shown_in(rows):
    months = by_month(rows)
    year = publish(YEAR, months)
    for month in YEAR.parts(1):
        alone = publish(month, months[month.month - 1 :][:1])
        for cut in CUTS:
            for values, figure in alone.figures(cut).items():
                cell = dict(zip(sorted(cut), values, strict=True))
                assert year.figure(cell | {Dimension.MONTH: str(month)}) == figure


def test_parts_that_are_one_each_are_not_all_told():
    """Four parts below five of a whole below five would be one each."""
    alerts = counted([(name, "a", "a", "a") for name in "abcd"])
    found = publish(CalendarPeriod(2026, 1, 1), [alerts])
    assert found.figure({}).kind is FigureKind.FEWER_THAN_5
    kinds = Counter(each.kind for each in found.figures(frozenset({Dimension.AGENCY})).values())
    assert kinds[FigureKind.NOT_TOLD] >= 1
