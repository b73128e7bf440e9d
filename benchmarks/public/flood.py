"""A flood of the public form, in a process of its own so that it does not slow down what it meets.

    python -m benchmarks.public.flood PORT SECONDS LINES PHOTO

Each request comes from an address of its own, by the word of a proxy that the form trusts. It ends
by itself; the last line that it prints says how often it was answered with which status.
"""

import asyncio
import html
import json
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.console.public.tokens import LEAST_S
from benchmarks.load.client import Answer, Connection, get, post_fields, post_form
from casework.kernel.priority import take_least_priority

LEAD_IN_S: Final = LEAST_S + 2.0
"""Until the first forms are old enough to be taken."""
RECEIPT: Final = "receipts"
"""What the answers that took a report are counted as, beside their status."""
_LARGE: Final = bytes(7 << 20)
_SCRIPT: Final = b"<script>alert(1)</script>" * 400
_TOKEN: Final = re.compile(rb'name="token" value="([^"]+)"')
_SHOWN: Final = b'class="reference"'
_FORM: Final = "/report?province=31"


@dataclass(slots=True)
class Flood:
    """What is sent, in turn: forms, reports as right as can be, and what costs most to refuse."""

    photo: bytes
    age_s: float = LEAST_S + 0.5
    """Of a form before it is sent."""
    ready: deque[tuple[float, str]] = field(default_factory=deque)
    """Tokens of forms, and when they can be sent."""
    outcome: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    def next(self) -> bytes:
        """Return the next request."""
        self.sent += 1
        kinds: tuple[Callable[[], bytes], ...] = (
            self._form,
            lambda: self._report({"photo": self.photo}),
            self._form,
            lambda: self._report({}),
            lambda: self._post({"text": "x"}, {"photo": _LARGE}),
            lambda: self._post({"text": "x"}, {"photo": _SCRIPT}),
            self._asking,
        )
        return kinds[self.sent % len(kinds)]()

    def take(self, answer: Answer) -> None:
        """Note an answer; a form's token is kept until it is old enough."""
        self.outcome[str(answer.status)] += 1
        self.outcome[RECEIPT] += _SHOWN in answer.body
        if _SHOWN not in answer.body and (found := _TOKEN.search(answer.body)):
            due = time.monotonic() + self.age_s
            self.ready.append((due, html.unescape(found[1].decode())))

    @property
    def _address(self) -> dict[str, str]:
        high, low = divmod(self.sent, 250)
        return {"X-Forwarded-For": f"198.{18 + high // 250 % 2}.{high % 250}.{low + 1}"}

    def _form(self) -> bytes:
        return get(_FORM, headers=self._address)

    def _report(self, files: dict[str, bytes]) -> bytes:
        if not self.ready or self.ready[0][0] > time.monotonic():
            return self._form()
        _, token = self.ready.popleft()
        text = f"Somebody sleeps in the warehouse, number {self.sent}."
        return self._post({"text": text, "area": "31", "token": token}, files)

    def _post(self, texts: dict[str, str], files: dict[str, bytes]) -> bytes:
        return post_form("/report", None, texts, files, self._address)

    def _asking(self) -> bytes:
        asked = {"reference": f"{self.sent:04}-0000"[-9:]}
        return post_fields("/report/status", asked, self._address)


async def run(port: int, seconds: float, lines: int, photo: bytes) -> Counter[str]:
    """Send as fast as can be over so many lines; returns how it was answered."""
    flood, ends = Flood(photo), time.monotonic() + seconds

    async def line() -> None:
        connection = Connection(port)
        while time.monotonic() < ends:
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                flood.take(await connection.send(flood.next()))
                continue
            flood.outcome["cut"] += 1
            connection.close()
        connection.close()

    await asyncio.gather(*(line() for _ in range(lines)))
    return flood.outcome


def main(port: str, seconds: str, lines: str, photo: str) -> None:
    """Flood, and print what came back."""
    take_least_priority()
    print("begun", flush=True)
    outcome = asyncio.run(run(int(port), float(seconds), int(lines), Path(photo).read_bytes()))
    print(json.dumps(dict(outcome)))


if __name__ == "__main__":
    main(*sys.argv[1:])
