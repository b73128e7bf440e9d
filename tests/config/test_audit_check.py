"""The audit trail checked by a process of its own: one at a time, bounded, and told no key."""

import json
import sys
from threading import Thread

import pytest

from casework.kernel.audit.chain import Proved, Verdict
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AuditCheckUnderWay, AuditCheckUnfinished
from casework.kernel.messages import Message
from config.audit_check import AuditCheck
from config.records import open_records
from config.settings import Settings
from tests.deadlines import patience, wait_until
from tests.services import DATA_KEY, OPERATOR, lay

SLEEPS = (sys.executable, "-c", "import time; print(flush=True); time.sleep(600)")
SHOWS = (
    sys.executable,
    "-c",
    (
        "import json, os, sys\n"
        "seen = [sys.argv, dict(os.environ), sys.stdin.read()]\n"
        "print(json.dumps({'reason': json.dumps(seen)}))"
    ),
)


@pytest.fixture
def settings(tmp_path):
    lay(tmp_path)
    return Settings(data_dir=tmp_path)


@pytest.fixture
def records(settings):
    with open_records(settings) as records:
        for number in range(5):
            records.kernel.audit.note(AuditEntry(OPERATOR, "x.y", f"obj_{number}", purpose="why"))
        yield records


def test_another_process_finds_what_this_one_does(records, settings, monkeypatch, tmp_path):
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path / "elsewhere"))  # the service's own count
    check = AuditCheck(settings)
    verdict = check.whole()
    assert verdict == records.kernel.audit.verify()
    assert (verdict.whole, verdict.proved.texts) == (True, 6)
    with records.kernel.database.write_core() as connection:
        connection.exec_driver_sql("DELETE FROM audit_text WHERE seq IN (2, 4)")
    verdict = check.whole()
    assert verdict == records.kernel.audit.verify()
    assert [verdict.seq, len(verdict.more)] == [2, 1]


def test_another_process_checks_the_tail_alone_where_that_will_do(records, settings):
    check = AuditCheck(settings)
    assert check.tail().after == 0  # nobody has checked everything yet
    verdict = records.oversight.trail.verify(OPERATOR)
    found = check.tail()
    assert found.after == verdict.records
    assert found == records.kernel.audit.verify(tail=True)


def test_a_verdict_is_handed_over_whole():
    message = Message("trail_text_altered", {"record": 3, "name": "purpose"})
    verdict = Verdict(7, "ab" * 32, message, 3, (message, message), Proved(texts=4, signed_to=2))
    assert Verdict.from_json(json.loads(json.dumps(verdict.as_json()))) == verdict


def test_the_key_is_not_handed_over(settings, caplog):
    check = AuditCheck(settings, command=SHOWS)
    with pytest.raises(AuditCheckUnfinished):
        check.whole()
    assert str(settings.data_dir) in caplog.text  # the child was told where to look
    assert DATA_KEY.hex() not in caplog.text


def test_a_key_that_is_not_there_is_for_the_log(records, settings, caplog):
    settings.resolved_data_key_file.unlink()
    with pytest.raises(AuditCheckUnfinished) as raised:
        AuditCheck(settings).whole()
    assert raised.value.message.code == "audit_check_failed"
    assert str(settings.resolved_data_key_file) in caplog.text


def test_one_at_a_time_until_it_is_stopped(settings):
    check, ends = AuditCheck(settings, command=SLEEPS), []

    def ask():
        try:
            check.whole()
        except AuditCheckUnfinished as error:
            ends.append(error.message.code)

    asking = Thread(target=ask)
    asking.start()
    wait_until(lambda: check.under_way, 10, every=0.005)
    with pytest.raises(AuditCheckUnderWay):
        check.whole()
    check.stop()
    asking.join(patience(10))
    assert ends == ["audit_check_failed"]
    with pytest.raises(AuditCheckUnfinished):  # none begins behind the end
        check.whole()


def test_a_check_that_takes_too_long_is_ended(settings):
    check = AuditCheck(settings, 0.2, SLEEPS)
    with pytest.raises(AuditCheckUnfinished) as raised:
        check.whole()
    assert raised.value.message.code == "audit_check_too_long"
    assert not check.under_way
