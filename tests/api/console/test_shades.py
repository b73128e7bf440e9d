"""Shades follow the figures, and withhold what they withhold."""

from hypothesis import given
from hypothesis import strategies as st

from api.console.shades import SHADES, ShadeScale, step_of
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
        "shade-0"
    }
    for figure, shade in zip(figures, shades, strict=True):
        if figure.value:
            (meant,) = [(low, high) for name, low, high in scale.steps if name == shade]
            assert meant[0] <= figure.value <= meant[1]
    if scale.most:
        assert shades[-1] == f"shade-{SHADES}"


@given(st.lists(COUNTS, min_size=1))
def test_of_all_agencies_the_legend_names_what_can_be_shown_and_all_of_it(counts):
    figures = [Figure.blurred(each) for each in counts]
    scale = ShadeScale.of(figures)
    for figure in figures:
        if figure.value:
            shades = [
                name for name, least, most in scale.rounded_steps if least <= figure.value <= most
            ]
            assert shades == [scale.shade(figure)]
    assert all(least % 5 == most % 5 == 0 for _, least, most in scale.rounded_steps)


@given(FIGURES, COUNTS)
def test_whatever_is_there_is_shaded_and_what_is_withheld_is_not(figure, most):
    assert (step_of(figure, most) > 0) == (figure.least > 0)
    assert step_of(figure, most) <= SHADES
