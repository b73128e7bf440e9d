"""One bundle of a decided and closed alert, signed, and its key."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casework.evidence.bundle import Bundle
from casework.evidence.check import EvidenceVerdict
from casework.evidence.container import unpacked
from casework.evidence.manifest import Manifest
from casework.kernel.audit.checkpoints import Signers
from casework.kernel.vocabulary import Disposal, Opinion, OpinionReason, Role
from casework.review.decisions import Finding
from tests.fakes import photo_of
from tests.services import Desk, FakeClock, officer, open_service

PURPOSE = "Hearing 114/2026"
REPORTS = {"en": b"%PDF the report", "id": b"%PDF laporan"}
SEEN = Finding(
    Opinion.POTENTIAL_CANDIDATE, (OpinionReason.FACIAL_FEATURES_AGREE,), "The same notch."
)


class Court(NamedTuple):
    """What a court is handed."""

    desk: Desk
    alert_id: str
    bundle: Bundle
    key: Ed25519PublicKey


def signing(desk: Desk) -> Ed25519PrivateKey:
    """Have checkpoints signed; returns the key."""
    private = Ed25519PrivateKey.generate()
    audit = desk.service.kernel.audit
    audit.signers = Signers.of(private, every=timedelta(minutes=10))
    return private


def decided(desk: Desk) -> str:
    """An alert that two officers decided and closed; returns its id."""
    desk.watchlist("bans", requires_second_officer=True)
    desk.enrol(1, desk.watchlists["bans"])
    (alert,) = desk.screen(1, reference=photo_of(1)).encounter.alerts
    first = officer(desk.agency(), Role.OFFICER, name="first")
    second = officer(desk.agency(), Role.SUPERVISOR, name="second")
    review = desk.service.review.decisions
    review.acknowledge(first, alert.id)
    review.decide(first, alert.id, SEEN)
    review.confirm(second, alert.id, SEEN)
    review.close(second, alert.id, Disposal.ENTRY_REFUSED, "Sent back.")
    return alert.id


def supervisor(desk: Desk, code: str = "IMI"):
    """Somebody who may make bundles."""
    return officer(desk.agency(code), Role.SUPERVISOR, name="second")


@contextmanager
def in_court(folder: Path) -> Iterator[Court]:
    """Make a signed bundle, with its installation in `folder`; nothing is to change it."""
    clock = FakeClock()
    service = open_service(folder / "siaga.db", clock)
    desk = Desk(service, clock)
    private = signing(desk)
    alert_id = decided(desk)
    bundle = service.review.evidence.make(supervisor(desk), alert_id, PURPOSE, lambda: REPORTS)
    yield Court(desk, alert_id, bundle, private.public_key())
    service.close()


def members_of(content: bytes) -> dict[str, bytes]:
    """The files of a bundle."""
    found = unpacked(content)
    assert found is not None
    return dict(found.members)


def manifest_of(verdict: EvidenceVerdict) -> Manifest:
    """The manifest of a bundle that was checked."""
    assert verdict.manifest is not None
    return verdict.manifest
