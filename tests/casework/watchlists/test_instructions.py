"""No port is left without an instruction."""

from sqlalchemy import update

from casework.codes.built_in import CATEGORIES
from casework.kernel.vocabulary import Category
from casework.tables import Watchlist
from tests.services import OPERATOR

USUAL = {code: each.instruction for code, each in CATEGORIES.items()}


def instruction(desk, watchlist_id: str) -> dict[str, str]:
    return dict(desk.service.lists.watchlists.get(OPERATOR, watchlist_id).instruction)


def test_every_category_has_a_usual_instruction_in_both_languages():
    assert all(set(each) == {"id", "en"} and all(each.values()) for each in USUAL.values())


def test_a_list_begins_with_the_usual_instruction_of_its_category(desk):
    one = desk.watchlist("one", category=Category.CEGAH)
    assert instruction(desk, one) == USUAL[Category.CEGAH]
    half = desk.watchlist("half", category=Category.CEGAH, instruction={"id": "Tahan.", "en": ""})
    assert instruction(desk, half) == {"id": "Tahan.", "en": USUAL[Category.CEGAH]["en"]}


def test_the_usual_instruction_follows_the_category_and_own_words_stay(desk):
    one = desk.watchlist("one", category=Category.CEGAH, instruction={"en": "Hold."})
    edit = desk.service.lists.watchlists.edit
    edit(OPERATOR, one, {"category": Category.TANGKAL}, None)
    assert instruction(desk, one) == {"id": USUAL[Category.TANGKAL]["id"], "en": "Hold."}
    edit(OPERATOR, one, {"instruction": {"en": ""}}, None)
    assert instruction(desk, one) == USUAL[Category.TANGKAL]


def test_a_list_of_before_that_has_none_answers_with_the_usual_one(desk):
    one = desk.watchlist("one", category=Category.WANTED)
    desk.enrol(1, one)
    with desk.service.kernel.database.write() as session:
        session.execute(
            update(Watchlist)
            .where(Watchlist.id == one)
            .values(instruction={"id": "", "en": "Call 9."})
        )
    desk.service.lists.watchlists.edit(OPERATOR, one, {"legal_basis": "DPO 1/2026"}, None)
    (alert,) = desk.screen(1).encounter.alerts
    assert alert.instruction == {"id": USUAL[Category.WANTED]["id"], "en": "Call 9."}
