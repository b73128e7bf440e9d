"""A table of figures as a page, on paper and as a file: its words, its shades, where cells lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from api.console.i18n import Locale
from api.console.labels import period
from api.console.printed.document import Letterhead
from api.console.printed.tables import (
    PrintedBar,
    TableCell,
    TableSection,
    TablesReport,
)
from api.console.report_words import ReportWords
from api.console.shades import step_of
from casework.reports.cuts import CutTable, Months
from casework.reports.dimensions import NO, UNKNOWN, YES, Dimension
from casework.reports.figures import Figure

# What the queue of alerts can be filtered by, and the name of the field.
_FILTERS: Final[Mapping[Dimension, str]] = {
    Dimension.AREA: "area",
    Dimension.REGENCY: "area",
    Dimension.PORT: "port",
    Dimension.CATEGORY: "category",
    Dimension.MATCHED_BY: "matched_by",
    Dimension.MONTH: "month",
    Dimension.WATCHLIST: "list",
    Dimension.DIRECTION: "direction",
    Dimension.STAGE: "stage",
    Dimension.NATIONALITY: "nationality",
    Dimension.OUTCOME: "outcome",
    Dimension.HOUR: "hour",
    Dimension.CLOSED: "state",
}
_STATES: Final = {YES: "closed", NO: "open"}
_SHORT_MONTH: Final = 3


@dataclass(frozen=True, slots=True)
class CutPage:
    """What a page shows of a table."""

    table: CutTable
    words: ReportWords
    lists: Mapping[str, str]
    """Ids of the reader's own watchlists, by name; empty for who may not see alerts."""
    links: bool
    """Whether the reader may see the alerts behind the figures."""

    @property
    def speech(self) -> Locale:
        """The reader's language."""
        return self.words.speech

    @property
    def first(self) -> Dimension:
        """The dimension of the rows."""
        return self.table.by[0]

    @property
    def second(self) -> Dimension | None:
        """The dimension of the columns."""
        return self.table.by[1] if len(self.table.by) > 1 else None

    @property
    def span(self) -> str:
        """What the period is called."""
        if self.table.period is not None:
            return period(self.table.period, self.speech)
        return f"{self.speech.when(self.table.since)} - {self.speech.when(self.table.until)}"

    @property
    def heading(self) -> str:
        """What the table is by."""
        return " \u00d7 ".join(self.words.dimension(each) for each in self.table.by)

    def row(self, value: str) -> str:
        """Return what a row is called."""
        return self.words.value(self.first, value)

    def column(self, value: str) -> str:
        """Return what a column is called."""
        return self.words.value(self.second, value) if self.second is not None else value

    def shade(self, figure: Figure) -> int:
        """Return how dark a cell is, from 0."""
        return step_of(figure, self.table.greatest)

    def link(self, row: str, column: str | None = None) -> str | None:
        """Return where the alerts of a cell are listed; None where they cannot be."""
        if not self.links:
            return None
        values = {self.first: row}
        if column is not None and self.second is not None:
            values[self.second] = column
        query = {"state": "all", "whose": "agency"}
        if self.table.period is not None:
            query["month"] = str(self.table.period)
        for dimension, value in values.items():
            found = self.lists.get(value) if dimension is Dimension.WATCHLIST else value
            if dimension not in _FILTERS or found is None or found == UNKNOWN:
                return None
            query[_FILTERS[dimension]] = _STATES.get(found, found)
        return f"/alerts?{urlencode(query)}" if "month" in query else None

    def bars(self) -> tuple[PrintedBar, ...]:
        """Return the months that led to the period's end."""
        return trend_bars(self.table.trend, self.words)

    def report(self, head: Letterhead) -> TablesReport:
        """Return the table as paper and files have it."""
        speech = self.speech
        months = self.table.trend
        trend = TableSection(
            speech("Alerts by month"),
            (speech("Month"), speech("Alerts")),
            tuple(
                (TableCell(period(month, speech)), self._cell(figure))
                for month, figure in zip(months.months, months.figures, strict=True)
            ),
            bars=self.bars(),
        )
        return TablesReport(
            speech("Alerts: %(dimensions)s", dimensions=self.heading),
            self.span,
            head,
            self.notes(),
            (self.section(), trend),
        )

    def section(self) -> TableSection:
        """Return the table itself."""
        speech, table = self.speech, self.table
        columns = (
            self.words.dimension(self.first),
            *(self.column(each) for each in table.columns),
            speech("Total"),
            speech("Against before"),
        )
        rows = [
            (
                TableCell(self.row(row)),
                *(self._cell(table.cells[row, each], heat=True) for each in table.columns),
                self._cell(table.row_totals[row], heat=not table.columns),
                TableCell(self.words.change(table.row_changes[row]), table.row_changes[row].value),
            )
            for row in table.rows
        ]
        rows.append(
            (
                TableCell(speech("Total")),
                *(self._cell(table.column_totals[each]) for each in table.columns),
                self._cell(table.total),
                TableCell(self.words.change(table.total_change), table.total_change.value),
            )
        )
        return TableSection(speech("Table"), columns, tuple(rows))

    def notes(self) -> tuple[str, ...]:
        """Return how the figures are to be read."""
        return self.words.notes(exact=self.table.exact)

    def _cell(self, figure: Figure, *, heat: bool = False) -> TableCell:
        return TableCell(self.words.figure(figure), figure.value, self.shade(figure) if heat else 0)


def trend_bars(trend: Months, words: ReportWords) -> tuple[PrintedBar, ...]:
    """Return months as bars of a chart."""
    return tuple(
        PrintedBar(
            period(month, words.speech).split()[0][:_SHORT_MONTH] + f" {month.year % 100:02}",
            figure.value if figure.value is not None else figure.least,
            words.figure(figure),
        )
        for month, figure in zip(trend.months, trend.figures, strict=True)
    )
