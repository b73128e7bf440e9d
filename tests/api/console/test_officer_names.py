"""Officers appear by name, agency and service number as of that day, and never by their login."""

import pytest

from casework.kernel.vocabulary import Role

NIP = "198704122010012003"


@pytest.fixture
def alert(desk):
    """An alert that anybody may take."""
    desk.enrol(1, desk.watchlist())
    return desk.screen(1).encounter.alerts[0].id


def edit(admin, officer_id, **fields):
    admin.open("/administration/officers")
    return admin.send(f"/administration/officers/{officer_id}", **fields)


def test_a_rename_changes_no_history(desk, signed_in, staff, browser, alert, clock):
    officer_id = staff("sari.login", Role.OFFICER)
    admin = signed_in("keeper", Role.ADMIN)
    edit(admin, officer_id, name="Sari", service_number="19870412 201001 2 003")
    assert f"NIP/NRP {NIP}" in admin.open("/administration/officers").text
    sari = browser()
    sari.sign_in("sari.login")
    sari.open(f"/alerts/{alert}")
    sari.send(f"/alerts/{alert}/take", version="1")
    clock.advance(minutes=1)
    edit(admin, officer_id, name="Sari Dewi", service_number="78091234")

    for address, says in {
        f"/alerts/{alert}": f'<strong>Sari</strong> <span class="muted">IMI · NIP/NRP {NIP}</span>',
        "/alerts": f'title="Sari, IMI, NIP/NRP {NIP}"',
        f"/alerts/{alert}/report": f"Sari, IMI, NIP/NRP {NIP}",
    }.items():
        page = sari.open(address).text
        assert says in page
        assert "sari.login" not in page
    assert "Printed by Sari Dewi, IMI, NIP/NRP 78091234" in page
    auditor = signed_in("auditor", Role.AUDITOR)
    trail = auditor.open("/audit?action=alert.acknowledge").text
    assert "Sari" in trail
    assert "sari.login" not in trail


@pytest.mark.parametrize("number", ["x" * 31, "a;b", "<b>"])
def test_what_is_no_number_is_refused(signed_in, staff, number):
    officer_id = staff("sari", Role.OFFICER)
    admin = signed_in("keeper", Role.ADMIN)
    assert edit(admin, officer_id, service_number=number).status_code == 422
    admin.open("/administration/officers")
    new = {"login": "baru", "name": "Baru", "roles": "auditor", "language": "id"}
    answer = admin.send("/administration/officers", **new, service_number=number)
    assert answer.status_code == 422
    assert "up to 30 letters and digits" in answer.text
