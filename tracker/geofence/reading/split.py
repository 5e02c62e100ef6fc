"""A FeatureCollection is cut into its features without being read, a little at a time: to read 64 MB at once would hold
every other thread up for a second."""

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from tracker.errors import Invalid, Malformed, TooLarge
from tracker.geofence.reading.geojson import MAX_FEATURES, decode_as, make_refusal
from tracker.geofence.reading.mended import mend

MAX_REST: Final = 2 * 1024 * 1024  # bytes of a collection that are in no feature
WINDOW: Final = 256 * 1024  # bytes that are searched at once, and the longest text
TOKEN: Final = re.compile(rb'[{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
COLON: Final = re.compile(rb"[ \t\r\n]*:")

Span = tuple[int, int]


class Skeleton(msgspec.Struct, frozen=True):
    """A collection in which every object has become {}."""

    type: Literal["FeatureCollection"]
    features: list[Any]
    crs: Any = None


class Cut(msgspec.Struct, frozen=True):
    """Where each feature is; None for one that is no object. And what the collection says of its system."""

    spans: list[Span | None]
    crs: Any


def split(body: bytes) -> Cut:
    """Malformed, Invalid, TooLarge for what is no collection."""
    rest, found = _part(body)
    skeleton = _read_skeleton(rest)
    spans = found[b'"features"']
    if sum(type(each) is dict for each in skeleton.features) != len(spans):
        raise Invalid("features: Expected an `array` of features, once", field="features")
    following = iter(spans)
    crs = skeleton.crs
    if isinstance(crs, dict) and found[b'"crs"']:
        begin, end = found[b'"crs"'][-1]
        crs = decode_as(body[begin:end], Any, "crs")
    return Cut([next(following) if type(each) is dict else None for each in skeleton.features], crs)


def _part(body: bytes) -> tuple[bytes, dict[bytes, list[Span]]]:
    """What is in no object of the collection, with {} for each of them; and where those of `features` and `crs` are."""
    rest, key = bytearray(), b""
    spans: dict[bytes, list[Span]] = {b'"features"': [], b'"crs"': []}
    depth = begin = end = count = 0
    for text, at in _find_tokens(body):
        if text == b"{":
            depth += 1
            if depth == 2:
                begin, count = at, count + 1
        elif text == b"}":
            depth -= 1
            if depth == 1:
                _check_amount(len(rest) + begin - end, count)
                rest += body[end:begin] + b"{}"
                end = at + 1
                if key in spans:
                    spans[key].append((begin, end))
        elif depth == 1 and COLON.match(body, at + len(text), at + len(text) + WINDOW):
            key = text
    _check_amount(len(rest) + len(body) - end, count)
    return bytes(rest + body[end:]), spans


def _check_amount(rest: int, features: int) -> None:
    if features > MAX_FEATURES:
        raise TooLarge(f"more than {MAX_FEATURES:,} features; send them in parts", field="features")
    if rest > MAX_REST:
        raise TooLarge(f"more than {MAX_REST:,} bytes that are in no feature")


def _find_tokens(body: bytes) -> Iterator[tuple[bytes, int]]:
    """Braces and texts, with where they begin."""
    at = 0
    while at < len(body):
        token = TOKEN.search(body, at, at + WINDOW)
        if token is not None and token[1] == b"":  # the window ended before the text did
            token = TOKEN.match(body, token.start(), token.start() + WINDOW)
            if token is not None and token[1] == b"":
                raise Malformed(f"a text that does not end, or is longer than {WINDOW:,} bytes")
        if token is None:
            at += WINDOW
        else:
            yield token[0], token.start()
            at = token.end()


def _read_skeleton(rest: bytes) -> Skeleton:
    try:
        return msgspec.json.decode(rest, type=Skeleton)
    except RecursionError:
        raise Malformed("the collection is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise make_refusal(error, "") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended, notes = mend(rest)
        if notes:
            return _read_skeleton(mended)
        raise Malformed("the collection is no JSON") from None
