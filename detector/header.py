"""What a photo's container says, read without decoding anything.

`read_header` walks JPEG, PNG, WebP, BMP, TIFF and JPEG 2000 containers in pure Python. It answers
three questions before any native decoder sees a byte:

- what is it (magic bytes, never a file name) and how large will it be when decoded;
- is all of it there (a decoder that fills the missing half of a face with grey is no help);
- which bytes are the picture. `Header.core` leaves out metadata, colour profiles, thumbnails,
  further pages and animations, so nothing hidden in them reaches a native parser, and the decoder
  finds no orientation of its own to apply.

Every loop is bounded by the data or by a constant below; every malformed input is a `PhotoError`.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, prod
from typing import Final, TypeAlias

from detector.errors import EmptyPhoto, TooManyPixels, UnreadablePhoto, UnsupportedFormat

__all__ = ["Header", "PhotoFormat", "read_header"]

# A range of the file's bytes (start, stop), or bytes that stand in for some of them.
Piece: TypeAlias = tuple[int, int] | bytes

MAX_SIDE: Final = 65_500  # libjpeg's JPEG_MAX_DIMENSION; OpenCV's own limit is higher
MAX_SEGMENTS: Final = 16_384  # JPEG segments, PNG or WebP chunks, JP2 boxes; cameras write < 3,000
MAX_SCANS: Final = 100  # libtiff's cap for the JPEGs inside TIFFs; encoders write 10 to 16
MAX_SCAN_PIXELS: Final = 1_000_000_000  # scans x pixels: each scan of a JPEG visits every block
MAX_TAGS: Final = 512  # entries of one TIFF or EXIF directory; cameras write < 100
MAX_BLOCKS: Final = 65_536  # strips or tiles of a TIFF: libtiff sets itself up again for each
MAX_TILE_SIDE: Final = 4_096  # of a TIFF whose tiles are larger than its picture
MAX_J2K_TILES: Final = 4_096
MAX_J2K_PACKETS: Final = 1_000_000  # tiles x layers x components x precincts, all walked if empty
DEFLATE_RATIO: Final = 1_032  # the most that DEFLATE can expand (RFC 1951: 258 bytes in 2 bits)

UPRIGHT: Final = 1
ORIENTATIONS: Final = range(1, 9)
ORIENTATION_TAG: Final = 0x0112

CUT_SHORT: Final = "The photo is cut short: part of the file is missing. Send it again."
MALFORMED: Final = "The photo's {} header is damaged. Take or export the photo again."
UNSUPPORTED: Final = (
    "This is {}, which is not accepted. Send the photo as JPEG, PNG, WebP, BMP, TIFF or JPEG 2000."
)
VARIANT: Final = "This {} uses {}, which is not accepted. Export the photo as an ordinary JPEG."


class PhotoFormat(StrEnum):
    """The accepted containers."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tiff"
    JPEG_2000 = "jpeg2000"


@dataclass(frozen=True, slots=True)
class Header:
    """What the container says; nothing here has been confirmed by a decoder yet.

    width and height are pixels as stored, before `orientation` (EXIF 1-8; 1 where absent or
    invalid) turns them. channels are stored samples a pixel, alpha included; a palette is 1.
    """

    format: PhotoFormat
    width: int
    height: int
    orientation: int
    channels: int
    bits_per_sample: int
    scans: int = 1  # JPEG: passes over the picture; more than one means progressive or planar
    core: tuple[Piece, ...] = field(default=(), repr=False)  # joined: the picture alone

    def __post_init__(self) -> None:
        """Refuse sides no decoder takes: zero is malformed, a ribbon is a trap."""
        if self.width < 1 or self.height < 1:
            raise UnreadablePhoto(MALFORMED.format(self.format.upper()))
        if max(self.width, self.height) > MAX_SIDE:
            msg = f"The photo is {self.width} x {self.height} pixels; a side may have {MAX_SIDE:,}."
            raise TooManyPixels(msg)


def read_header(data: bytes) -> Header:
    """Return what the container says about the picture.

    Raises EmptyPhoto, UnsupportedFormat, UnreadablePhoto, or TooManyPixels for an absurd side.
    """
    if not data:
        raise EmptyPhoto("No photo was received: the file is empty. Send it again.")
    for magic, reader in READERS:
        if magic.match(data):
            return reader(data)
    raise UnsupportedFormat(UNSUPPORTED.format(_looks_like(data)))


def _looks_like(data: bytes) -> str:
    for magic, name in STRANGERS:
        if magic.match(data):
            return name
    return "an unknown kind of file"


def _unpack(layout: str, data: bytes, at: int) -> tuple[int, ...]:
    """Read integers; bytes that are not there mean a truncated file."""
    if at + struct.calcsize(layout) > len(data):
        raise UnreadablePhoto(CUT_SHORT)
    return struct.unpack_from(layout, data, at)


def _check(condition: bool, kind: PhotoFormat) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise UnreadablePhoto(MALFORMED.format(kind.upper()))


def _accept(condition: bool, kind: PhotoFormat, variant: str) -> None:  # noqa: FBT001 - as above
    if not condition:
        raise UnsupportedFormat(VARIANT.format(kind.upper(), variant))


# EXIF ---------------------------------------------------------------------------------------------


def _exif_orientation(exif: bytes) -> int:
    """Return EXIF 1-8 from a TIFF-shaped block; damaged EXIF does not spoil a good picture."""
    exif = exif.removeprefix(b"Exif\0\0")
    try:
        order = "<" if exif[:2] == b"II" else ">"
        (directory,) = _unpack(f"{order}I", exif, 4)
        (count,) = _unpack(f"{order}H", exif, directory)
        for entry in range(min(count, MAX_TAGS)):
            tag, _, _, value = _unpack(f"{order}HHIH", exif, directory + 2 + 12 * entry)
            if tag == ORIENTATION_TAG:
                return value if value in ORIENTATIONS else UPRIGHT
    except UnreadablePhoto:
        pass
    return UPRIGHT


# JPEG (ITU-T T.81) --------------------------------------------------------------------------------

JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
JPEG_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # stuffing and restarts go on
JPEG_EOI, JPEG_SOS, JPEG_EXIF = 0xD9, 0xDA, 0xE1
JPEG_SEQUENTIAL: Final = (0xC0, 0xC1)
JPEG_FRAMES: Final = (*JPEG_SEQUENTIAL, 0xC2)  # Huffman: baseline, extended, progressive
JPEG_OTHER_FRAMES: Final = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8}
JPEG_KEPT: Final = frozenset({*JPEG_FRAMES, 0xC4, 0xDB, 0xDD, 0xE0, 0xEE, JPEG_SOS})
JPEG_DROPPED: Final = frozenset(range(0xE1, 0xF0)) - {0xEE} | {0xFE}  # APPn and COM


@dataclass(frozen=True, slots=True)
class _JpegFrame:
    width: int
    height: int
    channels: int
    blocks: int
    least_bits_per_block: int


def _jpeg(data: bytes) -> Header:
    kind = PhotoFormat.JPEG
    frame: _JpegFrame | None = None
    orientation, scans, scan_bytes, kept_from, end = 0, 0, 0, 0, 2
    core: list[Piece] = []
    for marker, start, stop in _jpeg_segments(data):
        end = stop
        if marker in JPEG_FRAMES:
            _check(frame is None, kind)
            frame = _jpeg_frame(data, start)
        elif marker == JPEG_SOS:
            scans += 1
            scan_bytes += stop - start
        elif marker in JPEG_DROPPED:
            core.append((kept_from, start))
            kept_from = stop
            if marker == JPEG_EXIF and not orientation and data[start + 4 : start + 8] == b"Exif":
                orientation = _exif_orientation(data[start + 4 : stop])
    core.append((kept_from, end))
    if frame is None or not scans:
        raise UnreadablePhoto(CUT_SHORT)
    width, height = frame.width, frame.height
    _check(scans <= MAX_SCANS and (scans == 1 or scans * width * height <= MAX_SCAN_PIXELS), kind)
    if scan_bytes * 8 < frame.blocks * frame.least_bits_per_block:
        raise UnreadablePhoto(CUT_SHORT)
    turn = orientation or UPRIGHT
    return Header(kind, width, height, turn, frame.channels, 8, scans=scans, core=tuple(core))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, stop) up to the end-of-image marker; a scan's stop is its data's."""
    kind = PhotoFormat.JPEG
    at = 2
    for _ in range(MAX_SEGMENTS):
        found = JPEG_MARKER.search(data, at)
        if found is None:
            raise UnreadablePhoto(CUT_SHORT)
        marker, start = data[found.start() + 1], found.start()
        if marker == JPEG_EOI:
            yield marker, start, start + 2
            return
        _accept(marker not in JPEG_OTHER_FRAMES, kind, "arithmetic or lossless coding")
        _check(marker in JPEG_KEPT or marker in JPEG_DROPPED, kind)
        (length,) = _unpack(">H", data, start + 2)
        _check(length >= 2, kind)
        at = start + 2 + length
        if marker == JPEG_SOS:
            found = JPEG_SCAN_END.search(data, at)
            at = found.start() if found else len(data) + 1
        if at > len(data):
            raise UnreadablePhoto(CUT_SHORT)
        yield marker, start, at
    raise UnreadablePhoto(MALFORMED.format(kind.upper()))


def _jpeg_frame(data: bytes, start: int) -> _JpegFrame:
    kind = PhotoFormat.JPEG
    length, bits, height, width, channels = _unpack(">HBHHB", data, start + 2)
    _accept(bits == 8, kind, f"{bits} bits a sample")
    _check(channels in (1, 3, 4) and length == 8 + 3 * channels, kind)
    factors = [divmod(data[start + 11 + 3 * channel], 16) for channel in range(channels)]
    _check(all(1 <= side <= 4 for factor in factors for side in factor), kind)
    across, down = (max(sides) for sides in zip(*factors, strict=True))
    blocks = sum(
        ceil(ceil(width * h / across) / 8) * ceil(ceil(height * v / down) / 8) for h, v in factors
    )
    # A sequential block is at least a DC code and an end-of-block code; a progressive one may share
    # its end-of-block with its neighbours, but not its DC code.
    least = 2 if data[start + 1] in JPEG_SEQUENTIAL else 1
    return _JpegFrame(width, height, channels, blocks, least)


# PNG (W3C PNG, third edition) ---------------------------------------------------------------------

PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PNG_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
PNG_ANCILLARY: Final = 0x20  # bit 5 of a chunk's first letter


def _png(data: bytes) -> Header:
    kind = PhotoFormat.PNG
    _accept(data[12:16] != b"CgBI", kind, "Apple's private compression")
    _check(data[8:16] == b"\0\0\0\x0dIHDR", kind)
    width, height, bits, colour, *methods = _unpack(">IIBBBBB", data, 16)
    _check(bits in PNG_DEPTHS.get(colour, ()) and methods[:2] == [0, 0] and methods[2] < 2, kind)
    core: list[Piece] = [(0, 8)]
    orientation, packed, name, at = UPRIGHT, 0, b"", 8
    for _ in range(MAX_SEGMENTS):
        (length,) = _unpack(">I", data, at)
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise UnreadablePhoto(CUT_SHORT)
        if name in PNG_KEPT:
            core.append((at, end))
            packed += length if name == b"IDAT" else 0
        elif name == b"eXIf":
            orientation = _exif_orientation(data[at + 8 : end - 4])
        else:
            _check(bool(name[0] & PNG_ANCILLARY), kind)
        if name == b"IEND":
            break
        at = end
    _check(name == b"IEND", kind)
    channels = PNG_CHANNELS[colour]
    if packed * DEFLATE_RATIO < height * ceil(width * channels * bits / 8):
        raise UnreadablePhoto(CUT_SHORT)
    return Header(kind, width, height, orientation, channels, bits, core=tuple(core))


# WebP (RFC 9649) ----------------------------------------------------------------------------------

WEBP_ANIMATED, WEBP_ALPHA = 0x02, 0x10
WEBP_PICTURES: Final = (b"VP8 ", b"VP8L")


def _webp(data: bytes) -> Header:
    kind = PhotoFormat.WEBP
    (length,) = _unpack("<I", data, 4)
    end = 8 + length
    if end > len(data):
        raise UnreadablePhoto(CUT_SHORT)
    chunks: dict[bytes, tuple[int, int]] = {}
    at = 12
    for _ in range(MAX_SEGMENTS):
        if at >= end:
            break
        (length,) = _unpack("<I", data, at + 4)
        stop = at + 8 + length
        if stop > end:
            raise UnreadablePhoto(CUT_SHORT)
        name = data[at : at + 4]
        _accept(name not in {b"ANIM", b"ANMF"}, kind, "animation")
        chunks.setdefault(name, (at, stop))
        at = stop + length % 2
    pictures = [name for name in WEBP_PICTURES if name in chunks]
    _check(len(pictures) == 1, kind)
    picture, (start, stop) = pictures[0], chunks[pictures[0]]
    width, height, alpha = _webp_frame(data, start + 8, lossless=picture == b"VP8L")
    parts = [data[start:stop]]
    if b"VP8X" in chunks:
        flags, *canvas = _unpack("<B3xHBHB", data, chunks[b"VP8X"][0] + 8)
        _accept(not flags & WEBP_ANIMATED, kind, "animation")
        sides = (1 + canvas[0] + (canvas[1] << 16), 1 + canvas[2] + (canvas[3] << 16))
        _check(sides == (width, height), kind)
        if b"ALPH" in chunks and picture == b"VP8 ":
            alpha = True
            extended = data[slice(*chunks[b"VP8X"])]
            extended = extended[:8] + bytes([WEBP_ALPHA, 0, 0, 0]) + extended[12:18]
            parts = [extended, data[slice(*chunks[b"ALPH"])], *parts]
    body = b"WEBP" + b"".join(part + b"\0" * (len(part) % 2) for part in parts)
    start, stop = chunks.get(b"EXIF", (-8, 0))
    orientation = _exif_orientation(data[start + 8 : stop])
    core = (b"RIFF" + struct.pack("<I", len(body)) + body,)
    return Header(kind, width, height, orientation, 4 if alpha else 3, 8, core=core)


def _webp_frame(data: bytes, at: int, *, lossless: bool) -> tuple[int, int, bool]:
    kind = PhotoFormat.WEBP
    if lossless:
        signature, bits = _unpack("<BI", data, at)
        _check(signature == 0x2F and bits >> 29 == 0, kind)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
    _check(data[at + 3 : at + 6] == b"\x9d\x01\x2a" and not data[at] & 1, kind)
    width, height = _unpack("<HH", data, at + 6)
    return width & 0x3FFF, height & 0x3FFF, False


# BMP (OS/2 1.x, Windows 3.x to V5) ----------------------------------------------------------------

BMP_CORE: Final = 12
BMP_HEADERS: Final = (BMP_CORE, 40, 52, 56, 64, 108, 124)
BMP_DEPTHS: Final = (1, 4, 8, 16, 24, 32)
BMP_RGB, BMP_BITFIELDS = 0, 3
BMP_BGRX: Final = (0xFF0000, 0xFF00, 0xFF)


def _bmp(data: bytes) -> Header:
    kind = PhotoFormat.BMP
    pixels_at, size = _unpack("<II", data, 10)
    _accept(size in BMP_HEADERS, kind, "an unknown header")
    layout, compression = "<HHHH", BMP_RGB
    if size != BMP_CORE:
        layout = "<iiHH"
        (compression,) = _unpack("<I", data, 30)
    width, rows, planes, bits = _unpack(layout, data, 18)
    height = abs(rows)  # negative: stored from the top down
    _check(planes == 1 and bits in BMP_DEPTHS and width > 0, kind)
    _accept(size != BMP_CORE or bits not in (16, 32), kind, "an unknown header")
    _accept(compression in (BMP_RGB, BMP_BITFIELDS), kind, "compression")
    core: tuple[Piece, ...] = ((0, len(data)),)
    stop = pixels_at + height * (width * bits + 31 >> 5 << 2)
    if stop > len(data):
        raise UnreadablePhoto(CUT_SHORT)
    if bits > 8:
        fields = _unpack("<III", data, 54) if compression == BMP_BITFIELDS else None
        core = (_bmp_info(width, rows, bits, fields), (pixels_at, stop))
    else:
        _check(compression == BMP_RGB and pixels_at >= 14 + size, kind)
    return Header(kind, width, height, UPRIGHT, 3 if bits > 8 else 1, min(bits, 8), core=core)


def _bmp_info(width: int, rows: int, bits: int, fields: tuple[int, ...] | None) -> bytes:
    """Return the plain 40-byte header of this picture: later headers' colour data is left out."""
    kind = PhotoFormat.BMP
    masks = b""
    if fields is not None:
        known = {32: (BMP_BGRX,), 16: ((0x7C00, 0x3E0, 0x1F), (0xF800, 0x7E0, 0x1F))}.get(bits, ())
        _accept(fields in known, kind, "unusual colour masks")
        masks = struct.pack("<III", *fields) if bits == 16 else b""
    pixels_at = 54 + len(masks)
    mode = BMP_BITFIELDS if masks else BMP_RGB
    info = struct.pack("<IiiHHIIiiII", 40, width, rows, 1, bits, mode, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, pixels_at) + info + masks


# TIFF (6.0) ---------------------------------------------------------------------------------------

TIFF_WIDTH, TIFF_HEIGHT, TIFF_BITS, TIFF_COMPRESSION, TIFF_PHOTOMETRIC = 256, 257, 258, 259, 262
TIFF_OFFSETS, TIFF_SAMPLES, TIFF_ROWS, TIFF_COUNTS, TIFF_PLANAR = 273, 277, 278, 279, 284
TIFF_PREDICTOR, TIFF_TILE_WIDTH, TIFF_TILE_HEIGHT = 317, 322, 323
TIFF_TILE_OFFSETS, TIFF_TILE_COUNTS, TIFF_EXTRA, TIFF_FORMAT = 324, 325, 338, 339
# What the decoder needs; fill order, fax options, colour map, ink set, extra samples, YCbCr too.
TIFF_KEPT: Final = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320}
    | {322, 323, 324, 325, 332, 338, 339, 529, 530, 531, 532}
)
TIFF_TYPES: Final = {1: "B", 3: "H", 4: "I", 5: "2I"}  # byte, short, long, rational
# None, three fax encodings, LZW, Deflate (two numbers), PackBits. JPEG inside TIFF is left out: its
# strips can each be a scan bomb, and who has a JPEG can send it as one.
TIFF_COMPRESSIONS: Final = (1, 2, 3, 4, 5, 8, 32946, 32773)
TIFF_RGB: Final = 2
# (bits a sample, photometric, samples a pixel); photometric 0 and 1 grey, 2 RGB, 3 palette, 5 CMYK,
# 6 YCbCr. Grey's second sample, alpha, is ignored by the decoder.
TIFF_LAYOUTS: Final = frozenset(
    {(1, 0, 1), (1, 1, 1), (4, 3, 1), (8, 0, 1), (8, 1, 1), (8, 0, 2), (8, 1, 2), (8, 2, 3)}
    | {(8, 2, 4), (8, 3, 1), (8, 5, 4), (8, 6, 3), (16, 1, 1), (16, 2, 3)}
)
TIFF_ALL_ROWS: Final = 0xFFFFFFFF


def _tiff(data: bytes) -> Header:
    kind = PhotoFormat.TIFF
    order = "<" if data[:2] == b"II" else ">"
    (at,) = _unpack(f"{order}I", data, 4)
    (count,) = _unpack(f"{order}H", data, at)
    _check(at >= 8 and 0 < count <= MAX_TAGS, kind)
    stop = at + 2 + 12 * count + 4
    if stop > len(data):
        raise UnreadablePhoto(CUT_SHORT)
    tags: dict[int, tuple[int, ...]] = {}
    entries: dict[int, bytes] = {}
    orientation = UPRIGHT
    for entry in range(at + 2, stop - 4, 12):
        tag, _, _, short = _unpack(f"{order}HHIH", data, entry)
        if tag == ORIENTATION_TAG and short in ORIENTATIONS:
            orientation = short
        if tag in TIFF_KEPT:
            _check(tag not in tags, kind)
            tags[tag] = _tiff_values(data, entry, order)
            entries[tag] = data[entry : entry + 12]
    width, height = _first(tags, TIFF_WIDTH), _first(tags, TIFF_HEIGHT)
    samples, bits = _first(tags, TIFF_SAMPLES, 1), _first(tags, TIFF_BITS, 1)
    header = Header(kind, width, height, orientation, samples, bits)
    _tiff_layout(tags, bits, samples)
    _tiff_blocks(tags, width, height, len(data))
    if _first(tags, TIFF_ROWS, 1) > height:  # or the decoder would make room for rows not there
        entries[TIFF_ROWS] = struct.pack(f"{order}HHII", TIFF_ROWS, 4, 1, height)
    # The directory again, with what the decoder needs and no next page.
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(entries.values())
    core = ((0, at), directory.ljust(stop - at, b"\0"), (stop, len(data)))
    return Header(kind, width, height, header.orientation, samples, bits, core=core)


def _tiff_values(data: bytes, entry: int, order: str) -> tuple[int, ...]:
    _, typed, count, at = _unpack(f"{order}HHII", data, entry)
    code = TIFF_TYPES.get(typed, "")
    _check(bool(code) and 0 < count <= MAX_BLOCKS * 2, PhotoFormat.TIFF)
    layout = f"{order}{count * int(code[:-1] or 1)}{code[-1]}"
    return _unpack(layout, data, entry + 8 if struct.calcsize(layout) <= 4 else at)


def _first(tags: dict[int, tuple[int, ...]], tag: int, default: int = 0) -> int:
    return tags.get(tag, (default,))[0]


def _tiff_layout(tags: dict[int, tuple[int, ...]], bits: int, samples: int) -> None:
    kind = PhotoFormat.TIFF
    _check(TIFF_PHOTOMETRIC in tags and set(tags.get(TIFF_BITS, ())) <= {bits}, kind)
    photometric = _first(tags, TIFF_PHOTOMETRIC)
    coding = _first(tags, TIFF_COMPRESSION, 1)
    _accept(coding in TIFF_COMPRESSIONS, kind, f"compression {coding}")
    _accept((bits, photometric, samples) in TIFF_LAYOUTS, kind, "unusual samples")
    # A fourth sample of unknown meaning would be taken for alpha.
    alpha = tags.get(TIFF_EXTRA) in {(1,), (2,)}
    _accept(samples != 4 or photometric != TIFF_RGB or alpha, kind, "unusual samples")
    _accept(set(tags.get(TIFF_FORMAT, ())) <= {1}, kind, "signed or floating-point samples")
    _accept(_first(tags, TIFF_PREDICTOR, 1) in (1, 2), kind, "an unusual predictor")
    planar = _first(tags, TIFF_PLANAR, 1)
    strips = TIFF_TILE_WIDTH not in tags and bits == 8
    _accept(planar == 1 or samples == 1 or (planar == 2 and strips), kind, "separate planes")


def _tiff_blocks(tags: dict[int, tuple[int, ...]], width: int, height: int, size: int) -> None:
    """Check that the strips or tiles are few, no larger than the picture, and in the file."""
    kind = PhotoFormat.TIFF
    tiled = TIFF_TILE_WIDTH in tags or TIFF_TILE_HEIGHT in tags
    if tiled:
        across, down = _first(tags, TIFF_TILE_WIDTH), _first(tags, TIFF_TILE_HEIGHT)
        _check(0 < across <= max(width + 15, MAX_TILE_SIDE), kind)
        _check(0 < down <= max(height + 15, MAX_TILE_SIDE), kind)
    else:
        across, down = width, min(_first(tags, TIFF_ROWS, TIFF_ALL_ROWS), height)
        _check(down > 0, kind)
    offsets = tags.get(TIFF_TILE_OFFSETS if tiled else TIFF_OFFSETS, ())
    counts = tags.get(TIFF_TILE_COUNTS if tiled else TIFF_COUNTS, ())
    planes = _first(tags, TIFF_SAMPLES, 1) if _first(tags, TIFF_PLANAR, 1) == 2 else 1
    blocks = ceil(width / across) * ceil(height / down) * planes
    _check(blocks <= MAX_BLOCKS and len(offsets) == len(counts) == blocks, kind)
    if any(offset + count > size for offset, count in zip(offsets, counts, strict=True)):
        raise UnreadablePhoto(CUT_SHORT)


# JPEG 2000 (ISO/IEC 15444-1) ----------------------------------------------------------------------

J2K_SOC: Final = b"\xff\x4f\xff\x51"
J2K_SOT, J2K_SOD, J2K_COD, J2K_EOC = 0xFF90, 0xFF93, 0xFF52, 0xFFD9
# Quantisation, comments, lengths and registration. Whatever changes how the packets are counted
# (COC, POC, packed headers, part 2 and part 15 extensions) is left out: chips carry none of it.
J2K_MAIN: Final = frozenset({J2K_COD, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF55, 0xFF57, 0xFF63, 0xFF64})
J2K_TILE: Final = frozenset({0xFF5C, 0xFF5D, 0xFF5E, 0xFF58, 0xFF64})
JP2_COLOURS: Final = (16, 17)  # enumerated: sRGB, greyscale
JP2_ENUMERATED: Final = 1


def _jp2(data: bytes) -> Header:
    kind = PhotoFormat.JPEG_2000
    for name, start, stop in _boxes(data, 0, len(data)):
        if name == b"jp2h":
            for inner, at, _ in _boxes(data, start, stop):
                _accept(inner != b"pclr", kind, "a palette")
                if inner == b"colr" and data[at] == JP2_ENUMERATED:
                    (colour,) = _unpack(">I", data, at + 3)
                    _accept(colour in JP2_COLOURS, kind, "an unusual colour space")
        elif name == b"jp2c":
            return _j2k(data, start, stop)
    raise UnreadablePhoto(CUT_SHORT)


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, content start, content stop) of the boxes in data[at:end]."""
    for _ in range(MAX_SEGMENTS):
        if at >= end:
            return
        (length,) = _unpack(">I", data, at)
        name, content = data[at + 4 : at + 8], at + 8
        if length == 1:
            (length,) = _unpack(">Q", data, at + 8)
            content = at + 16
        stop = at + length if length else end
        _check(stop > content, PhotoFormat.JPEG_2000)
        if stop > end:
            raise UnreadablePhoto(CUT_SHORT)
        yield name, content, stop
        at = stop


def _j2k(data: bytes, start: int = 0, stop: int | None = None) -> Header:
    kind = PhotoFormat.JPEG_2000
    stop = len(data) if stop is None else stop
    _check(data[start : start + 4] == J2K_SOC, kind)
    length, _, x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y, channels = _unpack(
        ">HH8IH", data, start + 4
    )
    _check(length == 38 + 3 * channels and tile_w > 0 and tile_h > 0, kind)
    _accept((x0, y0, tile_x, tile_y) == (0, 0, 0, 0), kind, "an offset origin")
    _accept(1 <= channels <= 4, kind, f"{channels} components")
    shapes = {data[at : at + 3] for at in range(start + 42, start + 42 + 3 * channels, 3)}
    depth, *steps = shapes.pop().ljust(3, b"\0")
    _accept(not shapes and steps == [1, 1], kind, "subsampled components")
    _accept(7 <= depth <= 15, kind, "signed samples, or fewer than 8 or more than 16 bits")
    header = Header(kind, x1, y1, UPRIGHT, channels, depth + 1, core=((start, stop),))
    tiles = ceil(x1 / tile_w) * ceil(y1 / tile_h)
    _check(tiles <= MAX_J2K_TILES, kind)
    at = start + 4 + length
    for _ in range(MAX_SEGMENTS):
        marker, length = _unpack(">HH", data, at)
        if marker == J2K_SOT:
            break
        _accept(marker in J2K_MAIN, kind, "an unusual coding option")
        if marker == J2K_COD:
            tile = (min(tile_w, x1), min(tile_h, y1))
            packets = tiles * channels * _j2k_packets(data, at, *tile)
            _check(packets <= MAX_J2K_PACKETS, kind)
        at += 2 + max(length, 2)
    _j2k_tiles(data, at, stop)
    return header


def _j2k_packets(data: bytes, at: int, width: int, height: int) -> int:
    """Return the packets of one tile-component (Annex B): layers x precincts of all resolutions."""
    kind = PhotoFormat.JPEG_2000
    style, _, layers, _, levels = _unpack(">BBHBB", data, at + 4)
    _check(levels <= 32 and layers > 0, kind)
    custom = style & 1
    sizes = _unpack(f"{levels + 1}B", data, at + 14) if custom else (0xFF,) * (levels + 1)
    precincts = 0
    for resolution, size in enumerate(sizes):
        shift = levels - resolution
        sides = ((width >> shift, size & 15), (height >> shift, size >> 4))
        precincts += prod((side >> exponent) + 2 for side, exponent in sides)
    return layers * precincts


def _j2k_tiles(data: bytes, at: int, stop: int) -> None:
    """Walk the tile-parts: each whole, and none changing the coding style of the main header."""
    kind = PhotoFormat.JPEG_2000
    for _ in range(MAX_J2K_TILES * 4):
        if at >= stop:
            return
        (marker,) = _unpack(">H", data, at)
        if marker == J2K_EOC:
            return
        _check(marker == J2K_SOT, kind)
        (length,) = _unpack(">I", data, at + 6)
        end = at + length if length else stop
        _check(end >= at + 14, kind)
        if end > stop:
            raise UnreadablePhoto(CUT_SHORT)
        at += 12
        for _ in range(MAX_SEGMENTS):
            marker, segment = _unpack(">HH", data, at)
            if marker == J2K_SOD:
                break
            _accept(marker in J2K_TILE, kind, "an unusual coding option")
            at += 2 + max(segment, 2)
        at = end
    raise UnreadablePhoto(MALFORMED.format(kind.upper()))


# Which is which -----------------------------------------------------------------------------------

READERS: Final[tuple[tuple[re.Pattern[bytes], Callable[[bytes], Header]], ...]] = (
    (re.compile(rb"\xff\xd8\xff"), _jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    (re.compile(rb"BM"), _bmp),
    (re.compile(rb"II\x2a\0|MM\0\x2a"), _tiff),
    (re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n"), _jp2),
    (re.compile(re.escape(J2K_SOC)), _j2k),
)
STRANGERS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (re.compile(rb"GIF8[79]a"), "a GIF"),
    (re.compile(rb"....ftyp(hei|hev|mif|msf)", re.DOTALL), "a HEIC photo"),
    (re.compile(rb"....ftypavi", re.DOTALL), "an AVIF photo"),
    (re.compile(rb"....ftyp", re.DOTALL), "a video"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "a JPEG XL photo"),
    (re.compile(rb"II\x2b\0|MM\0\x2b"), "a BigTIFF"),
    (re.compile(rb"\0\0\x01\0"), "an icon"),
    (re.compile(rb"8BPS"), "a Photoshop document"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "a ZIP archive or office document"),
    (re.compile(rb"\x1f\x8b|Rar!|7z\xbc\xaf"), "a compressed archive"),
    (re.compile(rb"\s*<"), "a web page or XML document"),
    (re.compile(rb"[\t\r\n\x20-\x7e]{1,64}($|[^\0]{0,8}$)|[\t\r\n\x20-\x7e]{64}"), "text"),
)
