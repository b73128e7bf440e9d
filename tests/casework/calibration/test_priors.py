"""A pack's prior: measured here, or stated, or generic; and who may measure it."""

import pytest

from casework.calibration.priors import Priors, PriorSource, generic_curve
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import NotPermitted, TooFewScores
from casework.kernel.vocabulary import Role
from index.false_matches import least_photos
from index.threshold import FalseMatchCurve
from models.manifest import builtin_packs
from models.runtimes import Runtime
from tests.packs import unit_rows
from tests.services import OPERATOR, officer

pytestmark = pytest.mark.every_database


def priors(desk, pack=None):
    return Priors(desk.service.kernel, pack or desk.service.pack, Runtime.ONNXRUNTIME)


def without(pack):
    return pack.model_copy(update={"prior": None, "name": "bare"})


def test_a_manifests_prior_counts_until_one_is_measured(desk):
    assert priors(desk).in_force().source is PriorSource.MANIFEST
    measured = priors(desk).measure(OPERATOR, list(unit_rows(least_photos(), seed=1)))
    assert measured.source is PriorSource.MEASURED
    assert priors(desk).in_force() == measured
    again = priors(desk).measure(OPERATOR, list(unit_rows(least_photos(), seed=2)))
    assert priors(desk).in_force() == again != measured


def test_a_prior_is_of_one_model(desk):
    bare = without(desk.service.pack)
    priors(desk).measure(OPERATOR, list(unit_rows(least_photos())))
    assert priors(desk, bare).in_force().source is PriorSource.GENERIC


def test_the_generic_curve_is_at_least_as_strict_as_every_packs_own(desk):
    curve = priors(desk, without(desk.service.pack)).in_force().curve
    assert curve == generic_curve()
    stated = [pack.prior for pack in builtin_packs().values() if pack.prior is not None]
    assert len(stated) > 1
    for prior in stated:
        own = FalseMatchCurve(prior.fmr, prior.score)
        assert all(curve.score_at(rate) >= own.score_at(rate) for rate in (*prior.fmr, 1e-7))


def test_measuring_is_an_act_of_the_audit_trail(desk):
    priors(desk).measure(OPERATOR, list(unit_rows(least_photos())))
    trail = desk.service.oversight.trail
    (record,) = trail.page(OPERATOR, None, 10, AuditFilter(action="calibration.make"))
    assert record.detail["photos"] == least_photos()
    assert desk.service.kernel.audit.verify().whole


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR])
def test_only_who_may_calibrate_measures(desk, role):
    with pytest.raises(NotPermitted):
        priors(desk).measure(officer(desk.agency("IMI"), role), list(unit_rows(least_photos())))
    assert priors(desk).in_force().source is PriorSource.MANIFEST


@pytest.mark.parametrize("rows", [unit_rows(9), unit_rows(1).repeat(300, axis=0)])
def test_what_tells_nothing_is_refused_and_nothing_is_kept(desk, rows):
    with pytest.raises(TooFewScores):
        priors(desk).measure(OPERATOR, list(rows))
    assert priors(desk).in_force().source is PriorSource.MANIFEST
