"""What a printed report is made of, in the reader's language; page and PDF are drawn from it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.console.i18n import Locale
from api.console.labels import born, country, explained, of
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.stored_photo import turn_of
from casework.watchlists.objections import ObjectionMark


@dataclass(frozen=True, slots=True)
class PrintedPhoto:
    """A photo that a report shows; of one that was erased there is neither."""

    kept: bytes | None = None
    """As it is kept."""
    drawn: bytes | None = None
    """As a PDF has it, JPEG; a page names its address."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo with where it comes from."""

    title: str
    address: str
    """Of the photo as the page shows it; empty where there is none."""
    lines: tuple[str, ...]
    """Its provenance."""
    content: bytes | None
    """As a PDF has it, JPEG."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms and what is known of them, under a heading."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    dense: bool = False
    """Whether it is much to say that few read: printed small, as running text."""


@dataclass(frozen=True, slots=True)
class PrintedStep:
    """One step that somebody took."""

    at: str
    who: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who prints, and when."""

    agency_code: str
    agency_name: str
    officer: str
    """With agency and service number."""
    at: datetime
    practice: bool = False
    """Whether nothing of what is printed is real."""


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """One report. Every text is in the reader's language."""

    language: str
    title: str
    number: str
    """What the object is called: a case number, a reference."""
    state: str
    head: Letterhead
    printed: str
    """Who printed it, and when."""
    mark: str
    """Across each page of what is printed for practice; empty where it is real."""
    mark_meaning: str
    pictures: tuple[Picture, ...]
    facts: tuple[Facts, ...]
    steps_heading: str
    steps: tuple[PrintedStep, ...]
    signatures: tuple[tuple[str, str], ...]
    """Whose signature, and the name where it is known."""
    back: str
    """Address of the object's page."""


def document(  # noqa: PLR0913 - each a part of the paper, by its name
    speech: Locale,
    head: Letterhead,
    *,
    title: str,
    number: str,
    state: str,
    pictures: Iterable[Picture],
    facts: Iterable[Facts],
    back: str,
    steps_heading: str = "",
    steps: Iterable[PrintedStep] = (),
    signed: tuple[str, str] = ("", ""),
) -> PrintedReport:
    """Put a report together; what holds no fact is left out.

    An officer and a supervisor sign it: `signed` has their names, where they are known.
    """
    printed = speech(
        "Printed by %(name)s on %(when)s",
        name=head.officer,
        when=beside_utc(head.at, speech),
    )
    return PrintedReport(
        speech.language,
        title,
        number,
        state,
        head,
        printed,
        PRACTICE_MARK if head.practice else "",
        speech("Practice installation: nothing on this paper is real.") if head.practice else "",
        tuple(pictures),
        tuple(each for each in facts if each.facts),
        steps_heading,
        tuple(steps),
        tuple(zip((speech("Officer"), speech("Supervisor")), signed, strict=True)),
        back,
    )


def objection_line(mark: ObjectionMark, speech: Locale) -> str:
    """Return what a report says of an objection: when, and how far it has come."""
    received = speech.day(mark.received_on)
    if mark.outcome is None:
        due = speech.day(mark.due_on)
        return speech("of %(day)s, to be answered by %(due)s", day=received, due=due)
    outcome = speech(of(mark.outcome, "ObjectionOutcome"))
    return speech("of %(day)s: %(outcome)s", day=received, outcome=outcome)


def beside_utc(at: datetime, speech: Locale) -> str:
    """Return a moment in the zone of the place, with the reader's and UTC beside it."""
    return speech.when(at, seconds=True, utc=True)


def known(*facts: tuple[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the facts of which something is known, as texts."""
    return tuple((term, str(value)) for term, value in facts if value)


def picture(speech: Locale, title: str, address: str, photo: PrintedPhoto, *lines: str) -> Picture:
    """Return a photo with its provenance, the last line that by which the kept file is known."""
    if photo.kept is None:
        return Picture(title, "", (*lines, speech("The photo was erased.")), None)
    digest = hashlib.sha256(photo.kept).hexdigest()
    lines = (*lines, speech("SHA-256 as kept: %(digest)s", digest=digest))
    return Picture(title, address, lines, photo.drawn)


def turned_line(quality: Mapping[str, Any] | None, speech: Locale) -> str:
    """Return whether a photo had to be turned to stand upright."""
    turn = turn_of(quality or {})
    if turn:
        return speech("It was turned by %(degrees)s° clockwise to stand upright.", degrees=turn)
    return speech("It was upright; it was not turned.")


def quality_facts(heading: str, quality: Mapping[str, Any] | None, speech: Locale) -> Facts:
    """Return how good a photo is: the verdict, its reasons, and every measure."""
    if not quality:
        return Facts(heading, ((speech("Verdict"), speech("Not known any more.")),))
    measures = "; ".join(_measure(each, speech) for each in quality.get("measures", ()))
    return Facts(
        heading,
        known(
            (speech("Verdict"), speech(of(quality["verdict"], "Verdict"))),
            (speech("Reasons"), " ".join(speech(explained(r["code"])) for r in quality["reasons"])),
            (speech("Measures (of 100)"), measures),
        ),
        dense=True,
    )


def _measure(each: Mapping[str, Any], speech: Locale) -> str:
    value = f"{each['name']} {speech.number(each['value'], 2)}"
    value += f" {each['unit']}" if each["unit"] else ""
    return value + (f" ({speech.number(each['score'])})" if each["score"] >= 0 else "")


def person_facts(
    speech: Locale,
    who: Any,  # noqa: ANN401 - a subject or its card
    birth: date | str | int | None,
) -> tuple[tuple[str, str], ...]:
    """Return what is known of a person's identity."""
    documents = ", ".join(
        " ".join(filter(None, (each.get("kind"), each.get("number"), each.get("country"))))
        for each in who.documents
    )
    ends = speech("without end")
    if who.valid_until is not None:
        ends = speech("until %(day)s", day=speech.day(who.valid_until))
    begins = ""
    if who.valid_from is not None:
        begins = speech("from %(day)s", day=speech.day(who.valid_from)) + " "
    return known(
        (speech("Name"), who.name),
        (speech("Also known as"), ", ".join(who.aliases)),
        (speech("Sex"), speech(of(who.sex, "Sex")) if who.sex else ""),
        (speech("Born"), born(birth, speech)),
        (speech("Nationality"), country(who.nationality, speech.language)),
        (speech("Documents"), documents),
        (speech("Reason"), who.reason),
        (speech("Decision"), who.decision_number),
        (speech("Valid"), begins + ends),
    )
