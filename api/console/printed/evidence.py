"""Evidence bundles as answers, with the printed report in every language."""

from typing import Final

from starlette.responses import Response

from api.console.i18n import LANGUAGES
from api.console.printed.gather import ReportReader
from api.console.printed.pdf import as_pdf
from api.state import State
from casework.evidence.bundle import Bundle, Reports
from casework.kernel.actor import Actor

BUNDLE: Final = "application/zip"


def evidence_reports(state: State, actor: Actor, alert_id: str) -> Reports:
    """Return what draws the report of an alert in every language."""

    def drawn() -> dict[str, bytes]:
        found = {}
        for language in LANGUAGES:
            speech = state.console.speeches[language]
            report = ReportReader(state, actor, speech, drawn=True).alert(alert_id)
            found[language] = as_pdf(report, speech)
        return found

    return drawn


def bundle_answer(bundle: Bundle) -> Response:
    """Answer a bundle as a file to keep."""
    name = f"{bundle.case_number}.siaga-evidence.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(bundle.content, media_type=BUNDLE, headers=headers)
