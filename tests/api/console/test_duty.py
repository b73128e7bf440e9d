"""The duty table in the console, and what the queue makes of it."""

from casework.kernel.vocabulary import Role
from tests.services import officer


def test_a_supervisor_keeps_the_table_and_everybody_sees_who_is_on_duty(signed_in, desk, staff):
    siti = staff("siti", Role.OFFICER)
    chief, plain = signed_in("budi", Role.SUPERVISOR), signed_in("wati", Role.OFFICER)
    plain.open("/alerts")
    assert "On duty now" not in plain.text
    chief.open("/duty")
    assert "No shift is written down yet." in chief.text
    chief.open("/duty/new")
    fields = {"port": "cgk", "begins": "7.00", "ends": "19:00", "next_port": "dps"}
    days = ["mon", "sun"]
    assert chief.send_here(**fields, weekdays=days).status_code == 422
    assert "Tick at least one officer." in chief.text
    chief.send_here(**fields, weekdays=days, officer_ids=[siti])
    assert "on duty now" in chief.text
    assert "Name of siti" in chief.text
    plain.open("/alerts")
    assert "On duty now: CGK (1)" in plain.text
    assert "Name of siti, IMI until" in plain.text
    plain.open("/alerts?port=DPS")
    assert "Nobody is on duty at DPS" in plain.text
    plain.open("/duty")
    assert "Change" not in plain.text
    (row,) = desk.service.review.duty.page(officer(desk.agency(), Role.SUPERVISOR), None, None)
    chief.open(f"/duty/{row.id}/edit")
    version = chief.hidden("version")
    chief.send_here(**fields, weekdays=days, officer_ids=[siti], last_day="28-02-2026")
    assert "on duty now" not in chief.text
    chief.open(f"/duty/{row.id}/edit")
    changed = {**fields, "weekdays": days, "officer_ids": [siti], "version": version}
    chief.page = chief.client.post(
        f"/duty/{row.id}/edit", data={"csrf": chief.hidden("csrf"), **changed}
    )
    assert chief.page.status_code == 409
    assert "Stored now: 28-02-2026" in chief.text
    chief.open("/duty")
    chief.send(f"/duty/{row.id}/remove")
    assert "No shift is written down yet." in chief.text


def test_the_queue_says_who_is_called(signed_in, desk, clock):
    desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    chief, plain = signed_in("budi", Role.SUPERVISOR), signed_in("wati", Role.OFFICER)
    clock.advance(seconds=61)
    desk.service.review.overdue.escalate()
    chief.open("/alerts")
    assert "1 calling you" in chief.text
    assert "supervisors called" in chief.text
    plain.open("/alerts")
    assert 'class="count hot calling" hidden' in plain.page.text
    assert f'data-id="{alert.id}" data-version="1" data-step="supervisor"' in plain.page.text
    chief.open(f"/alerts/{alert.id}")
    chief.send(f"/alerts/{alert.id}/take")
    chief.open("/alerts")
    assert 'class="count hot calling" hidden' in chief.page.text
    assert "supervisors called" not in chief.text
