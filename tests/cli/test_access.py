"""`siaga agencies`, `officers` and `audit`, as an operator runs them."""

import io
import json
import re
import sqlite3
import tomllib
from contextlib import closing

import pytest

from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import SessionKind
from cli.output import out
from config.records import open_records
from config.settings import Settings
from tests.cli.conftest import in_process

WHY = ("--yes", "--reason", "lost telephone")


@pytest.fixture
def siaga(tmp_path, monkeypatch):
    return in_process(tmp_path, monkeypatch)


def init(siaga, *options, **variables):
    named = ("--code", "ops", "--name", "Coordination centre", "--admin", "Ops.Admin=Wati")
    return siaga("init", *named, *options, **variables)


@pytest.fixture
def first_steps(siaga):
    """The steps of docs/access.md; returns the administrator's first password."""
    made = init(siaga, "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["accounts"][0]["first_password"]


def test_agencies_and_officers_are_made_listed_changed_and_reset(siaga, first_steps, tmp_path):
    assert len(first_steps) == 23
    assert siaga("agencies", "create", "IMIGRASI", "Immigration").returncode == 0
    again = siaga("agencies", "create", "IMIGRASI", "Immigration")
    assert again.returncode == 1
    assert "already exists" in again.stderr
    ambiguous = siaga("officers", "create", "sari", "Sari", "--role", "officer")
    assert ambiguous.returncode == 2
    assert "--agency" in ambiguous.stderr
    roles = ("--role", "officer", "--role", "analyst")
    number = ("--service-number", "19870412 201001 2 003")
    made = siaga(
        "officers", "create", "sari", "Sari", *roles, *number, "--agency", "imigrasi", "--json"
    )
    officer = json.loads(made.stdout)
    assert officer["roles"] == ["analyst", "officer"]
    assert officer["service_number"] == "198704122010012003"

    renamed = ("--service-number", "78/1234", "--name", "Sari Dewi")
    edited = ("--role", "supervisor", "--inactive", *renamed, "--yes")
    changed = siaga("officers", "edit", "sari", *edited)
    assert changed.returncode == 0, changed.stderr
    assert siaga("agencies", "edit", "imigrasi", "--name", "New name").returncode == 0
    listed = json.loads(siaga("officers", "list", "--json").stdout)
    sari = next(each for each in listed if each["login"] == "sari")
    assert (sari["roles"], sari["active"]) == (["supervisor"], False)
    assert (sari["name"], sari["service_number"]) == ("Sari Dewi", "78/1234")
    names = [each["name"] for each in json.loads(siaga("agencies", "list", "--json").stdout)]
    assert names == ["Coordination centre", "New name"]
    for table in (siaga("officers", "list").stdout, siaga("agencies", "list").stdout):
        assert "IMIGRASI" in table
        assert officer["first_password"] not in table

    assert siaga("officers", "unlock", "sari").returncode == 0
    reset = siaga("officers", "reset", "sari", "--second-factor", "--json", *WHY)
    assert json.loads(reset.stdout)["first_password"] != officer["first_password"]
    for unknown in (
        ("officers", "reset", "nobody", *WHY),
        ("agencies", "edit", "XX", "--inactive", *WHY),
    ):
        refused = siaga(*unknown)
        assert refused.returncode == 2
        assert "Error: There is no" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("agencies", "create", "with space", "x"),
        ("agencies", "create", "AB", " "),
        ("agencies", "edit", "AB"),
        ("officers", "create", "x y", "X", "--role", "officer"),
        ("officers", "create", "sari", "X"),
        ("officers", "create", "sari", "X", "--role", "king"),
        ("officers", "create", "sari", "X", "--role", "officer", "--language", "fr"),
        ("officers", "edit", "sari"),
    ],
)
def test_a_wrong_command_line_says_so(siaga, arguments):
    refused = siaga(*arguments)
    assert refused.returncode == 2, refused.stderr


def test_the_first_password_opens_the_account(siaga, first_steps, tmp_path):
    with open_records(Settings(data_dir=tmp_path / "var")) as records:
        credentials = Credentials("ops.admin", first_steps)
        signed_in = records.accounts.sessions.sign_in(credentials, SessionKind.PROGRAM)
        assert signed_in.actor.runs_installation
        assert signed_in.actor.incomplete


def change(database, statement):
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement)


def test_the_trail_is_listed_exported_and_checked(siaga, first_steps, tmp_path):
    whole = siaga("audit", "verify")
    assert whole.returncode == 0, whole.stderr
    assert "records, whole" in whole.stdout
    listed = json.loads(siaga("audit", "list", "--action", "officer", "--json").stdout)
    assert [row["action"] for row in listed] == ["officer.create"]
    assert "agency.create" in siaga("audit", "list", "--limit", "20").stdout

    anchor = tmp_path / "anchor.ndjson"
    assert siaga("audit", "export", "--out", anchor).returncode == 0
    assert siaga("audit", "export", "--out", anchor).returncode == 2  # never over another
    assert siaga("audit", "verify", "--export", anchor).returncode == 0
    printed = siaga("audit", "export").stdout
    assert printed.startswith(anchor.read_text())
    assert siaga("audit", "verify", "--anchor", anchor).returncode == 0

    lines = anchor.read_text().splitlines(keepends=True)
    damaged = tmp_path / "damaged.ndjson"
    damaged.write_text("".join([lines[0], lines[1].replace("officer", "0fficer", 1), *lines[2:]]))
    found = siaga("audit", "verify", "--export", damaged, "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["seq"] == 2
    useless = siaga("audit", "verify", "--anchor", damaged)
    assert useless.returncode == 2
    assert "proves nothing" in useless.stderr

    database = tmp_path / "var" / "siaga.db"
    change(database, "UPDATE audit SET actor_id = 'x' WHERE seq = 2")
    tail = siaga("audit", "verify")
    assert (tail.returncode, "Looked behind record" in tail.stdout) == (0, True)
    broken = siaga("audit", "verify", "--all")
    assert broken.returncode == 1
    assert "record 2 is not as it was written" in broken.stdout


def test_a_database_that_was_put_back_is_found_by_an_anchor(siaga, first_steps, tmp_path):
    database, kept = tmp_path / "var" / "siaga.db", tmp_path / "kept.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(kept)) as copy:
        source.backup(copy)
    anchor = tmp_path / "anchor.ndjson"
    assert siaga("audit", "export", "--out", anchor).returncode == 0
    for rest in (tmp_path / "var").glob("siaga.db-*"):
        rest.unlink()
    database.write_bytes(kept.read_bytes())
    assert siaga("audit", "verify").returncode == 0  # by itself it is whole, and older
    put_back = siaga("audit", "verify", "--anchor", anchor)
    assert put_back.returncode == 1


def test_the_first_set_up_is_one_command_and_works_once(siaga):
    made = init(siaga, "--json")
    assert made.returncode == 0, made.stderr
    (agency,) = json.loads(siaga("agencies", "list", "--json").stdout)
    assert (agency["code"], agency["kind"]) == ("OPS", "operator")
    assert agency["founding_until"]
    (officer,) = json.loads(siaga("officers", "list", "--json").stdout)
    assert (officer["login"], officer["roles"]) == ("ops.admin", ["admin"])
    again = siaga("init")
    assert again.returncode == 1
    assert "set up already" in again.stderr


ACTS = (
    ("officers", "create", "sari", "Sari", "--role", "officer"),
    ("officers", "edit", "sari", "--inactive"),
    ("officers", "unlock", "sari"),
    ("officers", "reset", "sari"),
    ("keys", "create", "x", "--scope", "enrol"),
    ("keys", "revoke", "key_x"),
    ("agencies", "edit", "ops", "--name", "New"),
    ("export", "--watchlist", "wanted"),
    ("retention", "run", "--yes"),
    ("calibrate",),
    ("enrol", "."),
    ("import", "list.csv", "--watchlist", "wanted"),
)


@pytest.mark.parametrize("words", ACTS, ids=lambda words: " ".join(words[:2]))
def test_what_acts_on_an_agencys_work_names_a_person_and_a_reason(siaga, tmp_path, words):
    (tmp_path / "list.csv").write_text("reference,name\n")
    refused = siaga(*words, SIAGA_AS="")
    assert refused.returncode == 2
    assert "--as NAME" in refused.stderr


def test_what_the_owner_of_the_machine_does_stands_in_the_trail_and_rings(siaga, tmp_path):
    init(siaga)
    siaga("officers", "create", "sari", "Sari", "--role", "officer", "--as", "Bu Ratna")
    trail = json.loads(siaga("audit", "list", "--json").stdout)
    by_act = {each["action"]: each for each in reversed(trail)}
    for act in ("command.run", "officer.create"):
        record = by_act[act]
        assert (record["actor_name"], record["texts"]["purpose"]) == ("Bu Ratna", "a test"), act
        assert record["actor_kind"] == "operator"
    with closing(sqlite3.connect(tmp_path / "var" / "siaga.db")) as connection:
        (kind,) = connection.execute("SELECT DISTINCT kind FROM outbox").fetchone()
    assert kind == "command.run"


def test_what_the_owner_does_with_a_ports_key_rings_at_who_runs_the_installation(siaga):
    init(siaga)
    siaga("agencies", "create", "IMM", "Immigration")
    who = ("--as", "Bu Ratna", "--reason", "gate 1")
    siaga("keys", "create", "gate", "--scope", "screen", "--port", "CGK", *who)
    (key,) = json.loads(siaga("keys", "list", "--json").stdout)
    assert key["agency_id"] is None
    siaga("keys", "revoke", key["id"], "--yes", *who)
    rung = json.loads(siaga("audit", "list", "--action", "command.run", "--json").stdout)
    operator = next(
        each["id"]
        for each in json.loads(siaga("agencies", "list", "--json").stdout)
        if each["code"] == "OPS"
    )
    told = [(each["object_id"], each["detail"]["command"]) for each in rung]
    assert told == [(operator, "keys revoke"), (operator, "keys create")]


def test_everything_refuses_before_the_first_set_up_and_makes_nothing(siaga, tmp_path):
    for words in (
        ("agencies", "create", "OPS", "Coordination centre"),
        ("officers", "list"),
        ("keys", "create", "gate", "--scope", "screen"),
        ("retention", "due"),
        ("audit", "verify"),
        ("export", "--watchlist", "wanted"),
        ("calibrate",),
        ("reembed",),
        ("serve", "--port", "0"),
    ):
        refused = siaga(*words)
        assert (refused.returncode, refused.stderr.count("siaga init")) == (3, 1), words
    assert not (tmp_path / "var").exists()


def test_the_first_set_up_makes_accounts_a_key_and_the_settings_that_differ(siaga, tmp_path):
    more = ("--officer", "rina=Rina", "--analyst", "dewi=Dewi", "--supervisor", "wayan=Wayan")
    place = ("--port", "cgk", "--time-zone", "Asia/Makassar")
    made = init(siaga, *more, *place)
    assert made.returncode == 0, made.stderr
    assert "siaga serve" in made.stderr
    assert made.stdout.count("siaga.key_") == 1
    officers = json.loads(siaga("officers", "list", "--json").stdout)
    roles = {each["login"]: each["roles"] for each in officers}
    assert roles == {
        "ops.admin": ["admin"],
        "rina": ["officer"],
        "dewi": ["analyst"],
        "wayan": ["supervisor"],
    }
    (key,) = json.loads(siaga("keys", "list", "--json").stdout)
    assert (key["scopes"], key["ports"]) == (["screen"], ["CGK"])
    settings = tomllib.loads((tmp_path / "siaga.toml").read_text())
    assert settings == {
        "data_dir": str(tmp_path / "var"),
        "cookie_secure": False,
        "display_time_zone": "Asia/Makassar",
    }


def test_what_is_set_up_to_practise_stays_so(siaga, tmp_path):
    made = init(siaga, "--practice", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["practice"] is True
    assert tomllib.loads((tmp_path / "siaga.toml").read_text())["practice"] is True
    assert siaga("officers", "list").returncode == 0
    refused = siaga("officers", "list", SIAGA_PRACTICE="false")
    assert (refused.returncode, "practice = true" in refused.stderr) == (3, True)


def test_what_is_set_up_as_real_is_nothing_to_practise_on(siaga, tmp_path):
    assert init(siaga).returncode == 0
    refused = siaga("officers", "list", SIAGA_PRACTICE="true")
    assert (refused.returncode, "siaga init --practice" in refused.stderr) == (3, True)
    # Nor does a second set-up make it one.
    again = init(siaga, "--practice")
    assert again.returncode != 0
    assert "practice" not in (tmp_path / "siaga.toml").read_text()


def test_a_first_set_up_that_cannot_write_its_settings_makes_nothing(siaga, tmp_path):
    refused = init(siaga, SIAGA_CONFIG=str(tmp_path / "missing" / "siaga.toml"))
    assert refused.returncode == 2, refused.stderr
    assert "cannot be written" in refused.stderr
    assert siaga("agencies", "list").returncode == 3


def test_a_place_that_cannot_be_used_is_named(siaga, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "siaga.db").mkdir(parents=True)
    for place in ("file/var", "folder"):
        refused = init(siaga, SIAGA_DATA_DIR=str(tmp_path / place))
        assert refused.returncode == 3
        assert "cannot be" in refused.stderr


def test_what_is_shown_once_is_whole_in_a_narrow_terminal(siaga, monkeypatch):
    monkeypatch.setattr(out, "width", 80)
    person = "rina.hartati@imigrasi.example=Rina [Hartati] Kusumaningrum Widyastuti"
    made = init(siaga, "--officer", person)
    assert len(re.findall(r"\w{5}(?:-\w{5}){3}", made.stdout)) == 2
    assert "[Hartati]" in made.stdout


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self):
        return True


def test_the_first_set_up_asks_on_a_terminal_until_the_answer_can_be(siaga, monkeypatch):
    typed = ("imi x", "imi", "Immigration", "r", "hadi", "Hadi", "rina", "Rina", "", "", "x", "")
    monkeypatch.setattr("sys.stdin", Terminal("\n".join((*typed, ""))))
    made = siaga("init", "--json")
    assert made.returncode == 0, made.stderr
    body = json.loads(made.stdout)
    roles = [(each["login"], each["role"]) for each in body["accounts"]]
    assert roles == [("hadi", "admin"), ("rina", "officer")]
    assert body["key"] is None
    (agency,) = json.loads(siaga("agencies", "list", "--json").stdout)
    assert (agency["code"], agency["name"]) == ("IMI", "Immigration")


@pytest.mark.parametrize(
    "options",
    [
        ("--admin", "hadi"),
        ("--admin", "h=Hadi"),
        ("--officer", "ops.admin=Somebody"),
        ("--port", "Jakarta"),
        ("--time-zone", "Mars/Olympus"),
        ("--public-url", "http://example.org"),
        ("--language", "fr"),
    ],
)
def test_a_wrong_first_set_up_makes_nothing(siaga, tmp_path, options):
    refused = init(siaga, *options)
    assert refused.returncode == 2, refused.stderr
    assert not (tmp_path / "siaga.toml").exists()
    assert siaga("agencies", "list").returncode == 3
