"""A subject on paper: who it is, on which lists and why, with every photo."""

from collections.abc import Mapping, Sequence

from api.console.i18n import Locale
from api.console.labels import explained, of, officer
from api.console.printed.document import (
    Facts,
    Letterhead,
    Picture,
    PrintedPhoto,
    PrintedReport,
    beside_utc,
    document,
    known,
    objection_line,
    person_facts,
    picture,
    turned_line,
)
from casework.tables import EnrolledPhoto, Subject
from casework.watchlists.objections import ObjectionView, mark_of


def subject_report(
    subject: Subject,
    lists: Sequence[str],
    objections: Sequence[ObjectionView],
    photos: Mapping[str, PrintedPhoto],
    head: Letterhead,
    speech: Locale,
) -> PrintedReport:
    """Put the report of a subject together.

    Args:
        subject: the subject.
        lists: names of the lists it is on.
        objections: against its entry.
        photos: its photos, by id.
        head: who prints.
        speech: the reader's language.
    """
    birth = subject.birth_date or subject.birth_year
    return document(
        speech,
        head,
        title=speech("Report of a subject"),
        number=subject.reference or subject.id,
        state=speech(of(subject.status, "SubjectStatus")),
        pictures=[
            _picture(number, photo, photos[photo.id], speech)
            for number, photo in enumerate(subject.photos, 1)
        ],
        facts=(
            Facts(speech("Person on the list"), person_facts(speech, subject, birth)),
            Facts(
                speech("Entry"),
                known(
                    (speech("Watchlists"), ", ".join(lists)),
                    (speech("Recorded"), beside_utc(subject.created_at, speech)),
                    (speech("Changed last"), beside_utc(subject.updated_at, speech)),
                    (
                        speech("Being erased"),
                        beside_utc(subject.erase_at, speech) if subject.erase_at else "",
                    ),
                ),
            ),
            Facts(
                speech("Objections"),
                tuple(fact for each in objections for fact in _objection(each, speech)),
            ),
        ),
        back=f"/subjects/{subject.id}",
    )


def _objection(view: ObjectionView, speech: Locale) -> tuple[tuple[str, str], ...]:
    row = view.row
    return known(
        (speech("Objection"), objection_line(mark_of(row), speech)),
        (speech("Who objects"), row.objector),
        (speech("Grounds"), row.grounds),
        (speech("Answer"), row.answer),
        (
            speech("Answered"),
            f"{beside_utc(row.answered_at, speech)} · {officer(view.answered_by, speech)}"
            if row.answered_at and view.answered_by
            else "",
        ),
    )


def _picture(number: int, row: EnrolledPhoto, photo: PrintedPhoto, speech: Locale) -> Picture:
    says = [speech(of(row.quality["verdict"], "Verdict"))]
    says += [speech(explained(each["code"])) for each in row.quality["reasons"]]
    return picture(
        speech,
        speech("Photo %(n)s", n=number),
        f"/subjects/{row.subject_id}/photos/{row.id}",
        photo,
        speech("Enrolled %(when)s", when=beside_utc(row.created_at, speech)),
        " ".join(says),
        turned_line(row.quality, speech),
    )
