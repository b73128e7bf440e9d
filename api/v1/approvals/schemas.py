"""Acts that wait for a second person."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import MISSING, Field

from api.queries import BeforePage
from api.v1.common import Answer, LongText, Patch, Reason, Strict
from casework.approvals.approvals import ActWaits, ApprovalView
from casework.approvals.states import ApprovalStep
from casework.kernel.vocabulary import ApprovalState

WHY: Final = (
    "Why; it stands in the audit trail. Required where something is switched off or a role taken "
    "away, and where the change waits for a second person, who reads it."
)
ReasonIfItWaits = Annotated[Reason | None, Field(description=WHY)]
Offered = Literal[ApprovalStep.ACCEPT, ApprovalStep.REFUSE, ApprovalStep.WITHDRAW]


class ExplainedPatch(Patch):
    """Changes that may do harm, or wait for a second person, and why they are made."""

    reason: Reason | MISSING = Field(default=MISSING, description=WHY)

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, without the reason."""
        return {name: value for name, value in super().changes().items() if name != "reason"}

    @property
    def why(self) -> str | None:
        """The reason; None where there is none."""
        return None if self.reason is MISSING else self.reason


class ApprovalQuery(BeforePage):
    """Which requests to list."""

    state: list[ApprovalState] | None = Field(
        default=None, max_length=len(ApprovalState), description="Repeat for several."
    )

    @property
    def states(self) -> frozenset[ApprovalState] | None:
        """The states to list; None for all."""
        return frozenset(self.state) if self.state else None


class RefusalIn(Strict):
    """Why a request is refused."""

    reason: LongText = ""


class ApprovalOut(Answer):
    """An act that takes a second person, and how far it has come."""

    id: str
    kind: str = Field(description="What is asked for, in the words of the audit trail.")
    agency_id: str = Field(description="The agency whose people decide.")
    object_id: str | None = Field(description="What it is about; null where it makes something.")
    summary: str
    reason: str
    state: ApprovalState
    asked_by: str = Field(description="The officer's id.")
    asked_by_name: str = Field(description="As of that day.")
    asked_by_service_number: str | None = Field(description="Such as an NIP; as of that day.")
    asked_by_agency: str = Field(description="The code of that officer's agency.")
    asked_at: datetime
    effective_from: datetime = Field(description="Until then it does not take effect.")
    lapses_at: datetime = Field(description="From then on nobody can accept it.")
    decided_by: str | None = Field(description="The id of the officer who accepted or refused it.")
    decided_by_name: str | None = Field(description="As of that day.")
    decided_by_service_number: str | None = Field(description="Such as an NIP; as of that day.")
    decided_at: datetime | None
    settled_at: datetime | None
    lapsed_because: str | None
    you_may: list[Offered] = Field(description="What the caller can do with it now.")

    @classmethod
    def fields_of(cls, view: ApprovalView) -> dict[str, object]:
        """Return the fields of every answer about a request."""
        row = view.row
        same = {name: getattr(row, name) for name in ApprovalOut.model_fields if hasattr(row, name)}
        return same | {
            "summary": str(view.summary),
            "reason": view.reason,
            "asked_by_name": view.asked_by.name,
            "asked_by_service_number": view.asked_by.service_number,
            "asked_by_agency": view.asked_by.agency_code,
            "decided_by_name": view.decided_by.name if view.decided_by else None,
            "decided_by_service_number": view.decided_by.service_number
            if view.decided_by
            else None,
            "lapsed_because": str(view.lapsed_because) if view.lapsed_because else None,
            "you_may": sorted(view.steps),
        }

    @classmethod
    def of(cls, view: ApprovalView) -> Self:
        """Make the answer from what a reader sees."""
        return cls.model_validate(cls.fields_of(view))


class WaitingOut(ApprovalOut):
    """An act that was asked for, and was not done: it waits for a second person."""

    first_password: str | None = Field(
        description="It is shown once, and counts when the act takes effect."
    )

    @classmethod
    def of_act(cls, waits: ActWaits) -> Self:
        """Make the answer to the request that asked for it."""
        return cls.model_validate({**cls.fields_of(waits.view), "first_password": waits.secret})
