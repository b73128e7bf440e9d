"""The rows of a measurement are what the service would have written: sealed, recorded, erasable."""

from benchmarks.growth import trail
from benchmarks.growth.command import _place
from benchmarks.growth.databases import SQLITE
from benchmarks.growth.fill import fill
from casework.kernel.actor import Actor
from casework.oversight.retention import RecordKind, Retention
from casework.records import Records
from tests.services import DATA_KEYS, QUICK, laid


def test_a_filled_database_is_whole_and_can_be_erased(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.growth.fill.SUBJECTS", 3)
    records = Records.open(laid(tmp_path / "siaga.db"), DATA_KEYS, passwords=QUICK)
    try:
        fill(records, 60)
        monkeypatch.setattr("benchmarks.growth.trail.TAIL", 5)
        assert trail.measure(records).records >= 60
        erased = Retention(records.kernel, {RecordKind.ENCOUNTERS: 60}).run(Actor.operator())
        gone = {each.kind: each.records for each in erased}
        assert 15 <= gone[RecordKind.ENCOUNTERS] <= 20
        assert records.kernel.audit.verify().whole
    finally:
        records.close()


def test_a_kept_database_is_found_again_and_others_go(tmp_path):
    with _place(SQLITE, 2000, tmp_path) as (folder, url):
        (folder / "siaga.db").touch()
        assert url == f"sqlite:///{tmp_path / '2000' / 'siaga.db'}"
    with _place(SQLITE, 2000, tmp_path) as (folder, _):
        assert (folder / "siaga.db").is_file()
    with _place(SQLITE, 2000, None) as (folder, _):
        assert folder.is_dir()
    assert not folder.exists()
