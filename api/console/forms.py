"""What a form sends, and the proof that one of our own pages sent it."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Final, Generic, Self, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

from api.console.i18n import Locale, msg
from api.console.messages import translated, translated_error
from api.forms import READ_AT_ONCE, read_parts, receive_body, validated
from api.problems import FieldProblem, RequestInvalid
from casework.kernel.errors import IllegalTransition, StaleVersion
from casework.kernel.period import written_day
from casework.watchlists.enrolment import PhotoFile

Fields = TypeVar("Fields", bound=BaseModel)

TOKEN_FIELD: Final = "csrf"  # noqa: S105 - the name of a field
TOKEN_HEADER: Final = "x-csrf-token"  # noqa: S105 - the name of a header
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PURPOSE: Final = b"siaga console form"
_MOST_FIELDS: Final = 200
_MOST_DIGITS: Final = 18  # as many as every database's integers hold
_INVALID: Final = 422
_TYPED_CLOCK: Final = re.compile(r"(\d{1,2})[:.]?(\d\d)", re.ASCII)
_TYPED_DAY: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})|(\d\d)(\d\d)(\d{4})", re.ASCII)
_LISTS: Final = (list, frozenset)
WRITE_DAY: Final = msg("Write the date as 28-02-1980.")
_LOOK_AT_FIELDS: Final = msg("Nothing was recorded. Look at the fields that are marked.")
_MOVED_ON: Final = (StaleVersion, IllegalTransition)


class Forged(Exception):
    """A request that changes something was not sent by one of our pages."""


@dataclass(frozen=True, slots=True)
class FormData:
    """The fields and files of a form."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[PhotoFile, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the first value of a field without spaces around it; empty if there is none."""
        return self.values.get(name, ("",))[0].strip()

    def raw(self, name: str) -> str:
        """Return the first value of a field exactly as typed: a password's spaces count."""
        return self.values.get(name, ("",))[0]

    def texts(self, name: str) -> list[str]:
        """Return every value of a field: of ticked boxes, or of a list of several."""
        return [value for value in self.values.get(name, ()) if value]

    def number(self, name: str) -> int | None:
        """Return a whole number, None where the field holds none."""
        text = self.text(name)
        wanted = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
        return int(text) if wanted else None


def as_typed(data: FormData, model: type[BaseModel]) -> dict[str, object]:
    """Return the fields of a model as they were typed; empty ones count as absent."""
    found: dict[str, object] = {}
    for name, field_info in model.model_fields.items():
        if _is_list(field_info.annotation):
            found[name] = data.texts(name)
        elif data.text(name):
            found[name] = data.text(name)
    return found


def ports_in(text: str) -> list[str]:
    """Return the codes of ports that were typed into one line."""
    return text.upper().replace(",", " ").split()


def typed_day(text: str) -> str:
    """Return a day that was typed as `28-02-1980`, `28/2/1980` or `28021980` as the API has it.

    Anything else stays as it is: a day of the API itself, and what the model refuses.
    """
    found = _TYPED_DAY.fullmatch(text)
    if found is None:
        return text
    day, month, year = filter(None, found.groups())
    return f"{year}-{month:0>2}-{day:0>2}"


def typed_moment(text: str) -> str:
    """Return a day and time of day, typed as `28-02-1980 15:30`, as the API has it; see above."""
    day, _, clock = text.partition(" ")
    return f"{typed_day(day)}T{clock.strip().replace('.', ':')}" if clock else typed_day(day)


def typed_clock(text: str) -> str:
    """Return a time of day that was typed as `07:00`, `7.00` or `0700` as the API has it."""
    found = _TYPED_CLOCK.fullmatch(text)
    return f"{found[1]:0>2}:{found[2]}" if found is not None else text


def with_days(*names: str) -> Callable[[FormData, type[BaseModel]], dict[str, object]]:
    """Return what reads a form with these days, such as `01-03-2026`."""

    def read_days(data: FormData, model: type[BaseModel]) -> dict[str, object]:
        found = as_typed(data, model)
        return found | {name: typed_day(data.text(name)) for name in names if name in found}

    return read_days


def with_times(
    zone: tzinfo, *names: str
) -> Callable[[FormData, type[BaseModel]], dict[str, object]]:
    """Return what reads a form with these times, such as `01-03-2026 15:00` of the zone's clocks.

    Models want times with a zone. What is no such time stays as it is: a day is the model's to
    read, all else its to refuse.
    """

    def read_times(data: FormData, model: type[BaseModel]) -> dict[str, object]:
        found = as_typed(data, model)
        for name in names:
            text = typed_moment(data.text(name))
            try:
                if written_day(text) is not None:
                    found[name] = text
                    continue
                typed = datetime.fromisoformat(text)
            except ValueError:
                continue
            at = typed if typed.tzinfo is not None else typed.replace(tzinfo=zone)
            found[name] = at.isoformat()
        return found

    return read_times


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) in _LISTS or any(map(_is_list, get_args(annotation)))


_STORED_NOW: Final = msg("Stored now: %(value)s. What stands here replaces it when you save.")
_OTHER_NOW: Final = msg("Something else is stored now. What stands here replaces it when you save.")


@dataclass(frozen=True, slots=True)
class Form(Generic[Fields]):
    """A form of a page: what stands in its fields, and what is wrong with them.

        form = Form(TipForm, visit.posted)
        try:
            new = form.parse().new(visit.speech.zone)
            ...
        except (RequestInvalid, CaseworkError) as error:
            return visit.page("tip_new.html", form=form.refused(error, visit.speech))

    Templates show a field by `form.text(name)` or `form.texts(name)`, and `form.error(name)`.
    """

    model: type[Fields]
    typed: FormData = field(default_factory=FormData)
    read: Callable[[FormData, type[Fields]], Mapping[str, object]] = as_typed
    """Makes of what was typed what the model takes."""
    sentences: Mapping[str, str] = field(default_factory=dict)
    """What to say of a field that the model refuses, if more than the model says."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the page calls a field of the model, where it has another name for it."""
    gaps: Mapping[str, object] = field(default_factory=dict)
    """What fills the gaps of these sentences."""
    refusal: str = _LOOK_AT_FIELDS
    """What to say of the form as a whole where fields are marked."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with each field, for people."""
    message: str = ""
    """What is wrong with the form as a whole."""
    status: int = HTTPStatus.OK

    def parse(self) -> Fields:
        """Return what was typed as the model.

        Raises:
            RequestInvalid: a field is missing or wrong; `refused` shows which.
        """
        return validated(self.model, self.read(self.typed, self.model))

    def refused(
        self, error: Exception, locale: Locale, message: str = "", status: int | None = None
    ) -> Self:
        """Return the form with what was typed and why it was not taken.

        Args:
            error: what was raised.
            locale: the reader's.
            message: what to say in place of the error's own sentence.
            status: what to answer with in place of what is usual for the error.
        """
        if isinstance(error, RequestInvalid) and error.sentences:
            errors: dict[str, str] = {}
            for name, sentence in error.sentences.items():
                shown = self.names.get(name, name.split(".")[0])
                own = self.sentences.get(shown)
                says = locale(own, **self.gaps) if own else translated(sentence, locale)
                errors.setdefault(shown, says)
            return self.with_errors(errors, locale, status or _INVALID)
        message = message or translated_error(error, locale)
        refused = getattr(error, "field", None)
        errors = {refused: message} if refused in self.model.model_fields else {}
        usual = HTTPStatus.CONFLICT if isinstance(error, _MOVED_ON) else _INVALID
        return replace(self, errors=errors, message=message, status=status or usual)

    def with_errors(
        self, errors: Mapping[str, str], locale: Locale, status: int = _INVALID
    ) -> Self:
        """Return the form with these sentences beside its fields, which may be files."""
        known = {**self.errors, **errors}
        return replace(self, errors=known, message=locale(self.refusal), status=status)

    def beside(self, stored: FormData, locale: Locale, texts: Collection[str]) -> Self:
        """Return the form with a sentence beside each field of which something else is stored now.

        For a form that somebody else was quicker than: sent again as it is, it would undo what they
        have changed.

        Args:
            stored: what stands in the fields of a form that is opened now.
            locale: the reader's.
            texts: fields whose stored value says something to people; the others hold codes.
        """
        errors = {}
        for name in stored.values:
            kept = "\n".join(sorted(stored.texts(name))).strip()
            if kept == "\n".join(sorted(self.texts(name))).strip():
                continue
            if name in texts:
                errors[name] = locale(_STORED_NOW, value=kept.replace("\n", ", ") or "-")
            else:
                errors[name] = locale(_OTHER_NOW)
        return replace(self, errors=errors)

    def text(self, name: str) -> str:
        """Return what stands in a field."""
        return self.typed.raw(name)

    def texts(self, name: str) -> list[str]:
        """Return every value of a field that has several."""
        return self.typed.texts(name)

    def error(self, name: str) -> str:
        """Return what is wrong with a field; empty where nothing is."""
        return self.errors.get(name, "")


async def read(request: Request) -> FormData:
    """Read a form's body, of either encoding.

    Raises:
        RequestInvalid: it is not a form.
        BodyTooLarge, ClientGone: it cannot be received.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        pairs, files = await read_parts(request)
        # A file field that was left empty is sent all the same, without content.
        chosen = {name: tuple(f for f in found if f.content) for name, found in files.items()}
        return FormData(_grouped(pairs), {name: found for name, found in chosen.items() if found})
    if kind != "application/x-www-form-urlencoded":
        raise RequestInvalid("Send a form.", [FieldProblem(field="body", message="not a form")])
    body = await receive_body(request)
    try:
        # What is percent-encoded throughout takes a processor for milliseconds.
        if len(body) <= READ_AT_ONCE:
            pairs = _pairs(body)
        else:
            pairs = await asyncio.to_thread(_pairs, body)
    except (UnicodeDecodeError, ValueError) as error:
        problem = FieldProblem(field="body", message="cannot be read")
        raise RequestInvalid("The form cannot be read.", [problem]) from error
    return FormData(_grouped(pairs))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(
        body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
    )


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        # Browsers end lines with CR LF; nothing else here does.
        values[name] = (*values.get(name, ()), value.replace("\r\n", "\n"))
    return values


def _own_origin(request: Request) -> str:
    """Return the origin of our own pages, as browsers say it."""
    # Cookies that travel encrypted alone come from pages that did, whatever a proxy says of them.
    secure: bool = request.app.state.siaga.settings.cookie_secure
    scheme = "https" if secure else request.url.scheme
    return f"{scheme}://{request.headers.get('host', '')}"


def csrf_token(secret: str) -> str:
    """Return what our forms carry for a holder of this session or visitor's cookie."""
    return hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).hexdigest()


async def read_verified(request: Request, secret: str) -> FormData:
    """Return what a request that changes something sends, once it is known to be from our pages.

    The browser's own word comes first (`Sec-Fetch-Site`, `Origin`), then the token, which only our
    pages can know: in the form, or in a header where a module sends the request.

    Raises:
        Forged: it is not, or the cookie that the form was bound to is gone.
        RequestInvalid, BodyTooLarge, ClientGone: see `read`.
    """
    site = request.headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        raise Forged
    origin = request.headers.get("origin")
    if origin is not None and origin != _own_origin(request):
        raise Forged
    expected = csrf_token(secret) if secret else ""
    shown = request.headers.get(TOKEN_HEADER)
    posted: FormData | None = None
    if shown is None:
        posted = await read(request)
        shown = posted.raw(TOKEN_FIELD)
    if not expected or not hmac.compare_digest(shown.encode(), expected.encode()):
        raise Forged
    return posted if posted is not None else await read(request)
