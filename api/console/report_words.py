"""What reports call what they count, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from api.console.i18n import Locale
from api.console.labels import country, of, period
from casework.codes.lists import CodeLists
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import LODGINGS, UNKNOWN, YES, Dimension, area_in
from casework.reports.figures import Figure, FigureKind

_VOCABULARIES: Final[Mapping[Dimension, str]] = {
    Dimension.DIRECTION: "Direction",
    Dimension.STAGE: "Stage",
    Dimension.MATCHED_BY: "MatchedBy",
    Dimension.OUTCOME: "AlertOutcome",
}
_WITHHELD: Final = "\u2013"  # a dash
_PLACES: Final = frozenset({Dimension.AREA, Dimension.REGENCY})


@dataclass(frozen=True, slots=True)
class ReportWords:
    """Names of values and figures."""

    speech: Locale
    codes: CodeLists
    areas: Mapping[str, str]
    """Names, by code."""

    def dimension(self, dimension: Dimension) -> str:
        """Return what a dimension is called."""
        return self.speech(of(dimension))

    def value(self, dimension: Dimension, value: str) -> str:  # noqa: PLR0911 - one a dimension
        """Return what a value of a dimension is called."""
        if value == UNKNOWN:
            return self.speech("Unknown")
        if dimension in _VOCABULARIES:
            return self.speech(of(value, _VOCABULARIES[dimension]))
        if dimension in _PLACES:
            return self.areas.get(value, value)
        match dimension:
            case Dimension.CATEGORY:
                return self.codes.category(value, self.speech.language)
            case Dimension.PORT:
                return self._port(value)
            case Dimension.NATIONALITY:
                return country(value, self.speech.language)
            case Dimension.CLOSED:
                return self.speech("Closed") if value == YES else self.speech("Open")
            case Dimension.HOUR | Dimension.DAY | Dimension.MONTH:
                return self._time(dimension, value)
            case _:
                return value

    def _time(self, dimension: Dimension, value: str) -> str:
        if dimension is Dimension.HOUR:
            return f"{value}:00"
        if dimension is Dimension.DAY:
            return self.speech.day(date.fromisoformat(value))
        return period(CalendarPeriod.read(value), self.speech)

    def _port(self, value: str) -> str:
        if not value.startswith(LODGINGS):
            return value
        area = area_in(Dimension.PORT, value)
        if area is None:
            return self.speech("Lodgings, place not known")
        return self.speech("Lodgings in %(area)s", area=self.areas.get(area, area))

    def figure(self, figure: Figure) -> str:
        """Return a figure as paper and sheets have it."""
        if figure.value is not None:
            return self.speech.number(figure.value)
        return "< 5" if figure.kind is FigureKind.FEWER_THAN_5 else _WITHHELD

    def change(self, figure: Figure) -> str:
        """Return a change against the period before, with an arrow."""
        if figure.value is None:
            return _WITHHELD
        if not figure.value:
            return "= 0"
        arrow = "▲" if figure.value > 0 else "▼"
        return f"{arrow} {self.speech.number(abs(figure.value))}"

    def notes(self, *, exact: bool) -> tuple[str, ...]:
        """Return how figures are to be read: exact, or else blurred."""
        counted = self.speech(
            "Alerts are counted, and what people decided on them: not how dangerous anybody is."
        )
        if exact:
            return (counted,)
        return counted, self.speech(
            "Numbers are rounded to a multiple of 5: parts need not add up exactly. Below 5 none "
            "is shown, and where others would give a small one away, a dash."
        )
