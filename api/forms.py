"""Multipart bodies: fields and photos, kept in memory, never in temporary files.

The framework's own form handling spools large files to disk, where a traveller's photo does not
belong, and reads the body before authentication; here the body is read when the route asks for it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from api.field_errors import name_of, sentence_of
from api.problems import MOST_ERRORS, FieldProblem, RequestInvalid, field_problems
from api.workers import LARGE_PHOTO, ClientGone
from casework.watchlists.enrolment import PhotoFile
from detector.decode import is_large

Fields = TypeVar("Fields", bound=BaseModel)

_MAX_FILES = 128
_MAX_FIELDS = 32
_MAX_FIELD_BYTES = 64 * 1024
_MAX_KIND = 512
"""Characters of a Content-Type, of which taking apart costs more than it says."""
_PIECE = 256 * 1024
"""Bytes that are searched for a boundary at once: nobody else of the process runs meanwhile."""
READ_AT_ONCE = 64 * 1024
"""Bytes of a body that is taken apart in the event loop; a larger one is beside it."""


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """A multipart body: text fields by name, and files by field name in their order."""

    texts: Mapping[str, str]
    files: Mapping[str, tuple[PhotoFile, ...]]

    def photos(self, name: str, most: int) -> tuple[PhotoFile, ...]:
        """Return the files of one field, at least one and at most `most`.

        Raises:
            RequestInvalid: there are none, too many, or files under other names.
        """
        found = self.files.get(name, ())
        wrong = sorted(set(self.files) - {name})
        if wrong:
            raise _invalid(wrong[0], f"No file is expected here: send photos as `{name}`.")
        if not found:
            raise _invalid(name, "A photo is required.")
        if len(found) > most:
            raise _invalid(name, f"At most {most} photos are accepted, not {len(found)}.")
        return found

    def only(self, name: str) -> PhotoFile:
        """Return the one file of a field; raises RequestInvalid if there is none or several."""
        found = self.files.get(name, ())
        if len(found) != 1:
            raise _invalid(name, "Exactly one photo is required.")
        return found[0]

    def at_most_one(self, name: str) -> PhotoFile | None:
        """Return the one file there may be; raises RequestInvalid if there are others."""
        return self.photos(name, 1)[0] if self.files else None

    def parse(self, model: type[Fields]) -> Fields:
        """Return the text fields as `model`.

        Raises:
            RequestInvalid: a field is missing, unknown or wrong.
        """
        return validated(model, self.texts)


async def read_form(request: Request) -> MultipartForm:
    """Read a multipart body whole, as `read_parts`, each text field once.

    Raises:
        RequestInvalid: the body is not multipart form data, or a text field is repeated.
        BodyTooLarge, ClientGone, Overloaded: it cannot be received.
    """
    pairs, files = await read_parts(request)
    texts: dict[str, str] = {}
    for name, text in pairs:
        if name in texts:
            raise _invalid(name, "The field is given twice.")
        texts[name] = text
    return MultipartForm(texts, files)


async def read_parts(
    request: Request,
) -> tuple[list[tuple[str, str]], dict[str, tuple[PhotoFile, ...]]]:
    """Read a multipart body whole; `api.middleware.BodyLimit` keeps it within bounds.

    Returns:
        The text fields in their order, and the files by field name.

    Raises:
        RequestInvalid: the body is not multipart form data.
        BodyTooLarge, ClientGone, Overloaded: it cannot be received.
    """
    boundary = boundary_of(request)
    if boundary is None:
        raise _invalid("body", "Send multipart/form-data, with the photo as a file.")
    body = await receive_body(request)
    if len(body) <= READ_AT_ONCE:
        parts = _parse(boundary, body)
    else:
        parts = await asyncio.to_thread(_parse, boundary, body)
    request.scope[LARGE_PHOTO] = parts.large
    return parts.texts, {name: tuple(found) for name, found in parts.files.items()}


@dataclass(slots=True)
class _FormParts:
    """What a body is made of. A file is copied out of the body, which comes whole."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, list[PhotoFile]] = field(default_factory=dict)
    large: bool = False
    """Whether a photo takes much memory or time to decode."""
    ended: bool = False
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _content: list[bytes] = field(default_factory=list)

    @property
    def callbacks(self) -> dict[str, Callable[..., None]]:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": lambda data, start, end: self._content.append(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._all,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._content = []

    def _header_end(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise ValueError("a part has no name")
        name, content = options[b"name"].decode(), b"".join(self._content)
        if b"filename" not in options:
            if len(content) > _MAX_FIELD_BYTES:
                raise ValueError(f"a field has at most {_MAX_FIELD_BYTES} bytes")
            self.texts.append((name, content.decode()))
        else:
            given = options[b"filename"].decode("utf-8", "replace")
            self.files.setdefault(name, []).append(PhotoFile(given or name, content))
            self.large = self.large or is_large(content)
        if len(self.texts) > _MAX_FIELDS or sum(map(len, self.files.values())) > _MAX_FILES:
            raise ValueError(f"there may be {_MAX_FIELDS} fields and {_MAX_FILES} files")

    def _all(self) -> None:
        self.ended = True


def boundary_of(request: Request) -> bytes | None:
    """Return what parts the body of a multipart form; None where it is none."""
    kind = request.headers.get("content-type", "")
    if len(kind) > _MAX_KIND:
        return None
    name, options = parse_options_header(kind)
    return options.get(b"boundary") if name == b"multipart/form-data" else None


def _parse(boundary: bytes, body: bytes) -> _FormParts:
    """Take a body apart; raises RequestInvalid."""
    parts = _FormParts()
    try:
        parser = MultipartParser(boundary, parts.callbacks)  # type: ignore[arg-type]
        for at in range(0, len(body), _PIECE):
            parser.write(body[at : at + _PIECE])
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise _invalid("body", f"The multipart body cannot be read: {error}") from error
    if not parts.ended:
        raise _invalid("body", "The multipart body is cut short.")
    return parts


async def receive_body(request: Request) -> bytes:
    """Return the whole body; the request keeps it, so reading it again is free.

    Raises:
        BodyTooLarge, ClientGone, Overloaded: it cannot be received.
    """
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise ClientGone from error


def validated(model: type[Fields], data: Any) -> Fields:  # noqa: ANN401 - what is to be checked
    """Return data as `model`; raises RequestInvalid, which names the fields."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = error.errors()[:MOST_ERRORS]
        raise RequestInvalid(
            "The request is not valid: see `errors` for the fields.",
            field_problems(errors),
            {name_of(each): sentence_of(each) for each in errors},
        ) from error


def multipart_schema(
    model: type[BaseModel], optional: Collection[str] = (), /, **files: dict[str, Any]
) -> dict[str, Any]:
    """Return OpenAPI's `requestBody` for a form of `model`'s fields and these file fields."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"] = {**files, **schema.get("properties", {})}
    needed = [name for name in files if name not in optional]
    schema["required"] = [*needed, *schema.get("required", [])]
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _invalid(field: str, message: str) -> RequestInvalid:
    return RequestInvalid(
        f"The request is not valid: {field}: {message}",
        [FieldProblem(field=field, message=message)],
    )
