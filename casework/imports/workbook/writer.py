"""Writes a table as an Excel workbook (.xlsx), piece by piece: nothing of it is ever on disk.

Every cell is a text, or a number where the table has one: no program finds a formula in it. The
columns are formatted as text, so that what an officer types there, a document's number with its
leading zeros, stays as it was typed.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

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
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>"
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="subjects" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
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


def write_workbook(
    columns: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str | int | None]]
) -> Iterator[bytes]:
    """Write a workbook of one sheet, with a heading that stays in sight.

    Args:
        columns: the heading.
        widths: of the columns, in letters.
        rows: at most `MOST_ROWS`; texts, numbers, or None where there is nothing.

    Yields:
        The file's bytes, some at a time.
    """
    out = Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in _PARTS.items():
            archive.writestr(member_info(name, zipfile.ZIP_DEFLATED), _HEAD + part)
        sheet = member_info("xl/worksheets/sheet1.xml", zipfile.ZIP_DEFLATED)
        with archive.open(sheet, "w", force_zip64=True) as member:
            for piece in _sheet(columns, widths, rows):
                member.write(piece.encode())
                yield out.take()
    yield out.take()


def _sheet(
    columns: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str | int | None]]
) -> Iterator[str]:
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


def _row(number: int, cells: Sequence[str | int | None], style: int) -> str:
    written = [
        _cell(f"{_letters(place)}{number}", cell, style)
        for place, cell in enumerate(cells)
        if cell is not None and cell != ""
    ]
    return f'<row r="{number}">{"".join(written)}</row>'


def _cell(place: str, value: str | int, style: int) -> str:
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    text = escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", value))
    return (
        f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    )


def _letters(place: int) -> str:
    """Return the name of a column, of which the first is 0."""
    return (_letters(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)
