"""The menu: one entry a screen, shown to those who may use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.console.i18n import msg
from api.console.urls import ACCOUNT
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission, PermissionScope, scope_of
from casework.kernel.processing import Grounds, Processing


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu."""

    address: str
    label: str
    act: Permission
    kind: Processing | None = None
    """What must be switched on."""
    also: tuple[str, ...] = ()
    """Prefixes of further addresses that belong to it."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Prefixes of the addresses that belong to it."""
        return ("/" + self.address.split("/")[1], *self.also)


# In the order they are shown; who signs in is brought to the first that they may use.
ENTRIES: Final = (
    MenuItem("/alerts", msg("Alerts"), Permission.READ_ALERT),
    MenuItem("/watchlists", msg("Watchlists"), Permission.READ_WATCHLIST),
    MenuItem("/subjects", msg("Subjects"), Permission.READ_SUBJECT),
    MenuItem("/search", msg("Search"), Permission.SEARCH),
    MenuItem("/tips", msg("Tips"), Permission.HANDLE_TIP),
    MenuItem("/stays", msg("Stays"), Permission.READ_STAY, Processing.STAYS),
    MenuItem("/overstays", msg("Overstays"), Permission.READ_OVERSTAY),
    MenuItem("/referrals", msg("Referrals"), Permission.HANDLE_REFERRAL),
    MenuItem("/cases", msg("Joint cases"), Permission.READ_CASE),
    MenuItem("/overview", msg("Overview"), Permission.READ_REPORT, also=("/map", "/reports")),
    MenuItem("/totals", msg("All agencies"), Permission.READ_TOTALS, also=("/reports/all",)),
    MenuItem("/approvals", msg("Requests"), Permission.READ_APPROVAL),
    MenuItem("/audit", msg("Audit"), Permission.READ_AUDIT),
    MenuItem("/teams", msg("Teams"), Permission.EDIT_TEAM),
    MenuItem("/administration/officers", msg("Administration"), Permission.MANAGE_OFFICER),
)


def menu_for(actor: Actor | None, grounds: Grounds) -> list[MenuItem]:
    """Return the entries that an actor may use, of what is switched on."""
    if actor is None:
        return []
    return [
        entry
        for entry in ENTRIES
        if scope_of(actor, entry.act) is not PermissionScope.NOTHING
        and (entry.kind is None or grounds.is_on(entry.kind))
    ]


def current_of(menu: Sequence[MenuItem], path: str) -> MenuItem | None:
    """Return the entry that an address belongs to: the one with the longest prefix of it."""
    found = [
        (len(prefix), entry)
        for entry in menu
        for prefix in entry.prefixes
        if path == prefix or path.startswith(f"{prefix}/")
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def home_of(actor: Actor, grounds: Grounds) -> str:
    """Return the address of an officer's first page."""
    menu = menu_for(actor, grounds)
    return menu[0].address if menu else ACCOUNT
