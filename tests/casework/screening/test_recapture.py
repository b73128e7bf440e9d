"""What a gate does about a capture: over every outcome, verdict and reason."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.messages import ENGLISH
from casework.kernel.vocabulary import Outcome, PersonReason, Recapture
from casework.screening import recapture
from casework.screening.recapture import decide, is_fresh, mendable, person_reasons
from casework.screening.verification import _ADVICE
from casework.tables import Encounter
from detector.measures import NOT_ASSESSABLE, Measure
from detector.quality import Quality, Reason, Verdict, bounds
from tests.catalogues import read
from tests.services import BEGIN

BOUNDS = {each.measure: each for each in bounds(0.9)}
MEASURED = {
    reason: [each for each in mending if each.measure in BOUNDS]
    for reason, mending in recapture._MENDED.items()
    if not isinstance(mending, bool)
}


def quality(verdict, reasons=(), values=()):
    measures = tuple(
        Measure(name, value, "", NOT_ASSESSABLE) for name, value in dict(values).items()
    )
    return Quality(verdict, tuple(reasons), measures).as_record()


values = st.fixed_dictionaries(
    {}, optional={name: st.floats(-100, 500, allow_nan=False) for name in BOUNDS}
)
qualities = st.one_of(
    st.builds(quality, st.just(Verdict.USABLE), st.just(()), values),
    st.builds(
        quality,
        st.sampled_from([Verdict.MARGINAL, Verdict.UNSEARCHABLE]),
        st.lists(st.sampled_from(Reason), unique=True, min_size=1),
        values,
    ),
)


@given(st.sampled_from(Outcome), qualities, st.booleans(), st.booleans())
def test_never_after_an_alert_never_with_a_person_never_twice(outcome, quality, repeats, person):
    told = decide(outcome, quality, repeats=repeats, person=person)
    if outcome is Outcome.ALERT or person:
        assert told is Recapture.NOT_NEEDED
    if repeats:
        assert told is not Recapture.ADVISED
    else:
        assert told is not Recapture.PERSON
    row = Encounter(recapture=told.value, person_required=person)
    assert not (person_reasons(row) and told is Recapture.ADVISED)
    assert (PersonReason.SECOND_CAPTURE in person_reasons(row)) == (told is Recapture.PERSON)


@given(qualities, st.booleans())
def test_what_was_not_searched_never_opens(quality, repeats):
    told = decide(Outcome.UNSEARCHABLE, quality, repeats=repeats, person=False)
    assert told is (Recapture.PERSON if repeats else Recapture.ADVISED)


@given(qualities, st.booleans())
def test_a_clear_photo_is_repeated_for_its_reasons_alone(quality, repeats):
    told = decide(Outcome.CLEAR, quality, repeats=repeats, person=False)
    assert (told is not Recapture.NOT_NEEDED) == bool(mendable(quality))
    assert all(reason in quality["reasons"] for reason in mendable(quality))
    if quality["verdict"] == Verdict.USABLE:
        assert told is Recapture.NOT_NEEDED


@pytest.mark.parametrize("reason", Reason)
def test_whether_another_capture_could_mend_it(reason):
    found = mendable(quality(Verdict.MARGINAL, [reason]))
    always = recapture._MENDED[reason] is True
    assert [each["code"] for each in found] == ([reason.value] if always else [])


@pytest.mark.parametrize(
    ("reason", "beyond"), [(reason, each) for reason, found in MEASURED.items() for each in found]
)
def test_a_second_limit_lies_beyond_the_first(reason, beyond):
    """A photo that is captured again for a reason has that reason: the limit is the stricter."""
    bound = BOUNDS[beyond.measure]
    assert bound.reason is reason
    assert bound.too_high == beyond.too_high
    assert beyond.limit >= bound.marginal if bound.too_high else beyond.limit <= bound.marginal
    sign = 1 if beyond.too_high else -1
    for value, told in ((beyond.limit, 0), (beyond.limit + sign * 0.01, 1)):
        photo = quality(Verdict.MARGINAL, [reason], {beyond.measure: value})
        assert len(mendable(photo)) == told


def test_every_second_limit_is_of_a_measure_that_is_judged():
    for reason, mending in recapture._MENDED.items():
        if not isinstance(mending, bool):
            assert len(MEASURED[reason]) == len(mending) > 0


def test_a_lodgings_guest_and_an_encounter_of_before_ask_for_nobody():
    assert person_reasons(Encounter(recapture=None, person_required=False)) == []


UNCOVER = re.compile(
    r"(take|have|taken?|pull|lift).*\b(off|away)\b|remov|uncover|unveil"
    r"|without (a |any )?(mask|veil|scarf|glasses|dark glasses|covering)"
    r"|\b(me)?lepas|\bbuka\b|dibuka|\btanpa (masker|cadar|jilbab|kerudung|kacamata)",
    re.IGNORECASE,
)
INDONESIAN = read("id")
ADVICE = [text for code, text in ENGLISH.items() if code.startswith("advice_")]


def test_no_advice_asks_anybody_to_uncover():
    """What faith or medicine asks for stays on: a person looks instead."""
    found = [INDONESIAN.get(text) for text in ADVICE]
    indonesian = [str(each.string) for each in found if each is not None]
    assert len(indonesian) == len(ADVICE)
    every = [*(reason.advice for reason in Reason), *ADVICE, *indonesian, *_ADVICE.values()]
    assert len(every) > 4 * len(Reason) - 4
    assert [text for text in every if UNCOVER.search(text)] == []
    for asked in ("Have the veil taken away.", "Uncover the face.", "Lepaskan masker."):
        assert UNCOVER.search(asked)


def test_a_capture_is_repeated_for_ten_minutes():
    assert is_fresh(BEGIN, BEGIN + timedelta(minutes=10))
    assert not is_fresh(BEGIN, BEGIN + timedelta(minutes=10, microseconds=1))
