"""`siaga watchlists` and `siaga subjects`: what the owner of the machine puts right."""

import json
import shutil
from datetime import timedelta
from functools import partial

import pytest

from casework.accounts.agencies import NewAgency
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.clock import utc_now
from casework.kernel.vocabulary import AgencyKind, Requirement, Role
from casework.review.alerts import AlertFilter
from config.records import open_records
from config.settings import Settings
from tests.cli.conftest import in_process
from tests.data import PACKAGED
from tests.services import lay


@pytest.fixture
def siaga(tmp_path, monkeypatch):
    run = in_process(tmp_path, monkeypatch)

    def done(*arguments, status=0):
        result = run(*arguments)
        assert result.returncode == status, result.stderr
        return result.stderr if status else result.stdout

    return done


@pytest.fixture
def two_agencies(siaga, tmp_path):
    """An installation as an earlier version left it: LOCAL, which nobody works for, has a list."""
    people = tmp_path / "people"
    people.mkdir()
    lay(tmp_path / "var")
    shutil.copy(PACKAGED["astronaut"], people / "Siti Rahma.png")
    with open_records(Settings()) as records:
        for code, name in (("LOCAL", "This installation"), ("IMI", "Immigration")):
            new = NewAgency(code, name, AgencyKind.OPERATOR)
            records.accounts.agencies.create(Actor.operator(), new)
    listed = ("--watchlist", "Tangkal", "--category", "tangkal", "--direction", "entry")
    siaga("enrol", people, "--agency", "LOCAL", *listed)
    siaga("screen", people / "Siti Rahma.png", "--port", "CGK", "--yes")


def lists(siaga):
    found = json.loads(siaga("watchlists", "list", "--json"))
    return {
        (each["agency"], each["name"]): (each["active"], each["subjects"], each["shared_with"])
        for each in found
    }


def test_a_list_of_an_agency_without_officers_is_moved_with_its_alerts(siaga, two_agencies):
    move = ("watchlists", "move", "Tangkal", "--agency", "LOCAL", "--to", "IMI")
    siaga(*move, status=2)  # nobody can be asked
    siaga(*move, "--yes")
    assert lists(siaga) == {
        ("LOCAL", "Tangkal"): (False, 1, ["IMI"]),
        ("IMI", "Tangkal"): (True, 1, []),
    }
    found = json.loads(siaga("watchlists", "list", "--json"))
    assert {each["category"] for each in found} == {"tangkal"}
    with open_records(Settings()) as records:
        imi = records.accounts.agencies.by_code("IMI")
        officer = Actor(
            ActorKind.OFFICER, "off_x", "Rina", agency_id=imi.id, roles=frozenset({Role.OFFICER})
        )
        page = records.review.queue.page(officer, AlertFilter(), 1, 10)
    assert len(page.alerts) == 1
    # Moved back, they would come to a list that alerts nobody.
    siaga("watchlists", "move", "Tangkal", "--agency", "IMI", "--to", "LOCAL", "--yes", status=2)
    assert lists(siaga)["IMI", "Tangkal"][0]
    # Taken back, both are on until the new one is switched off.
    siaga("watchlists", "edit", "Tangkal", "--agency", "LOCAL", "--active")
    assert lists(siaga)["LOCAL", "Tangkal"] == (True, 1, ["IMI"])


def test_who_alerts_nobody_any_more_keeps_no_list_from_being_moved(siaga, two_agencies):
    with open_records(Settings()) as records:
        (row,) = records.lists.subjects.page(Actor.operator(), None, 2)
        over = {"valid_until": utc_now() - timedelta(days=1)}
        records.lists.subjects.edit(Actor.operator(), row.id, over, None)
    siaga("watchlists", "move", "Tangkal", "--agency", "LOCAL", "--to", "IMI", "--yes")
    assert lists(siaga) == {
        ("LOCAL", "Tangkal"): (False, 1, ["IMI"]),
        ("IMI", "Tangkal"): (True, 0, []),
    }


def test_lists_of_an_agency_are_made_and_merged(siaga, two_agencies):
    at = ("--agency", "LOCAL")
    siaga("watchlists", "create", "Cekal", *at)
    siaga("watchlists", "create", "Cekal", *at, status=1)
    siaga("watchlists", "merge", "Tangkal", "--into", "none", *at, "--yes", status=2)
    siaga("watchlists", "merge", "Tangkal", "--into", "Cekal", *at, "--yes")
    assert lists(siaga) == {
        ("LOCAL", "Tangkal"): (False, 1, []),
        ("LOCAL", "Cekal"): (True, 1, []),
    }
    siaga("watchlists", "merge", "Cekal", "--into", "Tangkal", *at, "--yes", status=2)
    assert lists(siaga)["LOCAL", "Cekal"] == (True, 1, [])
    siaga("watchlists", "create", "Wanted [/DPO]", *at)
    assert "Wanted [/DPO]" in siaga("watchlists", "list")
    with open_records(Settings()) as records:
        assert records.oversight.trail.verify(Actor.operator(), None, None).whole


def test_a_list_stays_on_for_who_lacks_what_the_other_requires(siaga, two_agencies):
    requires = {"requires": frozenset({Requirement.DECISION_NUMBER})}
    with open_records(Settings()) as records:
        records.lists.categories.edit(Actor.operator(), "cegah", requires, None)
        (row,) = records.lists.subjects.page(Actor.operator(), None, 2)
    at = ("--agency", "LOCAL")
    siaga("watchlists", "create", "Cegah", "--category", "cegah", *at)
    merge = ("watchlists", "merge", "Tangkal", "--into", "Cegah", *at, "--yes")
    told = siaga(*merge, status=1)
    assert f"Siti Rahma ({row.id}): Entries on lists of the category cegah need" in told
    assert lists(siaga)["LOCAL", "Tangkal"] == (True, 1, [])
    with open_records(Settings()) as records:
        number = {"decision_number": "KEP-1/2026"}
        records.lists.subjects.edit(Actor.operator(), row.id, number, None)
    siaga(*merge)
    assert lists(siaga)["LOCAL", "Cegah"] == (True, 1, [])


def test_a_list_is_not_moved_onto_other_people_under_the_same_references(
    siaga, two_agencies, tmp_path
):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(PACKAGED["hanks"], theirs / "Siti Rahma.png")
    siaga("enrol", theirs, "--agency", "IMI", "--watchlist", "Overstay")
    move = ("watchlists", "move", "Tangkal", "--agency", "LOCAL", "--to", "IMI", "--yes")
    siaga(*move, status=1)
    assert lists(siaga) == {
        ("LOCAL", "Tangkal"): (True, 1, []),
        ("IMI", "Overstay"): (True, 1, []),
    }
    # They were the same person all along: one photo says so.
    shutil.copy(PACKAGED["astronaut"], theirs / "Siti Rahma.png")
    siaga("enrol", theirs, "--agency", "IMI", "--watchlist", "Overstay")
    siaga(*move)
    assert lists(siaga)["IMI", "Tangkal"] == (True, 1, [])


def test_a_subject_is_found_moved_merged_erased_and_restored(siaga, two_agencies, tmp_path):
    at = ("--agency", "LOCAL")
    more = tmp_path / "more"
    more.mkdir()
    shutil.copy(PACKAGED["hanks"], more / "S. Rahma.png")
    siaga("enrol", more, "--watchlist", "Overstay", *at)
    found = json.loads(siaga("subjects", "find", "Rahma", "--json"))
    ids = {each["name"]: each["id"] for each in found}
    first, second = ids["Siti Rahma"], ids["S. Rahma"]
    with open_records(Settings()) as records:
        suspend = partial(records.lists.subjects.edit, Actor.operator(), first)
        suspend({"status": "suspended"}, None)
        siaga("subjects", "merge", second, "--into", first, "--yes", status=1)
        suspend({"status": "active"}, None)
    siaga("subjects", "merge", second, "--into", first, "--yes")
    (kept, gone) = sorted(
        json.loads(siaga("subjects", "find", "Rahma", "--json")), key=lambda each: -each["photos"]
    )
    assert (kept["id"], kept["photos"], kept["erase_at"]) == (first, 2, None)
    assert kept["watchlists"] == ["Overstay", "Tangkal"]
    assert gone["erase_at"]
    siaga("subjects", "restore", second)
    siaga("subjects", "move", second, "--to", "Tangkal", "--yes")
    (moved,) = json.loads(siaga("subjects", "find", "S. Rahma", "--json"))[-1:]
    assert moved["watchlists"] == ["Tangkal"]
    siaga("subjects", "erase", second, status=2)
    siaga("subjects", "erase", second, "--at-once", "--yes")
    siaga("subjects", "erase", second, "--yes", status=2)
