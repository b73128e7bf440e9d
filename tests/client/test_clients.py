"""Both clients against the real service, and against a service that fails on the way."""

import asyncio
import contextlib
import http.server
import inspect
import json
import threading
from datetime import UTC, date, datetime

import pytest
from siaga_client import AsyncClient, Client, Guest, Pad, Refused, Unreachable, Waits
from siaga_client.wire import Call

from casework.kernel.vocabulary import Role, Scope
from tests.casework.review.people import NO
from tests.fakes import photo_of
from tests.services import officer


def test_a_port_screens_compares_and_reads_again(served):
    served.desk.watchlist(instruction={"id": "Tahan.", "en": "Hold."})
    served.desk.enrol(1)
    with Client(served.address, served.key(Scope.SCREEN)) as port:
        answer = port.screen(photo_of(1, brightness=0.9), "CGK", "entry", lane="7")
        assert answer.outcome == "alert"
        assert answer.alerts[0].instruction.en == "Hold."
        assert port.encounter(answer.id) == answer
        assert port.screen(photo_of(2), "CGK", "exit", stage="departure").outcome == "clear"
        nobody = port.screen(photo_of(), "CGK", "entry")
        assert (nobody.outcome, bool(nobody.advice)) == ("unsearchable", True)
        compared = port.compare(photo_of(1), photo_of(1, brightness=0.9), max_fmr=1e-9)
        assert compared.false_match_rate is not None
        assert compared.match is (compared.false_match_rate <= 1e-9)
        score = port.compare(photo_of(1), photo_of(1, brightness=0.9)).score
        assert score is not None
        assert score > 0.8


def test_a_lodging_reports_a_guest_and_the_check_out(served):
    guest: Guest = {
        "lodging": "HTL-0042",
        "lodging_name": "Hotel Melati",
        "checked_in": date(2026, 2, 26),
        "expected_out": datetime(2026, 3, 1, 5, tzinfo=UTC),
        "document": {"name": "DOE, JOHN", "nationality": "AUS", "number": "N1234567"},
        "idempotency_key": "1",
    }
    with Client(served.address, served.key(Scope.STAYS)) as hotel:
        receipt = hotel.report_stay(**guest)
        assert hotel.report_stay(**guest) == receipt
        guest["photo"], guest["idempotency_key"] = photo_of(1), "2"
        assert hotel.report_stay(**guest) != receipt
        assert hotel.stay(receipt.receipt).state == "overdue"
        assert hotel.check_out(receipt.receipt, date(2026, 2, 28)).state == "left"


def test_instructions_are_said_once_and_the_gravest_comes_first(served):
    for name, category in (("a", "other"), ("b", "interpol"), ("c", "wanted"), ("d", "other")):
        told = {"id": category, "en": category}
        served.desk.watchlist(
            name,
            category=category,
            instruction=told,
        )
    served.desk.enrol(1, *served.desk.watchlists.values())
    with Client(served.address, served.key(Scope.SCREEN)) as port:
        answer = port.screen(photo_of(1), "CGK", "entry")
        assert port.screen(photo_of(2), "CGK", "entry").instructions == []
    assert [each.en for each in answer.instructions] == ["interpol", "wanted", "other"]


def test_both_clients_wait_for_what_becomes_of_a_traveller(served):
    served.desk.watchlist(requires_second_officer=False)
    served.desk.enrol(1)
    key, chief = served.key(Scope.SCREEN), officer(served.desk.agency(), Role.OFFICER)
    decisions = served.desk.service.review.decisions
    with Client(served.address, key) as port:
        answer = port.screen(photo_of(1), "CGK", "entry")
        assert not port.wait_for_disposition(answer.id, within=0).decided
        decisions.acknowledge(chief, answer.alerts[0].id)

        def end() -> None:
            decisions.decide(chief, answer.alerts[0].id, NO)
            served.desk.clock.advance(seconds=10)
            decisions.tell_releases()

        later = threading.Timer(0.05, end)
        later.start()
        ended = port.wait_for_disposition(answer.id, every=0.05)
        later.join()
        clear = port.screen(photo_of(2), "CGK", "entry")
        assert port.wait_for_disposition(clear.id) == clear
    assert ended.decided
    assert ended.disposition is not None
    assert ended.disposition.state == "released"
    assert ended.instructions == [ended.disposition.instruction]

    async def wait():
        async with AsyncClient(served.address, key) as port:
            other = await port.screen(photo_of(1), "CGK", "entry")
            pending = await port.wait_for_disposition(other.id, within=0.05, every=0.02)
            return await port.wait_for_disposition(answer.id), pending

    found, pending = asyncio.run(wait())
    assert (found, pending.decided) == (ended, False)


def test_both_clients_send_a_reference_and_what_the_gate_found(served):
    served.desk.watchlist(requires_person_on_failed_pad=True)
    key, chip = served.key(Scope.SCREEN), photo_of(1, brightness=0.8)
    pad: Pad = {"result": "fail", "score": 0.1, "vendor": "Gate 7", "level": "2"}
    with Client(served.address, key) as port:
        answer = port.screen(photo_of(1), "CGK", "entry", reference=chip, pad=pad)

    async def wait():
        async with AsyncClient(served.address, key) as port:
            return await port.screen(photo_of(1), "CGK", "entry", reference=chip, pad=pad)

    for each in (answer, asyncio.run(wait())):
        assert each.person_required
        assert each.verification is not None
        assert each.verification.passes
        assert each.presentation is not None
        assert each.presentation.model_dump() == pad


def test_the_same_idempotency_key_is_one_encounter(served):
    with Client(served.address, served.key(Scope.SCREEN)) as port:
        first = port.screen(photo_of(1), "CGK", "entry", idempotency_key="gate-7-1")
        again = port.screen(photo_of(1), "CGK", "entry", idempotency_key="gate-7-1")
        assert again == first
        assert port.screen(photo_of(1), "CGK", "entry").id != first.id


def test_anybody_reads_the_areas(served):
    with Client(served.address, served.key(Scope.SCREEN)) as port:
        found = list(port.areas(parent="ID"))
    assert len(found) == 38
    assert (found[0].code, found[0].level, found[0].parent) == ("11", "province", "ID")


def test_both_clients_report_sort_and_work_on_a_case(served):
    served.desk.agency("POL")
    with Client(served.address) as office:
        office.sign_in(*served.officer("budi", Role.OFFICER, Role.SUPERVISOR))
        tip = office.record_tip(text="Seen at night.", area="31", photo=photo_of(1))
        assert (tip.area_name, tip.has_photo) == ("DKI Jakarta", True)
        assert office.tip_receipt(tip.id).state == "received"
        assert office.sort_tip(tip.id, priority="high", assigned_to=None).priority == "high"
        assert [each.id for each in office.tips(priority="high")] == [tip.id]
        body = {"title": "Villa", "purpose": "together", "legal_basis": "art. 69"}
        case_id = office.send(Call("POST", "/v1/cases", json=body)).json()["id"]
        given = office.give_to_case(case_id, kind="tip", object_id=tip.id, fields=["text"])
        office.comment_on_case(case_id, "Look at it.")
        assert [each.kind for each in office.case_entries(case_id)] == ["comment", "item"]
        session = office.send(Call("GET", f"/v1/cases/{case_id}")).request.headers["Authorization"]

    async def read():
        async with AsyncClient(served.address, session.removeprefix("Bearer ")) as office:
            cases = [each async for each in office.cases()]
            entries = [each async for each in office.case_entries(case_id)]
            return cases, entries, await office.tip(tip.id), await office.case(case_id)

    cases, entries, read_tip, case = asyncio.run(read())
    assert [each.id for each in cases] == [case_id] == [case.id]
    assert (entries[1].id, read_tip.text, case.purpose) == (given.id, "Seen at night.", "together")


def test_an_agency_keeps_its_lists(served):
    with Client(served.address) as office:
        office.sign_in(*served.officer("lina", Role.ANALYST))
        made = [office.create_watchlist(f"list {n}", direction="entry") for n in range(3)]
        assert [each.id for each in office.watchlists()] == [each.id for each in made]
        enrolled = office.enrol(
            {"name": "Person", "watchlist_ids": [made[0].id], "reference": "P-1"},
            [photo_of(1), photo_of()],
        )
        assert [report.accepted for report in enrolled.photos] == [True, False]
        (subject,) = office.subjects(watchlist_id=made[0].id)
        assert subject == enrolled.subject


def test_what_waits_is_followed_accepted_refused_and_withdrawn(served):
    analyst, supervisor = Client(served.address), Client(served.address)
    with analyst, supervisor:
        analyst.sign_in(*served.officer("lina", Role.ANALYST))
        supervisor.sign_in(*served.officer("budi", Role.SUPERVISOR))
        agency = served.desk.agency()
        served.desk.service.approvals.founding.end(officer(agency, Role.ADMIN), agency, "complete")
        asked = []
        for name in "abc":
            with pytest.raises(Waits) as waits:
                analyst.create_watchlist(name, threshold=0.99, reason="as the court says")
            asked.append(waits.value.approval_id)
        assert supervisor.accept_approval(asked[0]).state == "accepted"
        assert supervisor.refuse_approval(asked[1], "not this one").state == "refused"
        assert analyst.withdraw_approval(asked[2]).state == "withdrawn"
        assert analyst.approval(asked[0]).you_may == ["withdraw"]
        assert [each.id for each in analyst.approvals(limit=2)] == asked[::-1]
        assert [each.id for each in analyst.approvals(state="accepted")] == asked[:1]


def test_officers_review_an_alert_to_its_end(served):
    served.desk.watchlist(requires_second_officer=True)
    served.desk.enrol(1)
    alert_id = served.desk.screen(1).encounter.alerts[0].id
    with Client(served.address) as first, Client(served.address) as second:
        first.sign_in(*served.officer("ani", Role.OFFICER))
        second.sign_in(*served.officer("budi", Role.SUPERVISOR))
        (waiting,) = first.alerts(state="new")
        assert waiting.id == alert_id
        assert first.acknowledge(alert_id).state == "acknowledged"
        why = ["facial_features_agree"]
        decided = first.decide(alert_id, "potential_candidate", why, note="looks alike")
        assert decided.state == "potential_candidate"
        assert second.alert(alert_id).state == "under_review"
        assert second.confirm(alert_id, "potential_candidate", why).state == "confirmed"
        closed = second.close_alert(alert_id, "entry_refused")
        assert closed.subject is not None
        assert (closed.state, closed.subject.name) == ("closed", "Person 1")
        assert second.probe(alert_id)[:2] == b"\xff\xd8"
        assert second.enrolled_photo(alert_id)
        with pytest.raises(Refused) as refused:
            first.acknowledge(alert_id)
        assert (refused.value.status, refused.value.code) == (409, "illegal_transition")
        assert refused.value.request_id


def test_a_refusal_names_the_fields(served):
    with Client(served.address, served.key(Scope.SCREEN)) as port:
        with pytest.raises(Refused, match="port") as refused:
            port.screen(photo_of(1), "Jakarta", "entry")
        assert [each["field"] for each in refused.value.errors] == ["port"]
        port.use("siaga.key_x.y")
        with pytest.raises(Refused, match="not_authenticated"):
            port.encounter("enc_x")


def test_the_async_client_does_the_same(served):
    served.desk.enrol(1)

    async def scene():
        async with AsyncClient(served.address, served.key(Scope.SCREEN)) as port:
            answers = await asyncio.gather(
                *(port.screen(photo_of(1, brightness=0.9), "CGK", "entry") for _ in range(3))
            )
            assert {answer.outcome for answer in answers} == {"alert"}
        async with AsyncClient(served.address) as officer:
            await officer.sign_in(*served.officer("ani", Role.OFFICER))
            seen = [alert.id async for alert in officer.alerts(limit=2)]
            assert len(seen) == 3
            assert (await officer.acknowledge(seen[0])).state == "acknowledged"

    asyncio.run(scene())


def test_the_stream_tells_what_happens_and_goes_on_where_it_was(served):
    served.desk.enrol(1)
    login = served.officer("ani", Role.OFFICER)
    with Client(served.address) as officer:
        officer.sign_in(*login)
        events = officer.stream()
        ready = next(events)
        assert (ready.kind, ready.data) == ("ready", {"resumed": False})
        raised = served.desk.screen(1).encounter.alerts[0].id
        first = next(events)
        assert (first.kind, first.data["object_id"]) == ("alert.raised", raised)
        events.close()
        missed = served.desk.screen(1).encounter.alerts[0].id
        again = officer.stream(after=first.id)
        assert next(again).data == {"resumed": True}
        assert next(again).data["object_id"] == missed
        again.close()

    async def scene():
        async with AsyncClient(served.address) as waiting:
            await waiting.sign_in(*login)
            stream = waiting.stream(after=first.id)
            kinds = [(await anext(stream)).kind for _ in range(2)]
            await stream.aclose()
            assert kinds == ["ready", "alert.raised"]

    asyncio.run(scene())


def test_both_clients_offer_the_same():
    def offered(client):
        return {
            name: inspect.signature(method)
            for name, method in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_") and name not in ("close", "aclose")
        }

    blocking, waiting = offered(Client), offered(AsyncClient)
    assert set(blocking) == set(waiting)
    for name, signature in blocking.items():
        assert list(signature.parameters.values()) == list(waiting[name].parameters.values())


# A service that fails on the way


@contextlib.contextmanager
def failing(*statuses):
    """Answer with these statuses in turn; 0 closes the connection without an answer."""
    left, seen = list(statuses), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.append((self.command, self.headers.get("idempotency-key")))
            status = left.pop(0)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Retry-After", "0")
            body = b'{"status": "ok", "items": [], "next": null}'
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *args):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("faults", [(503,), (0,), (503, 0), (429, 502)])
def test_what_can_come_twice_is_sent_again(faults):
    with failing(*faults, 200) as (address, seen), Client(address) as client:
        assert list(client.watchlists()) == []
        assert len(seen) == len(faults) + 1


def test_a_screening_is_sent_again_with_the_same_key():
    with failing(503, 0, 422) as (address, seen), Client(address) as client:
        with pytest.raises(Refused):
            client.screen(b"x", "CGK", "entry")
        assert len({key for _, key in seen}) == 1
        assert seen[0][1]


def test_what_cannot_come_twice_is_not():
    with failing(503, 200) as (address, seen), Client(address) as client:
        assert client.send(Call("POST", "/v1/watchlists", json={})).status_code == 503
        assert len(seen) == 1


def test_no_answer_at_all_is_unreachable():
    with (
        failing(0, 0, 0) as (address, _),
        Client(address) as client,
        pytest.raises(Unreachable),
    ):
        client.encounter("enc_x")

    async def scene():
        with failing(0, 0, 0) as (address, _):
            async with AsyncClient(address) as client:
                with pytest.raises(Unreachable):
                    await client.encounter("enc_x")

    asyncio.run(scene())


def test_an_answer_that_is_no_problem_document_is_still_refused():
    with failing(418) as (address, _), Client(address) as client:
        with pytest.raises(Refused) as refused:
            client.encounter("enc_x")
        assert refused.value.status == 418
        assert json.dumps(refused.value.code)
