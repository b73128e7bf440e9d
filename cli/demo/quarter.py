"""A small quarter beside the day: what a meeting looks at, in the terminal and as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from api.console.cut_pages import trend_bars
from api.console.report_words import ReportWords
from api.console.shades import step_of
from api.console.templating import build_environment
from casework.kernel.actor import Actor
from casework.reports.cuts import CutRequest, CutTable
from casework.reports.dimensions import Dimension
from casework.reports.figures import Figure
from cli.output import out
from cli.reports import ReportLanguage, write_monthly
from cli.story.cast import SMALL
from cli.story.command import tell
from config.records import open_installation
from config.settings import Settings

_TRAVELLERS: Final = 200
_DAYS: Final = 92
_BY: Final = (Dimension.AREA, Dimension.CATEGORY)
_SHADES: Final = ("", "", "on grey23", "black on khaki3", "black on orange3", "white on red3")
_BAR: Final = 30
"""Characters of the longest one."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """What the quarter left."""

    counts: Mapping[str, int]
    table: CutTable
    words: ReportWords
    files: tuple[Path, ...]
    """The monthly report of the agency that runs the installation."""

    @property
    def as_expected(self) -> bool:
        """Whether the table counts each alert that was raised, and the report was written."""
        return (
            self.table.total.value == self.counts["alerts raised"] > 0
            and sum(each.value or 0 for each in self.table.cells.values()) == self.table.total.value
            and all(each.stat().st_size for each in self.files)
        )


def play(settings: Settings, out_dir: Path) -> Quarter:
    """Tell the story of a quarter in an installation of its own, and write its monthly report.

    Args:
        settings: of that installation, which must be new.
        out_dir: where the report goes.
    """
    told = tell(settings, _TRAVELLERS, _DAYS, seed=0, cast=SMALL)
    operator = Actor.operator()
    speech = build_environment(settings.display_time_zone, secure=True).speeches["en"]
    out_dir.mkdir(parents=True, exist_ok=True)
    files = tuple(out_dir / f"monthly-report{suffix}" for suffix in (".pdf", ".xlsx"))
    with open_installation(settings) as records:
        now = records.kernel.clock()
        days = timedelta(days=_DAYS + 1)
        table = records.reports.cuts.own(operator, CutRequest(*_BY), (now - days, now))
        for each in files:
            write_monthly(
                records, settings, each, None, SMALL.agencies[0].code, ReportLanguage.ENGLISH
            )
        words = ReportWords(speech, records.lists.codes.now(), table.names)
    return Quarter(told.counts, table, words, files)


def print_quarter(quarter: Quarter) -> None:
    """Print the table, the trend, and where the report is."""
    out.print()
    out.print(_heat(quarter))
    out.print(_trend(quarter))
    out.print(
        f"The monthly report that they would meet on: {' and '.join(map(str, quarter.files))}",
        soft_wrap=True,
    )


def as_json(quarter: Quarter) -> dict[str, Any]:
    """Return the quarter as plain data."""
    table, words = quarter.table, quarter.words
    trend = zip(table.trend.months, table.trend.figures, strict=True)
    return {
        "counts": dict(quarter.counts),
        "provinces": {
            words.value(_BY[0], row): {
                words.value(_BY[1], column): table.cells[row, column].value
                for column in table.columns
            }
            for row in table.rows
        },
        "months": {str(month): figure.value for month, figure in trend},
        "report": [str(each) for each in quarter.files],
    }


def _heat(quarter: Quarter) -> Table:
    table, words = quarter.table, quarter.words
    made = _table("A quarter of two agencies: alerts by province and category", "province")
    for column in (*(words.value(_BY[1], each) for each in table.columns), "total"):
        made.add_column(column, justify="right")
    for row in table.rows:
        made.add_row(
            words.value(_BY[0], row),
            *(_cell(table.cells[row, each], quarter) for each in table.columns),
            words.figure(table.row_totals[row]),
        )
    return made


def _cell(figure: Figure, quarter: Quarter) -> Text:
    shade = _SHADES[step_of(figure, quarter.table.greatest)]
    return Text(f" {quarter.words.figure(figure)} ", shade)


def _trend(quarter: Quarter) -> Table:
    bars = [bar for bar in trend_bars(quarter.table.trend, quarter.words) if bar.value]
    most = max((bar.value for bar in bars), default=1)
    made = _table("Alerts by month", "month", "alerts", "")
    for bar in bars:
        made.add_row(bar.label, bar.text, "█" * max(1, round(_BAR * bar.value / most)))
    return made


def _table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, no_wrap=True)
    return made
