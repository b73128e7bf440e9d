"""A known look-alike from the alert's page to the second supervisor, and over HTTP."""

import re

from casework.kernel.vocabulary import Disposal, Outcome, Role
from tests.api.conftest import problem
from tests.casework.review.people import NO
from tests.fakes import photo_between
from tests.services import officer


def mistaken(desk) -> tuple[str, str]:
    """A subject, and an alert that was closed as mistaken identity; returns both ids."""
    subject_id = desk.enrol(1)
    (alert,) = desk.screen(photo=photo_between(1, 2)).encounter.alerts
    review, someone = desk.service.review.decisions, officer(desk.agency(), Role.OFFICER)
    review.acknowledge(someone, alert.id)
    review.decide(someone, alert.id, NO)
    review.close(someone, alert.id, Disposal.MISTAKEN_IDENTITY)
    return subject_id, alert.id


def test_two_supervisors_keep_one_and_an_analyst_revokes_it(signed_in, desk):
    subject_id, alert_id = mistaken(desk)
    plain = signed_in("siti", Role.OFFICER)
    first, second = signed_in("budi", Role.SUPERVISOR), signed_in("sari", Role.SUPERVISOR)
    page = f"/alerts/{alert_id}/known-lookalike"
    plain.open(f"/alerts/{alert_id}")
    assert "Known look-alike…" not in plain.text
    assert plain.open(page).status_code == 403
    first.open(f"/alerts/{alert_id}")
    assert "Known look-alike…" in first.text
    first.open(page)
    assert first.send_here(days="9999", reason="").status_code == 422
    assert "Write a whole number from 1 to 730." in first.text
    first.send_here(days="30", reason="another man")
    assert "Do not stop the traveller" in first.text
    (address,) = set(re.findall(r"/approvals/apr_\w+", second.open("/approvals").text))
    assert desk.screen(photo=photo_between(1, 2)).encounter.outcome == Outcome.ALERT
    second.open(address)
    assert "another man" in second.text
    second.send(f"{address}/accept")
    assert desk.screen(photo=photo_between(1, 2)).encounter.outcome == Outcome.CLEAR
    (alert,) = desk.screen(photo=photo_between(1, 3)).encounter.alerts
    plain.open(f"/alerts/{alert.id}")
    assert "Known look-alike: the traveller of IMI-00001-M, until 31-03-2026." in plain.text
    assert "Not stopped once." in plain.text
    analyst = signed_in("lina", Role.ANALYST)
    analyst.open(f"/subjects/{subject_id}")
    assert "Known look-alikes" in analyst.text
    (row,) = desk.service.screening.known.of_subject(
        officer(desk.agency(), Role.ANALYST), subject_id
    )
    analyst.open(f"/subjects/{subject_id}/known-lookalikes/{row.id}/revoke")
    analyst.send_here(reason="a second look")
    assert "Revoked" in analyst.text
    assert desk.screen(photo=photo_between(1, 2)).encounter.outcome == Outcome.ALERT


def test_a_program_of_a_supervisor_asks_and_is_told_to_wait(client, desk, sign_in):
    subject_id, alert_id = mistaken(desk)
    asks, decides = sign_in(Role.SUPERVISOR), sign_in(Role.SUPERVISOR, Role.OFFICER)
    url = f"/v1/alerts/{alert_id}/known-lookalike"
    problem(
        client.post(url, headers=asks, json={"days": 731, "reason": "x"}), 422, "request_invalid"
    )
    asked = client.post(url, headers=asks, json={"reason": "another man"})
    assert asked.status_code == 202
    accept = f"{asked.headers['location']}/accept"
    problem(client.post(accept, headers=asks), 403, "not_second_person")
    assert client.post(accept, headers=decides).json()["state"] == "in_effect"
    kept = f"/v1/subjects/{subject_id}/known-lookalikes"
    (row,) = client.get(kept, headers=asks).json()
    assert (row["alert_id"], row["spared"], row["revoked_at"]) == (alert_id, 0, None)
    assert client.get(f"/v1/alerts/{alert_id}", headers=asks).json()["known_lookalikes"] == [row]
    revoke = f"/v1/known-lookalikes/{row['id']}/revoke"
    assert client.post(revoke, headers=decides, json={"reason": "wrong"}).json()["revoked_at"]
    problem(
        client.post(revoke, headers=decides, json={"reason": "wrong"}), 409, "illegal_transition"
    )


def test_the_port_learns_nothing_of_it(client, desk, port, sign_in):
    _, alert_id = mistaken(desk)
    asks, decides = sign_in(Role.SUPERVISOR), sign_in(Role.SUPERVISOR, Role.OFFICER)
    url = f"/v1/alerts/{alert_id}/known-lookalike"
    asked = client.post(url, headers=asks, json={"reason": "another man"})
    client.post(f"{asked.headers['location']}/accept", headers=decides)
    answer = client.post(
        "/v1/encounters",
        headers=port,
        data={"port": "CGK", "direction": "entry"},
        files={"photo": photo_between(1, 2)},
    )
    assert (answer.json()["outcome"], answer.json()["alerts"]) == ("clear", [])
    assert "alike" not in answer.text
    assert (
        "siaga_known_lookalikes_spared_total 1.0" in client.app.state.siaga.metrics.text().decode()
    )
