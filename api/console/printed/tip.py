"""A tip on paper: what was reported, without who reported it."""

from collections.abc import Sequence

from api.console.i18n import Locale
from api.console.labels import of, officer
from api.console.printed.document import (
    Facts,
    Letterhead,
    PrintedPhoto,
    PrintedReport,
    beside_utc,
    document,
    known,
    picture,
    quality_facts,
    turned_line,
)
from casework.tables import Referral
from casework.tips.tips import TipView


def tip_report(
    view: TipView,
    referrals: Sequence[Referral],
    photo: PrintedPhoto | None,
    head: Letterhead,
    speech: Locale,
) -> PrintedReport:
    """Put the report of a tip together. Its source is never printed.

    Args:
        view: the tip.
        referrals: made of it.
        photo: None where it came without one.
        head: who prints.
        speech: the reader's language.
    """
    tip = view.tip
    pictures = []
    if photo is not None:
        title, turned = speech("The photo of the tip"), turned_line(tip.photo_quality, speech)
        pictures.append(picture(speech, title, f"/tips/{tip.id}/photo", photo, turned))
    facts = [
        Facts(
            speech("What was reported"),
            known(
                (speech("Report"), view.report.text),
                (speech("From"), speech(of(tip.origin, "TipOrigin"))),
                (speech("Where"), view.report.place),
                (speech("Area"), view.area_name),
                (
                    speech("When it happened"),
                    beside_utc(tip.happened_at, speech) if tip.happened_at else "",
                ),
                (speech("Recorded"), beside_utc(tip.created_at, speech)),
                (speech("Recorded by"), officer(view.recorded_by, speech)),
                (
                    speech("Who reported it"),
                    speech("Known to the agency; it is not printed.") if tip.has_source else "",
                ),
            ),
        ),
        Facts(
            speech("What became of it"),
            known(
                (speech("State"), speech(of(tip.state, "TipState"))),
                (
                    speech("Last searched"),
                    beside_utc(tip.searched_at, speech) if tip.searched_at else "",
                ),
                (speech("Dismissed, because:"), view.dismissal),
                *((speech("Referral to"), _referral(each, speech)) for each in referrals),
            ),
        ),
    ]
    if tip.photo_quality:
        facts.append(quality_facts(speech("Quality of the photo"), tip.photo_quality, speech))
    return document(
        speech,
        head,
        title=speech("Report of a tip"),
        number=tip.reference,
        state=speech(of(tip.state, "TipState")),
        pictures=pictures,
        facts=facts,
        back=f"/tips/{tip.id}",
    )


def _referral(row: Referral, speech: Locale) -> str:
    sent = f"{row.receiver.code}, {beside_utc(row.created_at, speech)}"
    return f"{sent}, {speech(of(row.state, 'ReferralState'))}"
