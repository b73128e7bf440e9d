"""A crowd: travellers who are on no list arrive faster than one gate could take them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from siaga_client import AsyncClient

from cli.demo.arrivals import Row
from cli.simulate.summary import Summary
from cli.simulate.traffic import Plan, Traffic, run

_RATE: Final = 10.0
_SECONDS: Final = 2.0
_TARGET_MS: Final = 500.0


def play(address: str, key: str, rows: Sequence[Row]) -> Summary:
    """Let those who were clear at CGK arrive again and again; late answers do not fail the demo.

    Args:
        address: of the service.
        key: of the gates at CGK.
        rows: the arrivals so far.
    """
    clear = [row.arrival.photo for row in rows if row.outcome == "clear"]
    traffic = Traffic(Plan(clear, ["CGK"], _RATE, _SECONDS, direction="exit"))

    async def crowd() -> None:
        async with AsyncClient(address, key) as client:
            await run(client, traffic)

    asyncio.run(crowd())
    return Summary.of(traffic, _TARGET_MS)
