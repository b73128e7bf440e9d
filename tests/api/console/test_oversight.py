"""Overview, totals, audit and administration, as a browser without JavaScript sees them."""

import re
from datetime import timedelta

import pytest

from casework.accounts.sign_in import Credentials
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotAuthenticated, TooManyAttempts
from casework.kernel.vocabulary import AgencyKind, Role, SessionKind
from models.runtimes import Runtime
from tests.casework.calibration.test_calibrations import note, strangers
from tests.services import OPERATOR, PASSWORD, to_the_present


@pytest.fixture
def scene(desk):
    desk.enrol(1, nationality="IDN")
    for port in ("CGK", "CGK", "IDBTM"):
        desk.screen(1, port=port)
    desk.clock.advance(minutes=1)
    return desk


def test_a_supervisor_sees_figures_charts_and_limits(scene, signed_in):
    browser = signed_in("boss", Role.SUPERVISOR)
    assert browser.open("/overview?days=7").status_code == 200
    assert "CGK" in browser.text
    scene.screen(2, lane="LANE-9", captured_at=scene.clock() + timedelta(minutes=9))
    scene.clock.advance(minutes=11)  # the lanes are counted anew
    assert "LANE-9" in browser.open("/overview").text
    assert browser.page.text.count('<svg class="bars"') >= 3
    assert browser.open("/overview?days=nonsense").status_code == 200
    assert browser.open("/totals").status_code == 403


def test_a_supervisor_sees_what_runs_the_model_and_ran_it_in_the_calibration(scene, signed_in):
    browser = signed_in("boss", Role.SUPERVISOR)
    overview = browser.open("/overview").text
    assert "onnxruntime" in overview
    assert "openvino" not in overview
    note(scene, strangers(300), runtime=Runtime.OPENVINO_BF16)
    scene.service.calibration.calibrations.make_from_encounters(OPERATOR)
    assert re.search(
        r"(measured with|diukur dengan) openvino-bf16:", browser.open("/overview").text
    )


def test_a_coordinator_sees_no_small_number_and_no_list(scene, signed_in):
    scene.clock.advance(days=31)
    browser = signed_in("coordinator", Role.COORDINATOR, agency="COORD")
    assert browser.open("/totals").status_code == 200
    assert "< 5" in browser.text.replace("\xa0", " ")
    assert "March 2026" in browser.text
    assert browser.open("/totals?period=2026-02").status_code == 200
    assert "March 2026" in browser.open("/totals?period=2026-04").text  # not over: the last one
    assert "wanted" not in browser.text
    assert browser.open("/overview").status_code == 403


def test_an_auditor_filters_checks_and_exports_the_trail(scene, signed_in):
    to_the_present(scene.clock)
    scene.agency("OPS", AgencyKind.OPERATOR)
    browser = signed_in("auditor", Role.AUDITOR, agency="OPS")
    browser.open("/audit?action=subject")
    assert "subject.enrol" in browser.text
    assert "encounter.screen" not in browser.text
    browser.send("/audit/verify", all="yes")
    assert re.search(r"utuh|whole", browser.text)
    browser.send("/audit/verify")
    assert re.search(r"diperiksa:|checked:", browser.text)
    exported = browser.open("/audit/export")
    assert exported.headers["content-type"] == "application/x-ndjson"
    assert '"hash"' in exported.text
    assert browser.open("/audit?since=2030-01-01&until=x&before=x").status_code == 200


@pytest.mark.parametrize("typed", ["31-02-2026", "1 Maret 2026"])
def test_a_day_that_is_none_is_said_and_shows_no_other_period(scene, signed_in, typed):
    browser = signed_in("auditor", Role.AUDITOR)
    browser.open(f"/audit?until={typed}")
    assert "Write the date as 28-02-1980." in browser.text
    assert "enrolled" not in browser.page.text.split("</form>")[-1]


def test_a_broken_chain_is_named(scene, signed_in):
    scene.agency("OPS", AgencyKind.OPERATOR)
    browser = signed_in("auditor", Role.AUDITOR, agency="OPS")
    scene.service.kernel.audit.note(AuditEntry(OPERATOR, "x"))
    with scene.service.kernel.database.write_core() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor_id = 'nobody' WHERE seq = 3")
    browser.open("/audit")
    browser.send("/audit/verify")
    assert re.search(r"(catatan|record) 3", browser.text)


def test_an_administrator_makes_agencies_officers_and_keys(signed_in, desk):
    desk.agency("OPS", AgencyKind.OPERATOR)
    browser = signed_in("chief", Role.ADMIN, agency="OPS")
    browser.open("/administration/agencies")
    browser.send("/administration/agencies", code="pol", name="Police", kind="member")
    assert "Police" in browser.text
    browser.send("/administration/agencies", code="pol", name="Police", kind="member")
    assert browser.page.status_code == 422

    browser.open("/administration/officers")
    browser.send(
        "/administration/officers",
        login="sari",
        name="Sari",
        roles=["officer", "supervisor"],
        language="id",
    )
    assert re.search(r"\b(\w{5}-){3}\w{5}\b", browser.text)  # the first password, once
    browser.open("/administration/officers")
    assert not re.search(r"\b(\w{5}-){3}\w{5}\b", browser.text)
    assert "sari" in browser.text

    browser.open("/administration/keys")
    browser.send("/administration/keys", name="Gate 7", scopes=["screen"], ports="cgk, idbtm")
    shown = re.search(r"siaga\.key_\w+\.[\w-]+", browser.text)
    assert shown is not None
    assert "CGK IDBTM" in browser.text
    browser.send("/administration/keys", name="", scopes=[], ports="Jakarta")
    assert browser.page.status_code == 422
    browser.open("/administration/keys")
    (address,) = set(re.findall(r'href="(/administration/keys/key_\w+/revoke)"', browser.page.text))
    browser.open(address)
    assert "CGK IDBTM" in browser.text
    browser.send_here(reason="lost")
    assert "/revoke" not in browser.page.text
    browser.send(address.replace("revoke", "restore"))
    assert address in browser.page.text


def test_an_administrator_changes_and_resets_officers(signed_in, desk):
    browser = signed_in("chief", Role.ADMIN)
    signed_in("budi", Role.OFFICER)
    budi = desk.service.accounts.officers.by_login(OPERATOR, "budi")
    browser.open("/administration/officers")
    browser.send(f"/administration/officers/{budi.id}", roles=["analyst"], reason="moved")
    assert desk.service.accounts.officers.get(OPERATOR, budi.id).roles == ["analyst"]
    browser.open(f"/administration/officers/{budi.id}/reset")
    assert "Name of budi" in browser.text
    browser.send_here(reason="forgot it")
    assert re.search(r"\b(\w{5}-){3}\w{5}\b", browser.text)
    browser.open(f"/administration/officers/{budi.id}/off")
    browser.send_here(reason="left the agency")
    assert not desk.service.accounts.officers.get(OPERATOR, budi.id).active


def test_an_administrator_unlocks_an_account_that_is_locked(signed_in, desk):
    browser = signed_in("chief", Role.ADMIN)
    signed_in("budi", Role.OFFICER)
    sign_in = desk.service.accounts.sessions.sign_in
    officers = desk.service.accounts.officers
    while not officers.locks([officers.by_login(OPERATOR, "budi")]):
        with pytest.raises((NotAuthenticated, TooManyAttempts)):
            sign_in(Credentials("budi", "wrong"), SessionKind.CONSOLE)
    browser.open("/administration/officers")
    (address,) = re.findall(r'action="(/administration/officers/\w+/unlock)"', browser.page.text)
    browser.send(address)
    assert "/unlock" not in browser.page.text
    assert sign_in(Credentials("budi", PASSWORD), SessionKind.CONSOLE)


def test_a_members_administrator_sees_no_other_agency(signed_in):
    signed_in("police.one", Role.OFFICER, agency="POL")
    browser = signed_in("chief", Role.ADMIN)
    browser.open("/administration/officers")
    assert "police.one" not in browser.text
    assert browser.open("/administration/agencies").status_code == 403


def test_an_address_that_cannot_be_told_is_refused(signed_in):
    browser = signed_in("chief", Role.ADMIN)
    browser.open("/administration/webhooks")
    browser.send("/administration/webhooks", url="http://127.0.0.1/", events=["alert.raised"])
    assert browser.page.status_code == 422
    assert "whsec_" not in browser.text


@pytest.mark.parametrize(
    ("address", "typed", "wrong", "shown"),
    [
        (
            "/administration/agencies",
            {"code": "x", "name": "Police", "kind": "operator"},
            {"code"},
            ['value="x"', 'value="Police"', 'value="operator" selected'],
        ),
        (
            "/administration/officers",
            {"login": "budi?", "name": "Budi", "language": "en"},
            {"login", "roles"},
            ['value="budi?"', 'value="Budi"', 'value="en" lang="en" selected'],
        ),
        (
            "/administration/keys",
            {"name": "", "scopes": ["enrol"], "ports": "Jakarta"},
            {"name", "ports"},
            ['value="Jakarta"', 'value="enrol" checked'],
        ),
        (
            "/administration/webhooks",
            {"url": "", "events": [], "description": "Ours"},
            {"url", "events"},
            ['value="Ours"', 'value="alert.raised"> '],
        ),
    ],
)
def test_a_wrong_form_comes_back_with_what_was_typed(signed_in, desk, address, typed, wrong, shown):
    desk.agency("OPS", AgencyKind.OPERATOR)
    police = desk.agency("POL")
    browser = signed_in("chief", Role.ADMIN, agency="OPS")
    browser.open(address)
    if "kind" not in typed:
        typed = typed | {"agency_id": police}
        shown = [*shown, f'value="{police}" selected']
    answer = browser.send(address, **typed)
    assert answer.status_code == 422
    assert set(re.findall(r'id="(\w+)-says" class="fault"', answer.text)) == wrong
    assert "Look at the fields that are marked" in browser.text
    for text in shown:
        assert text in answer.text, text


def test_a_row_of_a_list_changes_what_it_shows_alone(signed_in, desk):
    desk.agency("OPS", AgencyKind.OPERATOR)
    browser = signed_in("chief", Role.ADMIN, agency="OPS")
    police, agencies = desk.agency("POL"), desk.service.accounts.agencies
    name, address = agencies.get(OPERATOR, police).name, f"/administration/agencies/{police}"
    browser.open("/administration/agencies")
    browser.send(address, name=" ", active="yes")
    assert agencies.get(OPERATOR, police).name == name
    assert browser.send(address, name="x" * 201).status_code == 422
    assert agencies.get(OPERATOR, police).active
    browser.open("/administration/agencies")
    browser.send(address, name="Police of Java")
    row = agencies.get(OPERATOR, police)
    assert (row.name, row.active) == ("Police of Java", True)


def test_an_agency_is_switched_off_for_a_reason_and_on_again(signed_in, desk):
    desk.agency("OPS", AgencyKind.OPERATOR)
    browser, police = signed_in("chief", Role.ADMIN, agency="OPS"), desk.agency("POL")
    signed_in("agus", Role.OFFICER, agency="POL")
    agencies, address = desk.service.accounts.agencies, f"/administration/agencies/{police}"
    browser.open("/administration/agencies")
    assert f'href="{address}/off"' in browser.page.text
    assert f"{desk.agency('OPS')}/off" not in browser.page.text
    browser.open(f"{address}/off")
    assert "cannot sign in: 1." in browser.text
    browser.send_here(reason="")
    assert (browser.page.status_code, agencies.get(OPERATOR, police).active) == (422, True)
    browser.send_here(reason="no longer takes part")
    assert not agencies.get(OPERATOR, police).active
    browser.send(f"{address}/on")
    assert agencies.get(OPERATOR, police).active


@pytest.mark.parametrize("address", ["/overview", "/totals", "/audit", "/administration/officers"])
def test_port_and_officer_have_no_business_there(signed_in, address):
    assert signed_in("ani", Role.OFFICER).open(address).status_code == 403
