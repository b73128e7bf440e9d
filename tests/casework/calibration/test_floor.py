"""The floor of a threshold that somebody sets by hand."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from casework.accounts.agencies import NewAgency
from casework.calibration.policy import least_threshold
from casework.calibration.thresholds import FalseMatchModel, read_basis
from casework.gallery.change_log import log_policy
from casework.kernel.errors import ThresholdTooLow
from casework.kernel.messages import Message
from casework.records import Records
from casework.screening.searches import SearchRequest
from casework.tables import Watchlist
from casework.watchlists.watchlists import LOOSEST_FPIR, NewWatchlist
from index.calibration import calibrate
from index.threshold import FalseMatchCurve
from tests.casework.review.people import people
from tests.services import DATA_KEYS, OPERATOR, QUICK, laid, photo_file


def policy(desk, watchlist):
    return desk.service.screening.matching.policies()[watchlist]


def store(desk, watchlist, **values):
    """Write what an earlier version accepted."""
    with desk.service.kernel.database.write() as session:
        session.execute(update(Watchlist).where(Watchlist.id == watchlist).values(**values))
        log_policy(session, desk.clock)


def least_of(error):
    (least,) = re.findall(r"at least ([\d.]+)\.", str(error.value))
    return float(least)


def test_a_threshold_that_strangers_reach_is_refused_with_the_least_allowed(desk):
    with pytest.raises(ThresholdTooLow) as refused:
        desk.watchlist(threshold=-1.0)
    least = least_of(refused)
    with pytest.raises(ThresholdTooLow):
        desk.watchlist(threshold=least - 0.001)
    watchlist = desk.watchlist(threshold=least)
    assert policy(desk, watchlist).threshold == least
    assert str(policy(desk, watchlist).basis) == "set by hand"
    with pytest.raises(ThresholdTooLow) as refused:
        desk.service.lists.watchlists.edit(OPERATOR, watchlist, {"threshold": 0.0}, None)
    assert refused.value.field == "threshold"


def test_the_floor_rises_with_the_list_and_a_threshold_below_it_is_raised_at_use(desk):
    with pytest.raises(ThresholdTooLow) as refused:
        desk.watchlist(threshold=-1.0)
    watchlist = desk.watchlist(threshold=least_of(refused))
    for person in range(1, 12):
        desk.enrol(person)
    found = policy(desk, watchlist)
    assert found.raised
    assert found.threshold == least_threshold(11, found.chance) > found.set_by_hand
    (alert,) = desk.screen(1).encounter.alerts
    assert alert.threshold == found.threshold
    assert alert.threshold_basis == str(found.basis)
    assert "raised to the score of FPIR 0.01 at 11 templates" in alert.threshold_basis
    # Whoever changes something else need not first find another threshold.
    desk.service.lists.watchlists.edit(
        OPERATOR, watchlist, {"name": "new", "threshold": found.set_by_hand}, None
    )
    with pytest.raises(ThresholdTooLow):
        desk.service.lists.watchlists.edit(
            OPERATOR, watchlist, {"threshold": found.set_by_hand + 0.0001}, None
        )


def test_what_an_earlier_version_stored_is_raised_and_strangers_raise_no_alert(desk):
    watchlist = desk.watchlist()
    desk.enrol(1)
    store(desk, watchlist, threshold=-1.0)
    assert desk.screen(2).encounter.outcome == "clear"
    assert desk.screen(1).encounter.outcome == "alert"
    assert policy(desk, watchlist).raised
    store(desk, watchlist, threshold=None, target_fpir=0.9)
    assert policy(desk, watchlist).threshold == least_threshold(1, policy(desk, watchlist).chance)
    assert "FPIR 0.01" in str(policy(desk, watchlist).basis)


def test_an_officer_s_search_goes_below_the_floor(desk):
    watchlist = desk.watchlist(threshold=0.9999)
    desk.enrol(1, watchlist)
    question = SearchRequest(photo_file(1, brightness=0.9).content, "case 12/2026")
    ((found, _),) = desk.service.screening.searches.search(people(desk).first, question).candidates
    assert not found.passes


def test_without_a_gallery_no_threshold_is_set_by_hand(tmp_path):
    with Records.open(laid(tmp_path / "other.db"), DATA_KEYS, passwords=QUICK) as records:
        agency = records.accounts.agencies.create(OPERATOR, NewAgency("IMI", "Immigration"))
        new = NewWatchlist("wanted", agency.id, threshold=0.9999)
        with pytest.raises(ThresholdTooLow, match="set it over HTTP"):
            records.lists.watchlists.create(OPERATOR, new)


CURVE = FalseMatchCurve((0.1, 1e-6), (0.2, 0.6))
CALIBRATED = FalseMatchModel(
    "p", CURVE, calibrate(np.random.default_rng(0).gumbel(0.3, 0.03, 5000), 1000), "cal_1"
)


@pytest.mark.parametrize("chance", [FalseMatchModel("p", CURVE), CALIBRATED])
@given(fpir=st.floats(1e-6, LOOSEST_FPIR), templates=st.integers(0, 1_000_000))
@settings(max_examples=200, deadline=None)
def test_no_accepted_target_lies_below_the_floor(chance, fpir, templates):
    assert chance.threshold(fpir, templates) >= least_threshold(templates, chance) - 1e-9


@pytest.mark.parametrize("code", ["basis_raised", "basis_breaker"])
def test_the_basis_of_an_alert_is_read_back(code):
    message = Message(code, {"hand": "-1", "fpir": "0.01", "templates": 11})
    assert read_basis(str(message)) == message
