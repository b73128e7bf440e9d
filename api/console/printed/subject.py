"""A subject on paper: who it is, on which lists and why, with every photo."""

from collections.abc import Mapping, Sequence

from api.console.i18n import Locale
from api.console.labels import explained, of
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
    person_facts,
    turned_line,
)
from casework.tables import EnrolledPhoto, Subject

Contents = Mapping[str, tuple[bytes | None, bytes | None]]
"""Of photos by id: as kept, and as printed."""


def subject_report(
    subject: Subject,
    lists: Sequence[str],
    contents: Contents,
    head: Letterhead,
    speech: Locale,
) -> PrintedReport:
    """Put the report of a subject together.

    Args:
        subject: the subject.
        lists: names of the lists it is on.
        contents: its photos.
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
            _picture(number, photo, contents, speech)
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
        ),
        steps_heading="",
        steps=(),
        signatures=((speech(SIGNED_BY_OFFICER), ""), (speech(SIGNED_BY_SUPERVISOR), "")),
        back=f"/subjects/{subject.id}",
    )


def _picture(number: int, photo: EnrolledPhoto, contents: Contents, speech: Locale) -> Picture:
    kept, printed = contents[photo.id]
    quality = photo.quality
    says = [speech(of(quality["verdict"], "Verdict"))]
    says += [speech(explained(each["code"])) for each in quality["reasons"]]
    lines = (
        speech("Enrolled %(when)s", when=beside_utc(photo.created_at, speech)),
        " ".join(says),
        turned_line(quality, speech),
        digest_line(kept, speech),
    )
    address = f"/subjects/{photo.subject_id}/photos/{photo.id}"
    return Picture(speech("Photo %(n)s", n=number), address, lines, printed)
