"""How long referrals and tips are kept, and where they appear when a person asks."""

from sqlalchemy import func, select

from casework.kernel.vocabulary import Role, TipOrigin
from casework.oversight.retention import RecordKind, Retention
from casework.referrals.fields import AlertField
from casework.tables import Referral, ReferralMessage, ReferralPhoto, Tip
from casework.tips.reports import NewTip
from casework.watchlists.subjects import NewSubject
from tests.casework.referrals.scenes import Scene
from tests.fakes import photo_of
from tests.services import OPERATOR, officer

REPORT = NewTip("Seen.", TipOrigin.PUBLIC, source="a neighbour")


def erased(desk, kind):
    runs = desk.service.oversight.retention.run(OPERATOR)
    return {each.kind: each.records for each in runs}[kind]


def counts(desk, *tables):
    with desk.service.kernel.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_a_closed_referral_goes_with_its_photos_and_messages(desk):
    scene = Scene.of(desk)
    row = scene.sent(AlertField.NAME, AlertField.PROBE_PHOTO)
    desk.clock.advance(days=1000)
    assert erased(desk, RecordKind.REFERRALS) == 0  # still open: its end is part of the work
    desk.service.exchange.referral_steps.close(scene.sender, row.id)
    desk.clock.advance(days=364)
    assert erased(desk, RecordKind.REFERRALS) == 0
    desk.clock.advance(days=2)
    assert erased(desk, RecordKind.REFERRALS) == 1
    assert counts(desk, Referral, ReferralMessage, ReferralPhoto) == [0, 0, 0]


def test_a_settled_tip_goes_and_an_open_one_stays(desk):
    scene, work = Scene.of(desk), desk.service.tip_steps
    work.record(scene.sender, REPORT)
    settled = work.record(scene.sender, REPORT, photo_of(1))
    work.dismiss(scene.sender, settled.id, "nothing")
    desk.clock.advance(days=364)
    assert erased(desk, RecordKind.TIPS) == 0
    desk.clock.advance(days=2)
    assert erased(desk, RecordKind.TIPS) == 1
    assert counts(desk, Tip) == [1]


def test_a_person_is_told_of_referrals_and_of_the_tip(desk):
    scene, work = Scene.of(desk), desk.service.tip_steps
    analyst = officer(desk.agency("IMI"), Role.ANALYST)
    tip = work.record(scene.sender, REPORT, photo_of(7))
    enrolled = work.enrol(analyst, tip.id, NewSubject("Somebody", (desk.watchlist(),)))
    (alert,) = desk.screen(7).encounter.alerts
    records = desk.service
    records.review.decisions.acknowledge(scene.sender, alert.id)
    fields = [AlertField.NAME, AlertField.PORT]
    referral = records.exchange.referral_steps.refer_alert(
        scene.sender, alert.id, scene.to(), fields
    )
    held = records.oversight.data_subject_reports.report_on(
        analyst, enrolled.subject_id, "the person asked"
    )
    (told,) = held["referrals"]
    assert (told["id"], told["to"], told["fields"]) == (referral.id, "POL", ["name", "port"])
    assert [each["id"] for each in held["tips"]] == [tip.id]
    assert "a neighbour" not in str(held)


def test_who_reported_goes_before_the_tip_where_that_is_set(desk):
    scene, work, kernel = Scene.of(desk), desk.service.tip_steps, desk.service.kernel
    open_one, settled = (work.record(scene.sender, REPORT) for _ in range(2))
    work.dismiss(scene.sender, settled.id, "nothing")
    retention = Retention(kernel, {RecordKind.REPORTERS: 90})

    def run():
        runs = {each.kind: each.records for each in retention.run(OPERATOR)}
        return runs[RecordKind.REPORTERS]

    desk.clock.advance(days=89)
    assert run() == 0
    desk.clock.advance(days=2)
    assert run() == 1
    assert run() == 0
    with kernel.database.read() as session:
        kept = {row.id: (row.has_source, row.sealed_source) for row in session.scalars(select(Tip))}
    assert kept[settled.id] == (False, None)
    assert kept[open_one.id][0]
    assert erased(desk, RecordKind.REPORTERS) == 0  # unset: for as long as the tip
