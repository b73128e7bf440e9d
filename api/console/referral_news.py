"""News of referrals for pages, as other agencies make them."""

from collections.abc import Sequence
from typing import Any, Final

from sse_starlette import ServerSentEvent

from api.console.events import event
from api.console.page import OfficerRequest
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import EventKind
from casework.webhooks.feed import FeedEvent

_KINDS: Final = frozenset({EventKind.REFERRAL_SENT, EventKind.REFERRAL_CHANGED})


def referral_news(
    visit: OfficerRequest, events: Sequence[FeedEvent], actor: Actor
) -> list[ServerSentEvent]:
    """Return a page's event about referrals: how many wait, and which others just moved."""
    ids = {each.object_id for each in events if each.kind in _KINDS}
    referrals = visit.service.exchange.referrals
    waiting = referrals.waiting(actor) if ids else None
    if waiting is None:
        return []
    news = referrals.news(actor, ids)
    data: dict[str, Any] = {
        "all": waiting.all,
        "received": waiting.received,
        "sent": waiting.sent,
        "news": None,
    }
    if news.arrived or news.moved:
        found = news.arrived or news.moved
        data["news"] = "arrived" if news.arrived else "moved"
        data["address"] = f"/referrals/{found[0]}" if len(found) == 1 else "/referrals"
    return [event("referrals", data, events[-1].id)]
