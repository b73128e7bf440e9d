"""Codes of ports: IATA's three letters for an airport, or a UN/LOCODE."""

import re
from collections.abc import Iterable
from typing import Final

PATTERN: Final = r"^([A-Z]{3}|[A-Z]{2}[A-Z2-9]{3})$"
_CODE: Final = re.compile(PATTERN)


def malformed(ports: Iterable[str]) -> str | None:
    """Return the first text that is no code of a port, None if all are."""
    return next((port for port in sorted(ports) if not _CODE.fullmatch(port)), None)
