import getpass
import gzip
import io
import os
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from models.download import Limits, download
from models.errors import FetchFailed, LicenceNotAccepted, SourceFailed, WeightsCorrupt
from models.fetch import fetch, pip_download
from models.manifest import Pack
from models.store import FileState, ModelStore
from tests.models.builders import (
    DETECTOR,
    RECOGNISER,
    WHEEL,
    make_wheel,
    make_zip,
    sha256,
    tiny_pack,
    url_source,
    wheel_source,
    zip_source,
)
from tests.models.conftest import Resource, Site

HALF = 30_000  # bytes of the detector before the line breaks


def only_detector_missing(store: ModelStore, detector: list[dict[str, object]]) -> Pack:
    """A pack whose recogniser is in the store, so that only the detector's sources matter."""
    pack = tiny_pack(detector)
    store.add(pack.recogniser, io.BytesIO(RECOGNISER))
    return pack


def left_over(store: ModelStore) -> set[str]:
    return {path.name for path in (store.root / "partial").iterdir()} - {"lock"}


class Progress:
    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int | None]] = []

    def __call__(self, file: str, done: int, total: int | None, /) -> None:
        self.calls.append((file, done, total))


# --- the file itself at an address


def test_files_are_fetched_once_with_progress(store, site):
    detector = site.put("/d", Resource(DETECTOR))
    recogniser = site.put("/r", Resource(RECOGNISER))
    pack = tiny_pack([url_source(detector)], [url_source(recogniser)])
    progress = Progress()
    reports = fetch(pack, store, progress=progress)
    assert [report.state for report in reports] == [FileState.OK, FileState.OK]
    assert store.require(pack).detector.read_bytes() == DETECTOR
    for name, size in (("det.onnx", len(DETECTOR)), ("rec.onnx", len(RECOGNISER))):
        done = [call[1] for call in progress.calls if call[0] == name]
        assert done == sorted(done)
        assert (done[0], done[-1]) == (0, size)
    assert {call[2] for call in progress.calls} == {len(DETECTOR), len(RECOGNISER)}
    assert left_over(store) == set()
    fetch(pack, store)
    assert len(site.requests) == 2


def test_a_corrupt_file_is_fetched_again(store, site):
    pack = only_detector_missing(store, [url_source(site.put("/d", Resource(DETECTOR)))])
    store.path(pack.detector).write_bytes(b"X" + DETECTOR[1:])
    fetch(pack, store)
    assert store.require(pack).detector.read_bytes() == DETECTOR


def test_a_broken_line_is_taken_up_where_it_broke(store, site):
    page = Resource(DETECTOR, etag='"v1"', cut_after=[HALF, 1000])
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    fetch(pack, store)
    assert site.ranges_of("/d") == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]
    assert store.require(pack)


def test_last_modified_will_do_where_the_etag_is_weak(store, site):
    stamp = "Wed, 21 Oct 2015 07:28:00 GMT"
    page = Resource(DETECTOR, etag='W/"v1"', last_modified=stamp, cut_after=[HALF])
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    progress = Progress()
    fetch(pack, store, progress=progress)
    assert site.ranges_of("/d") == [None, f"bytes={HALF}-"]
    assert [call[1] for call in progress.calls].count(0) == 1, "it began only once"


def interrupted(store: ModelStore, site: Site, page: Resource) -> Pack:
    """Fetch `page` until the line breaks for good, leaving its first half behind."""
    page.cut_after = [HALF, 0]
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    with pytest.raises(FetchFailed):
        fetch(pack, store)
    site.requests.clear()
    assert f"{pack.detector.sha256}.part" in left_over(store)
    return pack


def test_the_next_fetch_resumes(store, site):
    pack = interrupted(store, site, Resource(DETECTOR, etag='"v1"'))
    progress = Progress()
    fetch(pack, ModelStore(store.root), progress=progress)
    assert site.ranges_of("/d") == [f"bytes={HALF}-"]
    assert progress.calls[0] == ("det.onnx", HALF, len(DETECTOR))
    assert store.require(pack).detector.read_bytes() == DETECTOR
    assert left_over(store) == set()


def test_halves_of_two_versions_are_never_joined(store, site):
    page = Resource(b"X" * len(DETECTOR), etag='"old"')
    pack = interrupted(store, site, page)
    page.content, page.etag = DETECTOR, '"new"'
    fetch(pack, store)
    assert site.ranges_of("/d") == [f"bytes={HALF}-"]
    assert store.require(pack).detector.read_bytes() == DETECTOR


def test_a_part_of_another_address_is_not_resumed(store, site):
    interrupted(store, site, Resource(DETECTOR, etag='"v1"'))
    other = site.put("/mirror", Resource(DETECTOR, etag='"v1"'))
    fetch(tiny_pack([url_source(other)]), store)
    assert site.ranges_of("/mirror") == [None]


def test_a_part_that_was_complete_is_not_asked_for(store, site):
    pack = interrupted(store, site, Resource(DETECTOR, etag='"v1"'))
    (store.root / "partial" / f"{pack.detector.sha256}.part").write_bytes(DETECTOR)
    fetch(pack, store)
    assert site.requests == []


def test_a_part_longer_than_the_file_starts_again(store, site):
    pack = interrupted(store, site, Resource(DETECTOR, etag='"v1"'))
    (store.root / "partial" / f"{pack.detector.sha256}.part").write_bytes(DETECTOR + b"more")
    fetch(pack, store)
    assert site.ranges_of("/d") == [f"bytes={len(DETECTOR) + 4}-", None]


def test_a_server_without_ranges_starts_from_zero(store, site):
    page = Resource(DETECTOR, etag='"v1"', ranges=False, cut_after=[HALF])
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    fetch(pack, store)
    assert site.ranges_of("/d") == [None, f"bytes={HALF}-"]
    assert store.require(pack).detector.read_bytes() == DETECTOR


def test_without_a_validator_nothing_is_resumed(store, site):
    page = Resource(DETECTOR, cut_after=[HALF])
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    fetch(pack, store)
    assert site.ranges_of("/d") == [None, None]


def test_a_server_that_always_breaks_is_given_up(store, site):
    page = Resource(DETECTOR, cut_after=[HALF] * 50)
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    with pytest.raises(FetchFailed, match="RemoteProtocolError"):
        fetch(pack, store)
    assert len(site.requests) == 2


def test_an_early_end_without_a_length_is_noticed(store, site):
    page = Resource(DETECTOR, etag='"v1"', length=False, cut_after=[HALF])
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    fetch(pack, store)
    assert site.ranges_of("/d") == [None, f"bytes={HALF}-"]


def test_a_wrong_checksum_fails_and_leaves_nothing(store, site):
    wrong = b"X" + DETECTOR[1:]
    page = Resource(wrong, etag='"v1"')
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    with pytest.raises(FetchFailed) as raised:
        fetch(pack, store)
    (attempt,) = raised.value.attempts
    assert (attempt.file, attempt.source) == ("det.onnx", f"{site.base}/d")
    assert f"SHA-256 {sha256(wrong)} instead of" in attempt.reason
    assert not store.path(pack.detector).exists()
    assert left_over(store) == set()


def test_the_next_source_is_tried(store, site):
    missing = url_source(site.put("/missing", Resource(status=404)))
    wrong = url_source(site.put("/wrong", Resource(b"X" + DETECTOR[1:])))
    right = url_source(site.put("/right", Resource(DETECTOR)))
    never = url_source(site.put("/never", Resource(DETECTOR)))
    pack = only_detector_missing(store, [missing, wrong, right, never])
    fetch(pack, store)
    assert [path for path, _ in site.requests] == ["/missing", "/wrong", "/right"]
    assert store.require(pack)


def test_failing_says_what_was_tried_and_how_to_go_on_offline(store, site):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/d"
        missing = site.put("/missing", Resource(status=404))
        recogniser = site.put("/r", Resource(RECOGNISER))
        pack = tiny_pack([url_source(dead), url_source(missing)], [url_source(recogniser)])
        with pytest.raises(FetchFailed) as raised:
            fetch(pack, store)
    message = str(raised.value)
    assert raised.value.files == ("det.onnx",)
    assert f"det.onnx from {dead}: ConnectError" in message
    assert f"det.onnx from {missing}: the server answered 404" in message
    assert "siaga models import tiny ZIP_OR_FOLDER" in message
    # What could be had is kept for the next time.
    assert [report.state for report in store.verify(pack)] == [FileState.MISSING, FileState.OK]


def test_a_file_without_a_source_says_so(store):
    with pytest.raises(FetchFailed, match="names no source"):
        fetch(tiny_pack(), store)


@pytest.mark.parametrize(
    "page",
    [
        Resource(DETECTOR + b"more"),
        Resource(DETECTOR[:-1]),
        Resource(DETECTOR + b"more", length=False),
        Resource(endless=True, length=False),
    ],
    ids=["stated too long", "stated too short", "too long", "endless"],
)
def test_a_server_cannot_fill_the_disk(store, site, page):
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    with pytest.raises(FetchFailed, match=r"the server (offers|sent more than) "):
        fetch(pack, store)
    assert left_over(store) == set()


def test_a_compressed_answer_is_refused(store, site):
    page = Resource(gzip.compress(DETECTOR), encoding="gzip")
    pack = only_detector_missing(store, [url_source(site.put("/d", page))])
    with pytest.raises(FetchFailed, match="compressed"):
        fetch(pack, store)


def test_redirects_are_followed_and_resumed(store, site):
    page = Resource(DETECTOR, etag='"v1"', cut_after=[HALF])
    target = site.put("/target", page)
    start = site.put("/d", Resource(status=302, location=target))
    pack = only_detector_missing(store, [url_source(start)])
    fetch(pack, store)
    assert site.ranges_of("/target") == [None, f"bytes={HALF}-"]


@pytest.mark.parametrize("location", ["http://example.invalid/d", "ftp://127.0.0.1/d"])
def test_a_redirect_may_not_drop_tls(store, site, location):
    start = site.put("/d", Resource(status=302, location=location))
    pack = only_detector_missing(store, [url_source(start)])
    with pytest.raises(FetchFailed, match=r"is not an https:// address|UnsupportedProtocol"):
        fetch(pack, store)


def test_a_certificate_the_machine_trusts_will_do(store, tls_site, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    pack = only_detector_missing(store, [url_source(tls_site.put("/d", Resource(DETECTOR)))])
    fetch(pack, store)
    assert store.require(pack)


def test_a_certificate_nobody_vouches_for_is_refused(store, tls_site):
    pack = only_detector_missing(store, [url_source(tls_site.put("/d", Resource(DETECTOR)))])
    with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(pack, store)
    assert tls_site.requests == []


def test_tls_may_not_be_dropped_towards_this_machine(
    store, tls_site, site, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    page = Resource(status=302, location=site.put("/d", Resource(DETECTOR)))
    pack = only_detector_missing(store, [url_source(tls_site.put("/d", page))])
    with pytest.raises(FetchFailed, match="is not an https:// address"):
        fetch(pack, store)
    assert site.requests == []


def test_redirects_in_a_circle_end(store, site):
    start = site.put("/d", Resource(status=302, location="/d"))
    pack = only_detector_missing(store, [url_source(start)])
    with pytest.raises(FetchFailed, match="TooManyRedirects"):
        fetch(pack, store)


def test_plain_http_elsewhere_is_refused_by_the_download_itself(tmp_path):
    with pytest.raises(SourceFailed, match="not an https:// address"):
        download(
            "http://example.invalid/",
            tmp_path / "a.part",
            size=None,
            cap=10,
            report=lambda _done, _total: None,
        )


@pytest.mark.parametrize(
    ("pause", "limits", "message"),
    [(0.5, Limits(read=0.1), "ReadTimeout"), (0.02, Limits(total=0.1), "too long")],
    ids=["silence", "trickle"],
)
def test_a_slow_server_is_left(site, tmp_path, pause, limits, message):
    url = site.put("/slow", Resource(b"slow" * 10, trickle=pause))
    with pytest.raises(SourceFailed, match=message):
        download(
            url,
            tmp_path / "slow.part",
            size=None,
            cap=1000,
            report=lambda _done, _total: None,
            limits=limits,
        )


# --- a zip at an address


def tiny_zip(folder: Path) -> bytes:
    members = {"tiny/det.onnx": DETECTOR, "tiny/rec.onnx": RECOGNISER, "tiny/other.onnx": b"other"}
    return make_zip(folder / "served.zip", members).read_bytes()


def test_one_zip_serves_both_files(store, site, tmp_path):
    content = tiny_zip(tmp_path)
    url = site.put("/p.zip", Resource(content))
    pinned = {"sha256": sha256(content), "size": len(content)}
    pack = tiny_pack(
        [zip_source(url, "det.onnx", **pinned)], [zip_source(url, "rec.onnx", **pinned)]
    )
    fetch(pack, store)
    assert len(site.requests) == 1
    assert store.require(pack).recogniser.read_bytes() == RECOGNISER
    assert left_over(store) == set()
    assert {path.name for path in (store.root / "weights").iterdir()} == {
        f"{file.sha256}.onnx" for file in pack.files
    }


def test_a_zip_is_resumed_too(store, site, tmp_path):
    content = tiny_zip(tmp_path)
    page = Resource(content, etag='"v1"', cut_after=[200, 0])
    url = site.put("/p.zip", page)
    pack = tiny_pack([zip_source(url, "det.onnx")], [zip_source(url, "rec.onnx")])
    with pytest.raises(FetchFailed) as raised:
        fetch(pack, store)
    assert len(raised.value.attempts) == 2
    assert len(site.requests) == 2, "what failed for one file is not tried again for the other"
    site.requests.clear()
    fetch(pack, store)
    assert site.ranges_of("/p.zip") == ["bytes=200-"]
    assert store.require(pack)


def test_a_zip_with_the_wrong_checksum_is_not_opened(store, site, tmp_path):
    url = site.put("/p.zip", Resource(tiny_zip(tmp_path)))
    pack = only_detector_missing(store, [zip_source(url, "det.onnx", sha256="0" * 64)])
    with pytest.raises(FetchFailed, match="the archive has SHA-256"):
        fetch(pack, store)
    assert left_over(store) == set()


def test_a_zip_without_the_member_says_so(store, site, tmp_path):
    content = make_zip(tmp_path / "p.zip", {"rec.onnx": RECOGNISER}).read_bytes()
    pack = only_detector_missing(
        store, [zip_source(site.put("/p.zip", Resource(content)), "det.onnx")]
    )
    with pytest.raises(FetchFailed, match=r"det\.onnx is not in it"):
        fetch(pack, store)


def test_what_is_no_zip_gives_way_to_the_next_source(store, site):
    page = zip_source(site.put("/p.zip", Resource(b"<html>")), "det.onnx")
    pack = only_detector_missing(store, [page, url_source(site.put("/d", Resource(DETECTOR)))])
    fetch(pack, store)
    assert store.require(pack)
    assert left_over(store) == set()


# --- a wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and nothing else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def test_a_wheel_is_opened_and_never_installed(store, index):
    members = {"tw/det.onnx": DETECTOR, "tw/rec.onnx": RECOGNISER, "tw/__init__.py": b"1 / 0"}
    make_wheel(index, members)
    pack = tiny_pack([wheel_source("tw/det.onnx")], [wheel_source("tw/rec.onnx")])
    progress = Progress()
    fetch(pack, store, progress=progress)
    assert store.require(pack).recogniser.read_bytes() == RECOGNISER
    assert progress.calls == [
        ("det.onnx", 0, len(DETECTOR)),
        ("det.onnx", len(DETECTOR), len(DETECTOR)),
        ("rec.onnx", len(RECOGNISER), len(RECOGNISER)),
    ]
    assert left_over(store) == set()
    installed = subprocess.run(
        [sys.executable, "-c", "import tw"], capture_output=True, text=True, check=False
    )
    assert "No module named 'tw'" in installed.stderr


def test_a_wheel_that_is_not_there_gives_way_in_pips_own_words(store, index, site):
    url = site.put("/d", Resource(DETECTOR))
    pack = only_detector_missing(store, [wheel_source("tw/det.onnx")])
    with pytest.raises(FetchFailed, match=r"the wheel tinyweights==1\.0: ERROR: .*No matching"):
        fetch(pack, store)
    fetch(only_detector_missing(store, [wheel_source("tw/det.onnx"), url_source(url)]), store)
    assert store.require(pack)


def test_a_source_distribution_is_not_built(store, index):
    (index / "tinyweights-1.0.tar.gz").write_bytes(b"whatever it would run")
    pack = only_detector_missing(store, [wheel_source("tw/det.onnx")])
    with pytest.raises(FetchFailed, match="No matching distribution"):
        fetch(pack, store)


def test_the_folder_we_are_called_from_is_not_importable(store, index, tmp_path, monkeypatch):
    make_wheel(index, {"tw/det.onnx": DETECTOR})
    (tmp_path / "pip.py").write_text("raise SystemExit('a pip that somebody left here')")
    monkeypatch.chdir(tmp_path)
    fetch(only_detector_missing(store, [wheel_source("tw/det.onnx")]), store)


def test_passwords_stay_out_of_messages(tmp_path, monkeypatch):
    pip = tmp_path / "python"
    pip.write_text(
        "#!/bin/sh\necho 'ERROR: https://user:secret@index.invalid/ is down' >&2\nexit 1\n"
    )
    pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(pip))
    with pytest.raises(SourceFailed) as raised:
        pip_download("tinyweights==1.0", tmp_path)
    assert str(raised.value) == "ERROR: https://index.invalid/ is down"


def test_the_builders_wheel_is_named_as_pip_expects(index):
    assert make_wheel(index, {}).name == WHEEL


# --- licences, custom packs, several processes


def test_a_refused_licence_comes_before_any_request(store, site):
    sources = [url_source(site.put("/d", Resource(DETECTOR)))]
    pack = tiny_pack(sources, sources, acceptance_required=True)
    with pytest.raises(LicenceNotAccepted):
        fetch(pack, store)
    assert site.requests == []
    assert not store.root.exists()


def test_accepting_is_recorded_in_the_users_name(store, site):
    detector = [url_source(site.put("/d", Resource(DETECTOR)))]
    recogniser = [url_source(site.put("/r", Resource(RECOGNISER)))]
    pack = tiny_pack(detector, recogniser, acceptance_required=True)
    fetch(pack, store, accept_licence=True)
    record = store.licence_record(pack)
    assert record is not None
    assert record.accepted_by == getpass.getuser()
    assert store.require(pack)


def test_a_free_licence_leaves_no_acceptance(store, site):
    pack = only_detector_missing(store, [url_source(site.put("/d", Resource(DETECTOR)))])
    fetch(pack, store, accept_licence=True)
    assert store.licence_record(pack) is None


def test_a_wrong_file_in_a_custom_folder_is_not_fetched_over(store, site, tmp_path):
    sources = [url_source(site.put("/d", Resource(DETECTOR)))]
    pack = only_detector_missing(store, sources).model_copy(update={"folder": tmp_path})
    (tmp_path / "det.onnx").write_bytes(b"other")
    with pytest.raises(WeightsCorrupt):
        fetch(pack, store)
    assert site.requests == []


def test_a_custom_pack_may_fetch_what_its_folder_lacks(store, site, tmp_path):
    sources = [url_source(site.put("/d", Resource(DETECTOR)))]
    pack = only_detector_missing(store, sources).model_copy(update={"folder": tmp_path})
    fetch(pack, store)
    assert store.require(pack).detector == store.path(pack.detector)


def test_a_store_that_cannot_be_written_is_a_failed_fetch(site, tmp_path):
    (tmp_path / "file").write_text("in the way")
    pack = tiny_pack([url_source(site.put("/d", Resource(DETECTOR)))])
    with pytest.raises(FetchFailed, match="Not a directory"):
        fetch(pack, ModelStore(tmp_path / "file" / "store"))


def test_processes_that_fetch_at_once_do_the_work_once(store, site):
    detector = site.put("/d", Resource(DETECTOR, etag='"v1"', cut_after=[HALF]))
    recogniser = site.put("/r", Resource(RECOGNISER, etag='"v1"', cut_after=[HALF]))
    code = f"""
import sys
from pathlib import Path
from models.fetch import fetch
from models.store import ModelStore
from tests.models.builders import tiny_pack, url_source
print("ready", flush=True)
sys.stdin.readline()
pack = tiny_pack([url_source({detector!r})], [url_source({recogniser!r})])
store = ModelStore(Path({str(store.root)!r}))
fetch(pack, store)
store.require(pack)
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert site.ranges_of("/d") == [None, f"bytes={HALF}-"]
    assert site.ranges_of("/r") == [None, f"bytes={HALF}-"]


def npm_on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a stand-in for the npm client before everything else on the PATH."""
    folder.mkdir()
    client = folder / "npm"
    client.write_text(f"#!{sys.executable}\n{script}")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def npm_pack_manifest() -> Pack:
    source = {"kind": "npm", "package": "some-faces", "version": "0.0.1"}
    return tiny_pack(
        [{**source, "member": "package/d.onnx"}], [{**source, "member": "package/r.onnx"}]
    )


def test_an_npm_package_is_taken_as_an_archive(tmp_path, monkeypatch):
    archive = tmp_path / "some-faces-0.0.1.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in (("r", RECOGNISER), ("d", DETECTOR)):
            member = tarfile.TarInfo(f"package/{name}.onnx")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    script = (
        "import shutil, sys\n"
        "assert sys.argv[1:3] == ['pack', 'some-faces@0.0.1'] and '--ignore-scripts' in sys.argv\n"
        f"shutil.copy({str(archive)!r}, sys.argv[sys.argv.index('--pack-destination') + 1])\n"
    )
    npm_on_path(tmp_path / "bin", script, monkeypatch)
    store = ModelStore(tmp_path / "store")
    reports = fetch(npm_pack_manifest(), store)
    assert {report.state for report in reports} == {FileState.OK}


def test_npm_s_own_words_and_its_absence_are_told(tmp_path, monkeypatch):
    words = "import sys\nprint('npm error 404 not there', file=sys.stderr)\nsys.exit(1)\n"
    npm_on_path(tmp_path / "bin", words, monkeypatch)
    with pytest.raises(FetchFailed, match="404 not there"):
        fetch(npm_pack_manifest(), ModelStore(tmp_path / "store"))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(FetchFailed, match="npm is not installed"):
        fetch(npm_pack_manifest(), ModelStore(tmp_path / "store"))
