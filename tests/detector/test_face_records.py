"""Records around a picture of a face: what they hold, what they say, and hostile ones."""

import base64
import functools
import struct
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.containers.capture import Capture, Pose, RecordStandard, moment_text
from detector.containers.nist import read_records
from detector.decode import open_photo
from detector.errors import PhotoError, UnreadablePhoto, UnsupportedFormat
from detector.header import PhotoFormat, read_header
from detector.limits import Limits
from tests.detector.face_records import (
    dg2,
    fac_2005,
    fac_2011,
    iso39794,
    left_open,
    nist,
    number,
    tagged,
    tlv,
)
from tests.detector.test_header import EDITS, edited, encode, exif, picture

LIMITS = Limits()


@functools.cache
def pictures() -> dict[str, bytes]:
    return {
        "jpeg": encode("JPEG", picture(), exif=exif(6)),
        "jp2": encode("JPEG2000", picture()),
        "j2k": encode("JPEG2000", picture("L"), no_jp2=True),
        "png": encode("PNG", picture()),
    }


@functools.cache
def records() -> dict[str, bytes]:
    """Return a record of every kind, around a picture."""
    jpeg, jp2 = pictures()["jpeg"], pictures()["jp2"]
    return {
        "fac-2005": fac_2005(jpeg),
        "fac-2011": fac_2011(jp2),
        "39794": iso39794(jpeg, moment=(2026, 3, 1), properties=[True], pose=[1, 2, 3]),
        "dg2-fac": dg2(fac_2005(jp2)),
        "dg2-39794": dg2(iso39794(jp2)),
        "dg2-open": left_open(dg2(iso39794(jp2))),
        "nist": nist(jpeg, jp2),
    }


def capture_of(data: bytes) -> Capture:
    capture = read_header(data).capture
    assert capture is not None
    return capture


def pixels(data: bytes) -> np.ndarray:
    return open_photo(data, LIMITS).pixels().image


@pytest.mark.parametrize("inside", ["jpeg", "jp2", "j2k", "png"])
@pytest.mark.parametrize("wrap", [fac_2005, fac_2011, iso39794, nist])
def test_the_picture_inside_is_the_photo(wrap, inside):
    data = wrap(pictures()[inside])
    expected = pixels(pictures()[inside])
    assert np.array_equal(pixels(data), expected)
    if wrap is not nist:
        assert np.array_equal(pixels(dg2(data)), expected)


def test_a_photo_keeps_the_name_of_what_it_came_in():
    formats = {name: read_header(data).format for name, data in records().items()}
    assert formats == {
        "fac-2005": PhotoFormat.ISO_19794,
        "fac-2011": PhotoFormat.ISO_19794,
        "39794": PhotoFormat.ISO_39794,
        "dg2-fac": PhotoFormat.DG2,
        "dg2-39794": PhotoFormat.DG2,
        "dg2-open": PhotoFormat.DG2,
        "nist": PhotoFormat.NIST,
    }
    assert read_header(records()["dg2-fac"]).picture is PhotoFormat.JPEG_2000
    assert read_header(pictures()["jpeg"]).capture is None


def test_templates_may_have_been_taken_off_and_filler_may_follow():
    whole = records()["dg2-fac"]
    group = whole[whole.index(b"\x7f\x61") :]
    for data in (whole + bytes(50), group, group[group.index(b"\x7f\x60") :]):
        header = read_header(data)
        assert header.format is PhotoFormat.DG2
        assert np.array_equal(pixels(data), pixels(pictures()["jp2"]))


@pytest.mark.parametrize("name", ["39794", "dg2-fac", "dg2-39794"])
def test_lengths_may_be_left_open(name):
    whole = records()[name]
    data = left_open(whole)
    assert len(data) > len(whole)
    for each in (data, data + bytes(50)):
        assert read_header(each).format is read_header(whole).format
        assert np.array_equal(pixels(each), pixels(whole))
    assert capture_of(data) == capture_of(whole)


def test_open_lengths_cost_no_more_than_others():
    deep = b"\x75\x80\x7f\x61\x80" + b"\x30\x80" * 1_000_000
    wide = b"\x75\x80\x7f\x61\x80" + b"\x30\x80\0\0" * 1_000_000
    begun = time.process_time()
    for data in (deep, wide, deep + b"\0\0" * 1_000_002):
        with pytest.raises(UnreadablePhoto):
            read_header(data)
    assert time.process_time() - begun < 0.5


def test_what_a_record_of_2005_says():
    data = fac_2005(pictures()["jpeg"], points=3, mask=0b1000000111, pose=(1 + 20, 180, 0),
                    source=3, device=77)  # fmt: skip
    capture = capture_of(data)
    assert capture.standard is RecordStandard.ISO_19794_5_2005
    assert capture.pose == Pose(40, -2, None)
    assert capture.features == ("glasses", "moustache", "dark_glasses")
    assert (capture.source, capture.device_type, capture.image_type) == (
        "scanner",
        77,
        "full_frontal",
    )
    assert (capture.captured_at, capture.device_vendor, capture.faces) == (None, None, 1)


@pytest.mark.parametrize("certificates", [None, 0, 2])
def test_what_a_record_of_2011_says(certificates):
    data = fac_2011(pictures()["jp2"], points=2, mask=0b101, pose=(0, 0, 91), vendor=5, device=6,
                    qualities=3, certificates=certificates)  # fmt: skip
    capture = capture_of(data)
    assert capture.captured_at == "2026-03-01T08:30:05"
    assert (capture.device_vendor, capture.device_type) == (5, 6)
    assert capture.pose == Pose(None, None, 180)
    assert capture.features == ("moustache",)


def test_what_a_record_of_39794_says():
    data = iso39794(
        pictures()["jpeg"], moment=(2026, 3, 1, 8, 30), model=(40, 1_000), source=2,
        properties=[True, False, True], pose=[-12, 3, 0],
    )  # fmt: skip
    capture = capture_of(data)
    assert capture.captured_at == "2026-03-01T08:30:00"
    assert (capture.device_vendor, capture.device_type, capture.source) == (
        40,
        1_000,
        "digital_camera",
    )
    assert capture.features == ("glasses", "beard")
    assert capture.pose == Pose(-12, 3, 0)


def test_a_chips_own_moment_counts_where_the_record_has_none():
    created = bytes.fromhex("20260301083005")
    data = dg2(fac_2005(pictures()["jp2"]), created=created)
    assert capture_of(data).captured_at == "2026-03-01T08:30:05"
    data = dg2(iso39794(pictures()["jp2"], moment=(2020,)), created=created)
    assert capture_of(data).captured_at == "2020"


def test_the_first_of_several_faces_is_read_and_their_number_said():
    first, second = pictures()["jpeg"], pictures()["png"]
    for data in (
        fac_2005(first, second),
        fac_2011(first, second),
        iso39794(first, second),
        dg2(fac_2005(first), fac_2005(second)),
        dg2(fac_2005(first, second)),
        nist(first, second),
    ):
        header = read_header(data)
        assert header.picture is PhotoFormat.JPEG
        assert capture_of(data).faces == 2


def test_records_of_ansi_nist():
    about = {18: b"SUKARNO\x1fAHMAD\x1eBUDI\x1f", 20: "José".encode(), 22: "José".encode("latin-1")}
    data = nist(pictures()["jpeg"], about=about, f5=b"20251224", f20=b"F", f21=b"-15")
    first, person, face = read_records(data)
    assert [each.type for each in (first, person, face)] == [1, 2, 10]
    assert first.text(4) == "WANTED"
    assert person.fields[18] == (("SUKARNO", "AHMAD"), ("BUDI", ""))
    assert person.text(20) == person.text(22) == "José"
    assert person.text(99) == ""
    assert person.picture is None
    assert face.picture
    assert data[slice(*face.picture)] == pictures()["jpeg"]
    capture = capture_of(data)
    assert (capture.captured_at, capture.image_type) == ("2025-12-24", "frontal")
    assert capture.pose == Pose(-15, None, None)


def test_old_binary_records_are_passed_over():
    fingers = b"\0\0\0\x12" + b"\x01" * 14
    face = tagged(10, {2: b"02", 3: b"FACE", 999: pictures()["jpeg"]})
    first = tagged(1, {2: b"0500", 3: b"1\x1f2\x1e4\x1f1\x1e10\x1f2"})
    assert [each.type for each in read_records(first + fingers + face)] == [1, 10]
    assert np.array_equal(pixels(first + fingers + face), pixels(pictures()["jpeg"]))


@pytest.mark.parametrize("coding", [b"WSQ20", b"NONE", b"JPEGB"])
def test_the_first_picture_of_a_face_that_can_be_read_is_the_photo(coding):
    jpeg = pictures()["jpeg"]
    first = nist(b"\xff\xa0\xff\xa8" + bytes(900), jpeg)
    data = first.replace(b"\x1d10.011:JPEGB", b"\x1d10.011:" + coding.ljust(5), 1)
    assert np.array_equal(pixels(data), pixels(jpeg))
    assert capture_of(data).faces == 2


@pytest.mark.parametrize(
    ("coding", "name"),
    [(b"WSQ20", "with WSQ"), (b"NONE", "without compression"), (b"OTHER", "unknown compression")],
)
def test_a_refusal_says_how_the_picture_of_a_face_is_compressed(coding, name):
    with pytest.raises(UnsupportedFormat, match=name):
        read_header(nist(bytes(900), coding=coding))


@pytest.mark.parametrize("name", sorted({*records(), *pictures()}))
def test_a_record_as_text_is_told_so(name):
    data = (records() | pictures())[name]
    urlsafe = base64.urlsafe_b64encode(data)
    for text in (base64.b64encode(data), b"\n " + base64.encodebytes(data), urlsafe):
        with pytest.raises(UnsupportedFormat, match=r"as base64 text.* Send the bytes"):
            read_header(text)
    for spelled in (data.hex(), data.hex(" ").upper(), "0x" + data.hex(), data.hex(":", 2)):
        with pytest.raises(UnsupportedFormat, match=r"hexadecimal text.* Send the bytes"):
            read_header(spelled.encode())


def test_a_picture_of_something_else_is_not_the_photo():
    data = nist(pictures()["jpeg"], image_type=b"SCAR")
    with pytest.raises(UnsupportedFormat, match="something else than a face"):
        read_header(data)
    with pytest.raises(UnsupportedFormat, match="no picture of a face"):
        read_header(nist())
    with pytest.raises(UnsupportedFormat, match="without compression"):
        read_header(nist(bytes(900), coding=b"NONE"))
    with pytest.raises(UnsupportedFormat, match="JPEG 2000 or PNG"):
        read_header(fac_2005(b"GIF89a" + bytes(90)))
    with pytest.raises(UnsupportedFormat, match="other than a face"):
        read_header(dg2(fac_2005(pictures()["jpeg"]), biometric=8))


def with_length(record: bytes, at: int, length: int) -> bytes:
    return record[:at] + struct.pack(">I", length) + record[at + 4 :]


@pytest.mark.parametrize("inside", ["jpeg", "jp2", "j2k", "png"])
def test_a_wrong_length_takes_nothing_of_a_picture_that_is_whole(inside):
    expected = pixels(pictures()[inside])
    old, new = fac_2005(pictures()[inside]), fac_2011(pictures()[inside])
    size = new.rindex(pictures()[inside]) - 4
    wrong = [
        *(with_length(old, 8, each) for each in (14, len(old) + 500, 2**32 - 1)),
        *(with_length(old, 14, each) for each in (0, 40, 300, len(old), 2**32 - 1)),
        *(with_length(new, 17, each) for each in (40, len(new) + 9)),
        *(with_length(new, size, each) for each in (90, len(new))),
    ]
    for record in wrong:
        for data in (record, record + bytes(20), dg2(record)):
            assert np.array_equal(pixels(data), expected)
        for cut in (1, 2, 3, 400):
            with pytest.raises(PhotoError):
                pixels(record[:-cut])


def test_a_codestream_may_lack_its_end_marker():
    for inside in ("j2k", "jp2"):
        whole = pictures()[inside]
        data = whole[:-2]
        box = whole.find(b"jp2c") - 4
        if box >= 0:
            data = with_length(data, box, len(data) - box)
        for each in (data, fac_2005(data), dg2(fac_2011(data)), dg2(iso39794(data)), nist(data)):
            assert np.array_equal(pixels(each), pixels(whole))
    tiled = encode("JPEG2000", picture("L"), no_jp2=True, tile_size=(32, 32))
    last = tiled.rindex(b"\xff\x90\0\x0a")
    assert np.array_equal(pixels(tiled[:-2]), pixels(tiled))
    for cut in (1, 3, len(tiled) - last):
        with pytest.raises(PhotoError):
            pixels(tiled[:-cut])


def test_what_chips_have_beside_the_standard_is_passed_over():
    jpeg = pictures()["jpeg"]
    record, other = fac_2005(jpeg), dg2(b"FIR\0", biometric=8)
    whole = dg2(record)
    group = whole[whole.index(b"\x7f\x61") :]
    template = group[group.index(b"\x7f\x60") :]
    fingers = other[other.index(b"\x7f\x60") :]
    within = tlv(0x7F60, tlv(0xA1, number(0x81, 2)), tlv(0x7F2E, tlv(0x5F2E, record)))
    for data in (
        tlv(0x75, tlv(0x99, b"1"), group),
        tlv(0x75, tlv(0x7F61, template)),
        tlv(0x7F61, template),
        tlv(0x75, tlv(0x7F61, number(2, 1), tlv(0x80, b"q"), within)),
        tlv(0x75, tlv(0x7F61, number(2, 2), fingers, template)),
    ):
        assert np.array_equal(pixels(data), pixels(jpeg))
        assert capture_of(data).faces == 1


@functools.cache
def hostile() -> dict[str, bytes]:
    jpeg = pictures()["jpeg"]
    record, chip, asn1, file = fac_2005(jpeg), dg2(fac_2005(jpeg)), iso39794(jpeg), nist(jpeg)
    nested = functools.reduce(lambda inner, _: tlv(0x7F61, inner), range(2_000), bytes(300))
    return {
        "fac beyond its end": record[:8] + struct.pack(">I", 2**32 - 1) + record[12:-2],
        "fac face beyond its end": record[:14] + struct.pack(">I", 2**32 - 1) + record[18:-2],
        "fac of no length": record[:14] + bytes(4) + record[18:-2],
        "fac of 65535 points": record[:18] + b"\xff\xff" + record[20:],
        "fac of no faces": record[:12] + b"\0\0" + record[14:],
        "chip cut": chip[:-1],
        "chip without a template": tlv(0x75, tlv(0x7F61, number(2, 1), bytes(300))),
        "chip without a record": tlv(0x75, tlv(0x7F61, number(2, 1), tlv(0x7F60, bytes(300)))),
        "chip within a chip": tlv(0x75, nested),
        "39794 without a representation": tlv(0x65, tlv(0xA0, number(0x80, 3)), bytes(300)),
        "39794 cut": asn1[:-1],
        "39794 of an endless length": b"\x65\x82\1\0\xa0\x80\x80" + bytes(300),
        "39794 of nodes": tlv(0x65, tlv(0xA0, number(0x80, 3)), tlv(0xA1, b"\x02\0" * 100_000)),
        "nist cut": file[:-1],
        "nist of no length": b"1.001:0\x1d" + file[9:],
        "nist of another length": file.replace(b"1.001:", b"1.001:9", 1),
        "nist of a million records": tagged(1, {3: b"1\x1f1" + b"\x1e2\x1f0" * 60_000}),
        "nist field twice": tagged(1, {3: b"1\x1f0\x1d1.003:1\x1f0"}),
        "nist of many fields": tagged(1, {3: b"1\x1f0"} | dict.fromkeys(range(1_000, 9_000), b"")),
    }


@pytest.mark.parametrize("name", sorted(hostile()))
def test_hostile_records(name):
    data = hostile()[name]
    started = time.process_time()
    with pytest.raises(UnreadablePhoto):
        read_header(data)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("name", sorted(records()))
def test_no_beginning_of_a_record_passes_for_it(name):
    data = records()[name]
    stop = data.rindex(pictures()["jp2"]) if name == "nist" else len(data) - 1
    for cut in (*range(1, stop, 11), stop):
        with pytest.raises(PhotoError):
            read_header(data[:cut])


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(records())), EDITS)
def test_edited_records(name, edits):
    try:
        image = pixels(edited(records()[name], edits))
    except PhotoError:
        return
    assert image.dtype == np.uint8
    assert image.shape[2] == 3


@settings(deadline=None, max_examples=200)
@given(st.lists(st.none() | st.integers(-5, 10_000), max_size=6))
def test_moments_are_known_as_far_as_they_go(parts):
    text = moment_text(parts)
    assert text is None or (4 <= len(text) <= 19 and text[0].isdigit())
