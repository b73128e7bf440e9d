"""A report as PDF: drawn by Typst from a file beside this one, as PDF/A-2b for archives.

The same report, printed by the same officer at the same second, is the same bytes.
"""

import base64
import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from api.console.i18n import Locale
from api.console.printed.document import Picture, PrintedReport

if TYPE_CHECKING:
    from typst import Fonts, PDFStandard

MEDIA_TYPE: Final = "application/pdf"

# Digests and the like have no place to break a line at: one that shows as nothing is put in.
_LONG: Final = re.compile(r"\S{41,}")
_PART: Final = 8
_BREAK: Final = "\u200b"

# One at a time: people who print never take more than one processor from screening.
_ONE_AT_A_TIME: Final = threading.Lock()


def as_pdf(document: PrintedReport, speech: Locale) -> bytes:
    """Return a report as a PDF, whose photos are in it as they were handed over."""
    return typeset("a4.typ", _data(document, speech), document.head.at)


def typeset(template: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """Return a PDF.

    Args:
        template: the name of a file beside this one.
        data: what it says.
        at: when it was made.
    """
    # Typst is a library of 60 MB, of no use to a process that prints nothing.
    import typst  # noqa: PLC0415

    def drawn(standards: list["PDFStandard"]) -> bytes:
        return typst.compile(
            files("api.console.printed").joinpath(template).read_bytes(),
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={"data": json.dumps(data)},
            pdf_standards=standards,
            timestamp=int(at.timestamp()),
        )

    with _ONE_AT_A_TIME:
        try:
            return drawn(["a-2b"])
        except RuntimeError:
            # An archive's PDF refuses a name in a script that no font here has: shown as boxes.
            return drawn([])


@cache
def _fonts() -> "Fonts":
    """Return Typst's own fonts, and for scripts that these lack, those of the system."""
    from typst import Fonts  # noqa: PLC0415

    return Fonts(include_system_fonts=True)


def _data(document: PrintedReport, speech: Locale) -> dict[str, Any]:
    return {
        "language": document.language,
        "title": document.title,
        "number": document.number,
        "state": document.state,
        "agency_code": document.head.agency_code,
        "agency_name": document.head.agency_name,
        "printed": _broken(document.printed),
        "mark": document.mark,
        "mark_meaning": document.mark_meaning,
        "page": speech("Page"),
        "of": speech("of"),
        "place_and_date": speech("place and date"),
        "pictures": [_picture(each) for each in document.pictures],
        "facts": [
            {
                "heading": each.heading,
                "dense": each.dense,
                "facts": [[_broken(term), _broken(value)] for term, value in each.facts],
            }
            for each in document.facts
        ],
        "steps_heading": document.steps_heading,
        "steps": [
            {
                "at": step.at,
                "who": _broken(step.who),
                "what": step.what,
                "note": _broken(step.note),
            }
            for step in document.steps
        ],
        "signatures": [list(each) for each in document.signatures],
    }


def _picture(picture: Picture) -> dict[str, Any]:
    lines = [_broken(line) for line in picture.lines]
    return {"title": picture.title, "lines": lines, "svg": _svg(picture.content)}


def _svg(content: bytes | None) -> str | None:
    """Return a JPEG as Typst takes data: text; scaled into a square, as wide as it is high."""
    if content is None or not content.startswith(b"\xff\xd8"):
        return None
    photo = base64.b64encode(content).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><image width="100" '
        f'height="100" href="data:image/jpeg;base64,{photo}"/></svg>'
    )


def _broken(text: str) -> str:
    def parts(found: re.Match[str]) -> str:
        word = found[0]
        return _BREAK.join(word[at : at + _PART] for at in range(0, len(word), _PART))

    return _LONG.sub(parts, text)
