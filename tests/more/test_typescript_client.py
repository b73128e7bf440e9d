"""A TypeScript program, typed by the OpenAPI document, against the live service.

`npm ci` brings the packages whose hashes `package-lock.json` holds into a temporary folder; the
types are generated there, compiled strictly, and run. Nothing generated is kept.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam
from casework.codes.coded import CodedCategory, CodedOutcome
from casework.kernel.vocabulary import (
    AgencyKind,
    Disposition,
    EventKind,
    ReferralKind,
    Role,
    SessionKind,
    Weekday,
)
from casework.referrals.presets import NewPreset
from casework.review.duty import NewShift
from casework.webhooks.webhooks import NewWebhook
from tests.api.live import Live, running
from tests.api.test_generated_client import CHANGES
from tests.deadlines import patience
from tests.services import OPERATOR, PASSWORD
from tests.services import officer as an_officer

SOURCES = Path(__file__).parent / "typescript"
WANTED = ("node", "npm")
MISSING = [name for name in WANTED if shutil.which(name) is None]


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=patience(300)
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


def session(live: Live, agency: str, login: str, *roles: Role) -> str:
    accounts = live.desk.service.accounts
    _, first = accounts.officers.create(
        OPERATOR, NewOfficer(agency, login, "Somebody", frozenset(roles))
    )
    assert first is not None
    signed_in = accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
    accounts.account.change_password(signed_in.actor, first, PASSWORD)
    return f"Bearer {signed_in.text}"


def scene(live: Live) -> dict[str, Any]:
    desk, service = live.desk, live.desk.service
    own = desk.agency()
    runner = desk.agency("OPS", AgencyKind.OPERATOR)
    officer, _ = service.accounts.officers.create(
        OPERATOR, NewOfficer(own, "budi", "Budi", frozenset({Role.OFFICER}))
    )
    webhook, _ = service.exchange.webhooks.create(
        OPERATOR,
        NewWebhook("https://127.0.0.1/siaga", frozenset({EventKind.ALERT_RAISED}), agency_id=own),
    )
    words = {"id": "Karantina", "en": "Quarantine"}
    service.lists.categories.create(
        OPERATOR, CodedCategory(code="x-a", label=words, instruction=words, priority=2)
    )
    service.lists.outcomes.create(
        OPERATOR, CodedOutcome(code="x-a", label=words, disposition=Disposition.HELD)
    )
    people = (officer.id,)
    shift = NewShift("CGK", (Weekday.MONDAY,), "07:00", "15:00", people, agency_id=own)
    preset = NewPreset(ReferralKind.ALERT, "Usual", desk.agency("POL"), ("name",), "Look.", 3)
    return {
        "sessions": {
            "operator": session(live, runner, "operator", Role.ADMIN),
            "admin": session(live, own, "admin", Role.ADMIN),
            "head": session(live, own, "head", Role.COORDINATOR),
            "reviewer": session(live, own, "reviewer", Role.OFFICER, Role.ANALYST),
        },
        "ids": {
            "agency": desk.agency("POL"),
            "officer": officer.id,
            "webhook": webhook.id,
            "watchlist": desk.watchlist(),
            "subject": desk.enrol(1),
            "category": "x-a",
            "outcome": "x-a",
            "shift": service.review.duty.create(OPERATOR, shift, "Asia/Jakarta").id,
            "office": service.areas.offices.create(
                an_officer(own, Role.ADMIN), NewOffice("Office", "31")
            ).id,
            "team": service.areas.teams.create(
                an_officer(own, Role.COORDINATOR), NewTeam("Team", "31")
            ).id,
            "preset": service.exchange.referral_presets.create(
                an_officer(own, Role.SUPERVISOR), preset
            ).id,
        },
    }


@pytest.mark.more
@pytest.mark.timeout(600)
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_one_field_changes_one_field(tmp_path):
    folder = tmp_path / "client"
    shutil.copytree(SOURCES, folder)
    try:
        run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    except (AssertionError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the packages of npm cannot be had here: {str(error)[-300:]}")
    with running(tmp_path) as live:
        there = scene(live)
        written = "".join(f"export const {k} = {json.dumps(v)};\n" for k, v in there.items())
        (folder / "scene.ts").write_text(f"export const address = {live.address!r};\n{written}")
        tools = "node_modules/.bin"
        document = f"{live.address}/openapi.json"
        run(folder, f"{tools}/openapi-typescript", document, "--output", "siaga.ts")
        run(folder, f"{tools}/tsc", "--project", "tsconfig.json")
        lines = run(folder, "node", "built/patches.js").splitlines()
    seen = {line["path"]: line for line in map(json.loads, lines)}
    assert set(seen) == set(CHANGES)
    for path, change in CHANGES.items():
        line = seen[path]
        assert line["status"] == 200, line["problem"]
        stamps = {"version", "updated_at"} & line["after"].keys()
        expected = line["before"] | change | {name: line["after"][name] for name in stamps}
        assert line["after"] == line["answer"] == expected


def test_packages_are_pinned_by_their_hashes_and_no_host_is_named():
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    for name, each in packages.items():
        assert each["integrity"].startswith("sha512-"), name
        assert "resolved" not in each, name
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
