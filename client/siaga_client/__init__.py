"""A typed client of the Siaga service: `Client` blocks, `AsyncClient` awaits, both do the same."""

from siaga_client.aio import AsyncClient
from siaga_client.blocking import Client
from siaga_client.errors import Refused, SiagaError, Unreachable, Waits
from siaga_client.models import (
    Alert,
    AlertEvent,
    AlertSummary,
    Approval,
    Area,
    Comparison,
    Encounter,
    Enrolled,
    Instruction,
    Overstay,
    PortAlert,
    Stay,
    StayReceipt,
    Subject,
    Timeline,
    TimelineOverstay,
    TimelineStep,
    Verification,
    Watchlist,
)
from siaga_client.operations import Document, Guest, Pad
from siaga_client.signature import SignatureInvalid, verify

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertSummary",
    "Approval",
    "Area",
    "AsyncClient",
    "Client",
    "Comparison",
    "Document",
    "Encounter",
    "Enrolled",
    "Guest",
    "Instruction",
    "Overstay",
    "Pad",
    "PortAlert",
    "Refused",
    "SiagaError",
    "SignatureInvalid",
    "Stay",
    "StayReceipt",
    "Subject",
    "Timeline",
    "TimelineOverstay",
    "TimelineStep",
    "Unreachable",
    "Verification",
    "Waits",
    "Watchlist",
    "verify",
]
