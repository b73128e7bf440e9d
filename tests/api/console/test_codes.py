"""Code lists in the console: who runs the installation extends them, and officers meet them."""

import pytest

from casework.kernel.vocabulary import AgencyKind, Role
from tests.fakes import photo_of
from tests.services import OPERATOR

NEW = {
    "code": "x-kejaksaan",
    "label_id": "Permintaan kejaksaan",
    "label_en": "Request of the prosecutors",
    "instruction_id": "Hubungi jaksa piket.",
    "instruction_en": "Call the prosecutor on duty.",
    "priority": "1",
}
OUTCOME = {
    "code": "x-karantina",
    "label_id": "Karantina",
    "label_en": "Quarantine",
    "disposition": "held",
    "stages": ["arrival"],
    "after": "same_person",
}
CODES = "/administration/codes"


@pytest.fixture
def keeper(desk, signed_in):
    desk.agency("OPS", AgencyKind.OPERATOR)
    return signed_in("keeper", Role.ADMIN, agency="OPS")


def test_a_category_is_added_used_and_switched_off(keeper, desk, signed_in):
    keeper.open(f"{CODES}/categories/new")
    keeper.send_here(**NEW)
    assert keeper.path == f"{CODES}?done=saved"
    assert NEW["label_en"] in keeper.text
    analyst = signed_in("lina", Role.ANALYST)
    analyst.open("/watchlists/new")
    assert 'value="x-kejaksaan"' in analyst.page.text
    desk.watchlist("jaksa", category="x-kejaksaan")
    analyst.open("/watchlists")
    assert NEW["label_en"] in analyst.text
    keeper.open(f"{CODES}/categories/x-kejaksaan")
    assert "remove" not in keeper.page.text
    keeper.send_here(**{**NEW, "label_en": "Attorney General"})
    keeper.open(f"{CODES}/categories/x-kejaksaan/off")
    keeper.send_here(reason="no such requests any more")
    assert keeper.path == f"{CODES}?done=saved"
    analyst.open("/watchlists/new")
    assert 'value="x-kejaksaan"' not in analyst.page.text
    analyst.open("/watchlists")
    assert "Attorney General" in analyst.text


def test_an_outcome_is_added_and_a_built_in_one_keeps_what_it_means(keeper, desk):
    keeper.open(f"{CODES}/outcomes/new")
    keeper.send_here(**OUTCOME)
    assert desk.service.lists.outcomes.get(OPERATOR, "x-karantina").called("en") == "Quarantine"
    keeper.open(f"{CODES}/outcomes/deported")
    assert 'name="disposition"' not in keeper.page.text
    assert "stays: the traveller is held." in keeper.text
    keeper.send_here(label_id="Dipulangkan", label_en="Sent back")
    assert desk.service.lists.outcomes.get(OPERATOR, "deported").called("id") == "Dipulangkan"
    keeper.open(f"{CODES}/outcomes/x-karantina/remove")
    keeper.send_here(reason="a slip")
    assert "x-karantina" not in keeper.text


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("categories", {**NEW, "code": "kejaksaan"}, "code-says"),
        ("categories", {**NEW, "instruction_en": ""}, "instruction_en-says"),
        ("outcomes", {**OUTCOME, "after": ["undecided", "same_person"]}, "after-says"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(keeper, kind, fields, wrong):
    keeper.open(f"{CODES}/{kind}/new")
    assert keeper.send_here(**fields).status_code == 422
    assert f'id="{wrong}"' in keeper.page.text


def test_nobody_else_sees_them(signed_in):
    other = signed_in("hadi", Role.ADMIN)
    assert other.open(CODES).status_code == 403
    other.open("/administration/officers")
    assert CODES not in other.page.text


def test_what_is_no_list_is_not_there(keeper):
    for path in ("categories/x-none", "nothing/new", "outcomes/tangkal/off"):
        assert keeper.open(f"{CODES}/{path}").status_code == 404


def test_an_entry_that_falls_short_is_marked_and_listed_and_a_new_one_refused(
    keeper, desk, signed_in
):
    short = desk.enrol(1, desk.watchlist("before", category="tangkal"))
    keeper.open(f"{CODES}/categories/tangkal")
    words = {name: f"words of {name}" for name in NEW if "_" in name}
    keeper.send_here(**words, priority="2", requires=["decision_number", "legal_basis"])
    analyst = signed_in("lina", Role.ANALYST)
    analyst.open("/subjects?lacking=yes")
    assert short in analyst.page.text
    assert "lacks: Decision number" in analyst.text
    analyst.open(f"/subjects/{short}")
    assert "lacks what its list requires" in analyst.text
    assert "has no end" in analyst.text
    analyst.open(f"/watchlists/{desk.watchlists['before']}")
    assert "requires a legal basis" in analyst.text
    analyst.open("/subjects/new")
    assert "required: Decision number" in analyst.text
    fields = {"name": "Somebody", "watchlist_ids": desk.watchlists["before"], "status": "active"}
    photo = [("photos", ("1.jpg", photo_of(2), "image/jpeg"))]
    assert analyst.send_here(files=photo, **fields).status_code == 422
    assert 'id="decision_number-says"' in analyst.page.text
