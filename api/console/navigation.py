"""The menu: one entry a screen, shown to those who may use it."""

from dataclasses import dataclass
from typing import Final

from api.console.i18n import msg
from api.console.urls import ACCOUNT
from casework.kernel.actor import Actor
from casework.kernel.permissions import Act, Reach, reach


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu."""

    address: str
    label: str
    act: Act

    @property
    def section(self) -> str:
        """What the addresses begin with that belong to it."""
        return "/" + self.address.split("/")[1]


# In the order they are shown; who signs in is brought to the first that they may use.
ENTRIES: Final = (
    Entry("/alerts", msg("Alerts"), Act.READ_ALERT),
    Entry("/watchlists", msg("Watchlists"), Act.READ_WATCHLIST),
    Entry("/subjects", msg("Subjects"), Act.READ_SUBJECT),
    Entry("/search", msg("Search"), Act.SEARCH),
    Entry("/tips", msg("Tips"), Act.HANDLE_TIP),
    Entry("/referrals", msg("Referrals"), Act.HANDLE_REFERRAL),
    Entry("/overview", msg("Overview"), Act.READ_REPORT),
    Entry("/totals", msg("All agencies"), Act.READ_TOTALS),
    Entry("/audit", msg("Audit"), Act.READ_AUDIT),
    Entry("/administration/officers", msg("Administration"), Act.MANAGE_OFFICER),
)


def menu_for(actor: Actor | None) -> list[Entry]:
    """Return the entries that an actor may use."""
    if actor is None:
        return []
    return [entry for entry in ENTRIES if reach(actor, entry.act) is not Reach.NOTHING]


def home_of(actor: Actor) -> str:
    """Return the address that an officer begins at."""
    menu = menu_for(actor)
    return menu[0].address if menu else ACCOUNT
