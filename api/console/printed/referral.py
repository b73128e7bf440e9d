"""A referral on paper: what it carries, and what the two agencies said."""

from collections.abc import Mapping

from api.console import referral_fields
from api.console.i18n import Locale
from api.console.labels import ACTIONS, of, officer
from api.console.printed.document import (
    Facts,
    Letterhead,
    PrintedPhoto,
    PrintedReport,
    PrintedStep,
    beside_utc,
    document,
    known,
    picture,
)
from casework.codes.lists import CodeLists
from casework.kernel.vocabulary import ReferralKind
from casework.referrals.referrals import OpenedMessage, ReferralView


def referral_report(
    view: ReferralView,
    photos: Mapping[str, PrintedPhoto],
    codes: CodeLists,
    head: Letterhead,
    speech: Locale,
) -> PrintedReport:
    """Put the report of a referral together: what it carries, no more.

    Args:
        view: the referral.
        photos: those that it carries, by name.
        codes: what categories and outcomes are called.
        head: who prints.
        speech: the reader's language.
    """
    row = view.referral
    kind = ReferralKind(row.kind)
    return document(
        speech,
        head,
        title=speech("Report of a referral"),
        number=str(view.values.get("case_number") or row.id),
        state=speech(of(row.state, "ReferralState")),
        pictures=[
            picture(speech, label, f"/referrals/{row.id}/photos/{name}", photos[name])
            for name, label in referral_fields.photos(kind, view.photos, speech)
        ],
        facts=(
            Facts(
                speech("Referral"),
                known(
                    (speech("Of"), speech(of(kind))),
                    (speech("From"), f"{row.sender.code} {row.sender.name}"),
                    (speech("Sent to"), f"{row.receiver.code} {row.receiver.name}"),
                    (speech("Sent"), beside_utc(row.created_at, speech)),
                    (speech("Answer due by"), beside_utc(row.due_at, speech)),
                    (
                        speech("Outcome"),
                        codes.outcome(row.outcome, speech.language) if row.outcome else "",
                    ),
                ),
            ),
            Facts(
                speech("What it carries"),
                tuple(
                    (label, value or speech("not known"))
                    for label, value in referral_fields.shown(kind, view.values, codes, speech)
                ),
            ),
        ),
        steps_heading=speech("Conversation"),
        steps=[_step(each, speech) for each in view.messages],
        back=f"/referrals/{row.id}",
    )


def _step(each: OpenedMessage, speech: Locale) -> PrintedStep:
    return PrintedStep(
        beside_utc(each.at, speech),
        officer(each.by, speech),
        speech(ACTIONS[f"referral.{each.action}"]),
        each.text or "",
    )
