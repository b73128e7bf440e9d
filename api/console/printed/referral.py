"""A referral on paper: what it carries, and what the two agencies said."""

from collections.abc import Mapping

from api.console import referral_fields
from api.console.i18n import Locale
from api.console.labels import ACTIONS, of
from api.console.printed.document import (
    SIGNED_BY_OFFICER,
    SIGNED_BY_SUPERVISOR,
    Facts,
    Letterhead,
    Picture,
    PrintedReport,
    PrintedStep,
    beside_utc,
    digest_line,
    document,
    known,
)
from casework.kernel.vocabulary import ReferralKind
from casework.referrals.referrals import OpenedMessage, ReferralView

Contents = Mapping[str, tuple[bytes | None, bytes | None]]
"""Of photos by name: as carried, and as printed."""


def referral_report(
    view: ReferralView, contents: Contents, head: Letterhead, speech: Locale
) -> PrintedReport:
    """Put the report of a referral together: what it carries, no more."""
    row = view.referral
    kind = ReferralKind(row.kind)
    return document(
        speech,
        head,
        title=speech("Report of a referral"),
        number=str(view.values.get("case_number") or row.id),
        state=speech(of(row.state, "ReferralState")),
        pictures=[
            Picture(
                label,
                f"/referrals/{row.id}/photos/{name}",
                (digest_line(contents[name][0], speech),),
                contents[name][1],
            )
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
                        speech(of(row.outcome, "Disposal")) if row.outcome else "",
                    ),
                ),
            ),
            Facts(
                speech("What it carries"),
                tuple(
                    (label, value or speech("not known"))
                    for label, value in referral_fields.shown(kind, view.values, speech)
                ),
            ),
        ),
        steps_heading=speech("Conversation"),
        steps=[_step(view, each, speech) for each in view.messages],
        signatures=((speech(SIGNED_BY_OFFICER), ""), (speech(SIGNED_BY_SUPERVISOR), "")),
        back=f"/referrals/{row.id}",
    )


def _step(view: ReferralView, each: OpenedMessage, speech: Locale) -> PrintedStep:
    row = view.referral
    code = row.sender.code if each.agency_id == row.sender_id else row.receiver.code
    return PrintedStep(
        beside_utc(each.at, speech),
        f"{each.officer_name}, {code}",
        speech(ACTIONS[f"referral.{each.action}"]),
        each.text or "",
    )
