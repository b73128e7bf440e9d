"""Two agencies, an alert of one of them, and the officers who handle it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Role
from casework.referrals.fields import AlertField
from casework.referrals.steps import Handover
from casework.tables import Alert, Referral
from tests.fakes import photo_of
from tests.services import Desk, officer

NOTE = "Please meet this traveller."
FIELDS = (AlertField.NAME, AlertField.PORT, AlertField.PROBE_PHOTO)


@dataclass(slots=True)
class Scene:
    """Who takes part, and short words for what they do."""

    desk: Desk
    sender: Actor
    receiver: Actor
    stranger: Actor

    @classmethod
    def of(cls, desk: Desk) -> "Scene":
        """Set the scene: IMI sends, POL receives, BEA has nothing to do with it."""
        return cls(
            desk,
            officer(desk.agency("IMI"), Role.OFFICER, name="sender"),
            officer(desk.agency("POL"), Role.OFFICER, name="receiver"),
            officer(desk.agency("BEA"), Role.OFFICER, Role.SUPERVISOR, name="stranger"),
        )

    def alert(self, person: int = 1, **policy: Any) -> Alert:
        """Raise an alert of the sender's, taken by its officer."""
        self.desk.enrol(
            person,
            self.desk.watchlist(**policy),
            nationality="IDN",
            birth_year=1980,
            aliases=["Alias"],
            reason="a sealed reason",
            documents=[{"kind": "passport", "number": "X1", "country": "IDN"}],
        )
        (alert,) = self.desk.screen(person, reference=photo_of(person)).encounter.alerts
        self.desk.service.review.decisions.acknowledge(self.sender, alert.id)
        return alert

    def to(self, agency: str = "POL", days: float = 2) -> Handover:
        """An agency to hand over to, and by when an answer is wanted."""
        due = self.desk.clock() + timedelta(days=days)
        return Handover(self.desk.agency(agency), NOTE, due)

    def sent(self, *fields: AlertField, person: int = 1) -> Referral:
        """Send an alert to the receiver."""
        return self.desk.service.exchange.referral_steps.refer_alert(
            self.sender, self.alert(person).id, self.to(), fields or FIELDS
        )
