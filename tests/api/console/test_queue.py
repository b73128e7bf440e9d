import asyncio
import json
import re
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from sqlalchemy import update
from starlette.requests import Request

from api.console.page import RequirePermission
from api.console.screens.queue import events
from casework.kernel.audit.log import AuditEntry
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Category, Disposal, Opinion, OpinionReason, Role
from casework.review.alerts import AlertFilter
from casework.review.case_number import case_number
from casework.review.decisions import Finding
from casework.review.queue import Urgency, place_of, urgency_of
from casework.screening.travel_document import TravelDocument
from casework.tables import Subject
from casework.watchlists.subjects import SubjectFilter
from tests.deadlines import patience
from tests.services import OPERATOR
from tests.services import officer as actor_of


def ids(browser):
    return re.findall(r'data-id="(alr_\w+)"', browser.page.text)


@pytest.fixture
def lists(desk):
    """A list that asks for an officer, and one that does not."""
    desk.watchlist("bans", category=Category.TANGKAL)
    desk.watchlist("stays", category=Category.OVERSTAY, requires_acknowledgement=False)
    desk.enrol(1, desk.watchlists["bans"])
    desk.enrol(2, desk.watchlists["stays"])
    return desk.watchlists


def raised(desk, person, **fields):
    (alert,) = desk.screen(person, **fields).encounter.alerts
    return alert.id


def test_the_most_urgent_is_first(signed_in, desk, lists, clock):
    for person in (3, 4, 5):
        desk.enrol(person, lists["bans"])
    officer = signed_in("siti", Role.OFFICER)
    late = raised(desk, 1)
    plain = raised(desk, 2)
    clock.advance(seconds=90)
    officer.open("/alerts")  # nobody is idle for long
    taken = raised(desk, 3)
    officer.open(f"/alerts/{taken}")
    officer.send(f"/alerts/{taken}/take")
    older = raised(desk, 4)
    clock.advance(seconds=2)
    newer = raised(desk, 5)
    officer.open("/alerts")
    assert ids(officer) == [late, older, newer, plain, taken]
    assert "3 to be taken 1 overdue 5 open" in officer.text
    assert re.search(r"1:32 of 1:00 overdue", officer.text)


def test_the_databases_order_is_the_one_that_python_says(desk, lists, clock):
    reader = actor_of(desk.agency(), Role.SUPERVISOR)
    review, queue = desk.service.review.decisions, desk.service.review.queue
    seen = []
    for step in range(9):
        if step > 1:
            desk.enrol(1 + step, lists["stays" if step % 2 else "bans"])
        seen.append(raised(desk, 1 + step))
        clock.advance(seconds=25)
    review.acknowledge(reader, seen[0])
    finding = Finding(Opinion.NOT_CANDIDATE, (OpinionReason.OTHER,))
    review.decide(reader, seen[0], finding)
    page = queue.page(reader, AlertFilter(), 1, 100)
    places = [place_of(a) for a in page.alerts]
    assert places == sorted(places)
    urgencies = {urgency_of(a, clock()) for a in page.alerts}
    assert urgencies >= {Urgency.OVERDUE, Urgency.WAITING, Urgency.NEW}
    rest = queue.page(reader, AlertFilter(), 2, 4)
    assert [a.id for a in rest.alerts] == [a.id for a in page.alerts][4:8]
    assert rest.total == 9


def test_a_lists_priority_comes_before_who_waits_longer(signed_in, desk, lists, clock):
    desk.watchlist("dpo", category=Category.WANTED)
    desk.watchlist("raised", category=Category.OVERSTAY, priority=1, acknowledge_within_s=30)
    desk.enrol(3, desk.watchlists["dpo"])
    desk.enrol(4, desk.watchlists["raised"])
    bans = raised(desk, 1)
    clock.advance(seconds=5)
    wanted, chosen = raised(desk, 3), raised(desk, 4)
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/alerts")
    assert ids(officer) == [chosen, wanted, bans]
    officer.open(f"/watchlists/{desk.watchlists['dpo']}")
    assert "1, as the category has it" in officer.text


def test_the_columns_sort(signed_in, desk, lists, clock):
    first = raised(desk, 2, port="SUB")
    clock.advance(seconds=5)
    second = raised(desk, 1, port="CGK")
    clock.advance(seconds=5)
    third = raised(desk, 2, port="DPS")
    officer = signed_in("siti", Role.OFFICER)
    for order, found in {
        "urgency": [second, first, third],
        "latest": [third, second, first],
        "oldest": [first, second, third],
        "port": [second, third, first],
        "watchlist": [second, first, third],
        "nonsense": [second, first, third],
    }.items():
        officer.open(f"/alerts?sort={order}")
        assert ids(officer) == found, order
    officer.open("/alerts?sort=odds&state=new")
    assert set(ids(officer)) == {first, second, third}
    links = dict(re.findall(r'href="/alerts\?([^"]*sort=(\w+)[^"]*)"', officer.page.text))
    assert {"port", "watchlist", "latest"} <= set(links.values())
    assert all("state=new" in query for query in links)


def test_filters_are_a_plain_form(signed_in, desk, lists):
    officer = signed_in("siti", Role.OFFICER)
    at_cgk, at_dps = raised(desk, 1), raised(desk, 1, port="DPS")
    stay = raised(desk, 2)
    officer.open(f"/alerts/{at_cgk}")
    officer.send(f"/alerts/{at_cgk}/take")
    for query, found in {
        "port=dps": [at_dps],
        f"list={lists['stays']}": [stay],
        "category=overstay": [stay],
        "state=taken": [at_cgk],
        "whose=mine": [at_cgk],
        "state=closed": [],
        "state=nonsense&category=nonsense&whose=nonsense&page=x": [at_dps, stay, at_cgk],
        "page=2": [],
    }.items():
        assert officer.open(f"/alerts?{query}").status_code == 200
        assert ids(officer) == found, query
    officer.open("/alerts?state=closed")
    assert "No alert fits this filter." in officer.text


def test_alerts_are_filtered_by_what_found_them(signed_in, desk, lists):
    desk.enrol(3, lists["bans"], documents=[{"kind": "passport", "number": "X1234567"}])
    carried = TravelDocument(number="X1234567")
    face, both = raised(desk, 1), raised(desk, 3, document=carried)
    document = raised(desk, None, document=carried)
    officer = signed_in("siti", Role.OFFICER)
    for found_by, found in {"face": [face], "both": [both], "document": [document]}.items():
        officer.open(f"/alerts?matched_by={found_by}")
        assert ids(officer) == found, found_by
        assert f'value="{found_by}" selected' in officer.page.text
        assert f"/alerts/{found[0]}?matched_by={found_by}" in officer.page.text
    officer.open("/alerts?matched_by=nonsense")
    assert len(ids(officer)) == 3


def test_other_agencies_alerts_are_in_no_page_and_no_count(signed_in, desk, lists):
    raised(desk, 1)
    other = signed_in("pol", Role.OFFICER, agency="POL")
    other.open("/alerts?state=all")
    assert ids(other) == []
    assert "0 to be taken 0 overdue 0 open" in other.text
    assert "CGK" not in other.page.text
    assert "bans" not in other.page.text


def test_no_filter_tells_a_first_opinion_before_the_second(signed_in, desk):
    desk.watchlist("both", requires_second_officer=True)
    desk.enrol(3, desk.watchlists["both"])
    alert = raised(desk, 3)
    first = signed_in("siti", Role.OFFICER)
    first.open(f"/alerts/{alert}")
    first.send(f"/alerts/{alert}/take")
    first.send(f"/alerts/{alert}/decide", opinion="not_candidate", reasons=["age_implausible"])
    second = signed_in("budi", Role.SUPERVISOR)
    for state in ("open", "opinion", "all"):
        second.open(f"/alerts?state={state}")
        assert ids(second) == [alert]
        assert "Waits for a second opinion" in second.text
        assert "Not the person" not in second.text


def test_the_queue_works_without_modules(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open("/alerts").text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert re.search(r"<noscript><a [^>]*>Refresh</a></noscript>", page)


def test_many_alerts_are_shown_in_pages(signed_in, desk, lists, monkeypatch):
    officer = signed_in("siti", Role.OFFICER)
    monkeypatch.setattr("api.console.screens.queue.PAGE_SIZE", 2)
    for person in range(3, 7):
        desk.enrol(person, lists["bans"])
    raised_ids = [raised(desk, person) for person in (1, 3, 4, 5, 6)]
    officer.open("/alerts?whose=agency")
    assert "Page 1 of 3" in officer.text
    seen = ids(officer)
    for _ in range(2):
        (following,) = re.findall(r'rel="next" href="([^"]+)"', officer.page.text)
        officer.open(following.replace("&amp;", "&"))
        seen += ids(officer)
    assert seen == raised_ids


async def heard(answer, most, until=None):
    """Read events from a stream until there are `most`, or it ends."""
    found = []
    async with asyncio.timeout(patience(10)):
        async for each in answer.body_iterator:
            found.append((each.event, json.loads(each.data), each.id))
            if until is not None and len(found) == 1:
                await asyncio.to_thread(until)
            if len(found) == most:
                break
    await answer.body_iterator.aclose()
    return found


@pytest.fixture
def watching(client, desk, signed_in):
    """Open the stream of a signed-in officer; returns what reads it."""
    officer = signed_in("siti", Role.OFFICER)
    session = officer.client.cookies["__Host-siaga_session"]

    def watch(most, until=None, query="", last_event_id=None):
        headers = [(b"cookie", f"__Host-siaga_session={session}".encode())]
        if last_event_id is not None:
            headers.append((b"last-event-id", last_event_id.encode()))
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/alerts/events",
            "query_string": query.encode(),
            "headers": headers,
            "app": client.app,
            "scheme": "https",
            "server": ("testserver", 443),
            "siaga.request_id": "test",
        }

        async def run():
            visit = await RequirePermission(Permission.READ_ALERT, counts_as_use=False)(
                Request(scope)
            )
            return await heard(await events(visit), most, until)

        return client.portal.call(run)

    return SimpleNamespace(watch=watch, officer=officer)


def test_faces_that_a_watched_queue_asks_for_keep_no_session_alive(signed_in, desk, lists, clock):
    alert = raised(desk, 1)
    officer = signed_in("siti", Role.OFFICER)
    clock.advance(minutes=16)
    for face in ("probe", "enrolled"):
        assert officer.client.get(f"/alerts/{alert}/faces/{face}").status_code == 200
    clock.advance(minutes=16)
    json = {"Accept": "application/json"}
    assert officer.client.get("/session", headers=json).status_code == 401


def test_a_new_alert_is_told_with_its_row(watching, desk, lists):
    raised_ids = []
    (ready, told) = watching.watch(2, lambda: raised_ids.append(raised(desk, 1)))
    assert ready[0] == "ready"
    name, data, mark = told
    assert name == "alerts"
    (row,) = data["rows"]
    assert (row["id"], row["version"], row["loud"]) == (raised_ids[0], 1, True)
    assert f'href="/alerts/{row["id"]}"' in row["html"]
    assert "Taken" not in row["html"]
    assert (data["waiting"], data["overdue"]) == (1, 0)

    # A browser that comes back is told what it missed, and nothing twice.
    taken = raised(desk, 2)
    ready, told = watching.watch(2, last_event_id=mark)
    assert ready[1] == {"resumed": True}
    assert [row["id"] for row in told[1]["rows"]] == [taken]


def test_an_alert_that_fits_the_filter_no_more_is_told_as_gone(watching, desk, lists):
    alert = raised(desk, 1)
    reviewer = actor_of(desk.agency(), Role.OFFICER, name="other")

    def take():
        desk.service.review.decisions.acknowledge(reviewer, alert)

    _, (_, data, _) = watching.watch(2, take, query="state=new")
    gone = {"version": 2, "company": "", "step": "", "loud": False, "html": None}
    assert data["rows"] == [{"id": alert} | gone]


def test_others_alerts_are_not_told(watching, desk, lists):
    desk.watchlist("theirs", agency_id=desk.agency("POL"))
    desk.enrol(5, desk.watchlists["theirs"])
    mine = []

    def both():
        raised(desk, 5)
        mine.append(raised(desk, 1))

    _, (_, data, _) = watching.watch(2, both)
    assert [row["id"] for row in data["rows"]] == mine


def test_the_stream_ends_with_the_session(watching, desk, clock):
    def leave():
        clock.advance(hours=2)
        desk.service.kernel.outbox.ring()

    ready, ended = watching.watch(5, leave)
    assert (ready[0], ended[0]) == ("ready", "ended")


# By number


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}"])
def test_a_case_number_leads_to_its_alert(signed_in, desk, lists, typed):
    raised(desk, 2)
    (alert,) = desk.screen(1).encounter.alerts
    officer = signed_in("siti", Role.OFFICER)
    text = typed.format(alert.case_number, lower=alert.case_number.lower().replace("-", " "))
    page = officer.open(f"/alerts?{urlencode({'number': text})}")
    assert page.url.path == f"/alerts/{alert.id}"
    assert f"{alert.case_number} · bans" in officer.text


@pytest.mark.parametrize(
    ("language", "misheard", "malformed", "unknown"),
    [
        (
            "en",
            "it was misheard or mistyped",
            "This is not a case number",
            "There is no alert IMI-0",
        ),
        (
            "id",
            "salah dengar atau salah ketik",
            "Ini bukan nomor kasus",
            "Tidak ada peringatan IMI",
        ),
    ],
)
def test_a_number_that_leads_nowhere_says_why(
    signed_in, desk, lists, language, misheard, malformed, unknown
):
    (alert,) = desk.screen(1).encounter.alerts
    officer = signed_in("siti", Role.OFFICER, language=language)
    wrong = alert.case_number[:-1] + ("A" if alert.case_number[-1] != "A" else "B")
    for number, said in [(wrong, misheard), ("42", malformed), (case_number("IMI", 9), unknown)]:
        page = officer.client.get("/alerts", params={"number": number})
        assert page.status_code == 422
        assert said in page.text
        assert f'value="{number}"' in page.text


def test_another_agency_s_number_leads_nowhere(signed_in, desk, lists):
    (alert,) = desk.screen(1).encounter.alerts
    stranger = signed_in("budi", Role.OFFICER, agency="POL")
    page = stranger.client.get("/alerts", params={"number": alert.case_number})
    assert page.status_code == 422
    assert alert.id not in page.text


# Faces and names


def test_a_row_shows_both_faces_and_who_it_may_be(signed_in, desk, lists):
    alert = raised(desk, 1)
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open("/alerts").text
    for name in ("probe", "enrolled"):
        address = f"/alerts/{alert}/faces/{name}"
        assert f'src="{address}"' in page
        face = officer.client.get(address)
        assert face.headers["content-type"] == "image/jpeg"
        assert face.headers["cache-control"] == "private, max-age=600"
        assert face.headers["vary"] == "Cookie"
        again = officer.client.get(address, headers={"If-None-Match": face.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert "Person 1 bans Entry ban (tangkal) IMI-00001" in officer.text
    assert "Person" not in re.sub(r">[^<]*<", "><", page)  # in no address or attribute


def test_pictures_of_a_row_are_in_the_trail_with_their_page_alone(signed_in, desk, lists):
    alert = raised(desk, 1)
    officer = signed_in("siti", Role.OFFICER)  # who is shown the alerts at once
    for name in ("probe", "enrolled"):
        assert officer.client.get(f"/alerts/{alert}/faces/{name}").status_code == 200
    trail = desk.service.oversight.trail.page(OPERATOR, None, 100, AuditFilter())
    acts = [each.action for each in trail if each.action.startswith("alert.")]
    assert acts == ["alert.list"]


def test_a_row_of_an_entry_that_is_being_erased_shows_neither_name_nor_photo(
    signed_in, desk, lists
):
    alert = raised(desk, 1)
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 9, SubjectFilter(words="son 1"))
    with desk.service.kernel.database.write() as session:
        session.execute(
            update(Subject).where(Subject.id == subject.id).values(erase_at=desk.clock())
        )
        desk.service.kernel.audit.append(session, AuditEntry(OPERATOR, "test", subject.id))
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open("/alerts").text
    assert "Person 1" not in page
    assert "Entry erased" in page
    assert f"/alerts/{alert}/faces/enrolled" not in page
    assert officer.client.get(f"/alerts/{alert}/faces/enrolled").status_code == 404


def test_a_row_of_a_shared_list_shows_what_its_page_shows(signed_in, desk):
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    desk.enrol(1, shared)
    alert = raised(desk, 1)
    police = signed_in("agus", Role.OFFICER, agency="POL")
    police.open("/alerts")
    assert "Person 1 shared" in police.text
    police.open(f"/alerts/{alert}")
    assert "Person 1" in police.text


# From alert to alert


def test_an_alerts_page_says_where_it_is_in_the_queue_that_it_was_opened_from(
    signed_in, desk, lists
):
    desk.enrol(3, lists["stays"])
    first, second, elsewhere = raised(desk, 2), raised(desk, 3), raised(desk, 2, port="DPS")
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{second}")
    assert "Previous K 2 of 3 Next J" in officer.text
    assert f'href="/alerts/{elsewhere}" data-key="j"' in officer.page.text
    officer.open(f"/alerts/{second}?port=CGK")
    assert "Previous K 2 of 2" in officer.text
    assert "Next J" not in officer.text
    assert f'href="/alerts/{first}?port=CGK" data-key="k"' in officer.page.text
    assert f'href="/alerts?port=CGK#{second}" data-back' in officer.page.text
    officer.open(f"/alerts/{second}?port=DPS")
    assert " of 1" not in officer.text


def test_the_place_in_the_queue_counts_no_alert_of_others(signed_in, desk, lists):
    mine = raised(desk, 1)
    desk.watchlist("theirs", agency_id=desk.agency("POL"))
    desk.enrol(5, desk.watchlists["theirs"])
    raised(desk, 5)
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{mine}?state=all")
    assert "1 of 1" in officer.text
    assert not {"Previous K", "Next J"} & set(re.findall("Previous K|Next J", officer.text))


def test_recorded_with_the_next_opens_the_first_that_nobody_has_taken(signed_in, desk, lists):
    first, second = raised(desk, 2), raised(desk, 2)
    officer = signed_in("siti", Role.OFFICER)
    opinion = {"opinion": "not_candidate", "reasons": ["age_implausible"], "then": "next"}
    officer.open(f"/alerts/{second}?list={lists['stays']}")
    officer.send(f"/alerts/{second}/decide?list={lists['stays']}", **opinion)
    assert officer.path == f"/alerts/{first}?list={lists['stays']}&undo={second}&done=decided"
    officer.send(f"/alerts/{first}/decide?list={lists['stays']}", **(opinion | {"reasons": []}))
    assert officer.page.status_code == 422
    assert "Choose at least one reason." in officer.text
    officer.send(f"/alerts/{first}/decide?list={lists['stays']}", **opinion)
    assert officer.path == f"/alerts?list={lists['stays']}&undo={first}&done=decided"
    assert "Your opinion is recorded." in officer.text
    officer.send(f"/alerts/{first}/withdraw?list={lists['stays']}")
    assert officer.path == f"/alerts/{first}?list={lists['stays']}&done=taken_back"


# Met before


def ended(desk, alert, disposal=Disposal.MISTAKEN_IDENTITY):
    """Take an alert to its end, alone."""
    boss = actor_of(desk.agency(), Role.OFFICER, Role.SUPERVISOR, name="boss")
    review = desk.service.review.decisions
    review.acknowledge(boss, alert)
    review.decide(
        boss, alert, Finding(Opinion.POTENTIAL_CANDIDATE, (OpinionReason.DOCUMENTS_AGREE,))
    )
    review.close(boss, alert, disposal, None)


def test_a_row_says_how_the_last_encounter_ended(signed_in, desk, lists, clock):
    for disposal in (Disposal.MISTAKEN_IDENTITY, Disposal.OBSERVED):
        ended(desk, raised(desk, 1), disposal)
        clock.advance(minutes=20)
    first, open_one = raised(desk, 2), raised(desk, 1)
    officer = signed_in("siti", Role.OFFICER)
    assert "Met 2 times before, the last: Let through and reported" in officer.text
    assert officer.text.count("Met ") == 1
    assert ids(officer) == [open_one, first]
    officer.open("/alerts?state=closed&sort=oldest")
    assert officer.text.count("Met once before: Mistaken identity") == 1


def test_what_others_met_is_in_no_row(signed_in, desk, clock):
    """Nor what is open: the next officer is to look at the faces."""
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    own = desk.watchlist("own")
    desk.enrol(1, shared, own)
    seen, hidden = sorted(
        desk.screen(1).encounter.alerts, key=lambda each: each.watchlist_id != shared
    )
    ended(desk, hidden.id)
    clock.advance(minutes=20)
    desk.screen(1)
    police = signed_in("agus", Role.OFFICER, agency="POL")
    assert "Met " not in police.text
    ours = signed_in("siti", Role.OFFICER)
    assert "Met once before: Mistaken identity" in ours.text
    assert seen.id in ids(police)
