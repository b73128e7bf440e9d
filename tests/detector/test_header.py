"""What the container says: against Pillow, by hand, and against hostile bytes."""

import functools
import io
import re
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from detector.containers import jpeg
from detector.errors import (
    EmptyPhoto,
    PhotoError,
    TooManyPixels,
    UnreadablePhoto,
    UnsupportedFormat,
)
from detector.header import Header, PhotoFormat, read_header

WIDTH, HEIGHT = 61, 43


def encode(container: str, image: Image.Image, **options) -> bytes:
    target = io.BytesIO()
    image.save(target, container, **options)
    return target.getvalue()


def picture(mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    rng = np.random.default_rng(7)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, size[::-1]).astype(np.uint16))
    coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    smooth = coarse.resize(size, Image.Resampling.BICUBIC)
    if mode.endswith("A"):
        alpha = smooth.convert("L")
        smooth = smooth.convert(mode)
        smooth.putalpha(alpha)
    return smooth.convert(mode)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


SRGB = b"colr\1\0\0" + struct.pack(">I", 16)
SYCC = b"colr\1\0\0" + struct.pack(">I", 18)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def palette_jp2() -> bytes:
    """Return a picture of eight bits that are numbers of colours."""
    whole = encode("JPEG2000", picture("L"))
    at, stop = whole.index(b"jp2h") - 4, whole.index(b"jp2c") - 4
    header = whole[at + 8 : stop].replace(struct.pack(">I", 17), struct.pack(">I", 16))
    colours = bytes((7 * index) % 256 for index in range(3 * 256))
    palette = box(b"pclr", struct.pack(">HBBBB", 256, 3, 7, 7, 7) + colours)
    mapped = box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, each) for each in range(3)))
    return whole[:at] + box(b"jp2h", header + palette + mapped) + whole[stop:]


def old_jpeg_tiff(jpeg: bytes, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return a TIFF of the older style around a whole JPEG, on its side."""
    at = 8 + 2 + 12 * 9 + 4
    tags = {256: (4, 1, width), 257: (4, 1, height), 259: (3, 1, 6), 262: (3, 1, 6)}
    tags |= {273: (4, 1, at + 2), 274: (3, 1, 6), 279: (4, 1, len(jpeg) - 2)}
    return tiff(tags | {513: (4, 1, at), 514: (4, 1, len(jpeg))}, tail=jpeg)


def old_jpeg_parts(jpeg: bytes, order: str = "<", *, parts: int = 1) -> bytes:
    """Return a TIFF of the older style with a baseline JPEG's tables apart, its scan in strips.

    Of a JPEG in several parts, restarts are where one ends and the next begins.
    """
    at, restart = 2, 0
    tables: dict[int, bytes] = {}
    quantisers: dict[int, bytes] = {}
    while jpeg[at + 1] != 0xDA:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        content, at = jpeg[at + 4 : at + 2 + length], at + 2 + length
        if marker == 0xDB:
            quantisers |= {
                content[k] & 15: content[k + 1 : k + 65] for k in range(0, len(content), 65)
            }
        while marker == 0xC4 and content:
            size = 17 + sum(content[1:17])
            tables[content[0]], content = content[1:size], content[size:]
        if marker == 0xC0:
            height, width = struct.unpack_from(">HH", content, 1)
            factors = content[7]
            chosen = content[8 : 6 + 3 * content[5] : 3]
        if marker == 0xDD:
            restart = int.from_bytes(content)
    at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    strips = re.split(rb"\xff[\xd0-\xd7]", jpeg[at:-2]) if parts > 1 else [jpeg[at:-2]]
    assert len(strips) == parts
    colour = len(chosen) == 3
    factors = factors if colour else 0x11
    down = 8 * (factors & 15)
    rows = height if parts == 1 else down * restart // -(-width // (8 * (factors >> 4)))
    base = 8 + 2 + 12 * 15 + 4
    tail, places = b"", {}
    huffman = [0, 1, 1] if colour else [0]
    for tag, listed in {
        519: [quantisers[each] for each in chosen],
        520: [tables[each] for each in huffman],
        521: [tables[0x10 | each] for each in huffman],
        273: strips,
    }.items():
        starts = []
        for each in listed:
            starts.append(base + len(tail))
            tail += each
        places[tag] = starts
    places[279] = [len(each) for each in strips]
    values = {}
    for tag, numbers in places.items():
        if len(numbers) > 1:
            values[tag] = (4, len(numbers), base + len(tail))
            tail += struct.pack(f"{order}{len(numbers)}I", *numbers)
        else:
            values[tag] = (4, 1, numbers[0])
    values |= {
        256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 6),
        262: (3, 1, 6 if colour else 1), 277: (3, 1, len(chosen)), 278: (4, 1, rows),
        512: (3, 1, 1), 515: (3, 1, 0 if parts > 1 else restart),
    }  # fmt: skip
    halved = struct.unpack(f"{order}I", struct.pack(f"{order}HH", factors >> 4, factors & 15))[0]
    values[530] = (3, 2, halved)
    return tiff(values, order, tail)


@functools.cache
def samples() -> dict[str, bytes]:
    """Return valid files of every accepted container and most of their variants."""
    turned = exif(6)
    made = {
        "jpeg": encode("JPEG", picture(), exif=turned),
        "jpeg-grey": encode("JPEG", picture("L")),
        "jpeg-cmyk": encode("JPEG", picture("CMYK")),
        "jpeg-progressive": encode("JPEG", picture(), progressive=True),
        "jpeg-restarts": encode("JPEG", picture(), restart_marker_blocks=2),
        "bmp-palette": encode("BMP", picture("P")),
        "bmp": encode("BMP", picture()),
        "webp": encode("WEBP", picture(), exif=turned),
        "webp-alpha": encode("WEBP", picture("RGBA"), exif=turned),
        "webp-lossless": encode("WEBP", picture("RGBA"), lossless=True),
        "jp2": encode("JPEG2000", picture()),
        "j2k": encode("JPEG2000", picture("L"), no_jp2=True),
        "jp2-tiles": encode("JPEG2000", picture("RGBA"), tile_size=(32, 32)),
        "jp2-16": encode("JPEG2000", picture("I;16")),
        "jp2-sycc": encode("JPEG2000", picture()).replace(SRGB, SYCC),
        "jp2-palette": palette_jp2(),
        "tiff-old-jpeg": old_jpeg_parts(encode("JPEG", picture(), subsampling=0)),
        "jp2-origin": encode("JPEG2000", picture(), tile_size=(32, 32), offset=(5, 7)),
        "gif": encode("GIF", picture("P")),
        "gif-transparent": encode("GIF", picture("P"), transparency=0),
        "tiff-jpeg": encode("TIFF", picture(), compression="jpeg", exif=turned),
        "tiff-jpeg-strips": encode("TIFF", picture("CMYK"), compression="jpeg", strip_size=2_000),
    }
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        made[f"png-{mode}"] = encode("PNG", picture(mode), exif=turned)
        made[f"tiff-{mode}"] = encode("TIFF", picture(mode), exif=turned)
        made[f"tiff-lzw-{mode}"] = encode(
            "TIFF", picture(mode), compression="tiff_lzw", exif=turned, strip_size=500
        )
    return made


def sample_names() -> list[str]:
    return sorted(samples())


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "word", "cut", "insert", "repeat", "drop"]),
        st.one_of(st.integers(0, 80), st.integers(0, 4000)),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=12),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    changed = bytearray(data)
    for what, where, value, extra in edits:
        at = where % max(len(changed), 1)
        if what == "cut":
            del changed[at:]
        elif what == "drop":
            del changed[at : at + value % 32]
        elif what == "insert":
            changed[at:at] = extra
        elif what == "repeat":
            changed[at:at] = changed[max(0, at - value % 64) : at]
        elif what == "word":
            changed[at : at + 4] = struct.pack("<I" if value & 1 else ">I", value)
        elif changed:
            changed[at] = value & 255 if what == "set" else changed[at] ^ (1 << value % 8)
    return bytes(changed)


def png(width: int, height: int, extra: bytes = b"", data: bytes | None = None, **ihdr) -> bytes:
    depth, colour, interlace = (
        ihdr.get(k, v) for k, v in (("bits", 8), ("colour", 2), ("lace", 0))
    )
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    if data is None:
        data = zlib.compress(bytes((width * 3 + 1) * height))
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + parts[0] + extra + b"".join(parts[1:])


def bmp(dib: bytes, pixels: bytes, masks: bytes = b"") -> bytes:
    start = 14 + len(dib) + len(masks)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + dib + masks + pixels


def tiff(tags: dict[int, tuple[int, int, int]], order: str = "<", tail: bytes = b"") -> bytes:
    """tags: number -> (type, count, value); the tail starts right after the directory."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    out = magic + struct.pack(f"{order}IH", 8, len(tags))
    for tag, (typed, count, value) in sorted(tags.items()):
        body = struct.pack(f"{order}I", value)
        if typed == 3 and count == 1:
            body = struct.pack(f"{order}HH", value, 0)
        out += struct.pack(f"{order}HHI", tag, typed, count) + body
    return out + bytes(4) + tail


def grey_tiff(order="<", width: int = 20, height: int = 16, **changes: int | None) -> bytes:
    """Return one uncompressed 8-bit strip; changes are t<tag>=value, or None to leave one out."""
    values: dict[int, int | None] = {
        256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: height,
        279: width * height,
    }  # fmt: skip
    values |= {int(name[1:]): value for name, value in changes.items()}
    kept = {tag: value for tag, value in values.items() if value is not None}
    kept[273] = kept[273] or 8 + 2 + 12 * len(kept) + 4
    long = (256, 257, 273, 278, 279)
    tags = {tag: (4 if tag in long else 3, 1, value) for tag, value in kept.items()}
    pixels = (np.arange(width * height) % 251).astype(np.uint8).tobytes()
    return tiff(tags, order, pixels)


# What it says -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sample_names())
def test_size_and_format_are_what_pillow_says(name):
    header = read_header(samples()[name])
    assert (header.width, header.height) == (WIDTH, HEIGHT)
    with Image.open(io.BytesIO(samples()[name])) as reference:
        assert reference.format
        assert header.format == reference.format.lower()
        assert header.orientation == reference.getexif().get(0x0112, 1)


@pytest.mark.parametrize(
    ("name", "channels", "bits"),
    [
        ("jpeg", 3, 8), ("jpeg-grey", 1, 8), ("jpeg-cmyk", 4, 8), ("png-1", 1, 1), ("png-P", 1, 8),
        ("png-LA", 2, 8), ("png-RGBA", 4, 8), ("png-I;16", 1, 16), ("tiff-1", 1, 1),
        ("tiff-RGBA", 4, 8), ("tiff-lzw-I;16", 1, 16), ("bmp-palette", 1, 8), ("bmp", 3, 8),
        ("webp", 3, 8), ("webp-alpha", 4, 8), ("webp-lossless", 4, 8), ("jp2", 3, 8),
        ("j2k", 1, 8), ("jp2-tiles", 4, 8), ("jp2-16", 1, 16),
    ],
)  # fmt: skip
def test_channels_and_depth(name, channels, bits):
    header = read_header(samples()[name])
    assert (header.channels, header.bits_per_sample) == (channels, bits)


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(-1, 11))
def test_orientation_is_exif_or_upright(container, orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation % 65536
    header = read_header(encode(container, picture(), exif=tags))
    assert header.orientation == (orientation if 1 <= orientation <= 8 else 1)


INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
MARKERS = [b"Exif\0\0", b"Exif\0\xff", b""]


def turned_exif(typed: int, count: int, value: bytes, order: str) -> bytes:
    """Return an EXIF block of two entries: a width, and an orientation of this type and content."""
    entries = struct.pack(f"{order}HHII", 256, 4, 1, 61)
    entries += struct.pack(f"{order}HHI", 0x0112, typed, count) + value.ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}IH", 8, 2) + entries + bytes(4)


def carrying(container: str, block: bytes, marker: bytes) -> bytes:
    """Return a photo that carries the EXIF block; each container has its own place for it."""
    if container == "JPEG":
        photo = encode("JPEG", picture())
        body = (marker or b"Exif\0\0") + block
        return photo[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + photo[2:]
    if container == "PNG":
        photo = encode("PNG", picture())
        body = b"eXIf" + marker + block
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return photo[:33] + chunk + photo[33:]
    if container == "WEBP":
        body = marker + block
        body = b"EXIF" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        body = encode("WEBP", picture())[8:] + body
        return b"RIFF" + struct.pack("<I", len(body)) + body
    order = "<" if block[:2] == b"II" else ">"
    photo = grey_tiff(order, t274=1)
    at = photo.index(struct.pack(f"{order}HH", 274, 3))
    return photo[:at] + block[22:34] + photo[at + 12 :]


@given(
    container=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]),
    typed=st.sampled_from(sorted(INTEGERS)),
    order=st.sampled_from(["<", ">"]),
    orientation=st.integers(1, 8),
    marker=st.sampled_from(MARKERS),
)
@settings(max_examples=300, deadline=None)
def test_orientation_of_any_integer_type_counts(container, typed, order, orientation, marker):
    value = struct.pack(order + INTEGERS[typed], orientation)
    photo = carrying(container, turned_exif(typed, 1, value, order), marker)
    assert read_header(photo).orientation == orientation


@given(
    container=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]),
    typed=st.integers(0, 65535),
    count=st.sampled_from([0, 1, 2, 5, 2**32 - 1]),
    value=st.binary(min_size=4, max_size=4),
    order=st.sampled_from(["<", ">"]),
)
@settings(max_examples=300, deadline=None)
def test_orientation_that_cannot_be_read_is_none(container, typed, count, value, order):
    layout = order + INTEGERS.get(typed, "")
    length = struct.calcsize(layout)
    expected = 1
    if 0 < count * length <= 4:
        number = int.from_bytes(
            value[:length],
            "little" if order == "<" else "big",
            signed=layout[-1].islower(),
        )
        expected = number if 1 <= number <= 8 else 1
    photo = carrying(container, turned_exif(typed, count, value, order), b"Exif\0\0")
    assert read_header(photo).orientation == expected


@pytest.mark.parametrize(
    "block", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"junk" * 9, tiff({0x0100: (3, 1, 6)})]
)
def test_damaged_exif_does_not_spoil_the_picture(block):
    assert read_header(encode("JPEG", picture(), exif=b"Exif\0\0" + block)).orientation == 1


def test_first_exif_of_a_jpeg_wins_and_a_thumbnail_is_not_the_picture():
    thumbnail = encode("JPEG", picture(size=(16, 16)))
    photo = encode("JPEG", picture(), exif=exif(3))
    segments = b"".join(
        b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body
        for body in (b"http://ns.adobe.com/xap/1.0/\0<x/>", b"Exif\0\0" + exif(5).tobytes()[6:])
    )
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    header = read_header(photo[:2] + segments + comment + photo[2:])
    assert (header.width, header.height, header.orientation) == (WIDTH, HEIGHT, 5)


def test_core_leaves_metadata_out():
    secret = b"do not decode me" * 20
    for container in ("JPEG", "PNG", "WEBP"):
        data = encode(container, picture(), icc_profile=secret, exif=exif(4))
        core = joined(data)
        assert secret not in core
        assert b"Exif" not in core
        assert b"EXIF" not in core
        assert b"iCCP" not in core
        with Image.open(io.BytesIO(core)) as bare, Image.open(io.BytesIO(data)) as whole:
            assert np.array_equal(np.asarray(bare), np.asarray(whole))


def test_core_of_a_tiff_has_one_page_and_no_orientation():
    pages = encode(
        "TIFF", picture(), save_all=True, append_images=[picture("L")], exif=exif(6), dpi=(72, 72)
    )
    with Image.open(io.BytesIO(pages)) as whole, Image.open(io.BytesIO(joined(pages))) as bare:
        assert (whole.n_frames, bare.n_frames) == (2, 1)  # type: ignore[attr-defined]
        assert 0x0112 not in bare.getexif()
        assert np.array_equal(np.asarray(bare), np.asarray(picture()))


def joined(data: bytes) -> bytes:
    pieces = read_header(data).core
    return b"".join(p if isinstance(p, bytes) else data[slice(*p)] for p in pieces)


def test_scans_of_a_progressive_jpeg_are_counted():
    assert read_header(samples()["jpeg"]).scans == 1
    data = samples()["jpeg-progressive"]
    assert read_header(data).scans == data.count(b"\xff\xda") > 1


@settings(max_examples=30)
@given(
    quality=st.integers(1, 100),
    mode=st.sampled_from(["RGB", "L", "CMYK"]),
    progressive=st.booleans(),
)
def test_a_jpeg_s_mean_step_is_what_pillow_reads(quality, mode, progressive):
    data = encode("JPEG", picture(mode), quality=quality, progressive=progressive)
    with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
        steps = image.quantization[0]
    assert read_header(data).quantization == sum(steps) / 64


def test_tables_that_are_cut_or_missing_have_no_step():
    data = encode("JPEG", picture(), quality=10)
    at = data.index(b"\xff\xdb")
    size = int.from_bytes(data[at + 2 : at + 4], "big")
    without = data[:at] + data[at + 2 + size :]
    short = data[:at] + b"\xff\xdb\0\x08\0abcde" + data[at + 2 + size :]
    assert [read_header(each).quantization for each in (without, short)] == [0, 0]
    assert read_header(encode("PNG", picture())).quantization == 0


def test_tables_again_and_again_cost_next_to_nothing():
    data = samples()["jpeg"]
    tables = b"\xff\xdb" + (2 + 65 * 1_008).to_bytes(2) + (b"\1" + b"\x10" * 64) * 1_008
    started = time.process_time()
    header = read_header(data[:2] + tables * 300 + data[2:])
    assert time.process_time() - started < 0.2
    assert header.quantization == read_header(data).quantization


@pytest.mark.parametrize("size", [12, 40, 52, 56, 64, 108, 124])
@pytest.mark.parametrize("height", [5, -5])
def test_bmp_headers(size, height):
    if size == 12:
        dib = struct.pack("<IHHHH", 12, 6, abs(height), 1, 24)
    else:
        dib = struct.pack("<IiiHHI", size, 6, height, 1, 24, 0).ljust(size, b"\0")
    header = read_header(bmp(dib, bytes(20 * 5)))
    assert (header.width, header.height) == (6, 5)


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_byte_orders(order):
    header = read_header(grey_tiff(order, t274=7))
    assert (header.width, header.height, header.orientation) == (20, 16, 7)


# What it refuses ----------------------------------------------------------------------------------


def test_empty():
    with pytest.raises(EmptyPhoto):
        read_header(b"")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video"),
        (b"%PDF-1.7\n%", "PDF"),
        (b"PK\x03\x04" + bytes(30), "ZIP"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
        (b"MM\0+\0\x08\0\0", "BigTIFF"),
        (b"\xff\x0a" + bytes(9), "JPEG XL"),
        (b"<!doctype html><html>", "web page"),
        (b"hello, this is not a photo at all\n", "text"),
        (b"\x01\x02\x03\x04" * 8, "unknown"),
        (b"\x89PNG", "unknown"),
    ],
)
def test_strangers_are_named(data, name):
    with pytest.raises(UnsupportedFormat, match=name):
        read_header(data)


@pytest.mark.parametrize("name", [each for each in sample_names() if not each.startswith("jpeg")])
def test_no_prefix_of_a_photo_passes_for_the_photo(name):
    data = samples()[name]
    # What ends a file is not always needed.
    spare = {PhotoFormat.JPEG_2000: 2, PhotoFormat.GIF: 1}.get(read_header(data).format, 0)
    for cut in range(1, len(data) - spare):
        with pytest.raises(PhotoError):
            read_header(data[:cut])


def test_end_marker_in_a_thumbnail_does_not_end_the_photo():
    thumbnail = encode("JPEG", picture(size=(16, 16)))
    photo = encode("JPEG", picture())
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    photo = photo[:2] + comment + photo[2:]
    assert read_header(photo).width == WIDTH
    with pytest.raises(UnreadablePhoto, match="cut short"):
        read_header(photo[: photo.index(b"\xff\xda")])


def test_several_passes_without_an_end_marker_have_to_be_all_of_them():
    data = samples()["jpeg-progressive"]
    assert read_header(data[:-2]).filler == 0
    starts = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    for next_scan in starts[1:]:
        cut = data.rindex(b"\xff\xc4", 0, next_scan)  # its table comes first
        with pytest.raises(UnreadablePhoto):
            read_header(data[:cut])


@pytest.mark.parametrize("pattern", [b"\0", b"\xff", b" ", b"\xa5\x5a", b"PADDING."])
def test_filler_after_a_jpeg_is_counted(pattern):
    data = samples()["jpeg"][:-2]
    assert read_header(data + pattern * 40).filler == pytest.approx(40 * len(pattern), abs=8)
    assert read_header(data).filler == 0
    assert read_header(data + b"\xff\xd9" + pattern * 40).filler is None


def patched(data: bytes, at: int, layout: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, at, *values)
    return bytes(changed)


def sof(data: bytes) -> int:
    return max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))


def siz(data: bytes) -> int:
    return data.find(b"\xff\x4f\xff\x51") + 2


def with_scans(count: int) -> bytes:
    data = samples()["jpeg-progressive"]
    last = data.rfind(b"\xff\xda")
    scans = data.count(b"\xff\xda")
    return data[:last] + data[last:-2] * (count - scans + 1) + data[-2:]


def overlapping_strips() -> bytes:
    """Return a TIFF whose JPEG's strips are all the same bytes, more of them than the file has."""
    rows = encode("JPEG", picture("L", (16, 64)), restart_marker_rows=1)
    data = old_jpeg_parts(rows, parts=8)
    places = struct.pack("<16I", *[len(data)] * 8, *[2_000] * 8)
    return data[: -len(places)] + places + bytes(2_000)


@functools.cache
def hostile() -> dict[str, tuple[type[PhotoError], bytes]]:
    jpeg, jp2 = samples()["jpeg"], samples()["jp2"]
    webp, cod = samples()["webp-lossless"], jp2.find(b"\xff\x52")
    animated = encode("WEBP", picture(), save_all=True, append_images=[picture("L")])
    tiff_jpeg = samples()["tiff-jpeg"]
    strip = tiff_jpeg.index(b"\xff\xd8\xff\xc0")
    info = struct.pack("<IiiHHIIiiII", 40, 6, 5, 1, 24, 0, 0, 0, 0, 0, 0)
    unreadable: dict[str, bytes] = {
        "jpeg larger than its data": patched(jpeg, sof(jpeg) + 5, ">HH", 6000, 6000),
        "jpeg of no height": patched(jpeg, sof(jpeg) + 5, ">H", 0),
        "jpeg with two frames": jpeg[:2] + jpeg[sof(jpeg) : sof(jpeg) + 19] + jpeg[2:],
        "jpeg with 101 scans": with_scans(101),
        "jpeg sampling 15 x 0": patched(jpeg, sof(jpeg) + 11, "B", 0xF0),
        "jpeg of segments": b"\xff\xd8" + b"\xff\xfe\0\2" * 100_000,
        "jpeg of markers": b"\xff\xd8" + b"\xff" * 1_000_000 + b"\0",
        "png larger than its data": png(7000, 7000, data=zlib.compress(b"")),
        "png of no width": png(0, 5),
        "png of 7 bits": png(5, 5, bits=7),
        "png of colour type 5": png(5, 5, colour=5),
        "png of chunks": png(5, 5, extra=(bytes(4) + b"tEXt" + bytes(4)) * 100_000),
        "png with an unknown critical chunk": png(5, 5, extra=bytes(4) + b"ABCD" + bytes(4)),
        "png chunk of 4 GB": png(5, 5, extra=b"\xff\xff\xff\xfftEXt"),
        "webp canvas unlike its picture": patched(samples()["webp-alpha"], 24, "B", 9),
        "webp animation of no frame": animated.replace(b"ANMF", b"ABCD"),
        "webp frame unlike its picture": patched(animated, animated.index(b"ANMF") + 14, "B", 9),
        "gif of no picture": samples()["gif"][:13] + b";",
        "gif larger than its data": encode("GIF", Image.new("P", (9_000, 9_000)))[:1_200] + b"\0;",
        "tiff strip that is no jpeg": patched(tiff_jpeg, strip, "B", 0),
        "tiff strip wider than it says": patched(tiff_jpeg, strip + 9, "B", 90),
        "tiff of another size than its jpeg": old_jpeg_tiff(jpeg, height=HEIGHT + 1),
        "tiff with jpeg in strips that overlap": overlapping_strips(),
        "webp signature": patched(webp, webp.find(b"VP8L") + 8, "B", 0),
        "bmp beyond its end": bmp(patched(info, 4, "<ii", 60_000, -60_000), bytes(100)),
        "bmp of negative width": bmp(patched(info, 4, "<i", -6), bytes(100)),
        "bmp of 7 bits": bmp(patched(info, 14, "<H", 7), bytes(100)),
        "tiff directory in its header": b"II*\0\4\0\0\0" + bytes(40),
        "tiff directory outside": b"II*\0\xf0\xff\xff\xff" + bytes(40),
        "tiff of 65535 tags": b"II*\0\x08\0\0\0\xff\xff" + bytes(12 * 65535 + 4),
        "tiff without photometric": grey_tiff(t262=None),
        "tiff strip outside": grey_tiff(t273=2**31),
        "tiff strip too long": grey_tiff(t279=2**31),
        "tiff of too few strips": grey_tiff(t278=1),
        "tiff tile of 2 GB": grey_tiff(t322=60_000, t323=60_000, t324=8, t325=8),
        "tiff tile of no width": grey_tiff(t322=0, t323=16, t324=8, t325=8),
        "tiff with 4 billion values": tiff({256: (4, 0xFFFFFFFF, 0)}, tail=bytes(90)),
        "jp2 of 4,225 tiles": patched(
            patched(jp2, siz(jp2) + 22, ">II", 1, 1), siz(jp2) + 6, ">II", 65, 65
        ),
        "jp2 with an origin beyond its end": patched(jp2, siz(jp2) + 14, ">II", 500, 5),
        "jp2 of no tiles": patched(jp2, siz(jp2) + 22, ">II", 0, 0),
        "jp2 of 65535 layers": patched(jp2, cod + 6, ">H", 65535),
        "jp2 box of no progress": jp2[:12] + b"\0\0\0\4" + jp2[16:],
        "jp2 box of 2^64 bytes": jp2[:12] + b"\0\0\0\1ftyp" + b"\xff" * 8,
    }
    unsupported = {
        "jpeg of 12 bits": patched(jpeg, sof(jpeg) + 4, "B", 12),
        "jpeg lossless": patched(jpeg, sof(jpeg) + 1, "B", 0xC3),
        "jpeg arithmetic": patched(jpeg, sof(jpeg) + 1, "B", 0xC9),
        "bmp run lengths": bmp(patched(info, 16, "<I", 1), bytes(100)),
        "bmp odd masks": bmp(
            patched(info, 14, "<HI", 32, 3), bytes(200), struct.pack("<III", 1, 2, 4)
        ),
        "bmp of header 99": bmp(struct.pack("<I", 99).ljust(99, b"\0"), bytes(99)),
        "tiff float": encode("TIFF", picture("L").convert("F")),
        "tiff of 32-bit integers": encode("TIFF", picture("L").convert("I")),
        "tiff with jpeg in parts": old_jpeg_tiff(samples()["jpeg"][:200]),
        "tiff of 40 samples": grey_tiff(t277=40),
        "tiff of 3 bits": grey_tiff(t258=3),
        "tiff signed": grey_tiff(t339=2),
        "jp2 of 9 components": jp2_components(9),
        "jp2 of 38 bits": patched(jp2, siz(jp2) + 40, "BBB", 37, 1, 1),
        "jp2 subsampled fourfold": patched(jp2, siz(jp2) + 43, "BBB", 7, 4, 4),
        "jp2 in CIELab": jp2.replace(SRGB, SRGB[:-1] + b"\x0e"),
    }
    ribbon = {
        "png ribbon": png(70_000, 1),
        "bmp ribbon": encode("BMP", Image.new("1", (70_000, 1))),
    }
    return (
        {name: (UnreadablePhoto, data) for name, data in unreadable.items()}
        | {name: (UnsupportedFormat, data) for name, data in unsupported.items()}
        | {name: (TooManyPixels, data) for name, data in ribbon.items()}
    )


def jp2_components(count: int) -> bytes:
    head = struct.pack(">HH8IH", 38 + 3 * count, 0, 9, 9, 0, 0, 9, 9, 0, 0, count)
    return b"\xff\x4f\xff\x51" + head + b"\7\1\1" * count + bytes(40)


@pytest.mark.parametrize("name", sorted(hostile()))
def test_hostile_headers(name):
    expected, data = hostile()[name]
    started = time.process_time()
    with pytest.raises(PhotoError) as refusal:
        read_header(data)
    assert type(refusal.value) is expected
    assert time.process_time() - started < 0.5


def test_a_hundred_scans_are_still_read():
    assert read_header(with_scans(100)).scans == 100


def test_precinct_explosion_is_refused():
    data = encode("JPEG2000", picture(size=(2000, 2000)), precinct_size=(256, 256))
    cod = data.find(b"\xff\x52")
    assert data[cod + 4] & 1
    levels = data[cod + 9]
    assert read_header(data).width == 2000
    with pytest.raises(UnreadablePhoto):
        read_header(patched(data, cod + 14, f"{levels + 1}B", *[0x00] * (levels + 1)))


def check(data: bytes) -> None:
    try:
        header = read_header(data)
    except (EmptyPhoto, TooManyPixels, UnreadablePhoto, UnsupportedFormat):
        return
    assert isinstance(header, Header)
    assert header.width > 0
    assert header.height > 0
    assert header.orientation in range(1, 9)
    assert all(
        isinstance(piece, bytes) or 0 <= piece[0] <= piece[1] <= len(data) for piece in header.core
    )


@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=400))
def test_any_bytes(data):
    check(data)


@settings(deadline=None, max_examples=800)
@given(st.sampled_from(sample_names()), st.integers(2, 60), st.binary(max_size=300))
def test_any_bytes_after_a_true_beginning(name, kept, data):
    check(samples()[name][:kept] + data)


@pytest.mark.parametrize("examples", [400, pytest.param(4000, marks=pytest.mark.more)])
def test_edited_photos(examples):
    @settings(deadline=None, max_examples=examples)
    @given(st.sampled_from(sample_names()), EDITS)
    def draw(name, edits):
        check(edited(samples()[name], edits))

    draw()


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sample_names()), st.sampled_from(sample_names()), st.data())
def test_spliced_photos(first, second, data):
    left, right = samples()[first], samples()[second]
    cut = data.draw(st.integers(1, len(left)))
    check(left[:cut] + right[data.draw(st.integers(0, len(right))) :])


@pytest.mark.parametrize("window", [1, 2, 3, 7, 64])
def test_markers_are_found_wherever_a_search_of_some_bytes_ends(window, monkeypatch):
    photos = [data for name, data in samples().items() if name.startswith("jpeg")]
    expected = [read_header(data) for data in photos]
    monkeypatch.setattr(jpeg, "WINDOW", window)
    assert [read_header(data) for data in photos] == expected


def test_nothing_but_spaces_is_refused_at_once():
    began = time.thread_time()
    with pytest.raises(UnsupportedFormat):
        read_header(b"\n" * 20_000_000)
    assert time.thread_time() - began < 0.02
