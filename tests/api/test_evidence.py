import zipfile
from io import BytesIO

from casework.evidence.check import check
from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.evidence import decided, signing
from tests.pdf import pages_of

PURPOSE = {"purpose": "Hearing 114/2026"}


def test_a_supervisor_makes_a_bundle_that_holds_the_report_in_both_languages(client, desk, sign_in):
    key = signing(desk).public_key()
    alert_id = decided(desk)
    address = f"/v1/alerts/{alert_id}/evidence"
    answer = client.get(address, headers=sign_in(Role.SUPERVISOR), params=PURPOSE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert ".siaga-evidence.zip" in answer.headers["content-disposition"]
    assert check(answer.content, [key]).whole
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        (english,) = pages_of(archive.read("report.en.pdf"))
        (indonesian,) = pages_of(archive.read("report.id.pdf"))
    assert "Report of an alert" in english
    assert "Laporan peringatan" in indonesian


def test_a_purpose_is_needed_and_an_officer_may_not(client, desk, sign_in):
    address = f"/v1/alerts/{decided(desk)}/evidence"
    supervisor = sign_in(Role.SUPERVISOR)
    problem(client.get(address, headers=supervisor), 422, "request_invalid")
    short = {"purpose": "   x   "}
    problem(client.get(address, headers=supervisor, params=short), 422, "request_invalid")
    officer = sign_in(Role.OFFICER)
    problem(client.get(address, headers=officer, params=PURPOSE), 403, "not_permitted")
