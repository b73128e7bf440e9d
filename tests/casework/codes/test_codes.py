"""Code lists that an installation extends: who may, what stays, and what lists and alerts make."""

import pytest

from casework.codes.built_in import CATEGORIES, OUTCOMES
from casework.codes.coded import CodedCategory, CodedOutcome
from casework.codes.codes import CodeUse
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.errors import (
    AlreadyExists,
    CodeRefused,
    IllegalTransition,
    NotFound,
    NotPermitted,
    ReasonMissing,
    StaleVersion,
    StillInUse,
)
from casework.kernel.vocabulary import (
    AgencyKind,
    Category,
    ComparisonResult,
    Direction,
    Disposal,
    Disposition,
    Role,
)
from casework.review.allowed_steps import allowed_steps
from casework.review.disposition import of_alerts
from tests.casework.review.people import NO, UNSURE, YES, people, raised
from tests.services import OPERATOR, officer

LABEL = {"id": "Permintaan kejaksaan", "en": "Request of the prosecutors"}
ORDER = {"id": "Hubungi jaksa piket.", "en": "Call the prosecutor on duty."}
PROSECUTORS = CodedCategory(code="x-kejaksaan", label=LABEL, instruction=ORDER, priority=1)
TWIN = {"id": "Diserahkan ke karantina", "en": "Handed to quarantine"}


def outcome(**fields) -> CodedOutcome:
    usual = {"code": "x-karantina", "label": TWIN, "disposition": Disposition.HELD}
    return CodedOutcome(**usual | fields)


@pytest.fixture
def categories(desk):
    return desk.service.lists.categories


@pytest.fixture
def outcomes(desk):
    return desk.service.lists.outcomes


def test_every_built_in_member_is_there_in_both_languages():
    assert set(CATEGORIES) == set(Category)
    assert set(OUTCOMES) == set(Disposal)
    for each in (*CATEGORIES.values(), *OUTCOMES.values()):
        assert set(each.label) == {"id", "en"}
        assert all(each.label.values())
        assert (each.built_in, each.version, each.active) == (True, 0, True)
    assert all(set(each.instruction) == {"id", "en"} for each in CATEGORIES.values())


def test_administrators_of_who_runs_the_installation_keep_them_and_everybody_reads(
    desk, categories
):
    runs = desk.agency("DITJEN", AgencyKind.OPERATOR)
    chief = Actor(
        ActorKind.OFFICER,
        "ofc_chief",
        "chief",
        roles=frozenset({Role.ADMIN}),
        agency_id=runs,
        runs_installation=True,
    )
    categories.create(chief, PROSECUTORS)
    other = officer(desk.agency("POL"), *(role for role in Role if role is not Role.PORT))
    assert categories.get(other, "x-kejaksaan").called("en") == LABEL["en"]
    for act in (
        lambda: categories.create(other, PROSECUTORS),
        lambda: categories.edit(other, "tangkal", {"priority": 3}, None),
        lambda: categories.remove(other, "x-kejaksaan", "no"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_list_and_its_alerts_have_an_own_category_with_what_is_usual_for_it(desk, categories):
    categories.create(OPERATOR, PROSECUTORS)
    one = desk.watchlist("jaksa", category="x-kejaksaan")
    desk.enrol(1, one)
    (alert,) = desk.screen(1).encounter.alerts
    assert (alert.category, alert.priority, alert.instruction) == ("x-kejaksaan", 1, ORDER)
    with pytest.raises(CodeRefused, match="no category x-kejari"):
        desk.watchlist("none", category="x-kejari")
    with pytest.raises(CodeRefused, match="no category x-kejari"):
        desk.service.lists.watchlists.edit(OPERATOR, one, {"category": "x-kejari"}, None)


def test_a_changed_category_counts_from_the_next_traveller_on_and_own_words_stay(desk, categories):
    plain = desk.watchlist("plain", category="tangkal")
    worded = desk.watchlist("worded", category="tangkal", instruction={"en": "Ring 9."})
    desk.enrol(1, plain, worded)
    categories.edit(OPERATOR, "tangkal", {"instruction": {"en": "Hold."}, "priority": 3}, 0)
    orders = {
        alert.watchlist_id: (alert.instruction["en"], alert.priority)
        for alert in desk.screen(1).encounter.alerts
    }
    assert orders == {plain: ("Hold.", 3), worded: ("Ring 9.", 3)}
    kept = desk.service.lists.watchlists.get(OPERATOR, plain).instruction
    assert kept == {**CATEGORIES["tangkal"].instruction, "en": "Hold."}
    desk.service.lists.watchlists.edit(OPERATOR, plain, {"category": "cegah"}, None)
    kept = desk.service.lists.watchlists.get(OPERATOR, plain).instruction
    assert kept == CATEGORIES["cegah"].instruction


def test_what_is_in_use_is_switched_off_and_what_is_not_can_be_removed(desk, categories):
    categories.create(OPERATOR, PROSECUTORS)
    one = desk.watchlist("jaksa", category="x-kejaksaan")
    assert categories.use(OPERATOR, "x-kejaksaan").uses == 1
    with pytest.raises(StillInUse, match="1 records"):
        categories.remove(OPERATOR, "x-kejaksaan", "not needed")
    with pytest.raises(ReasonMissing):
        categories.edit(OPERATOR, "x-kejaksaan", {"active": False}, 1)
    categories.edit(OPERATOR, "x-kejaksaan", {"active": False}, 1, "no such requests any more")
    with pytest.raises(CodeRefused, match="switched off"):
        desk.watchlist("another", category="x-kejaksaan")
    # What has it keeps it, and alerts; its other fields can still be changed.
    desk.service.lists.watchlists.edit(OPERATOR, one, {"category": "x-kejaksaan"}, None)
    desk.enrol(1, one)
    assert desk.screen(1).encounter.alerts[0].category == "x-kejaksaan"
    with pytest.raises(StillInUse):
        categories.remove(OPERATOR, "tangkal", "not needed")
    categories.create(
        OPERATOR, CodedCategory(code="x-a", label=LABEL, instruction=ORDER, priority=2)
    )
    categories.remove(OPERATOR, "x-a", "a slip")
    with pytest.raises(NotFound):
        categories.get(OPERATOR, "x-a")


def test_a_code_stands_once_and_a_change_names_what_was_read(categories):
    categories.create(OPERATOR, PROSECUTORS)
    with pytest.raises(AlreadyExists):
        categories.create(OPERATOR, PROSECUTORS)
    categories.edit(OPERATOR, "cegah", {"label": {"en": "Exit ban"}}, 0)
    assert categories.get(OPERATOR, "cegah").label == {"id": "Cegah", "en": "Exit ban"}
    with pytest.raises(StaleVersion):
        categories.edit(OPERATOR, "cegah", {"label": {"en": "No exit"}}, 0)
    for code in ("other",):
        with pytest.raises(CodeRefused, match="needs it"):
            categories.edit(OPERATOR, code, {"active": False}, None, "why not")


def test_an_own_outcome_ends_an_alert_and_says_what_the_port_does(desk, outcomes):
    them = people(desk)
    outcomes.create(OPERATOR, outcome(directions=frozenset({Direction.ENTRY})))
    review = desk.service.review.decisions
    alert_id = raised(desk)
    review.acknowledge(them.chief, alert_id)
    review.decide(them.chief, alert_id, YES)
    chosen = desk.service.lists.codes.now().active_outcomes
    view = desk.service.review.alerts.get(them.chief, alert_id)
    offered = allowed_steps(view.alert, them.chief, chosen).disposals
    assert "x-karantina" in {each.code for each in offered}
    alert = review.close(them.chief, alert_id, "x-karantina")
    assert of_alerts([alert]) is Disposition.HELD
    assert outcomes.use(OPERATOR, "x-karantina") == CodeUse(
        outcomes.get(OPERATOR, "x-karantina"), 2
    )
    with pytest.raises(CodeRefused, match="stays"):
        outcomes.edit(OPERATOR, "x-karantina", {"disposition": Disposition.RELEASED}, None)
    with pytest.raises(StillInUse):
        outcomes.remove(OPERATOR, "x-karantina", "not needed")


def test_who_may_go_on_is_the_words_at_the_time(desk, outcomes):
    them = people(desk)
    outcomes.create(OPERATOR, outcome(disposition=Disposition.RELEASED))
    alert_id = raised(desk)
    review = desk.service.review.decisions
    review.acknowledge(them.chief, alert_id)
    review.decide(them.chief, alert_id, YES)
    assert of_alerts([review.close(them.chief, alert_id, "x-karantina")]) is Disposition.RELEASED
    review.correct(them.chief, alert_id, "a slip", Disposal.ENTRY_REFUSED)
    outcomes.edit(OPERATOR, "x-karantina", {"active": False}, None, "no more")
    with pytest.raises(CodeRefused, match="switched off"):
        review.correct(them.chief, alert_id, "a slip", "x-karantina")
    with pytest.raises(CodeRefused, match="no outcome x-none"):
        review.correct(them.chief, alert_id, "a slip", "x-none")


@pytest.mark.parametrize(("finding", "code"), [(NO, "undecided"), (UNSURE, "same")])
def test_an_own_outcome_follows_only_the_comparison_it_names(desk, outcomes, finding, code):
    them = people(desk)
    after = {
        "undecided": frozenset({ComparisonResult.SAME_PERSON, ComparisonResult.UNDECIDED}),
        "same": frozenset({ComparisonResult.SAME_PERSON}),
    }[code]
    outcomes.create(OPERATOR, outcome(disposition=Disposition.RELEASED, after=after))
    alert_id = raised(desk)
    review = desk.service.review.decisions
    review.acknowledge(them.chief, alert_id)
    review.decide(them.chief, alert_id, finding)
    with pytest.raises(IllegalTransition):
        review.close(them.chief, alert_id, "x-karantina")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"after": frozenset({ComparisonResult.OTHER_PERSON})}, "after"),
        ({"after": frozenset(ComparisonResult), "disposition": Disposition.RELEASED}, "after"),
        ({"after": frozenset({ComparisonResult.UNDECIDED})}, "after"),
        ({"label": {"id": " ", "en": "x"}}, "label"),
    ],
)
def test_an_own_outcome_cannot_hold_whom_nobody_found(outcomes, fields, wrong):
    with pytest.raises(CodeRefused) as refusal:
        outcomes.create(OPERATOR, outcome(**fields))
    assert refusal.value.field == wrong


def test_what_a_built_in_outcome_means_stays(outcomes):
    outcomes.edit(OPERATOR, "deported", {"label": {"id": "Dipulangkan"}}, 0)
    assert outcomes.get(OPERATOR, "deported").label["id"] == "Dipulangkan"
    for changes in (
        {"disposition": Disposition.RELEASED},
        {"stages": None},
        {"after": frozenset(ComparisonResult)},
        {"directions": frozenset({Direction.EXIT})},
    ):
        with pytest.raises(CodeRefused, match="stays"):
            outcomes.edit(OPERATOR, "deported", changes, None)


def test_the_trail_accounts_for_every_change(desk, categories, outcomes):
    categories.create(OPERATOR, PROSECUTORS)
    categories.edit(OPERATOR, "tangkal", {"priority": 1}, None)
    outcomes.create(OPERATOR, outcome())
    outcomes.remove(OPERATOR, "x-karantina", "a slip")
    found = desk.service.oversight.trail.verify(OPERATOR)
    assert found.whole, found.fault
