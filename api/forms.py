"""Multipart bodies: fields and photos, kept in memory, never in temporary files.

The framework's own form handling spools large files to disk, where a traveller's photo does not
belong, and reads the body before authentication; here the body is read when the route asks for it.
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.field_errors import name_of, sentence_of
from api.problems import FieldProblem, RequestInvalid, field_problems
from api.workers import ClientGone
from casework.watchlists.enrolment import PhotoFile

Fields = TypeVar("Fields", bound=BaseModel)

_MAX_FILES = 128
_MAX_FIELDS = 32
_MAX_FIELD_BYTES = 64 * 1024


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
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise _invalid("body", "Send multipart/form-data, with the photo as a file.")
    body = await receive_body(request)
    parser = MultiPartParser(
        request.headers,
        _whole(body),
        max_files=_MAX_FILES,
        max_fields=_MAX_FIELDS,
        max_part_size=_MAX_FIELD_BYTES,
    )
    # Larger files would be spooled to disk: none is larger than the body.
    parser.spool_max_size = len(body)
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeDecodeError, KeyError, ValueError) as error:
        raise _invalid("body", f"The multipart body cannot be read: {error}") from error
    texts: list[tuple[str, str]] = []
    files: dict[str, list[PhotoFile]] = {}
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                files.setdefault(name, []).append(PhotoFile(value.filename or name, content))
            else:
                texts.append((name, value))
    finally:
        await form.close()
    return texts, {name: tuple(found) for name, found in files.items()}


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
        raise RequestInvalid(
            "The request is not valid: see `errors` for the fields.",
            field_problems(error.errors()),
            {name_of(each): sentence_of(each) for each in error.errors()},
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


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _invalid(field: str, message: str) -> RequestInvalid:
    return RequestInvalid(
        f"The request is not valid: {field}: {message}",
        [FieldProblem(field=field, message=message)],
    )
