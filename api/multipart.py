"""Multipart bodies taken apart, and sentences for those that a client has made wrongly.

What stands before the first boundary and behind the last is passed over (RFC 2046, 5.1.1). A part
is a file where the form has a file of its name, whatever its headers say: .NET sends none.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.problems import FieldProblem, RequestInvalid

_MAX_KIND: Final = 512
"""Characters of a Content-Type, of which taking apart costs more than it says."""
_MAX_SHOWN: Final = 70
"""Characters of what a client sent that its error shows: as many as a boundary may have."""
_MAX_PREAMBLE: Final = 64 * 1024
"""Bytes before the first boundary: mail has a sentence there, a form nothing."""

_FORM: Final = "multipart/form-data"
_PLAIN_PART: Final = 'Content-Disposition: form-data; name="photo"; filename="photo.jpg"'

CUT_SHORT: Final = (
    "The multipart body is cut short: its last boundary, which ends with --, is missing. Send it "
    "again whole, with a Content-Length that counts all of it."
)
NO_CRLF: Final = (
    "The multipart body cannot be read: a line of its boundaries or headers does not end with "
    "CR LF. Let your HTTP library write the body."
)


@dataclass(frozen=True, slots=True)
class Part:
    """What the headers of a part say."""

    name: str
    filename: str | None
    """None where it has none; empty where it is empty, or is written as RFC 5987 has it."""


class PartHandler(Protocol):
    """Takes the parts of a body in their order."""

    def begin(self, part: Part) -> None:
        """Take the headers of a part; raises RequestInvalid where it is not expected."""

    def data(self, piece: bytes) -> None:
        """Take the next bytes of the part."""

    def end(self) -> None:
        """Take note that the part is whole."""


def invalid(field: str, message: str) -> RequestInvalid:
    """Return the refusal of one field, or of the whole `body`."""
    return RequestInvalid(
        f"The request is not valid: {field}: {message}",
        [FieldProblem(field=field, message=message)],
    )


def boundary_of(request: Request, files: str = "the photo as a file") -> bytes:
    """Return what parts the body of a form, as its headers say.

    Args:
        request: whose form it is.
        files: what the form holds, for the sentence of a refusal.

    Raises:
        RequestInvalid: it is not such a form, or names no boundary.
    """
    kind = request.headers.get("content-type", "")
    name, options = parse_options_header(kind) if len(kind) <= _MAX_KIND else (b"", {})
    if name == _FORM.encode():
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise invalid(
                "body",
                f"The header Content-Type says {_FORM} and names no boundary: do not set it "
                "yourself, let your HTTP library write it with the form.",
            )
        return boundary
    shown = name.decode("latin-1")[:_MAX_SHOWN]
    raise invalid("body", f"{_what_else(shown)} Send {_FORM}, with {files}.")


def _what_else(kind: str) -> str:
    """Say what a body is that is no form, by its media type."""
    if not kind:
        return "The header Content-Type is missing or cannot be read."
    if kind.startswith("image/"):
        return f"The body is the photo itself ({kind}), without the fields that go with it."
    if kind == "application/json":
        return "The body is JSON, which holds no file: base64 text is not taken."
    if kind == "application/x-www-form-urlencoded":
        return "The form is urlencoded, which holds no file."
    return f"The body is {kind}."


class MultipartReader:
    """Takes a body apart as it arrives."""

    def __init__(self, boundary: bytes, handler: PartHandler) -> None:
        self._handler = handler
        self._delimiter = b"--" + boundary
        self._preamble: bytearray | None = bytearray()
        self._name = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._ended = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks)  # type: ignore[arg-type]
        except FormParserError as error:
            raise invalid(
                "body", f"The boundary in Content-Type is longer than {_MAX_SHOWN} characters."
            ) from error

    def write(self, data: bytes) -> None:
        """Take the next bytes; raises RequestInvalid."""
        if self._preamble is not None:
            # What was looked through is not looked through again with every piece.
            seen = max(0, len(self._preamble) - len(self._delimiter))
            self._preamble += data
            begin = self._begin_of_form(self._preamble, seen)
            if begin < 0:
                if len(self._preamble) > _MAX_PREAMBLE + len(self._delimiter):
                    raise self._no_boundary()
                return
            data, self._preamble = bytes(self._preamble[begin:]), None
        try:
            self._parser.write(data)
        except FormParserError as error:
            text = str(error)
            if " CR" in text or " LF" in text:
                raise invalid("body", NO_CRLF) from error
            raise invalid("body", f"The multipart body cannot be read: {text}.") from error

    def finish(self) -> None:
        """Take note that nothing more comes; raises RequestInvalid where something is missing."""
        if self._preamble is not None:
            raise self._no_boundary()
        if not self._ended:
            raise invalid("body", CUT_SHORT)

    def _begin_of_form(self, received: bytearray, seen: int) -> int:
        """Return where the first boundary begins, -1 where it has not come yet."""
        if received.startswith(self._delimiter):
            return 0
        at = received.find(b"\n" + self._delimiter, seen, _MAX_PREAMBLE + len(self._delimiter) + 1)
        return at + 1 if at >= 0 else -1

    def _no_boundary(self) -> RequestInvalid:
        if not self._preamble:
            return invalid("body", f"The body is empty. Send {_FORM}, with its parts.")
        shown = self._delimiter.decode("latin-1")
        return invalid(
            "body",
            "The boundary that the header Content-Type names is not in the body: its parts are to "
            f"begin with the line {shown[: 2 + _MAX_SHOWN]}. Let your HTTP library write both.",
        )

    @property
    def _callbacks(self) -> dict[str, object]:
        """What the parser calls."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": lambda data, start, end: self._handler.data(data[start:end]),
            "on_part_end": self._handler.end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._disposition = b""

    def _header_end(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        self._handler.begin(_part(self._disposition))

    def _end(self) -> None:
        self._ended = True


def _part(disposition: bytes) -> Part:
    _, options = parse_options_header(disposition)
    name = options.get(b"name", b"")
    if not name:
        raise invalid("body", f"A part has no name. Its headers are to have {_PLAIN_PART}")
    if name.startswith((b"'", b'"')):
        shown = name.decode("utf-8", "replace")[:_MAX_SHOWN]
        raise invalid(
            "body",
            f"The name {shown} of a part is not between two quotation marks: its headers are to "
            f"have {_PLAIN_PART}",
        )
    filename = options.get(b"filename")
    if filename is None and b"filename*" in disposition.lower():
        filename = b""  # RFC 7578 forbids this form, which some libraries write alone all the same
    return Part(
        name.decode("utf-8", "replace"),
        filename.decode("utf-8", "replace") if filename is not None else None,
    )
