"""The story over real networks: what it leaves is sound, and in the order of time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from casework.accounts.sign_in import Credentials
from casework.kernel.errors import SetUpError
from casework.kernel.vocabulary import AlertState, CaseState, Role, SessionKind, Stage
from casework.overstay.listed import OverstayFilter
from casework.tables import Agency, Alert, Case, Encounter, HeldPermit, Residence, Tip
from casework.tips.nearby import NearbyReason
from cli.story import desks
from cli.story.cast import AGENCIES, CAST, OFFICERS
from cli.story.command import tell
from config.records import open_records
from config.settings import Settings
from tests.services import officer

BUSY = replace(CAST, listed_share=0.5, listed_guests=0.1)


def settings_for(folder, *, practice=True):
    return Settings(
        data_dir=folder / "var",
        practice=practice,
        stays_legal_basis="UU 6/2011, pasal 72",
        stays_purpose="practice",
        keep_stays_days=365,
        overstay_legal_basis="UU 6/2011, pasal 78",
        overstay_purpose="practice",
        keep_overstay_days=365,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A short story with many listed people; its settings, and what it says of itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desks, "NOTICED_SHARE", 1)
        settings = settings_for(tmp_path_factory.mktemp("story"))
        return settings, tell(settings, travellers=60, days=30, seed=1, cast=BUSY)


def test_it_leaves_what_it_says(told):
    settings, result = told
    with open_records(settings) as records, records.kernel.database.read() as session:
        encounters = session.scalar(select(func.count()).select_from(Encounter)) or 0
        closed = session.scalar(
            select(func.count()).select_from(Alert).where(Alert.state == AlertState.CLOSED)
        )
        assert session.scalar(select(func.count()).select_from(Agency)) == len(AGENCIES)
        assert session.scalar(select(func.count()).select_from(Tip)) == result.counts["tips"]
        cases = session.scalars(select(Case)).all()
    assert len(cases) == result.counts["joint cases opened"] > 0
    ended = [case for case in cases if case.state == CaseState.CLOSED]
    assert len(ended) == result.counts["joint cases closed"]
    screened = [count for name, count in result.counts.items() if name.startswith("travellers")]
    assert sum(screened) >= 60 + result.counts["arrivals with a permit"]
    assert encounters == sum(screened) + result.counts["listed guests"]
    assert result.counts["joint cases opened"] == 5
    assert result.counts["stays"] == 6 * 30
    assert closed == result.counts["alerts closed"] > 0
    assert result.counts["travellers: alert"] > 10


def test_reports_near_a_listed_guest_are_found_by_the_agency_that_may_see_both(told):
    settings, _ = told
    with open_records(settings) as records:
        near = records.exchange.nearby
        with records.kernel.database.read() as session:
            alerts = session.scalars(
                select(Alert).join(Alert.encounter).where(Encounter.stage == Stage.STAY)
            ).all()
        readers = {each.owner_id: officer(each.owner_id, Role.OFFICER) for each in alerts}
        found = {each.id: near.tips(readers[each.owner_id], each.id) for each in alerts}
        reasons = {reason for tips in found.values() for tip in tips for reason in tip.reasons}
        assert reasons >= {NearbyReason.AREA, NearbyReason.LODGING}
        for alert in alerts:
            reader = readers[alert.owner_id]
            for tip in found[alert.id]:
                assert tip.tip.agency_id == reader.agency_id
                back = near.alerts(reader, tip.tip.id)
                assert {each.alert.owner_id for each in back} == {reader.agency_id}


def test_overstays_are_found_and_shown_to_their_agency_alone(told):
    settings, result = told
    with open_records(settings) as records:
        with records.kernel.database.read() as session:
            agencies = {row.code: row.id for row in session.scalars(select(Agency))}
            recorded = {row.subject_id: row for row in session.scalars(select(Residence))}
            held = session.scalars(select(HeldPermit)).all()
            document = session.scalars(
                select(Alert).where(Alert.watchlist_name == "DPO", Alert.matched_by == "face")
            ).all()
        (stays_on,) = (row.subject_id for row in recorded.values() if row.departed_on is None)
        (left,) = recorded.keys() - {stays_on}
        reader = officer(agencies["IMI"], Role.SUPERVISOR)
        over = records.lists.overstays.page(reader, None, 50, OverstayFilter())
        assert stays_on in {each.subject.id for each in over}
        assert left not in {each.subject.id for each in over}
        assert records.lists.timelines.of_subject(reader, stays_on).overstay is not None
        assert records.lists.timelines.of_subject(reader, left).overstay is None
        for code in agencies.keys() - {"IMI"}:
            other = officer(agencies[code], Role.OFFICER, Role.SUPERVISOR, Role.ANALYST)
            assert records.lists.overstays.page(other, None, 50, OverstayFilter()) == []
    # Somebody who is wanted came by a document that is on no list.
    assert document
    assert result.counts["wanted with another document"] == 1
    assert 0 < len(held) < result.counts["arrivals with a permit"]


def test_its_times_lie_within_its_days(told):
    settings, _ = told
    with open_records(settings) as records, records.kernel.database.read() as session:
        first, last = session.execute(
            select(func.min(Encounter.received_at), func.max(Encounter.received_at))
        ).one()
        for alert in session.scalars(select(Alert).where(Alert.closed_at.is_not(None))):
            times = (alert.created_at, alert.acknowledged_at, alert.decided_at, alert.closed_at)
            assert sorted(each for each in times if each is not None) == [*times]
    now = datetime.now(UTC)
    assert now - timedelta(days=31) < first < last < now
    assert last - first > timedelta(days=15)


def test_its_audit_trail_is_whole(told):
    settings, _ = told
    with open_records(settings) as records:
        assert records.kernel.audit.verify().whole


def test_everybody_can_sign_in(told):
    """First passwords open accounts for three days, and the story's days are long over."""
    settings, result = told
    assert set(result.passwords) == {person.login for person in OFFICERS}
    with open_records(settings) as records:
        for login, password in [*result.passwords.items()][:2]:
            credentials = Credentials(login, password)
            assert records.accounts.sessions.sign_in(credentials, SessionKind.PROGRAM).text


def test_nothing_is_told_where_real_work_could_be(told, tmp_path):
    with pytest.raises(SetUpError, match="practice installation alone"):
        tell(settings_for(tmp_path, practice=False), 1, 2, 0)
    assert not (tmp_path / "var").exists()
    settings, _ = told
    with pytest.raises(SetUpError, match="begun already"):
        tell(settings, 1, 2, 0)
