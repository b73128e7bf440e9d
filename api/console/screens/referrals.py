"""Referrals: what came from other agencies and went to them, and what the two say about it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends
from sse_starlette import ServerSentEvent
from starlette.responses import Response

from api.console import referral_fields
from api.console.events import place, stream
from api.console.forms import Form
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.referral_news import referral_news
from api.pages import page_of
from api.problems import RequestInvalid
from api.v1.referrals.schemas import AnsweringIn, MayNote, MustNote
from casework.kernel.actor import Actor
from casework.kernel.errors import CodeRefused, IllegalTransition, InvalidReferral, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import ReferralKind, ReferralState
from casework.referrals.referrals import Box, ReferralFilter
from casework.referrals.states import AWAITED, OPEN, Move, ReferralPosition, Side, open_to
from casework.webhooks.feed import FeedEvent

router: Final = APIRouter(prefix="/referrals", include_in_schema=False)

Handler = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_REFERRAL))]

Watcher = Annotated[
    OfficerRequest, Depends(RequirePermission(Permission.HANDLE_REFERRAL, counts_as_use=False))
]

Moving = TypeVar("Moving", MayNote, MustNote, AnsweringIn)

PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_STATES: Final[dict[str, tuple[ReferralState, ...] | None]] = {
    "open": tuple(sorted(OPEN)),
    "awaited": tuple(sorted(AWAITED)),
    "closed": (ReferralState.CLOSED,),
    "all": None,
}
_UNEXPLAINED: Final = frozenset({Move.ACCEPT, Move.CLOSE})
"""Moves that need no note."""
_SENTENCES: Final = {"note": msg("Write a note."), "outcome": msg("Choose one.")}


@router.get("")
def page(visit: Handler) -> Response:
    """List referrals that came, or those that went."""
    mark = visit.service.exchange.feed.last(visit.actor)  # before the page is read
    query = visit.request.query_params
    state, late = query.get("state", ""), query.get("overdue") == "yes"
    chosen = {
        "box": Box.OUT.value if query.get("box") == Box.OUT else Box.IN.value,
        "state": state if state in _STATES else "open",
        "overdue": "yes" if late else "",
    }
    filters = ReferralFilter(Box(chosen["box"]), _STATES[chosen["state"]], True if late else None)
    before = query.get("before", "")[:_LONGEST] or None
    rows, following = page_of(
        lambda most: visit.service.exchange.referrals.page(visit.actor, before, most, filters),
        PAGE_SIZE,
        lambda pair: pair[0].id,
    )
    return visit.page(
        "referrals.html",
        referrals=rows,
        chosen=chosen,
        following=following,
        waiting=visit.referrals_waiting,
        mark=mark,
    )


async def _place(visit: Watcher) -> AsyncIterator[None]:
    async for _ in place(visit):
        yield


@router.get("/events", dependencies=[Depends(_place)])
async def events(visit: Watcher) -> Response:
    """Tell what other agencies do with referrals, as it happens."""

    def serialize(events: Sequence[FeedEvent], actor: Actor) -> list[ServerSentEvent]:
        return referral_news(visit, events, actor)

    return await stream(visit, serialize)


@router.get("/{referral_id}")
def show(referral_id: str, visit: Handler) -> Response:
    """Show one referral: exactly what it carries, and its messages."""
    return _page(visit, referral_id)


@router.get("/{referral_id}/photos/{name}")
def photo(referral_id: str, name: str, visit: Handler) -> Response:
    """Return a photo as it was when the referral was sent, upright."""
    stored = visit.service.exchange.referrals.photo(visit.actor, referral_id, name)
    return visit.state.photos.answer(stored)


@router.post("/{referral_id}/step")
def step(referral_id: str, visit: Handler) -> Response:
    """Accept, decline, ask, answer or close; `move` says which."""
    steps, actor = visit.service.exchange.referral_steps, visit.actor
    move, version = visit.posted.text("move"), visit.posted.number("version")
    try:
        if move == Move.ACCEPT:
            steps.accept(actor, referral_id, _form(visit, MayNote).parse().note, version)
        elif move == Move.CLOSE:
            steps.close(actor, referral_id, _form(visit, MayNote).parse().note, version)
        elif move == Move.DECLINE:
            steps.decline(actor, referral_id, _form(visit, MustNote).parse().note, version)
        elif move == Move.ASK:
            steps.ask(actor, referral_id, _form(visit, MustNote).parse().note, version)
        else:
            answer = _form(visit, AnsweringIn).parse()
            steps.answer(actor, referral_id, answer.note, answer.outcome, version)
    except InvalidReferral as error:
        errors = {error.field: visit.speech(_SENTENCES[error.field])}
        form = _form(visit, AnsweringIn).with_errors(errors, visit.speech)
        return _page(visit, referral_id, form)
    except (RequestInvalid, StaleVersion, IllegalTransition, CodeRefused) as error:
        form = _form(visit, AnsweringIn).refused(error, visit.speech)
        return _page(visit, referral_id, form)
    return visit.go(f"/referrals/{referral_id}", done="referral_moved")


@router.get("/{referral_id}/step")
async def back(referral_id: str, visit: Handler) -> Response:
    """Show the referral where an answer to a form is asked for again."""
    return visit.go(f"/referrals/{referral_id}")


def _form(visit: OfficerRequest, model: type[Moving]) -> Form[Moving]:
    return Form(model, visit.posted, sentences=_SENTENCES)


def _page(
    visit: OfficerRequest, referral_id: str, form: Form[AnsweringIn] | None = None
) -> Response:
    """Show the referral as it is now, with a form of it that was refused, if one was."""
    blank = Form(AnsweringIn)
    form = form or blank
    answering = form.text("move") == Move.ANSWER
    view = visit.service.exchange.referrals.get(visit.actor, referral_id)
    row = view.referral
    side = Side.SENDER if row.sender_id == visit.actor.agency_id else Side.RECEIVER
    at = ReferralPosition(ReferralState(row.state), row.accepted_at is not None)
    kind = ReferralKind(row.kind)
    values: dict[str, Any] = {
        "view": view,
        "row": row,
        "side": side,
        "moves": open_to(at, side),
        "carried": referral_fields.shown(kind, view.values, visit.codes, visit.speech),
        "photos": referral_fields.photos(kind, view.photos, visit.speech),
        "outcomes": visit.codes.active_outcomes,
        "unexplained": _UNEXPLAINED,
        "message": form.message,
        "answer": form if answering else blank,
        "step": blank if answering else form,
    }
    return visit.page("referral.html", status=form.status, **values)
