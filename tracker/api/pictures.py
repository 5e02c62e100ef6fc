"""Pictures of strangers: their bytes are looked through, and what does not draw is left out.

Nothing is decoded here: a decoder is what a crafted picture is aimed at, and each browser has one that is kept apart.
Left out are the place and the camera that a phone writes into its pictures, comments, and whatever stands behind the
end. Metadata that is refused instead would be simpler, and every picture of a phone has some.
"""

import re
from collections.abc import Iterator
from typing import Final

from tracker.errors import Invalid
from tracker.model.photo import Media, Photo

LONGEST_SIDE: Final = 512  # px: bytes that a viewer's browser unpacks
PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"IDAT", b"IEND"})
WEBP_KEPT: Final = frozenset({b"VP8X", b"ALPH", b"VP8 ", b"VP8L"})
WEBP_ALPHA: Final = 0x10  # of the flags of VP8X; the others tell of what is left out
JPEG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_KEPT: Final = JPEG_SIZES | {0xC4, 0xCC, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE}  # APP0 and APP14 say what the colours mean
JPEG_MARKER: Final = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)  # which no byte of a scan looks like

Size = tuple[int, int]


def read_photo(body: bytes) -> Photo:
    """By its bytes, whatever it was said to be. Invalid where it is no picture of these kinds, or too large a one."""
    try:
        media, kept, sizes = _take_apart(body)
    except (IndexError, ValueError):
        raise Invalid("photo: the picture is cut off or broken", field="photo") from None
    if not sizes:
        raise Invalid("photo: the picture is cut off or broken", field="photo")
    if any(not 0 < side <= LONGEST_SIDE for size in sizes for side in size):
        raise Invalid(f"photo: {LONGEST_SIDE} x {LONGEST_SIDE} pixels at most", field="photo")
    return Photo(media, kept)


def _take_apart(body: bytes) -> tuple[Media, bytes, list[Size]]:
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", *_keep_jpeg(body)
    if body.startswith(PNG_HEAD):
        return "image/png", *_keep_png(body)
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp", *_keep_webp(body)
    raise Invalid("photo: a JPEG, PNG or WebP is needed", field="photo")


def _keep_jpeg(body: bytes) -> tuple[bytes, list[Size]]:
    kept, sizes, at = [body[:2]], list[Size](), 2
    while (marker := body[at + 1]) != 0xD9:
        if body[at] != 0xFF or marker not in range(0xC0, 0xFF):
            raise ValueError
        end = at + 2 + int.from_bytes(body[at + 2 : at + 4])
        if marker in JPEG_SIZES:
            sizes.append((int.from_bytes(body[at + 7 : at + 9]), int.from_bytes(body[at + 5 : at + 7])))
        if marker == 0xDA:
            found = JPEG_MARKER.search(body, end)
            if found is None:
                raise ValueError
            end = found.start(1) - 1
        if end <= at + 3 or end > len(body):
            raise ValueError
        if marker == 0xE0:
            kept.append(_keep_jfif(body[at:end]))
        elif marker in JPEG_KEPT:
            kept.append(body[at:end])
        at = end
    return b"".join([*kept, b"\xff\xd9"]), sizes


def _keep_jfif(segment: bytes) -> bytes:
    """What it says of the colours, without the small picture that may stand in it: that is of the picture as it was
    before somebody cut or blurred it."""
    return b"\xff\xe0\x00\x10" + segment[4:16] + b"\0\0" if segment[4:9] == b"JFIF\0" and len(segment) >= 18 else b""


def _keep_png(body: bytes) -> tuple[bytes, list[Size]]:
    kept, sizes, at, kind = [PNG_HEAD], list[Size](), len(PNG_HEAD), b""
    while kind != b"IEND":
        end = at + 12 + int.from_bytes(body[at : at + 4])
        kind = body[at + 4 : at + 8]
        if len(kind) < 4 or end > len(body) or (kind == b"IEND" and end != at + 12):
            raise ValueError
        if kind == b"IHDR":
            sizes.append((int.from_bytes(body[at + 8 : at + 12]), int.from_bytes(body[at + 12 : at + 16])))
        if kind in PNG_KEPT:
            kept.append(body[at:end])
        at = end
    return b"".join(kept), sizes


def _keep_webp(body: bytes) -> tuple[bytes, list[Size]]:
    kept, sizes = list[bytes](), list[Size]()
    for kind, data in _list_chunks(body):
        if kind not in WEBP_KEPT:
            continue
        if kind != b"ALPH":
            sizes.append(_measure_webp(kind, data))
        if kind == b"VP8X":
            data = bytes([data[0] & WEBP_ALPHA]) + data[1:]
        kept.append(kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2))
    if sizes and not any(piece.startswith((b"VP8 ", b"VP8L")) for piece in kept):
        raise Invalid("photo: a picture that moves cannot be taken", field="photo")
    content = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(content).to_bytes(4, "little") + content, sizes


def _list_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(body[4:8], "little")
    if end > len(body) + len(body) % 2:
        raise ValueError
    while at < end:
        kind, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        if len(kind) < 4 or at + 8 + size > min(end, len(body)):
            raise ValueError
        yield kind, body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _measure_webp(kind: bytes, data: bytes) -> Size:
    if kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
