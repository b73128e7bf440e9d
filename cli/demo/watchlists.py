"""The demo's three watchlists: different owners, directions and reviews."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2

from cli.demo import people as cast
from cli.demo.staff import checked

# Six of the people come from one photo: the same light and lens make strangers more alike than
# travellers are, so the demo's lists are stricter than the default.
_TARGET_FPIR: Final = 1e-5

_LAPSES_AFTER: Final = timedelta(seconds=3)
"""From enrolment on: an entry that has lapsed already is refused."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One watchlist and the people on it."""

    name: str
    agency: str
    """Code of the owner."""
    analyst: str
    """Login of who keeps it."""
    policy: Mapping[str, Any]
    people: Sequence[str]
    lapsed: Sequence[str] = ()
    """Those of the people whose entry ends before anybody arrives."""
    shared_with: Sequence[str] = ()
    """Codes of other agencies that see its alerts."""


LISTS: Final = (
    Listing(
        "Tangkal",
        "IMI",
        "dewi",
        {
            "category": "tangkal",
            "direction": "entry",
            "legal_basis": "UU 6/2011, pasal 98",
            "instruction": {
                "id": "Tahan di konter dan panggil petugas.",
                "en": "Ask the traveller to wait and call the duty officer.",
            },
        },
        people=("Traveller A", "Traveller B", "Traveller E"),
        lapsed=("Traveller E",),
    ),
    Listing(
        "DPO",
        "POL",
        "joko",
        {
            "category": "wanted",
            "direction": "both",
            "requires_second_officer": True,
            "instruction": {
                "id": "Jangan beri tahu; arahkan ke konter 9.",
                "en": "Do not tell; send the traveller to counter 9.",
            },
        },
        people=("Traveller C", "Astronaut"),
        shared_with=("IMI",),
    ),
    Listing(
        "Cegah",
        "IMI",
        "dewi",
        {
            "category": "cegah",
            "direction": "exit",
            "legal_basis": "UU 6/2011, pasal 91",
            "instruction": {
                "id": "Tunda keberangkatan dan panggil petugas.",
                "en": "Hold the departure and call the duty officer.",
            },
        },
        people=("Traveller D",),
    ),
)


def enrol(
    listing: Listing,
    analyst: httpx2.Client,
    agencies: Mapping[str, str],
    members: Mapping[str, cast.Member],
) -> datetime:
    """Make a list and put its people on it, as an analyst of its agency.

    Args:
        listing: what to make.
        analyst: signed in.
        agencies: ids by code.
        members: everybody, by name.

    Returns:
        The moment from which on every entry that lapses has lapsed.
    """
    lapsed_at = datetime.now(UTC)
    policy = {
        **listing.policy,
        "name": listing.name,
        "target_fpir": _TARGET_FPIR,
        "shared_with": [agencies[code] for code in listing.shared_with],
    }
    made = checked(analyst.post("/v1/watchlists", json=policy))
    for name in listing.people:
        subject: dict[str, Any] = {"name": name, "watchlist_ids": [made["id"]]}
        if name in listing.lapsed:
            lapsed_at = datetime.now(UTC) + _LAPSES_AFTER
            subject["valid_until"] = lapsed_at.isoformat()
        portrait = cast.as_jpeg(members[name].portrait)
        checked(
            analyst.post(
                "/v1/subjects",
                data={"subject": json.dumps(subject)},
                files={"photos": ("portrait.jpg", portrait, "image/jpeg")},
            )
        )
    return lapsed_at
