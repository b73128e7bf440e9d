"""Shades and bars follow the figures, and withhold what they withhold."""

from hypothesis import given
from hypothesis import strategies as st

from api.console.map.shades import BAR_HEIGHT, SHADES, ShadeScale, bars, difference
from casework.reports.figures import NOT_TOLD, Figure, FigureKind

FEW = Figure(FigureKind.FEWER_THAN_5)
COUNTS = st.integers(0, 10_000)
FIGURES = st.one_of(st.builds(Figure.exact, COUNTS), st.just(FEW), st.just(NOT_TOLD))


@given(st.lists(COUNTS, min_size=1))
def test_more_is_never_a_lighter_shade_and_the_legend_says_what_each_means(counts):
    figures = [Figure.exact(each) for each in sorted(counts)]
    scale = ShadeScale.of(figures)
    shades = [scale.shade(each) for each in figures]
    assert shades == sorted(shades)
    assert {shade for shade, count in zip(shades, sorted(counts), strict=True) if not count} <= {
        "heat-0"
    }
    for figure, shade in zip(figures, shades, strict=True):
        if figure.value:
            (meant,) = [(low, high) for name, low, high in scale.steps if name == shade]
            assert meant[0] <= figure.value <= meant[1]
    if scale.most:
        assert shades[-1] == f"heat-{SHADES}"


@given(st.lists(FIGURES), st.integers(0, 10_000))
def test_bars_stay_within_their_drawing(figures, most):
    drawn = bars(figures, most)
    assert len(drawn) == len(figures)
    for figure, bar in zip(figures, drawn, strict=True):
        assert 0 <= bar.height <= BAR_HEIGHT
        assert bar.withheld == (figure.kind is FigureKind.NOT_TOLD)


@given(FIGURES, FIGURES)
def test_a_difference_is_of_two_numbers_alone(now, before):
    """Of a number and "fewer than 5" it would say more than either."""
    told = difference(now, before)
    if now.value is None or before.value is None:
        assert told is None
    else:
        assert told == now.value - before.value
