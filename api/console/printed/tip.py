"""A tip on paper: what was reported, without who reported it."""

from collections.abc import Sequence

from api.console.i18n import Locale
from api.console.labels import of
from api.console.printed.document import (
    SIGNED_BY_OFFICER,
    SIGNED_BY_SUPERVISOR,
    Facts,
    Letterhead,
    Picture,
    PrintedReport,
    beside_utc,
    digest_line,
    document,
    known,
    quality_facts,
    turned_line,
)
from casework.tables import Referral
from casework.tips.tips import TipView


def tip_report(
    view: TipView,
    referrals: Sequence[Referral],
    photo: tuple[bytes | None, bytes | None] | None,
    head: Letterhead,
    speech: Locale,
) -> PrintedReport:
    """Put the report of a tip together. Its source is never printed.

    Args:
        view: the tip.
        referrals: made of it.
        photo: as kept and as printed; None where it came without one.
        head: who prints.
        speech: the reader's language.
    """
    tip = view.tip
    pictures = []
    if photo is not None:
        lines = (turned_line(tip.photo_quality, speech), digest_line(photo[0], speech))
        pictures.append(
            Picture(speech("The photo of the tip"), f"/tips/{tip.id}/photo", lines, photo[1])
        )
    facts = [
        Facts(
            speech("What was reported"),
            known(
                (speech("Report"), view.report.text),
                (speech("From"), speech(of(tip.origin, "TipOrigin"))),
                (speech("Where"), view.report.place),
                (
                    speech("When it happened"),
                    beside_utc(tip.happened_at, speech) if tip.happened_at else "",
                ),
                (speech("Recorded"), beside_utc(tip.created_at, speech)),
                (speech("Recorded by"), tip.recorded_by_name),
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
        steps_heading="",
        steps=(),
        signatures=((speech(SIGNED_BY_OFFICER), ""), (speech(SIGNED_BY_SUPERVISOR), "")),
        back=f"/tips/{tip.id}",
    )


def _referral(row: Referral, speech: Locale) -> str:
    sent = f"{row.receiver.code}, {beside_utc(row.created_at, speech)}"
    return f"{sent}, {speech(of(row.state, 'ReferralState'))}"
