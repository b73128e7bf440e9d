"""What the public form's application holds, and what it does with the records."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from api.console.public.admission import Admission
from api.console.public.tokens import FormTokens
from api.console.templating import Console
from api.problems import NotReady, Problem
from casework.areas.known import Area, AreaFilter
from casework.areas.provinces import COUNTRY
from casework.kernel.actor import Actor
from casework.kernel.messages import Message
from casework.kernel.processing import Ground
from casework.records import Records
from casework.tables import Agency
from casework.tips.reports import NewTip, TipReceipt, receipt_of
from config.settings import Settings

_MOST_RECEIPTS: Final = 5_000
_AREAS_S: Final = 300.0
"""Seconds for which the areas of a province are not read again."""


@dataclass(frozen=True, slots=True)
class Regency:
    """A regency or city, and the districts in it."""

    area: Area
    districts: tuple[Area, ...]


@dataclass(slots=True)
class PublicState:
    """Belongs to one application."""

    settings: Settings
    ground: Ground
    records: Records
    console: Console
    admission: Admission
    tokens: FormTokens
    page_of_problem: Callable[[Request, Problem, Message | None], Response | None]
    _receipts: dict[str, TipReceipt] = field(default_factory=dict)
    """By the token of the form: one that is sent twice is recorded once."""
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _areas: dict[str, tuple[float, list[Regency]]] = field(default_factory=dict)

    def provinces(self) -> list[Area]:
        """Return the provinces, in order of their names."""
        areas = self.records.areas.areas
        found = areas.page(Actor.service(), None, None, AreaFilter(parent=COUNTRY))
        return sorted(found, key=lambda each: each.name)

    def regencies(self, province: str) -> list[Regency]:
        """Return what lies in a province, as it was read within some minutes."""
        until, found = self._areas.get(province, (0.0, []))
        if time.monotonic() < until:
            return found
        areas, asks = self.records.areas.areas, Actor.service()

        def within(code: str) -> list[Area]:
            inner = areas.page(asks, None, None, AreaFilter(parent=code))
            return sorted(inner, key=lambda each: each.name)

        found = [Regency(each, tuple(within(each.code))) for each in within(province)]
        self._areas[province] = time.monotonic() + _AREAS_S, found
        return found

    def received(self, token: str) -> TipReceipt | None:
        """Return the receipt of a form that was sent before."""
        return self._receipts.get(token)

    async def record(
        self, token: str, address: str, new: NewTip, photo: bytes | None
    ) -> TipReceipt:
        """Record a report, one at a time: so little is written that no screening waits for it.

        Raises:
            Refused, PhotosRefused: not now.
            NotReady: no agency receives reports any more.
            PhotoError, AreaRefused: it is not taken.
        """
        async with self._writing:
            if (known := self._receipts.get(token)) is not None:
                return known
            self.admission.report(address, len(photo or b""))
            receipt = await asyncio.to_thread(self._record, new, photo)
            self._receipts[token] = receipt
            while len(self._receipts) > _MOST_RECEIPTS:
                del self._receipts[next(iter(self._receipts))]
            return receipt

    def receipt(self, reference: str) -> TipReceipt | None:
        """Return how far a report is; None where there is none of this reference."""
        return self.records.exchange.tip_reports.receipt_by_reference(self._actor(), reference)

    def _record(self, new: NewTip, photo: bytes | None) -> TipReceipt:
        return receipt_of(self.records.exchange.tip_reports.record(self._actor(), new, photo))

    def _actor(self) -> Actor:
        """Return the public, as what the receiving agency may record for it."""
        query = select(Agency.id).where(Agency.code == self.settings.public_agency, Agency.active)
        with self.records.kernel.database.read() as session:
            agency_id = session.scalar(query)
        if agency_id is None:
            raise NotReady("No agency receives reports just now.")
        return Actor.public(agency_id)


def state_of(request: Request) -> PublicState:
    """Return what the application holds."""
    state: PublicState = request.app.state.siaga
    return state
