import json
import shutil
import subprocess

import pytest

from casework.evidence.check import check
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import IllegalTransition, NotFound, NotPermitted
from casework.kernel.vocabulary import Role
from tests.evidence import (
    PURPOSE,
    REPORTS,
    SEEN,
    decided,
    manifest_of,
    members_of,
    signing,
    supervisor,
)
from tests.services import OPERATOR, officer


def acts(desk, object_id):
    trail = desk.service.oversight.trail
    filters = AuditFilter(action="alert.evidence", object_id=object_id)
    return trail.page(OPERATOR, None, 10, filters)


def test_it_holds_photos_records_reports_and_the_trail(court):
    found = members_of(court.bundle.content)
    alerts = court.desk.service.review.alerts
    who = supervisor(court.desk)
    assert found["photos/traveller.jpeg"] == alerts.probe(who, court.alert_id)
    assert found["photos/enrolled.jpeg"] == alerts.enrolled(who, court.alert_id).content
    assert found["photos/reference.jpeg"] == alerts.reference(who, court.alert_id)
    assert found["report.en.pdf"] == REPORTS["en"]
    view = alerts.get(who, court.alert_id)
    records = {n[8:-5]: json.loads(c) for n, c in found.items() if n.startswith("records/")}
    assert records["alert"]["score"] == view.alert.score
    assert records["encounter"]["port"] == "CGK"
    assert [each["action"] for each in records["steps"]] == [each.action for each in view.steps]
    assert records["steps"][1]["note"] == "The same notch."
    assert records["subject"]["name"] == "Person 1"
    assert records["calibration"]["basis"] == view.alert.threshold_basis
    assert records["watchlist"]["as_the_alert_was_raised"]["requires_second_officer"] is True
    assert not [name for each in records.values() for name in each or () if "sealed" in name]
    proofs = [json.loads(c) for n, c in found.items() if n.startswith("audit/proofs/")]
    shown = [json.loads(each["shown"]["action"][1]) for each in proofs]
    assert {"encounter.screen", "alert.decide", "alert.confirm", "alert.close"} <= set(shown)
    screened = proofs[shown.index("encounter.screen")]
    assert "detail" in screened["hidden"]
    for word in ("BAHASA INDONESIA", "ENGLISH", "siaga evidence verify", court.bundle.case_number):
        assert word in found["README.txt"].decode()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="README.txt names openssl")
@pytest.mark.parametrize("change", [b"", b" "])
def test_its_readme_s_openssl_command_says_whether_the_manifest_is_genuine(court, tmp_path, change):
    found = members_of(court.bundle.content)
    for name in ("manifest.json", "manifest.sig"):
        (tmp_path / name).write_bytes(found[name])
    with (tmp_path / "manifest.json").open("ab") as manifest:
        manifest.write(change)
    (tmp_path / "key.pem").write_bytes(found["public-keys.pem"])
    for language, key in (("id", "KUNCI"), ("en", "KEY")):
        (line,) = (
            line.strip()
            for line in found["README.txt"].decode().splitlines()
            if "openssl" in line and f" {key} " in line
        )
        command = line.replace(key, "key.pem").split()
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is (change == b""), f"{language}: {done.stderr}"


def test_who_made_it_why_and_its_digest_are_in_the_trail(court):
    (act,) = acts(court.desk, court.alert_id)
    assert act.purpose == PURPOSE
    assert act.record.detail["manifest"] == court.bundle.digest


def test_without_a_key_it_says_that_nobody_signed(desk):
    alert_id = decided(desk)
    bundles = desk.service.review.evidence
    bundle = bundles.make(supervisor(desk), alert_id, PURPOSE, lambda: REPORTS)
    verdict = check(bundle.content)
    assert verdict.whole
    assert manifest_of(verdict).key is None
    found = members_of(bundle.content)
    assert "NOT signed" in found["README.txt"].decode()
    lines = found["audit/records.ndjson"].decode().splitlines()
    assert "alert.decide" in [json.loads(line)["record"]["action"] for line in lines]


def test_it_is_for_supervisors_of_the_owner(desk):
    alert_id = decided(desk)
    bundles = desk.service.review.evidence
    with pytest.raises(NotPermitted):
        bundles.make(officer(desk.agency(), Role.OFFICER), alert_id, PURPOSE, lambda: REPORTS)
    with pytest.raises(NotFound):
        bundles.make(supervisor(desk, "POL"), alert_id, PURPOSE, lambda: REPORTS)
    assert not acts(desk, alert_id)


def test_a_first_opinion_that_is_not_open_goes_into_no_bundle(desk):
    signing(desk)
    desk.watchlist("bans", requires_second_officer=True)
    desk.enrol(1, desk.watchlists["bans"])
    (alert,) = desk.screen(1).encounter.alerts
    first = officer(desk.agency(), Role.SUPERVISOR, name="first")
    desk.service.review.decisions.acknowledge(first, alert.id)
    desk.service.review.decisions.decide(first, alert.id, SEEN)
    for who in (first, supervisor(desk)):
        with pytest.raises(IllegalTransition):
            desk.service.review.evidence.make(who, alert.id, PURPOSE, lambda: REPORTS)


def test_erased_photos_are_left_out(desk):
    alert_id = decided(desk)
    subject = desk.service.review.alerts.get(supervisor(desk), alert_id).alert.subject_id
    desk.service.lists.subjects.remove(officer(desk.agency(), Role.ANALYST), subject)
    bundle = desk.service.review.evidence.make(supervisor(desk), alert_id, PURPOSE, lambda: REPORTS)
    found = members_of(bundle.content)
    assert "photos/enrolled.jpeg" not in found
    assert json.loads(found["records/subject.json"]) is None
    assert check(bundle.content).whole
