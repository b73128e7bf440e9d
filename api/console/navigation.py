"""The menu: one entry a screen, shown to those who may use it."""

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

    @property
    def section(self) -> str:
        """Prefix of the addresses that belong to it."""
        return "/" + self.address.split("/")[1]


# In the order they are shown; who signs in is brought to the first that they may use.
ENTRIES: Final = (
    MenuItem("/alerts", msg("Alerts"), Permission.READ_ALERT),
    MenuItem("/watchlists", msg("Watchlists"), Permission.READ_WATCHLIST),
    MenuItem("/subjects", msg("Subjects"), Permission.READ_SUBJECT),
    MenuItem("/search", msg("Search"), Permission.SEARCH),
    MenuItem("/tips", msg("Tips"), Permission.HANDLE_TIP),
    MenuItem("/stays", msg("Stays"), Permission.READ_STAY, Processing.STAYS),
    MenuItem("/referrals", msg("Referrals"), Permission.HANDLE_REFERRAL),
    MenuItem("/cases", msg("Joint cases"), Permission.READ_CASE),
    MenuItem("/overview", msg("Overview"), Permission.READ_REPORT),
    MenuItem("/map", msg("Map"), Permission.READ_REPORT),
    MenuItem("/totals", msg("All agencies"), Permission.READ_TOTALS),
    MenuItem("/reports", msg("Reports"), Permission.READ_REPORT),
    MenuItem("/reports/all", msg("Reports on all"), Permission.READ_TOTALS),
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


def home_of(actor: Actor, grounds: Grounds) -> str:
    """Return the address of an officer's first page."""
    menu = menu_for(actor, grounds)
    return menu[0].address if menu else ACCOUNT
