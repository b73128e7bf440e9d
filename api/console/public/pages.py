"""The pages for the public: the form, its receipt, and how far a report is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.console import messages
from api.console.forms import Form, FormData, read, with_days
from api.console.i18n import DEFAULT_LANGUAGE, LANGUAGES, Locale, msg, preferred
from api.console.public.admission import PhotosRefused, Refused
from api.console.public.state import PublicState, state_of
from api.console.public.tokens import Age
from api.dependencies import origin
from api.problems import Problem, RequestInvalid
from api.v1.common import AreaCode, Strict, Text
from api.v1.referrals.schemas import Note
from casework.areas import tree
from casework.kernel import period
from casework.kernel.errors import AreaRefused
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.messages import Message
from casework.kernel.vocabulary import TipOrigin
from casework.tips.reports import NewTip, TipReceipt
from detector.errors import PhotoError

router: Final = APIRouter(include_in_schema=False)

TRAP: Final = "website"
"""A field that people do not see: what fills it in is a program."""
_REFERENCE_LENGTH: Final = 20
_PROVINCE_LENGTH: Final = 2

_TEXT: Final = msg("Write what you have seen or know.")
_FRESH: Final = msg("That was very quick. Look at what you have written, and send it again.")
_OLD: Final = msg("This page was open for too long. Nothing was recorded yet: send it again.")
_TRAPPED: Final = msg("Leave the field “Website” empty: only programs fill it in.")
_SEVERAL: Final = msg("Send one photo.")
_LARGE: Final = msg("The photo is too large: at most %(megabytes)s MB.")
_FULL: Final = msg(
    "More reports are arriving than can be taken. Nothing was recorded yet: send it again in "
    "%(minutes)s minutes."
)
_NO_PHOTOS: Final = msg(
    "No more photos can be taken today. Nothing was recorded yet: send your report without one."
)
_NOT_RECORDED: Final = msg("Nothing was recorded yet. Look at the fields that are marked.")


class ReportForm(Strict):
    """What somebody reports."""

    text: Note
    place: Text | None = None
    area: AreaCode | None = None
    day: date | None = None
    name: Text | None = None
    contact: Text | None = None
    token: str = Field(default="", max_length=200)

    def new(self, zone: tzinfo) -> NewTip:
        """Return the same as tips take it."""
        source = ", ".join(filter(None, (self.name, self.contact)))
        happened = period.beginning(self.day, zone)
        return NewTip(self.text, TipOrigin.PUBLIC, self.place, happened, source or None, self.area)


@dataclass(slots=True)
class PublicRequest:
    """A request of somebody who is not known, nor becomes so."""

    request: Request
    state: PublicState
    locale: Locale

    @classmethod
    def of(cls, request: Request) -> "PublicRequest":
        """Return a request in the language that the address names, or the browser prefers."""
        state = state_of(request)
        language = request.query_params.get("lang", "")
        if language not in LANGUAGES:
            accepted = request.headers.get("accept-language", "")
            language = preferred(accepted) if accepted else DEFAULT_LANGUAGE
        return cls(request, state, state.console.speeches[language])

    @property
    def address(self) -> str:
        """Whose share of what is taken this uses; it is written nowhere."""
        return origin(self.request)

    def page(self, template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:  # noqa: ANN401
        """Answer with a page."""
        found = self.state.console.template(template, self.locale.language)
        practice = PRACTICE_MARK if self.state.settings.practice else ""
        text = found.render(
            path=self.request.url.path, query=self._query(), practice_mark=practice, **values
        )
        return HTMLResponse(text, int(status))

    def _query(self) -> Mapping[str, str]:
        """Return what of the address a change of language keeps."""
        province = self.request.query_params.get("province")
        return {} if province is None else {"province": province[:_PROVINCE_LENGTH]}


@router.get("/")
async def home(request: Request) -> Response:
    """Go to the form."""
    del request
    return RedirectResponse("/report", HTTPStatus.SEE_OTHER)


@router.get("/report")
def blank(request: Request) -> Response:
    """Ask for the province, and then show the form with what lies in it."""
    visit = PublicRequest.of(request)
    province = request.query_params.get("province")
    if province is None:
        return visit.page(
            "public_start.html", provinces=visit.state.provinces(), ground=visit.state.ground
        )
    return _form(visit, Form(ReportForm), province)


@router.post("/report")
async def report(request: Request) -> Response:
    """Take a report; the answer is a receipt, the same whatever is in it."""
    visit = PublicRequest.of(request)
    async with visit.state.admission.request(visit.address):
        data = await read(request)
        form = Form(ReportForm, data, with_days("day"), {"text": _TEXT}, refusal=_NOT_RECORDED)
        try:
            receipt = await _taken(visit, form)
        except (RequestInvalid, AreaRefused) as error:
            form = form.refused(error, visit.locale)
        except PhotoError as error:
            sentence = messages.translated_error(error, visit.locale)
            form = form.with_errors({"photo": sentence}, visit.locale)
        except _Refusal as error:
            return await asyncio.to_thread(_again, visit, form, error)
        else:
            return visit.page("public_receipt.html", receipt=receipt)
        return await asyncio.to_thread(_form, visit, form, data.text("province"))


@router.get("/report/status")
async def ask(request: Request) -> Response:
    """Show the form that asks how far a report is."""
    return PublicRequest.of(request).page("public_status.html", asked="", answer="")


@router.post("/report/status")
async def status(request: Request) -> Response:
    """Answer how far a report is; in the same shape where there is none."""
    visit = PublicRequest.of(request)
    async with visit.state.admission.request(visit.address):
        data = await read(request)
        reference = "".join(data.text("reference").split())[:_REFERENCE_LENGTH]
        found = await asyncio.to_thread(visit.state.receipt, reference)
    return visit.page(
        "public_status.html", asked=reference, answer=found.state if found else "unknown"
    )


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


def problem_page(request: Request, problem: Problem, message: Message | None) -> Response:
    """Return the page for a request that is not taken."""
    visit = PublicRequest.of(request)
    sentence = messages.translated_problem(
        problem.code, message, visit.locale, status=problem.status
    )
    return visit.page("public_error.html", problem.status, sentence=sentence)


def refused(request: Request, error: Exception) -> Response:
    """Return the page for a form whose sender has sent too many."""
    assert isinstance(error, Refused)  # noqa: S101 - registered for this type only
    visit = PublicRequest.of(request)
    sentence = visit.locale(_FULL, minutes=_minutes(error))
    answer = visit.page("public_error.html", HTTPStatus.TOO_MANY_REQUESTS, sentence=sentence)
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


class _Refusal(Exception):
    """The form is right, and is not taken as it is; everything typed stays."""

    def __init__(
        self, sentence: str, status: int, seconds: int = 0, *, renew: bool = False
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.seconds = seconds
        self.renew = renew


async def _taken(visit: PublicRequest, form: Form[ReportForm]) -> TipReceipt:
    """Record what a form says.

    Raises:
        RequestInvalid, AreaRefused, PhotoError, _Refusal: nothing was recorded.
    """
    state, data = visit.state, form.typed
    fields = form.parse()
    if (known := state.received(fields.token)) is not None:
        return known
    _require_person(visit, data, fields.token)
    photo = _photo(visit, data)
    try:
        return await state.record(fields.token, visit.address, fields.new(visit.locale.zone), photo)
    except PhotosRefused as error:
        sentence = visit.locale(_NO_PHOTOS)
        raise _Refusal(sentence, HTTPStatus.TOO_MANY_REQUESTS, error.seconds) from None
    except Refused as error:
        sentence = visit.locale(_FULL, minutes=_minutes(error))
        raise _Refusal(sentence, HTTPStatus.TOO_MANY_REQUESTS, error.seconds) from None


def _require_person(visit: PublicRequest, data: FormData, token: str) -> None:
    """Raise _Refusal where a form looks as if a program had filled it in, or its page is too old.

    The page says which it was: somebody who was taken for a program can put it right.
    """
    if data.text(TRAP):
        raise _Refusal(visit.locale(_TRAPPED), HTTPStatus.UNPROCESSABLE_ENTITY)
    age = visit.state.tokens.age(token)
    if age is Age.FRESH:
        raise _Refusal(visit.locale(_FRESH), HTTPStatus.UNPROCESSABLE_ENTITY)
    if age is Age.UNKNOWN:
        raise _Refusal(visit.locale(_OLD), HTTPStatus.UNPROCESSABLE_ENTITY, renew=True)


def _photo(visit: PublicRequest, data: FormData) -> bytes | None:
    """Return the photo that came, not looked at; raises _Refusal."""
    photos = data.files.get("photo", ())
    if len(photos) > 1:
        raise _Refusal(visit.locale(_SEVERAL), HTTPStatus.UNPROCESSABLE_ENTITY)
    most = visit.state.settings.public_max_photo_bytes
    if photos and len(photos[0].content) > most:
        sentence = visit.locale(_LARGE, megabytes=most >> 20)
        raise _Refusal(sentence, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return photos[0].content if photos else None


def _again(visit: PublicRequest, form: Form[ReportForm], refusal: _Refusal) -> Response:
    """Show the form with everything that was typed, to be sent again."""
    token = visit.state.tokens.make() if refusal.renew else form.text("token")
    again = Form(ReportForm, form.typed, message=str(refusal), status=refusal.status)
    answer = _form(visit, again, form.text("province"), token)
    if refusal.seconds:
        answer.headers["Retry-After"] = str(refusal.seconds)
    return answer


def _form(visit: PublicRequest, form: Form[ReportForm], province: str, token: str = "") -> Response:
    state = visit.state
    known = {each.code: each for each in state.provinces()}
    chosen = known.get(province) if tree.well_formed(province) else None
    return visit.page(
        "public_form.html",
        form.status,
        form=form,
        ground=state.ground,
        province=chosen,
        regencies=state.regencies(chosen.code) if chosen is not None else [],
        token=token or form.text("token") or state.tokens.make(),
        trap=TRAP,
        megabytes=state.settings.public_max_photo_bytes >> 20,
    )


def _minutes(error: Refused) -> int:
    return -(-error.seconds // 60)
