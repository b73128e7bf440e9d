"""The court's expert and the attacker: what was changed is found, wherever it is."""

import json
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile, ZipInfo
from zlib import crc32

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.evidence.check import check
from casework.evidence.container import packed, unpacked
from casework.evidence.manifest import MANIFEST, SIGNATURE, Manifest, order, sha256
from tests.evidence import PURPOSE, manifest_of, members_of

QUICK = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def codes(verdict):
    return [each.code for each in verdict.faults]


def rebuilt(members, **changed):
    """The bundle as an attacker writes it: with a manifest that fits, but no key."""
    members = dict(members) | changed
    manifest = Manifest.read(members[MANIFEST])
    files = {n: c for n, c in members.items() if n not in (MANIFEST, SIGNATURE)}
    forged = Manifest.of(manifest.about, files, manifest.key)
    members[MANIFEST] = forged.content
    return packed((name, members[name]) for name in order(forged))


@pytest.fixture(scope="session")
def members(court):
    return members_of(court.bundle.content)


def test_a_bundle_is_whole_and_says_what_it_is_about(court):
    verdict = check(court.bundle.content, [court.key])
    assert verdict.whole
    assert verdict.key_given
    assert verdict.digest == court.bundle.digest
    assert manifest_of(verdict).about["purpose"] == PURPOSE
    assert manifest_of(verdict).about["case_number"] == court.bundle.case_number
    # The screening, its record of the alert, four steps, and what was read for the bundle.
    assert verdict.proved >= 6
    alone = check(court.bundle.content)
    assert alone.whole
    assert not alone.key_given


@given(st.data())
@QUICK
def test_any_one_byte_that_is_changed_is_found(court, data):
    content = court.bundle.content
    at = data.draw(st.integers(0, len(content) - 1))
    by = data.draw(st.integers(1, 255))
    altered = bytearray(content)
    altered[at] ^= by
    for keys in ([court.key], []):
        assert not check(bytes(altered), keys).whole, at


def test_keys_of_other_kinds_are_found_byte_by_byte(court):
    """What makes a key one of a kind that the library does not know, among them."""
    begin = court.bundle.content.index(b"MCowBQYDK2Vw")
    for at in range(begin, begin + 16):
        for by in (0x01, 0x02, 0x08, 0x19):
            altered = bytearray(court.bundle.content)
            altered[at] ^= by
            assert not check(bytes(altered), [court.key]).whole, at


def test_members_that_lie_within_each_other_take_no_more_than_the_file():
    body = bytes(10_000)
    inner = ZipInfo("inner")
    inner.file_size = inner.compress_size = len(body)
    inner.CRC = crc32(body)
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("outer", inner.FileHeader() + body)
        outer = archive.getinfo("outer")
        inner.header_offset = outer.header_offset + len(outer.FileHeader())
        archive.filelist.append(inner)
    found = unpacked(file.getvalue())
    assert found is not None
    assert found.faults
    assert sum(map(len, found.members.values())) <= len(file.getvalue())


def test_bytes_of_the_zip_itself_that_are_changed_are_found(court, members):
    """What is no file's content: local headers, the directory, its end."""
    content = court.bundle.content
    inside = bytearray(len(content))
    for member in members.values():
        begin = content.index(member)
        inside[begin : begin + len(member)] = b"\1" * len(member)
    outside = [at for at, within in enumerate(inside) if not within]
    assert len(outside) > 1000
    # Each header in turn, at another byte of it.
    for at in outside[::13]:
        altered = bytearray(content)
        altered[at] ^= 0x40
        assert not check(bytes(altered), [court.key]).whole, at


@pytest.mark.parametrize("cut", [0, 1, 22, 100, 5000])
def test_what_is_cut_off_or_put_behind_or_before_is_found(court, cut):
    content = court.bundle.content
    for altered in (content[:cut], content[:-cut] if cut else b"", b"x" + content, content + b"x"):
        assert not check(altered, [court.key]).whole


def test_each_file_that_is_altered_left_out_or_added_is_named(court, members):
    def of(changed):
        return packed(changed.items())

    for name in members:
        if name in (MANIFEST, SIGNATURE):
            continue
        altered = check(of(dict(members) | {name: members[name] + b" "}), [court.key])
        assert f"{name} was altered." in [str(each) for each in altered.faults]
        left = check(of({n: c for n, c in members.items() if n != name}), [court.key])
        assert f"{name} is missing." in [str(each) for each in left.faults]
    added = check(of(dict(members) | {"photos/other.jpeg": b"x"}), [court.key])
    assert [str(each) for each in added.faults] == ["photos/other.jpeg was added."]


def test_files_in_another_order_are_found(court, members):
    turned = packed(reversed(members.items()))
    assert codes(check(turned, [court.key])) == ["evidence_container_altered"]


def test_a_score_a_photo_or_an_opinion_that_is_changed_with_a_manifest_to_fit_is_found(
    court, members
):
    alert = json.loads(members["records/alert.json"])
    steps = json.loads(members["records/steps.json"])
    for forged in (
        {"records/alert.json": json.dumps(alert | {"score": 0.99}).encode()},
        {"photos/traveller.jpeg": members["photos/enrolled.jpeg"]},
        {"records/steps.json": json.dumps(steps[:-2]).encode()},
    ):
        content = rebuilt(members, **forged)
        for keys in ([court.key], []):
            assert codes(check(content, keys)) == ["evidence_signature_wrong"]


def test_an_attacker_who_signs_himself_or_takes_the_signature_off_is_found(court, members):
    own = Ed25519PrivateKey.generate()
    manifest = Manifest.read(members[MANIFEST])
    bare = replace(manifest, key=None)
    files = {each.name: members[each.name] for each in bare.files} | {MANIFEST: bare.content}
    unsigned = packed((name, files[name]) for name in order(bare))
    assert codes(check(unsigned, [court.key])) == ["evidence_unsigned"]
    signed = dict(members) | {SIGNATURE: own.sign(members[MANIFEST])}
    content = packed((name, signed[name]) for name in order(manifest))
    assert codes(check(content, [court.key])) == ["evidence_signature_wrong"]
    assert codes(check(court.bundle.content, [own.public_key()]))[0] == "evidence_key_differs"


def test_a_record_of_another_trail_is_no_proof(court, members):
    name = next(each for each in members if each.startswith("audit/proofs/"))
    proof = json.loads(members[name])
    proof["shown"]["outcome"][1] = '"refused"'
    content = rebuilt(members, **{name: json.dumps(proof).encode()})
    found = [str(each) for each in check(content, [court.key]).faults]
    assert f"{name} is proved by no signed checkpoint." in found


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_what_is_no_bundle_is_refused(content):
    assert not check(content).whole


def test_the_file_is_written_alike_by_every_version_of_the_library():
    """Bundles are kept for years: a library that writes a ZIP otherwise must not go unnoticed."""
    content = packed([("a.txt", b"first"), ("b/c.bin", bytes(range(256)))])
    expected = "6f3c5576a8cd0c6fe65a912c202688d5cb4d08ea28042da381445d04e35e4141"
    assert sha256(content) == expected
