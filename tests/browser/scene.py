"""Two agencies in the middle of a shift: something to see on every screen."""

from datetime import UTC, date, timedelta

import pyotp
import pytest
from playwright.sync_api import Page

from api.state import state_of
from casework.accounts.agencies import NewAgency
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.approvals.approvals import ActWaits
from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam
from casework.cases.entries import NewFile, NewItem, NewTask
from casework.cases.states import Ending
from casework.cases.steps import NewCase
from casework.imports.upload import FILE
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.vocabulary import (
    AgencyKind,
    CaseItemKind,
    CaseOutcome,
    Category,
    Direction,
    Disposal,
    EventKind,
    ImportState,
    Opinion,
    OpinionReason,
    PermitKind,
    ReferralKind,
    Role,
    Scope,
    Stage,
    StaySource,
    TipOrigin,
    Weekday,
)
from casework.referrals.fields import AlertField
from casework.referrals.presets import NewPreset
from casework.referrals.steps import Handover
from casework.review.decisions import Finding
from casework.review.duty import NewShift
from casework.screening.screening import Arrival
from casework.screening.searches import SearchRequest
from casework.screening.travel_document import TravelDocument
from casework.stays.reports import NewStay
from casework.tips.reports import NewTip
from casework.watchlists.objections import NewObjection
from casework.watchlists.residences import NewResidence
from casework.webhooks.webhooks import NewWebhook
from tests.browser.installation import WAIT_S, Installation
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR, PASSWORD, port_system

SEEN = Finding(
    Opinion.POTENTIAL_CANDIDATE,
    (OpinionReason.FACIAL_FEATURES_AGREE, OpinionReason.PERMANENT_MARKS_AGREE),
    "Scar above the left eye, as on the photo of the list.",
)

PEOPLE = {
    "siti": ("Siti Rahmawati", Role.OFFICER),
    "budi": ("Budi Santoso", Role.SUPERVISOR),
    "lina": ("Lina Marpaung", Role.ANALYST),
    "audi": ("Audi Nugroho", Role.AUDITOR),
    "kris": ("Kris Wijaya", Role.COORDINATOR),
    "hadi": ("Hadi Wijaya", Role.ADMIN),
    "tuti": ("Tuti Lestari", Role.OFFICER),
}


def lay(site: Installation) -> dict[str, str]:
    """Set the scene; returns the ids of what screens are about, by name."""
    desk = site.at_hand
    records = desk.service
    new_agency = NewAgency("IMI", "Directorate General of Immigration", AgencyKind.OPERATOR)
    desk.agencies["IMI"] = records.accounts.agencies.create(OPERATOR, new_agency).id
    desk.agencies["POL"] = records.accounts.agencies.create(OPERATOR, NewAgency("POL", "Police")).id
    staff = {
        login: site.officer(login, role, name=name, language="")
        for login, (name, role) in PEOPLE.items()
    }
    police = site.officer("agus", Role.SUPERVISOR, name="Agus Salim", agency="POL", language="")
    ids = _lists(site) | _alerts(site, staff)
    ids["shift"] = _shift(site, staff)
    ids["stay"] = _stays(site, staff["siti"])
    ids["preset"] = _preset(site, staff)
    ids |= _areas(site, staff)
    _objection(site, staff["lina"], ids["subject"])
    ids["permit"] = _permit(site, staff["siti"])
    ids["residence"] = _residence(site, staff["lina"], ids["subject"])
    ids |= _desk(site, staff, ids, police)
    ids |= _cases(site, staff, ids, police)
    ids |= _administration(site, staff)
    ids["month"] = f"{site.clock():%Y-%m}"
    ids["import"] = _tried_import(site, staff["lina"], ids["list"])
    return ids


def _stays(site: Installation, officer: Actor) -> str:
    """Report two guests: one is still there, one should have left."""
    reports, now = site.at_hand.service.stays.reports, site.clock()
    receipts = []
    for name, number, nights in (("DOE, JOHN", "N1234567", 3), ("ROE, JANE", "N2345678", -1)):
        document = TravelDocument(name, "1980-02-28", "M", "AUS", number, "AUS")
        new = NewStay(
            "HTL-0042",
            "Hotel Melati",
            document,
            now - timedelta(days=3),
            area="21",
            address="Jalan Melati 1, Batam",
            expected_out_at=now + timedelta(days=nights),
        )
        receipts.append(reports.report(officer, new, StaySource.FORM).receipt)
    return receipts[0]


def _lists(site: Installation) -> dict[str, str]:
    desk = site.at_hand
    bans = desk.watchlist(
        "Tangkal: entry bans",
        category=Category.TANGKAL,
        direction=Direction.ENTRY,
        requires_second_officer=True,
        legal_basis="Law 6 of 2011, article 98",
        instruction={
            "id": "Tahan di konter dan panggil petugas jaga.",
            "en": "Keep the traveller at the counter and call the duty officer.",
        },
        shared_with=(desk.agency("POL"),),
    )
    watch = desk.watchlist(
        "Overstayers", category=Category.OVERSTAY, requires_acknowledgement=False
    )
    subject = desk.enrol(
        1,
        bans,
        watch,
        reference="IMI-2026-0117",
        aliases=["Person One", "P. Satu"],
        sex="F",
        birth_year=1984,
        nationality="IDN",
        documents=[{"kind": "passport", "number": "X1234567", "country": "IDN"}],
        reason="Document fraud",
        decision_number="D-17/2026",
        valid_until=site.clock() + timedelta(days=9),
    )
    for person in range(2, 9):
        desk.enrol(person, watch if person % 2 else bans, nationality="IDN")
    return {"list": bans, "subject": subject}


def _alerts(site: Installation, staff: dict[str, Actor]) -> dict[str, str]:
    """One alert in each state, over some hours."""
    desk, review = site.at_hand, site.at_hand.service.review.decisions

    def raised(person: int, port: str = "CGK", **how: object) -> str:
        site.clock.advance(minutes=7)
        return desk.screen(person, key=port_system(), port=port, **how).encounter.alerts[0].id

    siti, budi = staff["siti"], staff["budi"]
    settled, referred, closed = (raised(2, port="DPS") for _ in range(3))
    for alert in (settled, referred, closed):
        review.acknowledge(siti, alert)
        review.decide(siti, alert, SEEN)
        review.confirm(budi, alert, SEEN)
    review.close(budi, closed, Disposal.ENTRY_REFUSED, "Sent back with the next flight.")
    decided = raised(4, port="IDBTM", lane="F2")
    review.acknowledge(siti, decided)
    review.decide(siti, decided, SEEN)
    taken = raised(6, lane="A3")
    review.acknowledge(siti, taken)
    for person in (3, 5, 7, 8):
        raised(person, lane=f"A{person}")
    # A passport of another country, and what the gate read of it wrongly.
    carried = TravelDocument(
        sex="M", mrz="P<MYSOTHER<<SOMEBODY\nK76543210<MYS8402281M3001019<<<<<<<<<<<<<<<2"
    )
    raised(3, lane="A3", document=TravelDocument(number="X1234567"))
    raised(1, lane="A1")
    new = raised(1, lane="A1", traveller_ref="GA-881/12F", document=carried)
    return {
        "new": new,
        "taken": taken,
        "decided": decided,
        "settled": settled,
        "referred": referred,
        "closed": closed,
    }


def _preset(site: Installation, staff: dict[str, Actor]) -> str:
    """What is usually referred to the police."""
    desk = site.at_hand
    fields = ("name", "nationality", "case_number", "port", "captured_at", "probe_photo")
    note = "Mohon ditindaklanjuti sesuai permintaan pencarian."
    new = NewPreset(ReferralKind.ALERT, "Pro justitia", desk.agency("POL"), fields, note, 7)
    return desk.service.exchange.referral_presets.create(staff["budi"], new).id


def _areas(site: Installation, staff: dict[str, Actor]) -> dict[str, str]:
    """A province's regencies and districts, with an office and a team."""
    desk = site.at_hand
    areas = desk.service.areas
    file = "code,name\n21.71,Kota Contoh\n21.71.01,Contoh Barat\n21.71.02,Contoh Timur\n"
    areas.areas.take(OPERATOR, file.encode())
    areas.ports.put(OPERATOR, "IDBTM", "21.71.01")
    office = areas.offices.create(staff["hadi"], NewOffice("Kantor Imigrasi Contoh", "21.71"))
    team = areas.teams.create(
        staff["kris"], NewTeam("Tim PORA Kota Contoh", "21.71", (desk.agency("POL"),))
    )
    return {"office": office.id, "team": team.id}


def _shift(site: Installation, staff: dict[str, Actor]) -> str:
    """Who is on duty all day; the next ones are called for what nobody has taken."""
    review, days = site.at_hand.service.review, tuple(day.value for day in Weekday)
    people = (staff["siti"].id, staff["budi"].id)
    new = NewShift("CGK", days, "07:00", "07:00", people, next_port="DPS")
    row = review.duty.create(staff["budi"], new, "Asia/Jakarta")
    review.overdue.escalate()
    return row.id


def _objection(site: Installation, analyst: Actor, subject_id: str) -> None:
    new = NewObjection(
        "Person One", "I was never in the country that the decision names.", date(2026, 3, 1)
    )
    site.at_hand.service.lists.objections.record(analyst, subject_id, new, UTC)


def _permit(site: Installation, officer: Actor) -> str:
    """Hold a permit of a traveller on no list that has ended."""
    permits, agency = site.at_hand.service.permits, officer.agency_id
    key = Actor(ActorKind.SYSTEM, "key_gate", "gate", agency, frozenset({Role.PORT}))
    until = site.clock().date() - timedelta(days=3)
    arrival = Arrival(
        None,
        "CGK",
        Direction.ENTRY,
        Stage.ARRIVAL,
        captured_at=site.clock() - timedelta(days=33),
        traveller_ref="CGK-2026-0042",
        permit_until=until,
    )
    with site.at_hand.service.kernel.database.write_core() as connection:
        permits.follow(arrival, key)(connection)
    return permits.find(officer, "CGK-2026-0042").id


def _residence(site: Installation, actor: Actor, subject_id: str) -> str:
    """Record a permit that has ended."""
    new = NewResidence(
        PermitKind.VISIT,
        date(2026, 1, 1),
        date(2026, 1, 31),
        permit_number="2C11AA0001",
        sponsor="PT Contoh Jaya",
        address="Jalan Melati 1",
        area="31",
    )
    return site.at_hand.service.lists.residences.record(actor, subject_id, new, UTC).id


def _desk(
    site: Installation, staff: dict[str, Actor], ids: dict[str, str], police: Actor
) -> dict[str, str]:
    service = site.at_hand.service
    correspondence = service.exchange.referral_steps
    due = site.clock() + timedelta(days=2)
    to_police = Handover(site.at_hand.agency("POL"), "Please look into the passport.", due)
    fields = (AlertField.NAME, AlertField.NATIONALITY, AlertField.DOCUMENTS)
    referral = correspondence.refer_alert(staff["budi"], ids["referred"], to_police, fields)
    correspondence.accept(police, referral.id)
    correspondence.ask(police, referral.id, "Which flight did they arrive with?")
    tip = service.tip_steps.record(
        staff["siti"],
        NewTip(
            "Seen at the ferry terminal.",
            TipOrigin.PUBLIC,
            "Batam",
            None,
            "A neighbour",
            "21.71.01",
        ),
        photo_of(1),
    )
    question = SearchRequest(photo_of(1, brightness=0.95), "Case 17/2026")
    found = service.screening.searches.search(staff["siti"], question)
    return {"referral": referral.id, "tip": tip.id, "search": found.search.id}


def _cases(
    site: Installation, staff: dict[str, Actor], ids: dict[str, str], police: Actor
) -> dict[str, str]:
    """A joint case under way, an invitation of the police's, and one that has ended."""
    cases, desk, budi = site.at_hand.service.cases, site.at_hand, staff["budi"]
    town = NewCase("Vila Sanur", "Laporan warga: bekerja tanpa izin.", "UU 6/2011 pasal 122", "51")
    case, ended, other = (cases.steps.open(budi, town) for _ in range(3))
    for each in (case, ended):
        cases.steps.invite(budi, each.id, desk.agency("POL"))
        cases.steps.join(police, each.id)
        cases.steps.start(budi, each.id)
    cases.steps.invite(budi, other.id, desk.agency("POL"))
    fields = ["name", "nationality", "documents", "enrolled_photo"]
    cases.entries.give(budi, case.id, NewItem(CaseItemKind.SUBJECT, ids["subject"], fields, "Cek."))
    tip = NewItem(CaseItemKind.TIP, ids["tip"], ["text", "photo"])
    cases.entries.give(staff["siti"], case.id, tip)
    due = site.clock() + timedelta(minutes=1)
    cases.entries.assign(budi, case.id, NewTask("Amati gerbang.", desk.agency("POL"), due))
    mine = cases.entries.assign(police, case.id, NewTask("Cek izin tinggal.", desk.agency(), None))
    cases.entries.take(staff["siti"], case.id, mine.id)
    cases.entries.attach(budi, case.id, NewFile(b"%PDF-1.7", "denah.pdf", "Denah vila."))
    said = cases.entries.comment(police, case.id, "Kami siap pukul enam.")
    cases.entries.comment(budi, case.id, "Hanya untuk kami.", [])
    cases.entries.withdraw(police, case.id, said.id)
    site.clock.advance(minutes=2)
    ends = [Ending(CaseOutcome.WORK_WITHOUT_PERMIT, 3), Ending(CaseOutcome.DEPORTED, 2)]
    cases.steps.close(budi, ended.id, ends, "Tiga orang ditemukan bekerja.")
    return {"case": case.id, "invitation": other.id, "ended": ended.id}


def _administration(site: Installation, staff: dict[str, Actor]) -> dict[str, str]:
    records, clock = site.at_hand.service, site.clock
    agency = site.at_hand.agency()
    new_key = NewKey("Gates of CGK", frozenset({Scope.SCREEN}), frozenset({"CGK"}), agency)
    key, _ = records.accounts.keys.create(OPERATOR, new_key)
    new_hook = NewWebhook(
        "https://127.0.0.1:9/siaga", frozenset({EventKind.ALERT_RAISED}), "Case system", agency
    )
    webhook, _ = records.exchange.webhooks.create(OPERATOR, new_hook)
    tuti = staff["tuti"]
    offer = records.accounts.account.offer_second_factor(tuti, PASSWORD)
    code = pyotp.TOTP(offer.secret).at(clock())
    records.accounts.account.confirm_second_factor(tuti, code)
    starter = NewOfficer(agency, "baru", "Bagas Baru", frozenset({Role.OFFICER}), "")
    officer, first = records.accounts.officers.create(OPERATOR, starter)
    assert first is not None
    other = site.at_hand.agencies["POL"]
    colleague = NewOfficer(other, "tono", "Tono Wibowo", frozenset({Role.OFFICER}), "")
    with pytest.raises(ActWaits) as waits:
        records.accounts.officers.create(staff["hadi"], colleague, "The night shift has nobody.")
    return {
        "approval": waits.value.approval_id,
        "agency": other,
        "officer": officer.id,
        "key": key.id,
        "webhook": webhook.id,
        "first_password": first,
    }


def _tried_import(site: Installation, analyst: Actor, list_id: str) -> str:
    """Try an import whose rows have no photos; returns its id once it is through."""
    assert site.app is not None
    imports = site.at_hand.service.exchange.imports
    receiving = imports.receive(analyst, list_id, dry_run=True)
    receiving.write(FILE, b"reference,name\nB-1,Person 21\nB-2,\n")
    job = imports.accept(analyst, receiving, state_of(site.app).settings.import_limits)
    site.import_now()
    under_way = {ImportState.QUEUED, ImportState.RUNNING}
    wait_until(lambda: imports.get(analyst, job.id).state not in under_way, WAIT_S)
    return job.id


def enter(page: Page, login: str, password: str = PASSWORD) -> None:
    """Type login and password, whatever the page's language, and go on."""
    page.goto("/sign-in")
    page.locator("#login").fill(login)
    page.locator("#password").fill(password)
    page.locator("main button.primary").click()
    page.wait_for_load_state()
