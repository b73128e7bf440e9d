"""The pictures of a printed report in docs/evidence.md.

    python -m tests.report_picture [FOLDER]      (make pictures)

Its faces are drawn here: no photo of anybody lies in this repository.
"""

import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

import pypdfium2
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from api.app import create_app
from api.console.i18n import LANGUAGES
from api.console.printed.gather import ReportReader
from api.console.printed.pdf import as_pdf
from api.logging import configure
from api.state import state_of
from casework.accounts.officers import NewOfficer
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.vocabulary import (
    AgencyKind,
    Category,
    Disposal,
    Opinion,
    OpinionReason,
    Role,
)
from casework.review.decisions import Finding
from tests.api.conftest import settings_for, wait_until_ready
from tests.services import OPERATOR, Desk, FakeClock, open_service

FOLDER: Final = Path("docs/pictures")
_SCALE: Final = 1.35
_SIDE: Final = 720
_SEEN: Final = (OpinionReason.FACIAL_FEATURES_AGREE, OpinionReason.PERMANENT_MARKS_AGREE)


def main(folder: Path) -> None:
    """Draw the report of one alert in each language."""
    configure("error")
    folder.mkdir(parents=True, exist_ok=True)
    clock = FakeClock()
    with tempfile.TemporaryDirectory(prefix="siaga-report-") as data:
        settings = settings_for(Path(data))
        app = create_app(settings, lambda _: open_service(Path(data) / "siaga.db", clock))
        with TestClient(app, base_url="http://localhost") as client:
            wait_until_ready(client)
            state = state_of(app)
            desk = Desk(state.opened, clock)
            alert_id, reader = _scene(desk)
            for language in LANGUAGES:
                speech = state.console.speeches[language]
                report = ReportReader(state, reader, speech, drawn=True).alert(alert_id)
                faces = (_face("#d9d2c5", 8), _face("#c9d3de", 0))
                pictures = [
                    replace(each, content=face)
                    for each, face in zip(report.pictures, faces, strict=True)
                ]
                content = as_pdf(replace(report, pictures=tuple(pictures)), speech)
                _write(content, folder / f"report-{language}.png")


def _scene(desk: Desk) -> tuple[str, Actor]:
    """Have an alert reviewed by two officers and closed; returns its id, and who prints it."""
    agency = desk.agency("OPS", AgencyKind.OPERATOR)
    first = _officer(desk, agency, "siti", "Siti Rahmawati", Role.OFFICER)
    second = _officer(desk, agency, "budi", "Budi Santoso", Role.SUPERVISOR)
    desk.watchlist(
        "Tangkal 2026",
        agency_id=agency,
        category=Category.TANGKAL,
        requires_second_officer=True,
        legal_basis="UU 6/2011, pasal 98",
    )
    desk.enrol(1, desk.watchlists["Tangkal 2026"], nationality="AUS", decision_number="W.1/114")
    desk.clock.advance(days=40)
    (alert,) = desk.screen(1, port="DPS", lane="A3").encounter.alerts
    review = desk.service.review.decisions
    finding = Finding(Opinion.POTENTIAL_CANDIDATE, _SEEN, "Scar through the left eyebrow.")
    for minutes, step in (
        (1, lambda: review.acknowledge(first, alert.id)),
        (2, lambda: review.decide(first, alert.id, finding)),
        (4, lambda: review.confirm(second, alert.id, finding)),
        (9, lambda: review.close(second, alert.id, Disposal.ENTRY_REFUSED, "Next flight back.")),
        (30, lambda: None),
    ):
        desk.clock.now += timedelta(minutes=minutes)
        step()
    return alert.id, second


def _officer(desk: Desk, agency: str, login: str, name: str, role: Role) -> Actor:
    new = NewOfficer(agency, login, name, frozenset({role}))
    row, _ = desk.service.accounts.officers.create(OPERATOR, new)
    return Actor(ActorKind.OFFICER, row.id, login, agency, frozenset({role}))


def _face(ground: str, smile: int) -> bytes:
    """Draw a face."""
    image = Image.new("RGB", (_SIDE, _SIDE), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 620, 660, 1100), fill="#5a6b7d")
    draw.rectangle((300, 520, 420, 680), fill="#d8ab88")
    for left in (165, 515):
        draw.ellipse((left, 290, left + 50, 400), fill="#d09f7b")
    draw.ellipse((190, 120, 530, 600), fill="#e3b995")
    draw.pieslice((180, 90, 540, 470), 180, 360, fill="#3b2b22")
    draw.ellipse((215, 190, 505, 420), fill="#e3b995")
    for x in (270, 450):
        draw.ellipse((x - 32, 284, x + 32, 318), fill="#ffffff")
        draw.ellipse((x - 14, 286, x + 14, 314), fill="#33271f")
        draw.arc((x - 46, 236, x + 46, 300), 200, 340, fill="#3b2b22", width=9)
    draw.line((240, 262, 258, 236), fill="#b0705a", width=5)
    draw.line((360, 320, 342, 410, 374, 414), fill="#b98962", width=6)
    draw.arc((295, 430 - smile, 425, 500 + smile), 20, 160, fill="#a1504a", width=9)
    file = BytesIO()
    image.save(file, "JPEG", quality=92)
    return file.getvalue()


def _write(content: bytes, path: Path) -> None:
    with pypdfium2.PdfDocument(content) as document:
        image = document[0].render(scale=_SCALE).to_pil()
    image.convert("L").save(path, optimize=True)


if __name__ == "__main__":
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    main(into)
    sys.stdout.write(f"the report in {into}\n")
