"""An alert on paper: both photos, how alike they are and by what, the opinions, the outcome."""

from api.console import messages
from api.console.i18n import Locale
from api.console.identity_rows import check_lines, identity_rows
from api.console.labels import ACTIONS, of, officer
from api.console.printed.document import (
    Facts,
    Letterhead,
    Picture,
    PrintedPhoto,
    PrintedReport,
    PrintedStep,
    beside_utc,
    document,
    known,
    objection_line,
    person_facts,
    picture,
    quality_facts,
    turned_line,
)
from casework.calibration.thresholds import RAREST
from casework.codes.lists import CodeLists
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AlertState, MatchedBy
from casework.review.alerts import AlertView, Step
from casework.review.gate import verification_result
from casework.tables import Alert


def alert_report(
    view: AlertView,
    probe: PrintedPhoto,
    enrolled: PrintedPhoto,
    codes: CodeLists,
    head: Letterhead,
    speech: Locale,
) -> PrintedReport:
    """Put the report of an alert together.

    Args:
        view: the alert as the reader may see it: opinions that are veiled are not in it.
        probe: the traveller's photo.
        enrolled: the photo on the list.
        codes: what categories and outcomes are called.
        head: who prints.
        speech: the reader's language.
    """
    alert, met = view.alert, view.alert.encounter
    speech = speech.at_port(met.port)
    return document(
        speech,
        head,
        title=speech("Report of an alert"),
        number=alert.case_number,
        state=speech(of(view.state, "AlertState")),
        pictures=(_traveller(view, probe, speech), _listed(view, enrolled, speech)),
        facts=(
            _encounter(view, speech),
            _person(view, codes, speech),
            _document(view, speech),
            _resemblance(alert, speech),
            _outcome(view, codes, speech),
            quality_facts(speech("Quality of the traveller's photo"), met.quality, speech),
            quality_facts(
                speech("Quality of the photo on the list"), view.enrolment_quality, speech
            ),
        ),
        steps_heading=speech("Review"),
        steps=[_step(each, codes, speech) for each in view.steps],
        signed=_signed(view, speech),
        back=f"/alerts/{alert.id}",
    )


def _traveller(view: AlertView, photo: PrintedPhoto, speech: Locale) -> Picture:
    met, title = view.alert.encounter, speech("Traveller")
    taken = (
        speech("Photographed at %(place)s", place=_place(met.port, met.lane)),
        beside_utc(met.captured_at, speech),
    )
    if not met.faces:
        without = speech("No face was found in the traveller's photo.")
        return Picture(title, "", (*taken, without), None)
    return picture(
        speech,
        title,
        f"/alerts/{view.alert.id}/probe",
        photo,
        *taken,
        speech("The face, cut out of the photo that the port sent, upright."),
        turned_line(met.quality, speech),
    )


def _listed(view: AlertView, photo: PrintedPhoto, speech: Locale) -> Picture:
    title = speech("Person on the list")
    if view.alert.photo_id is None:
        return Picture(title, "", (speech("There is no photo on the list."),), None)
    lines = [
        speech("The photo on the list by which the person was found.")
        if view.alert.score is not None
        else speech("The newest photo on the list. The person was found by the document.")
    ]
    if view.enrolled_at is not None:
        when = beside_utc(view.enrolled_at, speech)
        lines.append(speech("Enrolled %(when)s", when=when))
    if photo.kept is not None:
        lines.append(turned_line(view.enrolment_quality, speech))
    address = f"/alerts/{view.alert.id}/enrolled"
    return picture(speech, title, address, photo, *lines)


def _encounter(view: AlertView, speech: Locale) -> Facts:
    met = view.alert.encounter
    verified = verification_result(met.verification)
    return Facts(
        speech("Encounter"),
        known(
            (speech("Port"), _place(met.port, met.lane)),
            (speech("Direction"), speech(of(met.direction, "Direction"))),
            (speech("Stage"), speech(of(met.stage, "Stage"))),
            (speech("Received"), beside_utc(met.received_at, speech)),
            (speech("Port's reference"), met.traveller_ref),
            (speech("Faces in the photo"), met.faces),
            (speech("Traveller and reference"), speech(of(verified)) if verified else ""),
            (
                speech("Attack detection of the gate"),
                speech(of(met.presentation["result"], "PadResult")) if met.presentation else "",
            ),
        ),
    )


def _person(view: AlertView, codes: CodeLists, speech: Locale) -> Facts:
    alert, who = view.alert, view.subject
    category = codes.category(alert.category, speech.language)
    listed = f"{alert.watchlist_name} · {category}"
    person = (
        person_facts(speech, who, who.birth)
        if who is not None
        else known((speech("Name"), speech("The entry has been erased since.")))
    )
    suspended = who is not None and who.suspended
    says = speech("This entry is suspended: an objection is being looked into.")
    return Facts(
        speech("Person on the list"),
        person
        + known(
            (speech("Suspended"), says if suspended else ""),
            *((speech("Objection"), objection_line(each, speech)) for each in view.objections),
            (speech("Watchlist"), listed),
            (speech("Owner of the list"), view.owner_code),
            (speech("Legal basis"), view.legal_basis),
        ),
    )


def _document(view: AlertView, speech: Locale) -> Facts:
    """Return who the traveller's document says they are, and whether the list agrees."""
    rows = identity_rows(view.identities, speech)
    faults = " ".join(check_lines(view.alert.encounter.document_check, speech))
    return Facts(
        speech("Traveller, by the document"),
        (
            *((row.label, f"{row.document or '-'} · {row.how}") for row in rows),
            *(known((speech("Check digits"), faults)) if rows else ()),
        ),
    )


def _resemblance(alert: Alert, speech: Locale) -> Facts:
    found = (speech("Found by"), speech(of(alert.matched_by, "MatchedBy")))
    if alert.score is None or alert.threshold is None or alert.threshold_basis is None:
        says = speech("The number of the traveller's document is on the list.")
        return Facts(speech("Resemblance"), known(found, (speech("Meaning"), says)))
    return Facts(
        speech("Resemblance"),
        known(
            found if alert.matched_by != MatchedBy.FACE else ("", ""),
            (speech("Score"), speech.number(alert.score, 3)),
            (speech("By chance"), _odds(alert, speech)),
            (speech("Threshold"), speech.number(alert.threshold, 3)),
            (speech("Threshold from"), messages.basis(alert.threshold_basis, speech)),
            (speech("Odds from"), messages.odds_basis(alert, speech)),
            (speech("Network"), f"{alert.encounter.model} · {alert.encounter.runtime}"),
            (
                speech("Meaning"),
                speech(
                    "A score decides nothing. Twins, relatives and poor photos score high; compare "
                    "the faces."
                ),
            ),
        ),
    )


def _odds(alert: Alert, speech: Locale) -> str:
    if alert.one_in is None:
        return speech("Not known any more.")
    count = speech.number(alert.one_in)
    if alert.one_in >= RAREST:
        return speech(
            "At most 1 in %(count)s travellers would score this high by chance.", count=count
        )
    return speech("About 1 in %(count)s travellers would score this high by chance.", count=count)


def _outcome(view: AlertView, codes: CodeLists, speech: Locale) -> Facts:
    alert = view.alert
    order = alert.instruction.get(speech.language) or next(
        filter(None, alert.instruction.values()), None
    )
    closed = alert.closed_at
    return Facts(
        speech("Outcome"),
        known(
            (speech("State"), speech(of(view.state, "AlertState"))),
            (speech("What became of the traveller"), _disposal(alert.disposal, codes, speech)),
            (speech("Closed"), beside_utc(closed, speech) if closed is not None else ""),
            (speech("The list orders"), order),
        ),
    )


def _step(step: Step, codes: CodeLists, speech: Locale) -> PrintedStep:
    what = [speech(ACTIONS[step.action])]
    if step.opinion is not None:
        what.append(speech(of(step.opinion, "Opinion")))
    if step.reasons:
        what.append(", ".join(speech(of(each, "OpinionReason")) for each in step.reasons))
    what.append(_disposal(step.disposal, codes, speech))
    return PrintedStep(
        beside_utc(step.at, speech),
        officer(step.by, speech),
        " · ".join(filter(None, what)),
        step.note or "",
    )


def _signed(view: AlertView, speech: Locale) -> tuple[str, str]:
    """Return who gave the first and the second opinion, as far as the reader may know of it.

    Those alone that stand: who takes the alert again, or takes an opinion back, begins again.
    """
    last: dict[str, str] = {}
    for step in view.steps:
        if step.state_after is AlertState.ACKNOWLEDGED:
            last.clear()
        last[step.action] = officer(step.by, speech)
    return last.get(Permission.DECIDE_ALERT, ""), last.get(Permission.CONFIRM_ALERT, "")


def _disposal(disposal: str | None, codes: CodeLists, speech: Locale) -> str:
    return codes.outcome(disposal, speech.language) if disposal is not None else ""


def _place(port: str, lane: str | None) -> str:
    return f"{port} · {lane}" if lane else port
