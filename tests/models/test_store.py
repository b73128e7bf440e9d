import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.errors import ArchiveInvalid, LicenceNotAccepted, WeightsCorrupt, WeightsMissing
from models.manifest import Pack, load_pack, parse_pack
from models.root import default_root
from models.store import FileState, ModelStore
from tests.models.builders import (
    DETECTOR,
    RECOGNISER,
    make_wheel,
    make_zip,
    sha256,
    tables,
    tiny_pack,
)


def fill(store: ModelStore, pack: Pack) -> None:
    store.add(pack.detector, io.BytesIO(DETECTOR))
    store.add(pack.recogniser, io.BytesIO(RECOGNISER))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def states(store: ModelStore, pack: Pack) -> list[FileState]:
    return [report.state for report in store.verify(pack)]


def flip_byte(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_an_empty_store_says_what_to_do(store):
    pack = tiny_pack()
    assert states(store, pack) == [FileState.MISSING, FileState.MISSING]
    with pytest.raises(WeightsMissing, match=r"det\.onnx, rec\.onnx.*siaga models import tiny"):
        store.require(pack)


def test_added_files_are_verified_and_used(store):
    pack = tiny_pack()
    fill(store, pack)
    weights = store.require(pack)
    assert weights.detector.read_bytes() == DETECTOR
    assert weights.recogniser.read_bytes() == RECOGNISER
    report = store.verify(pack)[1]
    assert (report.state, report.size, report.sha256) == (
        FileState.OK,
        len(RECOGNISER),
        sha256(RECOGNISER),
    )
    assert store.outstanding(pack) == ()


def test_added_files_can_be_read_by_the_service(store):
    pack = tiny_pack()
    before = os.umask(0o022)
    try:
        path = store.add(pack.detector, io.BytesIO(DETECTOR))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644


def test_packs_share_what_they_have_in_common(store):
    large, medium = load_pack("buffalo_l"), load_pack("buffalo_m")
    assert store.path(large.recogniser) == store.path(medium.recogniser)
    assert store.path(large.detector) != store.path(medium.detector)
    assert store.path(large.detector) == store.path(load_pack("antelopev2").detector)


@pytest.mark.parametrize("position", [0, 100_000, len(RECOGNISER) - 1])
def test_a_flipped_byte_is_found_and_never_loaded(store, position):
    pack = tiny_pack()
    fill(store, pack)
    flip_byte(store.path(pack.recogniser), position)
    assert states(store, pack) == [FileState.OK, FileState.CORRUPT]
    assert store.outstanding(pack) == (pack.recogniser,)
    with pytest.raises(WeightsCorrupt, match=r"is not rec\.onnx.*siaga models import"):
        store.require(pack)


def test_a_truncated_file_and_a_folder_in_its_place_are_corrupt(store):
    pack = tiny_pack()
    fill(store, pack)
    store.path(pack.detector).write_bytes(DETECTOR[:-1])
    store.path(pack.recogniser).unlink()
    store.path(pack.recogniser).mkdir()
    assert states(store, pack) == [FileState.CORRUPT, FileState.CORRUPT]


def test_the_size_counts_even_when_the_digest_is_right(store):
    data = tables()
    data["detector"]["size"] += 1
    pack = parse_pack(data, "tiny.toml")
    path = store.path(pack.detector)
    path.parent.mkdir(parents=True)
    path.write_bytes(DETECTOR)
    assert states(store, pack)[0] is FileState.CORRUPT
    with pytest.raises(WeightsCorrupt, match="68,000 bytes instead of 68,001"):
        store.add(pack.detector, io.BytesIO(DETECTOR))


def test_wrong_content_leaves_no_trace_and_the_good_file_in_place(store):
    pack = tiny_pack()
    wrong = b"X" + DETECTOR[1:]
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        store.add(pack.detector, io.BytesIO(wrong))
    assert files_in(store.root) == []
    fill(store, pack)
    with pytest.raises(WeightsCorrupt):
        store.add(pack.detector, io.BytesIO(wrong))
    assert store.require(pack).detector.read_bytes() == DETECTOR


class Endless:
    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int, /) -> bytes:
        self.given += size
        return bytes(size)


def test_a_stream_without_end_is_left_early(store):
    stream = Endless()
    with pytest.raises(WeightsCorrupt, match="larger than 68,000 bytes"):
        store.add(tiny_pack().detector, stream)
    assert stream.given <= 2 * 1024 * 1024
    assert files_in(store.root) == []


class Breaking:
    def __init__(self) -> None:
        self.pieces = [DETECTOR[:1000]]

    def read(self, size: int, /) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise OSError("the stick was pulled out")


def test_a_stream_that_breaks_leaves_nothing(store):
    with pytest.raises(OSError, match="pulled out"):
        store.add(tiny_pack().detector, Breaking())
    assert files_in(store.root) == []


def test_a_process_killed_while_adding_leaves_no_file_of_that_name(store):
    code = f"""
import sys, time
from pathlib import Path
from models.store import ModelStore
from tests.models.builders import DETECTOR, tiny_pack
class Slow:
    sent = False
    def read(self, size):
        if not self.sent:
            self.sent = True
            return DETECTOR[:60000]
        print("half", flush=True)
        time.sleep(60)
ModelStore(Path({str(store.root)!r})).add(tiny_pack().detector, Slow())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    pack = tiny_pack()
    assert states(store, pack)[0] is FileState.MISSING
    (left,) = files_in(store.root)
    assert left.name.endswith(".tmp")
    fill(store, pack)
    assert left.exists(), "it might belong to a process that still writes"
    yesterday = time.time() - 25 * 3600
    os.utime(left, (yesterday, yesterday))
    fill(store, pack)
    assert not left.exists()


def test_threads_may_add_the_same_file_at_once(store):
    pack = tiny_pack()
    barrier = threading.Barrier(8)
    faults = []

    def add() -> None:
        barrier.wait()
        try:
            fill(store, pack)
        except Exception as error:  # noqa: BLE001 - shown to the assertion below
            faults.append(error)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert states(store, pack) == [FileState.OK, FileState.OK]
    assert len(files_in(store.root)) == 2


# --- licences


def test_a_pack_is_not_used_before_its_licence_is_accepted(store):
    pack = tiny_pack(acceptance_required=True)
    fill(store, pack)
    with pytest.raises(LicenceNotAccepted, match=r"Test-1\.0: Only for tests\..*--accept-license"):
        store.require(pack)
    record = store.accept_licence(pack, by=" Officer Sari ")
    assert store.require(pack).detector.exists()
    assert (record.pack, record.licence, record.accepted_by) == ("tiny", "Test-1.0", "Officer Sari")
    assert record.licence_sha256 == pack.licence.digest
    assert timedelta(0) <= datetime.now(UTC) - record.accepted_at < timedelta(minutes=1)
    assert ModelStore(store.root).licence_record(pack) == record


def test_the_acceptance_is_a_file_a_person_can_read(store):
    pack = tiny_pack(acceptance_required=True)
    store.accept_licence(pack, by="sari")
    (path,) = files_in(store.root)
    content = json.loads(path.read_text())
    assert content["accepted_by"] == "sari"
    assert content["licence_sha256"] == pack.licence.digest


def test_the_first_acceptance_stands(store):
    pack = tiny_pack(acceptance_required=True)
    first = store.accept_licence(pack, by="sari")
    assert store.accept_licence(pack, by="budi") == first


def test_new_terms_need_a_new_acceptance(store):
    pack = tiny_pack(acceptance_required=True)
    store.accept_licence(pack, by="sari")
    data = tables(acceptance_required=True)
    data["licence"]["summary"] = "Only for tests, and for a fee."
    changed = parse_pack(data, "tiny.toml")
    assert not store.licence_accepted(changed)
    store.accept_licence(changed, by="budi")
    assert store.licence_accepted(changed)
    assert store.licence_accepted(pack)


def test_acceptance_is_of_one_pack(store):
    store.accept_licence(load_pack("buffalo_s"), by="sari")
    assert store.licence_accepted(load_pack("buffalo_s"))
    assert not store.licence_accepted(load_pack("buffalo_l"))


@pytest.mark.parametrize("field", ["pack", "licence_sha256"])
def test_an_acceptance_of_something_else_is_none(store, field):
    pack = tiny_pack(acceptance_required=True)
    store.accept_licence(pack, by="sari")
    (path,) = files_in(store.root)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: "other"}))
    assert not store.licence_accepted(pack)


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pack": "tiny"}'])
def test_a_damaged_acceptance_is_none(store, content):
    pack = tiny_pack(acceptance_required=True)
    store.accept_licence(pack, by="sari")
    (path,) = files_in(store.root)
    path.write_text(content)
    assert not store.licence_accepted(pack)
    store.accept_licence(pack, by="sari")
    assert store.licence_accepted(pack)


def test_nobody_cannot_accept(store):
    with pytest.raises(ValueError, match="name"):
        store.accept_licence(tiny_pack(acceptance_required=True), by="  ")


# --- import


def test_import_from_a_zip_finds_members_in_any_folder(store, tmp_path):
    source = make_zip(
        tmp_path / "pack.zip", {"tiny/det.onnx": DETECTOR, "tiny/deep/rec.onnx": RECOGNISER}
    )
    report = store.import_from(tiny_pack(), source)
    assert (report.placed, report.present, report.missing) == (("det.onnx", "rec.onnx"), (), ())
    assert store.require(tiny_pack()).recogniser.read_bytes() == RECOGNISER


def test_import_from_a_wheel(store, tmp_path):
    wheel = make_wheel(tmp_path, {"w/det.onnx": DETECTOR, "w/rec.onnx": RECOGNISER})
    assert store.import_from(tiny_pack(), wheel).missing == ()


def test_import_from_a_folder_recognises_content_under_another_name(store, tmp_path):
    folder = tmp_path / "stick"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "detector (1).bin").write_bytes(DETECTOR)
    (folder / "rec.onnx").write_bytes(RECOGNISER)
    os.mkfifo(folder / "det.onnx")  # opening it would wait for ever
    (folder / "gone.onnx").symlink_to(folder / "nowhere")
    assert store.import_from(tiny_pack(), folder).placed == ("det.onnx", "rec.onnx")


def test_import_by_content_when_the_size_is_not_known(store, tmp_path):
    data = tables()
    del data["detector"]["size"]
    pack = parse_pack(data, "tiny.toml")
    source = make_zip(tmp_path / "p.zip", {"x.onnx": b"no", "y.onnx": DETECTOR, "z": RECOGNISER})
    assert store.import_from(pack, source).missing == ()


def test_import_reports_exactly_what_is_missing_and_keeps_what_is_right(store, tmp_path):
    source = make_zip(tmp_path / "pack.zip", {"det.onnx": DETECTOR, "readme.txt": b"hello"})
    report = store.import_from(tiny_pack(), source)
    assert report.placed == ("det.onnx",)
    (missing,) = report.missing
    assert (missing.file, missing.reason) == ("rec.onnx", "rec.onnx is not in it")
    again = store.import_from(tiny_pack(), source)
    assert (again.placed, again.present) == ((), ("det.onnx",))


def test_import_refuses_a_namesake_and_takes_the_right_content_elsewhere(store, tmp_path):
    wrong = b"X" + RECOGNISER[1:]
    members = {"rec.onnx": wrong, "old/det.onnx": b"short", "new/det.onnx": DETECTOR}
    report = store.import_from(tiny_pack(), make_zip(tmp_path / "pack.zip", members))
    assert report.placed == ("det.onnx",)
    assert f"SHA-256 {sha256(wrong)} instead of" in report.missing[0].reason


def test_import_replaces_a_corrupt_file(store, tmp_path):
    pack = tiny_pack()
    fill(store, pack)
    flip_byte(store.path(pack.detector), 5)
    source = make_zip(tmp_path / "pack.zip", {"det.onnx": DETECTOR})
    assert store.import_from(pack, source).placed == ("det.onnx",)
    assert store.require(pack)


def test_a_bomb_does_not_fill_the_disk(store, tmp_path):
    source = make_zip(tmp_path / "bomb.zip", {"det.onnx": bytes(50_000_000)})
    assert source.stat().st_size < 1_000_000
    report = store.import_from(tiny_pack(), source)
    assert "larger than 68,000 bytes" in report.missing[0].reason
    assert files_in(store.root) == []


def lie_about_size(path: Path, stated: int, actual: int) -> None:
    """Overwrite the uncompressed size of the only member, in both headers."""
    content = path.read_bytes()
    assert content.count(actual.to_bytes(4, "little")) == 2
    path.write_bytes(content.replace(actual.to_bytes(4, "little"), stated.to_bytes(4, "little")))


@pytest.mark.parametrize("stated", [10, len(DETECTOR)])
def test_a_member_that_lies_about_its_size_is_refused(store, tmp_path, stated):
    content = DETECTOR + b"more than stated"
    source = make_zip(tmp_path / "lie.zip", {"det.onnx": content})
    lie_about_size(source, stated, len(content))
    report = store.import_from(tiny_pack(), source)
    assert report.placed == ()
    assert files_in(store.root) == []


def test_a_member_that_lies_about_its_size_upwards_is_refused(store, tmp_path):
    source = make_zip(tmp_path / "lie.zip", {"det.onnx": DETECTOR[:-1]})
    lie_about_size(source, len(DETECTOR), len(DETECTOR) - 1)
    assert store.import_from(tiny_pack(), source).placed == ()
    assert files_in(store.root) == []


@pytest.mark.parametrize(
    "name", ["../../det.onnx", "/det.onnx", "..\\..\\det.onnx", "C:\\det.onnx"]
)
def test_names_that_climb_out_lead_nowhere(store, tmp_path, name):
    source = make_zip(tmp_path / "climb.zip", {name: DETECTOR})
    assert store.import_from(tiny_pack(), source).placed == ("det.onnx",)
    assert {path for path in files_in(tmp_path) if path != source} == {
        store.path(tiny_pack().detector)
    }


def test_a_damaged_member_spoils_only_itself(store, tmp_path):
    source = tmp_path / "pack.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("det.onnx", DETECTOR)
        archive.writestr("rec.onnx", RECOGNISER)
    flip_byte(source, 500)  # stored, not compressed: inside det.onnx
    report = store.import_from(tiny_pack(), source)
    assert report.placed == ("rec.onnx",)
    assert "CRC" in report.missing[0].reason


def test_an_encrypted_member_is_said_to_be_so(store, tmp_path):
    source = make_zip(tmp_path / "pack.zip", {"det.onnx": DETECTOR})
    content = bytearray(source.read_bytes())
    content[6] |= 1  # local header's flags
    content[content.index(b"PK\x01\x02") + 8] |= 1  # central directory's
    source.write_bytes(content)
    assert "encrypted" in store.import_from(tiny_pack(), source).missing[0].reason


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_what_is_no_archive_is_refused(store, tmp_path, content):
    source = tmp_path / "thing"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(ArchiveInvalid, match="neither a folder nor a readable zip"):
        store.import_from(tiny_pack(), source)


def test_a_truncated_zip_is_refused(store, tmp_path):
    source = make_zip(tmp_path / "pack.zip", {"det.onnx": os.urandom(100_000)})
    source.write_bytes(source.read_bytes()[:50_000])
    with pytest.raises(ArchiveInvalid):
        store.import_from(tiny_pack(), source)


# --- custom packs


def own_pack(folder: Path) -> Pack:
    folder.mkdir()
    return tiny_pack().model_copy(update={"folder": folder})


def test_a_custom_packs_weights_are_used_in_place(store, tmp_path):
    pack = own_pack(tmp_path / "own")
    (tmp_path / "own" / "det.onnx").write_bytes(DETECTOR)
    (tmp_path / "own" / "rec.onnx").write_bytes(RECOGNISER)
    assert store.require(pack).detector == tmp_path / "own" / "det.onnx"
    assert not store.root.exists()


def test_a_custom_pack_takes_from_the_store_what_its_folder_lacks(store, tmp_path):
    pack = own_pack(tmp_path / "own")
    (tmp_path / "own" / "rec.onnx").write_bytes(RECOGNISER)
    with pytest.raises(WeightsMissing, match=rf"det\.onnx not found.*fetch {tmp_path / 'own'}"):
        store.require(pack)
    store.add(pack.detector, io.BytesIO(DETECTOR))
    weights = store.require(pack)
    assert (weights.detector, weights.recogniser.parent) == (
        store.path(pack.detector),
        tmp_path / "own",
    )


def test_a_wrong_file_in_a_custom_packs_folder_is_its_owners_to_replace(store, tmp_path):
    pack = own_pack(tmp_path / "own")
    (tmp_path / "own" / "det.onnx").write_bytes(b"other")
    source = make_zip(tmp_path / "pack.zip", {"det.onnx": DETECTOR})
    with pytest.raises(WeightsCorrupt, match=r"own/det\.onnx is not det\.onnx"):
        store.import_from(pack, source)
    assert (tmp_path / "own" / "det.onnx").read_bytes() == b"other"


def test_the_default_folder_is_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_root() == tmp_path / "siaga" / "models"
