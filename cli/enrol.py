"""`siaga enrol`: enrol many people at the pipeline's speed."""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import typer
from rich.progress import Progress, TaskID

from casework.kernel.actor import Actor
from casework.kernel.messages import Message
from casework.kernel.vocabulary import Category, Direction
from casework.screening.duplicates import Lookalike
from casework.service import Service
from casework.tables import Watchlist
from casework.watchlists.enrolment import Application, Enrolled, Examined, PhotoFile, PhotoReport
from casework.watchlists.subjects import NewSubject
from casework.watchlists.watchlists import NewWatchlist
from cli.options import As, AsJson, Why, machine_owner, owner_of
from cli.output import Exit, err, item_progress, out, print_json, quantity
from cli.people_folder import LeftOut, Person, Roster, RosterError, read_roster, shown
from config.opening import open_service
from config.settings import Settings

# People examined together and committed in one transaction: a crash loses this much work at most,
# and a commit's flush to disk is shared.
_GROUP: Final = 32
_GROUPS_AHEAD: Final = 2
_SHOWN: Final = 20


@dataclass(slots=True)
class Tally:
    """The result of an enrolment run."""

    people: int = 0
    created: int = 0
    known: int = 0
    photos: int = 0
    accepted: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    not_enrolled: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    """People whose folder has a name that is not UTF-8: a warning."""
    alike: list[dict[str, Any]] = field(default_factory=list)
    """People whose reference looks like another subject's: a warning."""
    similar: list[dict[str, Any]] = field(default_factory=list)
    """People whose face is on a list already: a warning."""
    seconds: float = 0.0

    def leave_out(self, left_out: LeftOut) -> None:
        """Count what was not even examined; a person left out whole is not enrolled."""
        if left_out.whole:
            self.people += 1
            self.not_enrolled.append(left_out.reference)
        why = (left_out.code, left_out.detail)
        self.refused.append(_refused(left_out.reference, left_out.file, *why))

    def add(self, person: Person, enrolled: Enrolled, similar: Sequence[Lookalike]) -> None:
        """Count one person's outcome."""
        if similar:
            found = [asdict(each) for each in similar]
            self.similar.append({"reference": person.reference, "similar": found})
        if enrolled.alike:
            self.alike.append({"reference": person.reference, "subjects": list(enrolled.alike)})
        self.people += 1
        self.created += enrolled.created
        self.known += enrolled.subject_id is not None and not enrolled.created
        if enrolled.subject_id is None:
            self.not_enrolled.append(person.reference)
            if not person.photos:
                why = "there is no photo in the folder"
                self.refused.append(_refused(person.reference, None, "no_photo", why))
        for report in enrolled.reports:
            self.photos += 1
            self.accepted += report.accepted
            if not report.accepted and report.code != "already_enrolled":
                self.refused.append(_refusal(person, report))


def enrol(
    path: Annotated[Path, typer.Argument(exists=True, help="A folder of people.")],
    watchlist: Annotated[
        str, typer.Option(help="Name of the watchlist; made if there is none.")
    ] = "Enrolled from the command line",
    agency: Annotated[
        str | None, typer.Option(help="Code of the agency that owns it; not needed if only one.")
    ] = None,
    category: Annotated[str, typer.Option(help="Category, if it is made.")] = Category.OTHER.value,
    direction: Annotated[
        Direction, typer.Option(help="Direction, if it is made.")
    ] = Direction.BOTH,
    legal_basis: Annotated[str, typer.Option(help="Legal basis, if it is made.")] = "",
    report: Annotated[
        Path | None, typer.Option(help="Write every refusal to this JSON file.")
    ] = None,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Enrol every person of PATH; safe to stop at any moment and to run again.

    PATH is a folder with a sub-folder per person, or with a photo per person; a list with more than
    names is for `siaga import`. Every file is judged by its content. Photos enrolled before are
    skipped. Exit 1 if any file was refused, or anybody has no photo that is enrolled.
    """
    operator = machine_owner(owner, reason)
    try:
        roster = read_roster(path)
    except RosterError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(Exit.USAGE) from None
    settings = Settings()
    with open_service(settings) as service:
        holder = owner_of(service, agency)
        service.approvals.commands.begin(operator, "enrol", [holder.id])
        row = service.lists.watchlists.ensure(
            operator,
            NewWatchlist(watchlist, holder.id, category, direction, legal_basis=legal_basis),
        )
        with item_progress("people") as progress:
            tally = _enrol_all(service, operator, roster, row, settings, progress)
    if report is not None:
        report.write_text(json.dumps(tally.refused, indent=2, ensure_ascii=False))
    _tell(tally, report, as_json=as_json)
    if tally.refused or tally.not_enrolled:
        raise typer.Exit(Exit.REFUSED)


def _enrol_all(
    service: Service,
    operator: Actor,
    roster: Roster,
    watchlist: Watchlist,
    settings: Settings,
    progress: Progress,
) -> Tally:
    tally, started, people = Tally(renamed=roster.renamed), time.perf_counter(), roster.people
    for each in roster.left_out:
        tally.leave_out(each)
    # Who is left out whole is counted, too.
    task = progress.add_task("Enrolling", total=len(people) + tally.people, rate="")
    most = settings.max_photo_bytes
    with ThreadPoolExecutor(settings.workers, "siaga-enrol") as pool:
        waiting = [people[start : start + _GROUP] for start in range(0, len(people), _GROUP)]
        ahead: deque[_Group] = deque()
        while waiting or ahead:
            # While one group is being written, the workers already examine the next.
            while waiting and len(ahead) < _GROUPS_AHEAD:
                ahead.append(_Group(service, operator, waiting.pop(0), watchlist, pool, most))
            for person, enrolled, similar in ahead.popleft().store():
                tally.add(person, enrolled, similar)
            tally.seconds = time.perf_counter() - started
            _advance(progress, task, tally)
    return tally


class _Group:
    """Some people whose photos are being examined, to be stored in one transaction."""

    def __init__(
        self,
        service: Service,
        operator: Actor,
        people: Sequence[Person],
        watchlist: Watchlist,
        pool: ThreadPoolExecutor,
        most: int,
    ) -> None:
        self._service = service
        self._operator = operator
        self._people = people
        self._watchlist = watchlist
        known = service.enrolment.known_photos(
            watchlist.agency_id, [person.reference for person in people]
        )
        self._examined = [
            [
                pool.submit(
                    _examine, service, photo, known.get(person.reference, frozenset()), most
                )
                for photo in person.photos
            ]
            for person in people
        ]

    def store(self) -> Iterator[tuple[Person, Enrolled, tuple[Lookalike, ...]]]:
        """Wait for the examinations, write them, and return each person's outcome.

        Whom each resembles is looked up for the whole group at once, when it is in the gallery
        itself: so two rows of one file that show the same face are noticed, too.
        """
        applications = [
            Application(_subject(person, self._watchlist.id), tuple(f.result() for f in futures))
            for person, futures in zip(self._people, self._examined, strict=True)
        ]
        stored = self._service.enrolment.store(self._operator, applications)
        similar = self._service.screening.lookalikes.of(self._operator, stored)
        return zip(self._people, stored, similar, strict=True)


def _examine(service: Service, path: Path, known: frozenset[str], most: int) -> Examined:
    """Examine one photo file; one that is enrolled already is not analysed again.

    No more than `most` bytes and one are read: it is too large then, whatever follows.
    """
    name = shown(path.name)
    try:
        with path.open("rb") as content:
            file = PhotoFile(name, content.read(most + 1))
    except OSError as error:
        file = PhotoFile(name, b"")
        message = Message("photo_file_unreadable", {"error": error.strerror})
        return Examined(file, PhotoReport(name, "file_unreadable", (message,)), None)
    if file.sha256 in known:
        return Examined(file, PhotoReport(name, "already_enrolled", ()), None)
    return service.enrolment.examine(file)


def _subject(person: Person, watchlist_id: str) -> NewSubject:
    return NewSubject(person.name, (watchlist_id,), person.reference)


def _advance(progress: Progress, task: TaskID, tally: Tally) -> None:
    examined = tally.accepted + len(tally.refused)
    rate = f"{examined / tally.seconds:.0f} photos/s" if tally.seconds else ""
    progress.update(task, completed=tally.people, rate=rate)


def _refusal(person: Person, report: PhotoReport) -> dict[str, Any]:
    measures = report.quality.measures if report.quality is not None else ()
    values = {measure.name: measure.value for measure in measures}
    return _refused(person.reference, report.name, report.code, report.detail, values)


def _refused(
    reference: str,
    photo: str | None,
    code: str,
    detail: str,
    measures: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, Any]:
    return {
        "reference": reference,
        "photo": photo,
        "code": code,
        "detail": detail,
        "measures": dict(measures),
    }


def _tell(tally: Tally, report: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "people": tally.people,
                "created": tally.created,
                "known": tally.known,
                "not_enrolled": tally.not_enrolled,
                "photos": tally.photos,
                "accepted": tally.accepted,
                "refused": tally.refused,
                "renamed": tally.renamed,
                "alike": tally.alike,
                "similar": tally.similar,
                "seconds": round(tally.seconds, 2),
            }
        )
        return
    out.print(
        f"{quantity(tally.people, 'person', 'people')}: {tally.created} created, "
        f"{tally.known} known before, {len(tally.not_enrolled)} not enrolled. "
        f"{quantity(tally.photos, 'photo')}: {tally.accepted} accepted, "
        f"{len(tally.refused)} refused. {tally.seconds:.1f} s."
    )
    for reference in tally.renamed[:_SHOWN]:
        err.print(f"renamed: {reference}: the name on disk is not UTF-8", markup=False)
    for reference in tally.not_enrolled[:_SHOWN]:
        err.print(f"not enrolled: {reference}", markup=False)
    if len(tally.not_enrolled) > _SHOWN:
        more = len(tally.not_enrolled) - _SHOWN
        err.print(f"... and {more} more who are not enrolled: --json names all", markup=False)
    _warn(tally)
    for refusal in tally.refused[:_SHOWN]:
        what = "/".join(filter(None, (refusal["reference"], refusal["photo"])))
        err.print(f"refused: {what}: {refusal['detail']}", markup=False)
    if len(tally.refused) > _SHOWN:
        rest = f"the rest is in {report}" if report else "use --report FILE to keep them all"
        err.print(f"... and {len(tally.refused) - _SHOWN} more; {rest}", markup=False)


def _warn(tally: Tally) -> None:
    for warning in tally.alike[:_SHOWN]:
        sentence = Message("reference_alike", {"subjects": tuple(warning["subjects"])})
        err.print(f"alike: {warning['reference']}: {sentence}", markup=False)
    if len(tally.alike) > _SHOWN:
        err.print(f"... and {len(tally.alike) - _SHOWN} more: --json names all", markup=False)
    for warning in tally.similar[:_SHOWN]:
        others = ", ".join(_told(each) for each in warning["similar"])
        err.print(f"similar: {warning['reference']} resembles {others}", markup=False)
    if len(tally.similar) > _SHOWN:
        err.print(f"... and {len(tally.similar) - _SHOWN} more who resemble others", markup=False)


def _told(similar: dict[str, Any]) -> str:
    on = f"{similar['watchlist']} ({similar['owner_code']})"
    return f"{similar['name']} on {on}" if similar["name"] is not None else f"somebody on {on}"
