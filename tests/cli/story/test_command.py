"""The story over real networks: what it leaves is sound, and in the order of time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from casework.accounts.sign_in import Credentials
from casework.kernel.errors import SetUpError
from casework.kernel.vocabulary import AlertState, CaseState, SessionKind
from casework.tables import Agency, Alert, Case, Encounter, Tip
from cli.story import travellers
from cli.story.cast import AGENCIES, OFFICERS
from cli.story.command import tell
from config.records import open_records
from config.settings import Settings


def settings_for(folder, *, practice=True):
    return Settings(
        data_dir=folder / "var",
        practice=practice,
        stays_legal_basis="UU 6/2011, pasal 72",
        stays_purpose="practice",
        keep_stays_days=365,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A short story with many listed people; its settings, and what it says of itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(travellers, "LISTED_SHARE", 0.5)
        settings = settings_for(tmp_path_factory.mktemp("story"))
        return settings, tell(settings, travellers=60, days=30, seed=1)


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
    assert sum(screened) >= 60
    assert encounters == sum(screened) + result.counts["listed guests"]
    assert result.counts["joint cases opened"] == 5
    assert result.counts["stays"] == 6 * 30
    assert closed == result.counts["alerts closed"] > 0
    assert result.counts["travellers: alert"] > 10


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
