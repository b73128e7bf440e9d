"""A supervisor corrects how an alert was closed: visibly, and under the rules of any review."""

from datetime import timedelta

import pytest

from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import IllegalTransition, NotPermitted
from casework.kernel.vocabulary import AlertState, Disposal, Opinion, OpinionReason, Role
from casework.reports.review import ReportRequest
from casework.review.decisions import Finding
from tests.services import OPERATOR, officer

YES = Finding(Opinion.POTENTIAL_CANDIDATE, (OpinionReason.FACIAL_FEATURES_AGREE,))
NO = Finding(Opinion.NOT_CANDIDATE, (OpinionReason.FACIAL_FEATURES_DIFFER,))
WHY = "the passport shows that it was the person"


@pytest.fixture
def staff(desk):
    """Two officers and a supervisor."""
    return {
        name: officer(desk.agency(), *roles, name=name)
        for name, roles in {
            "siti": [Role.OFFICER],
            "budi": [Role.OFFICER, Role.SUPERVISOR],
            "rita": [Role.OFFICER, Role.SUPERVISOR],
        }.items()
    }


def closed(desk, staff, finding, disposal, *, two):
    desk.enrol(1, desk.watchlist("list", requires_second_officer=two))
    (alert,) = desk.screen(1).encounter.alerts
    review = desk.service.review.decisions
    review.acknowledge(staff["siti"], alert.id)
    review.decide(staff["siti"], alert.id, finding)
    if two:
        review.confirm(staff["budi"], alert.id, finding)
    review.close(staff["siti"], alert.id, disposal)
    return alert.id


def test_an_outcome_is_replaced_and_the_old_one_stays_in_the_history(desk, staff):
    alert_id = closed(desk, staff, YES, Disposal.OBSERVED, two=False)
    review, alerts = desk.service.review.decisions, desk.service.review.alerts
    before = alerts.get(staff["rita"], alert_id).alert.version
    review.correct(staff["rita"], alert_id, WHY, Disposal.HANDED_OVER)
    view = alerts.get(staff["siti"], alert_id)
    assert (view.state, view.alert.disposal) == (AlertState.CLOSED, Disposal.HANDED_OVER)
    assert view.alert.version == before + 1
    last = [(step.action, step.disposal, step.note) for step in view.steps[-2:]]
    assert last == [
        ("alert.close", Disposal.OBSERVED, None),
        ("alert.correct", Disposal.HANDED_OVER, WHY),
    ]
    chosen = AuditFilter(action="alert.correct")
    (record,) = desk.service.oversight.trail.page(OPERATOR, None, 5, chosen)
    assert record.purpose == WHY
    assert (record.detail["former"], record.detail["disposal"]) == ("observed", "handed_over")


def test_an_outcome_that_does_not_fit_the_finding_takes_another_review(desk, staff):
    alert_id = closed(desk, staff, NO, Disposal.MISTAKEN_IDENTITY, two=True)
    review, alerts = desk.service.review.decisions, desk.service.review.alerts
    with pytest.raises(IllegalTransition):
        review.correct(staff["rita"], alert_id, WHY, Disposal.HANDED_OVER)
    review.correct(staff["rita"], alert_id, WHY)
    view = alerts.get(staff["siti"], alert_id)
    assert (view.state, view.alert.disposal) == (AlertState.ACKNOWLEDGED, None)
    # The rules of any review hold again: two people, and the first opinion is not told.
    review.decide(staff["rita"], alert_id, YES)
    seen = alerts.get(staff["budi"], alert_id)
    assert seen.state is AlertState.UNDER_REVIEW
    assert seen.steps[-1].opinion is None
    with pytest.raises(IllegalTransition):
        review.close(staff["rita"], alert_id, Disposal.HANDED_OVER)
    with pytest.raises(IllegalTransition):
        review.confirm(staff["rita"], alert_id, YES)
    review.confirm(staff["budi"], alert_id, YES)
    review.close(staff["rita"], alert_id, Disposal.HANDED_OVER)
    assert alerts.get(staff["siti"], alert_id).alert.disposal == Disposal.HANDED_OVER


def test_only_a_supervisor_corrects_and_only_what_is_closed(desk, staff):
    alert_id = closed(desk, staff, YES, Disposal.OBSERVED, two=False)
    review = desk.service.review.decisions
    with pytest.raises(NotPermitted):
        review.correct(staff["siti"], alert_id, WHY)
    review.correct(staff["rita"], alert_id, WHY)
    with pytest.raises(IllegalTransition):
        review.correct(staff["rita"], alert_id, WHY)


def test_a_report_counts_the_outcome_that_it_has_now(desk, staff):
    alert_id = closed(desk, staff, YES, Disposal.OBSERVED, two=False)
    supervisor = officer(desk.agency(), Role.SUPERVISOR, name="lead")

    def counted():
        now = desk.clock()
        asked = ReportRequest(now - timedelta(days=1), now + timedelta(days=1))
        (line,) = desk.service.reports.counts.review(supervisor, asked).lines
        return line.closed.value

    desk.clock.advance(minutes=1)
    assert counted() == 1
    desk.service.review.decisions.correct(staff["rita"], alert_id, WHY)
    assert counted() == 0
    desk.service.review.decisions.decide(staff["rita"], alert_id, YES)
    desk.service.review.decisions.close(staff["rita"], alert_id, Disposal.HANDED_OVER)
    assert counted() == 1


def test_a_correction_is_told_as_a_change(desk, staff):
    alert_id = closed(desk, staff, YES, Disposal.OBSERVED, two=False)
    feed = desk.service.exchange.feed
    point = feed.open(staff["rita"], None)
    desk.service.review.decisions.correct(staff["rita"], alert_id, WHY, Disposal.HANDED_OVER)
    events = feed.after(staff["rita"], point.seq, 10).events
    assert [(each.kind, each.object_id) for each in events] == [("alert.changed", alert_id)]
