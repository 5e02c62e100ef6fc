"""Pictures as programs write them, with what does not draw beside what does."""

import zlib
from typing import Final

PLACE: Final = b"GPS 60.17 N 24.94 E"  # as a phone writes it into its pictures
TAIL: Final = b"<script>alert(1)</script>"


def make_png(width: int = 4, height: int = 4, *, with_place: bool = False) -> bytes:
    """A real one, red."""
    rows = zlib.compress((b"\0" + b"\xd0\x20\x20" * width) * height)
    size = width.to_bytes(4) + height.to_bytes(4)
    text = _chunk(b"tEXt", b"Comment\0" + PLACE) if with_place else b""
    body = _chunk(b"IHDR", size + b"\x08\x02\0\0\0") + text + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body + (TAIL if with_place else b"")


def make_jpeg(width: int = 4, height: int = 4, *, with_place: bool = False) -> bytes:
    """Its form, with two scans; what they draw is nothing."""
    size = b"\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x01\x01\x11\0"
    exif = _segment(0xE1, b"Exif\0\0" + PLACE) + _segment(0xFE, PLACE) if with_place else b""
    scans = _segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x12\xff\x00\xff\xd0\x34"
    small = b"\x01\x07" + PLACE + b"\0\0" if with_place else b"\0\0"  # 1 x 7 pixels of what it was before
    larger = _segment(0xE0, b"JFXX\0\x10" + PLACE) if with_place else b""
    frame = _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01" + small) + larger + exif + _segment(0xC2, size)
    return (
        b"\xff\xd8" + frame + scans + _segment(0xC4, b"\0" * 17) + scans + b"\xff\xd9" + (TAIL if with_place else b"")
    )


def make_webp(width: int = 4, height: int = 4, *, with_place: bool = False) -> bytes:
    """Its form, lossless."""
    bits = ((width - 1) | (height - 1) << 14).to_bytes(4, "little")
    body = _riff(b"VP8L", b"\x2f" + bits + b"\x01\x02\x03")
    if with_place:
        size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = _riff(b"VP8X", b"\x08\0\0\0" + size) + body + _riff(b"EXIF", PLACE) + _riff(b"XMP ", PLACE)
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body + (TAIL if with_place else b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (2 + len(data)).to_bytes(2) + data


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
