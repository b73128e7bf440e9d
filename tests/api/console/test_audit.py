"""The audit trail as sentences: with names, links, and filters that take names."""

import pytest

from api.console.audit_words import ACTS
from casework.kernel.audit.acts import READS
from casework.kernel.vocabulary import AgencyKind, Role
from tests.contract import audit_acts


@pytest.fixture
def alert(desk):
    desk.enrol(1, desk.watchlist())
    return desk.screen(1).encounter.alerts[0]


@pytest.fixture
def trail(signed_in, alert):
    """Open the trail, in which an officer has read and taken an alert."""
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{alert.id}")
    officer.send(f"/alerts/{alert.id}/take", version="1")
    auditor = signed_in("ani", Role.AUDITOR)
    auditor.open("/audit")
    return auditor


def test_every_act_has_words():
    assert set(audit_acts.picture()) <= set(ACTS)
    assert set(ACTS) >= READS


def test_a_record_is_a_sentence_with_names(trail, alert):
    assert f"Name of siti Agency IMI took the alert {alert.case_number}" in trail.text
    assert f"Name of siti Agency IMI read the alert {alert.case_number}" in trail.text


def test_what_was_only_read_is_hidden_on_demand(trail, alert):
    trail.open("/audit?reads=no")
    assert "took the alert" in trail.text
    assert f"read the alert {alert.case_number}" not in trail.text


def test_officer_and_object_are_picked_by_name(trail, alert):
    page = trail.page.text
    assert ">Name of siti</option>" in page
    trail.open(f"/audit?object={alert.case_number}")
    assert "took the alert" in trail.text
    assert "signed in" not in trail.text.split("Clear")[1]
    trail.open("/audit?object=nobody+at+all")
    assert "Nothing that you may read is called so." in trail.text


def test_the_records_of_a_code_are_found_by_its_link(desk, signed_in):
    desk.agency("OPS", AgencyKind.OPERATOR)
    keeper = signed_in("keeper", Role.ADMIN, agency="OPS")
    keeper.open("/administration/codes/outcomes/deported")
    keeper.send_here(label_id="Dipulangkan", label_en="Sent back")
    auditor = signed_in("ani", Role.AUDITOR, agency="OPS")
    auditor.open("/audit?object=outcome/deported")
    assert "changed in the code lists" in auditor.text.split("Clear")[1]
    assert "called so" not in auditor.text


def test_several_of_a_name_are_offered(desk, trail):
    for name in ("Tangkal pelabuhan", "Tangkal bandara"):
        desk.watchlist(name)
    page = trail.open("/audit?object=tangkal").text
    assert "Several are called so" in page
    assert page.count("a watchlist") == 2


@pytest.mark.parametrize(
    ("role", "agency", "status"),
    [
        (Role.SUPERVISOR, "IMI", 200),
        (Role.AUDITOR, "IMI", 200),
        (Role.OFFICER, "IMI", 403),
        (Role.ANALYST, "IMI", 403),
        (Role.SUPERVISOR, "POL", 404),
        (Role.AUDITOR, "POL", 404),
    ],
)
def test_who_looked_at_a_person_is_for_the_owner(trail, alert, signed_in, role, agency, status):
    reader = signed_in("reader", role, agency=agency)
    answer = reader.open(f"/alerts/{alert.id}/looks")
    assert answer.status_code == status
    assert ("read the alert" in reader.text) is (status == 200)
    assert reader.open(f"/subjects/{alert.subject_id}/looks").status_code == status
    if role is not Role.AUDITOR and agency == "IMI":
        assert ("/looks" in reader.open(f"/alerts/{alert.id}").text) is (status == 200)
        assert ("/looks" in reader.open(f"/subjects/{alert.subject_id}").text) is (status == 200)
