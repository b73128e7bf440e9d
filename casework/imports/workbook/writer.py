"""Writes a table as an Excel workbook (.xlsx), piece by piece: nothing of it is ever on disk.

Every cell is a text, or a number where the table has one: no program finds a formula in it. The
columns are formatted as text, so that what an officer types there, a document's number with its
leading zeros, stays as it was typed.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Final, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from casework.imports.outlet import Outlet, member_info

MOST_ROWS: Final = (1 << 20) - 1
"""Below the heading; Excel has no more."""
_ROWS_AT_ONCE: Final = 200

# What XML cannot hold goes out as `_x000B_`, as does what already looks like that.
_UNWRITABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_NO_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME: Final = 31
# Formats of cells: 0 as it comes, 1 text, 2 text in bold.
_TEXT, _BOLD = 1, 2

_PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
        "{sheet_types}</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>"
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{{sheet_names}}</sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        "{sheet_links}"
        f'<Relationship Id="rId{{styles}}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>"
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}">'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
        '<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" '
        'applyFont="1"/></cellXfs>'
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


Cells: TypeAlias = Iterable[Sequence[str | float | None]]
"""Rows of texts, numbers, or None where there is nothing."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, with a heading that stays in sight."""

    name: str
    columns: Sequence[str]
    """The heading."""
    widths: Sequence[int]
    """Of the columns, in letters."""
    rows: Cells
    """At most `MOST_ROWS`."""


def write_workbook(columns: Sequence[str], widths: Sequence[int], rows: Cells) -> Iterator[bytes]:
    """Write a workbook of one sheet, of subjects; see `Sheet` and `write_sheets`."""
    return write_sheets([Sheet("subjects", columns, widths, rows)])


def write_sheets(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """Write a workbook of one sheet or several.

    Yields:
        The file's bytes, some at a time.
    """
    out = Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in _PARTS.items():
            filled = _filled(part, _sheet_names(sheets))
            archive.writestr(member_info(name, zipfile.ZIP_DEFLATED), _HEAD + filled)
        for number, sheet in enumerate(sheets, 1):
            info = member_info(f"xl/worksheets/sheet{number}.xml", zipfile.ZIP_DEFLATED)
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in _sheet(sheet.columns, sheet.widths, sheet.rows):
                    member.write(piece.encode())
                    yield out.take()
    yield out.take()


def _sheet_names(sheets: Sequence[Sheet]) -> list[str]:
    """Return names that Excel takes: short, without its own signs, and none twice."""
    names: list[str] = []
    for sheet in sheets:
        plain = _NO_NAME.sub(" ", _UNWRITABLE.sub(" ", sheet.name)).strip(" '")
        # Between words, where there is one that fits.
        whole = shorten(plain, _LONGEST_NAME, placeholder="…")
        name, number = whole if len(whole) > 1 else plain[:_LONGEST_NAME] or "-", 1
        while name.casefold() in {each.casefold() for each in names}:
            number += 1
            name = f"{plain[: _LONGEST_NAME - 3]} {number}"
        names.append(name)
    return names


def _filled(part: str, names: Sequence[str]) -> str:
    """Return a part with what it says of the sheets."""
    numbered = list(enumerate(names, 1))
    says = {
        "{sheet_types}": "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
            f'ContentType="{_KIND}.worksheet+xml"/>'
            for number, _ in numbered
        ),
        "{sheet_names}": "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in numbered
        ),
        "{sheet_links}": "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet{number}.xml"/>'
            for number, _ in numbered
        ),
        "{styles}": str(len(names) + 1),
    }
    for gap, text in says.items():
        part = part.replace(gap, text)
    return part


def _sheet(columns: Sequence[str], widths: Sequence[int], rows: Cells) -> Iterator[str]:
    last = _letters(len(columns) - 1)
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        "</sheetView></sheetViews><cols>"
    )
    for place, width in enumerate(widths, 1):
        yield f'<col min="{place}" max="{place}" width="{width}" style="{_TEXT}" customWidth="1"/>'
    yield "</cols><sheetData>" + _row(1, columns, _BOLD)
    number, waiting = 1, list[str]()
    for cells in rows:
        number += 1
        waiting.append(_row(number, cells, _TEXT))
        if len(waiting) == _ROWS_AT_ONCE:
            yield "".join(waiting)
            waiting.clear()
    yield f'{"".join(waiting)}</sheetData><autoFilter ref="A1:{last}{number}"/></worksheet>'


def _row(number: int, cells: Sequence[str | float | None], style: int) -> str:
    written = [
        _cell(f"{_letters(place)}{number}", cell, style)
        for place, cell in enumerate(cells)
        if cell is not None and cell != ""
    ]
    return f'<row r="{number}">{"".join(written)}</row>'


def _cell(place: str, value: str | float, style: int) -> str:
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    text = escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", value))
    return (
        f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    )


def _letters(place: int) -> str:
    """Return the name of a column, of which the first is 0."""
    return (_letters(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)
