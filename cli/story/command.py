"""The command: an installation of its own, its cast, and a quarter that goes by."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final

import typer
from rich.table import Table

from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam
from casework.kernel.actor import Actor
from casework.kernel.errors import SetUpError
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.processing import Processing
from casework.kernel.vocabulary import AgencyKind, Disposal, Role, Scope
from casework.records import Records
from casework.service import Service
from casework.watchlists.enrolment import PhotoFile
from casework.watchlists.subjects import NewSubject
from casework.watchlists.watchlists import NewWatchlist
from cli.options import AsJson
from cli.output import add_row, err, out, print_json
from cli.story.agenda import Agenda
from cli.story.cast import (
    AREAS,
    CAST,
    FACES,
    LODGINGS,
    OFFICES,
    PLACES,
    PORTS,
    STAND_IN,
    TEAMS,
    Cast,
    Invented,
    Person,
    invent,
)
from cli.story.cast import List as StoryList
from cli.story.desks import Desk, Desks
from cli.story.lodgings import Lodgings
from cli.story.operations import Operations
from cli.story.sojourns import Sojourns
from cli.story.travellers import Listed, OnceAnalysed, Photos, Travellers
from config.opening import open_pipeline
from config.records import open_records
from config.settings import Settings
from models.manifest import load_pack

_STAYS_ON, _LEAVES = 7001, 7002
"""Numbers of two people who have a permit, and keep to it or not."""
_WANTED: Final = next(face for face, name in FACES.items() if name == "DPO")


def story(
    travellers: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many come and go.")
    ] = 10_000,
    days: Annotated[int, typer.Option(min=2, max=400, help="How long it goes on, up to now.")] = 92,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Fill a new practice installation with a made-up quarter of seventeen agencies' work.

    For training and for meetings: queue, reports and map have something to show. The database must
    be new, and the setting `practice` on (`SIAGA_PRACTICE=1`).
    """
    settings = Settings()
    told = tell(settings, travellers, days, seed)
    if as_json:
        print_json({"counts": told.counts, "first_passwords": told.passwords})
        return
    table = Table("login", "name", "agency", "roles", "first password")
    for person in CAST.officers:
        roles = ", ".join(person.roles)
        password = told.passwords[person.login]
        add_row(table, person.login, person.name, person.agency, roles, password)
    out.print(table)
    for name, count in told.counts.items():
        out.print(f"{count:>8,}  {name}", highlight=False)
    out.print(f"It is a practice installation: {PRACTICE_MARK} stands on all that it shows.")
    out.print("Next: `siaga serve`")


@dataclass(frozen=True, slots=True)
class Told:
    """What a story left."""

    counts: Mapping[str, int]
    passwords: Mapping[str, str]
    """First passwords, by login."""


def tell(settings: Settings, travellers: int, days: int, seed: int, cast: Cast = CAST) -> Told:
    """Fill the installation that the settings describe.

    Raises:
        SetUpError: it is not new, or no practice installation; nothing was written.
    """
    if not settings.practice:
        raise SetUpError("story_not_practice")
    end = datetime.now(UTC)
    agenda = Agenda(end - timedelta(days=days), end)
    drawn = random.Random(seed)  # noqa: S311 - a story
    pipeline = OnceAnalysed.of(open_pipeline(settings))
    photos = Photos.take(pipeline)
    with open_records(settings, agenda) as records:
        if records.accounts.agencies.any():
            raise SetUpError("story_not_new")
        stage = _Stage(records, drawn, cast)
        stage.staff()
        service = Service.over(
            records, load_pack(settings.pack), pipeline, grounds=settings.grounds
        )
        service.start()
        listed, ends = stage.enrol(service, photos)
        desks = Desks(service, agenda, stage.desks, ends, drawn)
        flow = Travellers(
            service, photos, listed, stage.port_keys(), drawn, cast.listed_share, desks.take
        )
        with err.status(f"{travellers:,} travellers in {days} days"):
            flow.plan(agenda, travellers)
            desks.plan_tips(round(cast.tips_a_day * days))
            operations = Operations(service, agenda, [*stage.desks.values()], drawn)
            operations.plan(days // cast.days_a_case)
            guests = [each.person for each in listed]
            keys = stage.lodging_keys()
            lodgings = Lodgings(
                service, agenda, guests, keys, drawn, cast.listed_guests, desks.take_guest
            )
            if settings.grounds.is_on(Processing.STAYS):
                lodgings.plan(round(cast.stays_a_day * days))
            sojourns = Sojourns(service, agenda, flow, drawn)
            sojourns.plan(round(cast.sojourns_a_day * days))
            sojourns.record(stage.analyst(), *stage.overstayers(service, photos))
            half = timedelta(days=days) / 2
            agenda.after(half, partial(sojourns.another_document, _WANTED))
            agenda.play()
        passwords = stage.passwords()
    counts = {f"travellers: {outcome}": count for outcome, count in flow.outcomes.items()}
    done = desks.done + operations.done + lodgings.done + sojourns.done
    return Told(counts | dict(done), passwords)


class _Stage:
    """Makes everything that has to be there before the first traveller comes."""

    def __init__(self, records: Records, drawn: random.Random, cast: Cast) -> None:
        self._records, self._drawn, self._cast = records, drawn, cast
        self._operator = Actor.operator()
        self._agencies: dict[str, str] = {}
        self._officers: dict[str, str] = {}
        self._lists: dict[str, str] = {}
        self.desks: dict[str, Desk] = {}

    def staff(self) -> None:
        """Make the agencies with their officers, and the areas."""
        for new in self._cast.agencies:
            made = self._records.accounts.agencies.create(self._operator, new)
            self._agencies[new.code] = made.id
        for code, name in AREAS.items():
            self._records.areas.areas.put(self._operator, code, name)
        for port, code in PLACES.items():
            self._records.areas.ports.put(self._operator, port, code)
        actors: dict[str, dict[Role, list[Actor]]] = {}
        for person in self._cast.officers:
            actor = self._officer(person)
            for role in person.roles:
                actors.setdefault(actor.agency_id or "", {}).setdefault(role, []).append(actor)
        operator = next(
            each.code for each in self._cast.agencies if each.kind is AgencyKind.OPERATOR
        )
        self._place(actors[self._agencies[operator]])
        founding = self._records.approvals.founding
        founding.end(self._operator, self._agencies[operator], "two administrators from the start")
        self.desks = {
            agency_id: Desk(agency_id, by_role)
            for agency_id, by_role in actors.items()
            if {Role.OFFICER, Role.SUPERVISOR} <= by_role.keys()
        }

    def _place(self, actors: Mapping[Role, Sequence[Actor]]) -> None:
        """Make the teams, and the offices of the agency that runs the installation."""
        (coordinator, *_), (admin, *_) = actors[Role.COORDINATOR], actors[Role.ADMIN]
        members = tuple(self._agencies.values())
        for code, name in TEAMS.items():
            self._records.areas.teams.create(coordinator, NewTeam(name, code, members))
        for code, name in OFFICES.items():
            self._records.areas.offices.create(admin, NewOffice(name, code))

    def enrol(
        self, service: Service, photos: Photos
    ) -> tuple[list[Listed], dict[str, Sequence[Disposal]]]:
        """Make the lists and put people on them.

        Returns:
            The people, and the usual outcomes by the list's id.
        """
        listed: list[Listed] = []
        ends: dict[str, Sequence[Disposal]] = {}
        number = 0
        for each in self._cast.lists:
            list_id = self._lists[each.name] = self._watchlist(each)
            ends[list_id] = each.ends
            faces = [face for face, name in FACES.items() if name == each.name]
            for face in (*faces, *[None] * (each.people - len(faces))):
                number += 1
                person = invent(self._drawn, number)
                portrait = PhotoFile("portrait.jpg", photos.portraits[face or STAND_IN])
                self._subject(service, list_id, person, portrait, number)
                listed.append(Listed(person, each.direction, face))
        return listed, ends

    def overstayers(self, service: Service, photos: Photos) -> tuple[str, str]:
        """Put two people on the list of overstays who never travel; returns their ids."""
        portrait = PhotoFile("portrait.jpg", photos.portraits[STAND_IN])
        (first, second) = (
            self._subject(
                service, self._lists["Overstay"], invent(self._drawn, number), portrait, number
            )
            for number in (_STAYS_ON, _LEAVES)
        )
        return first, second

    def analyst(self) -> Actor:
        """Return who keeps the lists of immigration."""
        code = self._cast.agencies[0].code
        return self.desks[self._agencies[code]].one(Role.ANALYST, self._drawn)

    def port_keys(self) -> dict[str, Actor]:
        """Give each port a key; returns who speaks for it."""
        keys = self._records.accounts.keys
        made = {
            port: keys.create(
                self._operator,
                NewKey(f"Gates of {port}", frozenset({Scope.SCREEN}), frozenset({port})),
            )
            for port in PORTS
        }
        return {port: keys.recognise(text) for port, (_, text) in made.items()}

    def passwords(self) -> dict[str, str]:
        """Return a first password of everybody, by login: those given first have lapsed by now."""
        officers = self._records.accounts.officers
        return {login: officers.reset(self._operator, id_) for login, id_ in self._officers.items()}

    def lodging_keys(self) -> dict[str, Actor]:
        """Give each lodging a key; returns who reports from it."""
        (owner,) = (self._agencies[each.code] for each in self._cast.agencies[:1])
        keys = self._records.accounts.keys
        made = {
            code: keys.create(
                self._operator,
                NewKey(name, frozenset({Scope.STAYS}), frozenset({code}), owner),
            )
            for code, (name, _) in LODGINGS.items()
        }
        return {code: keys.recognise(text) for code, (_, text) in made.items()}

    def _officer(self, person: Person) -> Actor:
        new = NewOfficer(
            self._agencies[person.agency], person.login, person.name, frozenset(person.roles)
        )
        officer, _ = self._records.accounts.officers.create(self._operator, new)
        self._officers[person.login] = officer.id
        kinds = {agency.code: agency.kind for agency in self._cast.agencies}
        return replace(
            Actor.of_officer(officer),
            roles=frozenset(person.roles),
            runs_installation=kinds[person.agency] is AgencyKind.OPERATOR,
        )

    def _watchlist(self, each: StoryList) -> str:
        new = NewWatchlist(
            each.name,
            self._agencies[each.agency],
            each.category,
            each.direction,
            requires_second_officer=each.second_officer,
            legal_basis="UU 6/2011",
            # Their faces stem from few photos, which are more alike than those of travellers.
            target_fpir=1e-5,
        )
        return self._records.lists.watchlists.create(self._operator, new).id

    def _subject(
        self,
        service: Service,
        list_id: str,
        person: Invented,
        portrait: PhotoFile,
        number: int,
    ) -> str:
        new = NewSubject(
            person.name,
            (list_id,),
            reference=f"ST-{number:04d}",
            sex=person.sex,
            birth_date=person.birth,
            nationality=person.nationality,
            documents=[person.document],
            reason="Latihan",
            decision_number=f"KEP-{number:04d}",
            valid_until=service.kernel.clock() + timedelta(days=730),
        )
        enrolled = service.enrolment.enrol(self._operator, new, [portrait])
        return enrolled.subject_id or ""
