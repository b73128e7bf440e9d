"""The template of a list: nothing but the headings, in the language of who fills it in."""

from enum import StrEnum
from typing import Final

from casework.imports.headings import HEADINGS
from casework.imports.list_writers import WIDTH, WIDTHS
from casework.imports.raw_rows import COLUMNS
from casework.imports.workbook.writer import write_workbook

# Spreadsheets take a CSV without it for another encoding.
_MARK: Final = "\ufeff"


class TemplateForm(StrEnum):
    """What a template comes as."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """Its media type."""
        if self is TemplateForm.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def template(form: TemplateForm, language: str) -> bytes:
    """Return an empty list with its headings; an import takes it as it is filled in.

    Args:
        form: what it comes as.
        language: of the headings, a key of `HEADINGS`.
    """
    headings = [HEADINGS[language][name] for name in COLUMNS]
    if form is TemplateForm.CSV:
        return f"{_MARK}{','.join(headings)}\r\n".encode()
    widths = [max(WIDTHS.get(name, WIDTH), len(HEADINGS[language][name]) + 4) for name in COLUMNS]
    return b"".join(write_workbook(headings, widths, ()))
