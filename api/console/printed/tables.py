"""Reports made of tables: on paper (PDF), as a workbook, as CSV. All texts are the reader's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.console.i18n import Locale
from api.console.printed.document import Letterhead, beside_utc
from api.console.printed.pdf import typeset
from casework.imports.csv_cells import csv_heading, csv_line
from casework.imports.workbook.writer import Sheet, write_sheets
from casework.kernel.installation import PRACTICE_MARK

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
_FIRST_WIDTH: Final = 34
_WIDTH: Final = 14
_WIDE: Final = 9
"""A table of more columns lies on its side."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell of a table."""

    text: str
    number: float | None = None
    """What a sheet counts with; None where it is a word."""
    shade: int = 0
    """Step of a heat table."""


@dataclass(frozen=True, slots=True)
class PrintedBar:
    """One bar of a chart."""

    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class TableSection:
    """One table under its heading."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    note: str = ""
    bars: tuple[PrintedBar, ...] = ()
    """The same as a chart."""


@dataclass(frozen=True, slots=True)
class TablesReport:
    """A report made of tables."""

    title: str
    subtitle: str
    head: Letterhead
    notes: tuple[str, ...]
    sections: tuple[TableSection, ...]


def as_csv(sections: Sequence[TableSection]) -> str:
    """Return the tables as CSV, one below the other."""
    parts = []
    for number, section in enumerate(sections):
        write = csv_line if number else csv_heading
        parts.append(write(section.columns))
        parts += [csv_line(map(_value, row)) for row in section.rows]
    return "".join(parts)


def as_workbook(report: TablesReport) -> bytes:
    """Return the report as a workbook: what it is, then each table on a sheet of its own."""
    about = [
        (report.subtitle,),
        (f"{report.head.agency_code} {report.head.agency_name}".strip(),),
        *((note,) for note in report.notes),
    ]
    if report.head.practice:
        about.insert(0, (PRACTICE_MARK,))
    sheets = [Sheet(report.title, [report.title], [100], about)]
    sheets += [
        Sheet(
            section.heading,
            section.columns,
            [_FIRST_WIDTH] + [_WIDTH] * (len(section.columns) - 1),
            [[_value(cell) for cell in row] for row in section.rows],
        )
        for section in report.sections
    ]
    return b"".join(write_sheets(sheets))


def as_tables_pdf(report: TablesReport, speech: Locale) -> bytes:
    """Return the report as a PDF."""
    return typeset("tables.typ", _data(report, speech), report.head.at)


def _value(cell: TableCell) -> str | float | None:
    if cell.number is None:
        return cell.text
    return int(cell.number) if float(cell.number).is_integer() else cell.number


def _data(report: TablesReport, speech: Locale) -> dict[str, Any]:
    printed = speech(
        "Printed by %(name)s on %(when)s",
        name=report.head.officer,
        when=beside_utc(report.head.at, speech),
    )
    practice = report.head.practice
    return {
        "language": speech.language,
        "title": report.title,
        "subtitle": report.subtitle,
        "agency_code": report.head.agency_code,
        "agency_name": report.head.agency_name,
        "printed": printed,
        "mark": PRACTICE_MARK if practice else "",
        "mark_meaning": speech("Practice installation: nothing on this paper is real.")
        if practice
        else "",
        "page": speech("Page"),
        "of": speech("of"),
        "wide": any(len(each.columns) > _WIDE for each in report.sections),
        "notes": list(report.notes),
        "sections": [
            {
                "heading": each.heading,
                "note": each.note,
                "columns": list(each.columns),
                "rows": [[[cell.text, cell.shade] for cell in row] for row in each.rows],
                "bars": _bars(each.bars),
            }
            for each in report.sections
        ],
    }


def _bars(bars: Sequence[PrintedBar]) -> list[list[Any]]:
    most = max((each.value for each in bars), default=0) or 1
    return [[each.label, round(100 * each.value / most, 1), each.text] for each in bars]
