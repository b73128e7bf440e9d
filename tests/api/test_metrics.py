"""/metrics: what moves, and what must never be in it."""

import re

from starlette.testclient import TestClient

from api.app import create_app
from api.state import state_of
from tests.api.conftest import management, settings_for
from tests.fakes import photo_of

SCREENING = {"port": "CGK", "direction": "entry", "traveller_ref": "TRAVELLER-77", "lane": "LANE-9"}


def figures(client) -> dict[str, float]:
    response = management(client).get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def screen(client, key, *people, **headers):
    return client.post(
        "/v1/encounters",
        headers={**key, **headers},
        data=SCREENING,
        files={"photo": ("SECRET-NAME.jpg", photo_of(*people, brightness=0.9))},
    )


def test_outcomes_stages_and_answers_are_counted(client, desk, port):
    desk.enrol(1)
    for people in ((1,), (2,), (2,), ()):
        assert screen(client, port, *people).status_code == 201
    found = figures(client)
    assert found['siaga_encounters_total{outcome="alert"}'] == 1
    assert found['siaga_encounters_total{outcome="clear"}'] == 2
    assert found['siaga_encounters_total{outcome="unsearchable"}'] == 1
    assert found['siaga_stage_seconds_count{stage="record"}'] == 4
    assert found['siaga_stage_seconds_count{stage="embed"}'] == 3
    assert found["siaga_slo_answers_total"] == 4
    assert found["siaga_gallery_templates"] == 1
    assert found["siaga_admitted"] == 0
    assert found["siaga_places"] == 18
    route = 'method="POST",route="/v1/encounters",status="201"'
    assert found[f"siaga_http_requests_total{{{route}}}"] == 4
    assert any(name.startswith("siaga_build_info") and 'pack="open"' in name for name in found)


def test_a_repeated_answer_is_no_second_encounter(client, port):
    for status in (201, 200):
        assert screen(client, port, 1, **{"Idempotency-Key": "k"}).status_code == status
    found = figures(client)
    assert found['siaga_encounters_total{outcome="clear"}'] == 1
    assert found["siaga_slo_answers_total"] == 2


def test_a_bucket_ends_at_the_target_and_agrees_with_the_share_in_time(tmp_path):
    settings = settings_for(tmp_path, latency_target_ms=437)
    client = TestClient(create_app(settings))
    found = figures(client)  # before any start: no service, but figures
    assert found["siaga_slo_target_seconds"] == 0.437
    client.get("/healthz")
    found = figures(client)
    assert 'siaga_http_request_seconds_bucket{le="0.437",route="/healthz"}' in found


def test_an_answer_counts_as_in_time_up_to_the_target_only(client, port):
    screen(client, port, 1)
    found = figures(client)
    bucket = 'siaga_http_request_seconds_bucket{le="0.5",route="/v1/encounters"}'
    assert found["siaga_slo_answers_within_target_total"] == found[bucket]


def test_nothing_of_callers_or_travellers_is_in_it(client, desk, port):
    subject = desk.enrol(1)
    encounter = screen(client, port, 1).json()["id"]
    client.get(f"/v1/encounters/{encounter}", headers=port)
    client.get("/v1/encounters/SOMEBODY", headers=port)
    client.get("/SOMEBODY/ELSE?name=SOMEBODY")
    client.request("SOMEBODY", "/healthz")
    text = management(client).get("/metrics").text
    secrets = ["TRAVELLER-77", "LANE-9", "SECRET-NAME", "SOMEBODY", "CGK", "Person 1"]
    for secret in [*secrets, subject, encounter, port["Authorization"].split(".")[-1]]:
        assert secret not in text
    assert 'route="/v1/encounters/{encounter_id}"' in text
    assert 'route="unmatched"' in text
    assert not re.search(r'route="[^"]*enc_', text)
    assert not re.search(r"key_[0-9A-Z]{20}", text)


def test_two_applications_count_for_themselves_and_it_can_be_switched_off(tmp_path):
    one, other = (TestClient(create_app(settings_for(tmp_path))) for _ in range(2))
    one.get("/healthz")
    assert any('route="/healthz"' in name for name in figures(one))
    assert not any('route="/healthz"' in name for name in figures(other))
    for path in ("/metrics", "/metrics/"):
        assert one.get(path).status_code == 404, "figures are on the management port alone"


def test_capture_times_are_counted_by_the_lane_s_clock(client, desk, port):
    """Without the lane's name: that is in the report alone."""
    for when, status in (
        ("2026-03-01T08:00:00Z", 201),
        ("2026-03-01T08:06:00Z", 201),
        ("2026-02-28T20:00:00Z", 201),
        ("2000-01-01T00:00:00Z", 422),
        ("2099-01-01T00:00:00Z", 422),
    ):
        answer = client.post(
            "/v1/encounters",
            headers=port,
            data={**SCREENING, "captured_at": when},
            files={"photo": ("x.jpg", photo_of(1))},
        )
        assert answer.status_code == status, answer.text
    assert screen(client, port, 1).status_code == 201
    found = figures(client)
    assert [
        found[f'siaga_capture_times_total{{clock="{clock}"}}']
        for clock in ("right", "ahead", "behind", "refused")
    ] == [1, 1, 1, 2]
    state_of(client.app).metrics.lanes(desk.service.reports.lanes.count())
    assert figures(client)["siaga_lanes_off_clock"] == 1
