"""What can be refused is refused before the first byte, on every address that answers.

An error after the answer has begun would be a 200 that breaks off: the test's client raises it.
"""

import re
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from api.app import create_app
from casework.kernel.vocabulary import Role
from tests.api.authority_cases import NEVER
from tests.api.conftest import settings_for
from tests.api.console.conftest import browser, signed_in, staff
from tests.services import OPERATOR

__all__ = ["browser", "signed_in", "staff"]  # fixtures

# Ids of these are everybody's to read; and what an address that is no id's stands for.
OPEN = frozenset({"agency_id", "calibration_id", "path", "form"})

ROUTES = create_app(settings_for(Path("unused"))).routes
ADDRESSES = sorted(
    path
    for path, methods in ((each.path or "", each.methods) for each in iter_route_contexts(ROUTES))
    if "GET" in (methods or ()) and "{" in path and ":path" not in path
    if not OPEN & set(re.findall(r"{(\w+)", path))
)

SENT_BACK = frozenset(
    {
        *(
            f"/alerts/{{alert_id}}/{act}"
            for act in ("close", "confirm", "decide", "take", "withdraw")
        ),
        "/cases/{case_id}/{step}",
        "/stays/{receipt}/check-out",
        *(f"/tips/{{tip_id}}/{act}" for act in ("dismiss", "search", "source")),
        "/referrals/{referral_id}/step",
    }
)

PEOPLE = frozenset(Role) - {Role.PORT}


@pytest.fixture
def foreign(client, desk, sign_in):
    """Things of another agency, by the names that addresses have for them."""
    subject = desk.enrol(1)
    photo = desk.service.lists.subjects.get(OPERATOR, subject).photos[0].id
    (alert,) = desk.screen(1).encounter.alerts
    job = client.post(
        "/v1/imports",
        headers=sign_in(Role.ANALYST),
        params={"watchlist_id": desk.watchlist(), "dry_run": "true"},
        files={"file": b"reference,name\n1,Somebody\n"},
    )
    return {
        "watchlist_id": desk.watchlist(),
        "subject_id": subject,
        "photo_id": photo,
        "alert_id": alert.id,
        "encounter_id": alert.encounter_id,
        "import_id": job.json()["id"],
        "name": "probe_photo",
        "rank": "1",
    }


@pytest.mark.parametrize("exists", [False, True], ids=["unknown", "foreign"])
def test_a_foreign_or_unknown_id_is_refused_before_the_first_byte(
    client, desk, foreign, sign_in, signed_in, exists
):
    opened = signed_in("agus", *PEOPLE, agency="POL").client
    opened._transport.raise_server_exceptions = True
    client._transport.raise_server_exceptions = True
    session = sign_in(*PEOPLE, agency="POL", login="agus.program")
    known = foreign if exists else {"rank": "1", "name": "probe_photo"}
    for address in ADDRESSES:
        ids = {name: known.get(name, f"x_{NEVER}") for name in re.findall(r"{(\w+)", address)}
        path = address.format_map(ids)
        if address.startswith("/v1/"):
            query = {"purpose": "case 2026/114, missing documents"} if "held" in path else {}
            answer = client.get(path, headers=session, params=query)
        else:
            answer = opened.get(path, follow_redirects=False)
        # Where only forms are sent, one is sent back to their page, whatever there is.
        expected = {303} if address in SENT_BACK else {403, 404, 422}
        assert answer.status_code in expected, (path, answer.status_code)


@pytest.mark.parametrize("address", ["/v1/audit/export", "/v1/alerts/stream"])
def test_who_may_not_is_refused_before_the_first_byte(client, sign_in, address):
    client._transport.raise_server_exceptions = True
    role = Role.ADMIN if "stream" in address else Role.OFFICER
    assert client.get(address, headers=sign_in(role)).status_code == 403


def test_a_page_s_stream_is_refused_before_it_begins(client, signed_in):
    opened = signed_in("siti", Role.OFFICER).client
    opened._transport.raise_server_exceptions = True
    streams = client.app.state.siaga.streams
    streams.most = 0
    assert opened.get("/alerts/events").status_code == 503
