"""Multipart bodies: fields and photos, kept in memory, never in temporary files.

The framework's own form handling spools large files to disk, where a traveller's photo does not
belong, and reads the body before authentication; here the body is read when the route asks for it.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect

from api.field_errors import MOST_ERRORS, name_of, sentence_of
from api.multipart import MultipartReader, Part, boundary_of, invalid
from api.problems import RequestInvalid, field_problems
from api.workers import LARGE_PHOTO, ClientGone
from casework.watchlists.enrolment import PhotoFile
from detector.decode import is_large

Fields = TypeVar("Fields", bound=BaseModel)

_MAX_FILES = 128
_MAX_FIELDS = 32
_MAX_FIELD_BYTES = 64 * 1024
_PIECE = 256 * 1024
"""Bytes that are searched for a boundary at once: nobody else of the process runs meanwhile."""
READ_AT_ONCE = 64 * 1024
"""Bytes of a body that is taken apart in the event loop; a larger one is beside it."""


class NoFields(BaseModel):
    """A form that has photos only."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """A multipart body: text fields by name, and files by field name in their order."""

    texts: Mapping[str, str]
    files: Mapping[str, tuple[PhotoFile, ...]]

    def photos(self, name: str, most: int) -> tuple[PhotoFile, ...]:
        """Return the files of one field, at least one and at most `most`.

        Raises:
            RequestInvalid: there are none, or too many.
        """
        found = self.files.get(name, ())
        if not found:
            raise invalid(name, f"A photo is required: send it as a file, in the part `{name}`.")
        if len(found) > most:
            limit = "one photo" if most == 1 else f"{most} photos"
            raise invalid(name, f"At most {limit} can be taken here, not {len(found)}.")
        return found

    def only(self, name: str) -> PhotoFile:
        """Return the one file of a field; raises RequestInvalid if there is none or several."""
        found = self.files.get(name, ())
        if len(found) != 1:
            raise invalid(name, "Exactly one photo is required: send it as a file.")
        return found[0]

    def at_most_one(self, name: str) -> PhotoFile | None:
        """Return the one file there may be; raises RequestInvalid if there are several."""
        return self.photos(name, 1)[0] if name in self.files else None

    def parse(self, model: type[Fields]) -> Fields:
        """Return the text fields as `model`.

        Raises:
            RequestInvalid: a field is missing, unknown or wrong.
        """
        return validated(model, self.texts)


async def read_form(request: Request, *names: str) -> MultipartForm:
    """Read a multipart body whole, as `read_parts`, each text field once.

    Raises:
        RequestInvalid: the body is not multipart form data, or a text field is repeated.
        BodyTooLarge, BodyEncoded, ClientGone, Overloaded: it cannot be received.
    """
    pairs, files = await read_parts(request, *names)
    texts: dict[str, str] = {}
    for name, text in pairs:
        if name in texts:
            raise invalid(name, "The field is given twice.")
        texts[name] = text
    return MultipartForm(texts, files)


async def read_parts(
    request: Request, *names: str
) -> tuple[list[tuple[str, str]], dict[str, tuple[PhotoFile, ...]]]:
    """Read a multipart body whole; `api.middleware.BodyLimits` keeps it within bounds.

    Args:
        request: whose body it is.
        names: of the files; none means whatever comes with a file name, as browsers send it.

    Returns:
        The text fields in their order, and the files by field name.

    Raises:
        RequestInvalid: the body is not multipart form data, or has a file of another name.
        BodyTooLarge, BodyEncoded, ClientGone, Overloaded: it cannot be received.
    """
    boundary = boundary_of(request)
    body = await receive_body(request)
    if len(body) <= READ_AT_ONCE:
        parts = _parse(boundary, body, names)
    else:
        parts = await asyncio.to_thread(_parse, boundary, body, names)
    for wrong in sorted(set(parts.files) - set(names)) if names else ():
        files = " and ".join(f"`{each}`" for each in names)
        raise invalid(
            wrong, f"No file is expected here: files go as {files}, text without a file name."
        )
    request.scope[LARGE_PHOTO] = parts.large
    return parts.texts, {name: tuple(found) for name, found in parts.files.items()}


@dataclass(slots=True)
class _FormParts:
    """What a body is made of. A file is copied out of the body, which comes whole."""

    names: Collection[str]
    """Of the files."""
    texts: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, list[PhotoFile]] = field(default_factory=dict)
    large: bool = False
    """Whether a photo takes much memory or time to decode."""
    _part: Part = field(default=Part("", None))
    _content: list[bytes] = field(default_factory=list)

    def begin(self, part: Part) -> None:
        """Begin a part."""
        self._part = part
        self._content = []

    def data(self, piece: bytes) -> None:
        """Keep a piece of it."""
        self._content.append(piece)

    def end(self) -> None:
        """Keep the part; raises RequestInvalid where it is neither a file nor a text."""
        name, content = self._part.name, b"".join(self._content)
        self._content = []
        if self._part.filename is None and name not in self.names:
            self.texts.append((name, self._text(name, content)))
        else:
            self.files.setdefault(name, []).append(PhotoFile(self._part.filename or name, content))
            self.large = self.large or is_large(content)
        if len(self.texts) > _MAX_FIELDS or sum(map(len, self.files.values())) > _MAX_FILES:
            raise invalid("body", f"There may be {_MAX_FIELDS} fields and {_MAX_FILES} files.")

    def _text(self, name: str, content: bytes) -> str:
        names = " or ".join(f"`{each}`" for each in self.names)
        instead = f" A file goes under the name {names}." if names else ""
        if len(content) > _MAX_FIELD_BYTES:
            raise invalid(name, f"A field has at most {_MAX_FIELD_BYTES} bytes.{instead}")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise invalid(name, f"The field is not text in UTF-8.{instead}") from None


def _parse(boundary: bytes, body: bytes, names: Collection[str]) -> _FormParts:
    """Take a body apart; raises RequestInvalid."""
    parts = _FormParts(names)
    reader = MultipartReader(boundary, parts)
    for at in range(0, len(body), _PIECE):
        reader.write(body[at : at + _PIECE])
    reader.finish()
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
