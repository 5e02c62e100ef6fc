"""What devices might send, from honest to hostile: strategies for the properties."""

import struct
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from tests.moments import MONDAY
from tracker.model.moment import format_ms
from tracker.pipeline.accept import FUTURE_MS, ROLLOVER_MS

NOW: Final = MONDAY
MAX_FIXES: Final = 500
ROLLED_OVER: Final = tuple(ROLLOVER_MS + off for off in (-FUTURE_MS, 1 - FUTURE_MS, 0, FUTURE_MS, 10**6))  # ms of age

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**25), 10**25)
times = (
    st.integers(NOW - 10**11, NOW + 700_000).map(format_ms)
    | st.datetimes(timezones=st.just(None) | st.timezones()).map(lambda moment: moment.isoformat())
    | st.sampled_from(
        [
            "9999-12-31T23:59:60Z",
            "00010101T000000+1400",
            "2016-12-31T23:59:60Z",
            "2026-02-30T00:00:00Z",
            "2026-11-23T10:00:00",
            "2026-11-23T10:00:00.123456789+05:30",
            "2026-W48-1T10:00:00Z",
            "",
            "now",
            "0",
        ]
    )
)

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
good_attributes = st.dictionaries(words, st.none() | st.booleans() | st.integers(-(2**63), 2**63) | words, max_size=4)
good_fixes = st.fixed_dictionaries(
    {
        "at": st.integers(NOW - 10**9, NOW + 500_000).map(format_ms),
        "lon": st.floats(-180, 180),
        "lat": st.floats(-90, 90),
    },
    optional={name: st.none() | numbers for name in ("speed", "heading", "accuracy", "altitude", "battery")}
    | {"attributes": good_attributes},
)
bad_fixes = (
    json_values
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("at", "lon", "lat", "speed", "attributes"), json_values | numbers | times)
    )
    | st.fixed_dictionaries(
        {"at": times, "lon": numbers, "lat": numbers},
        optional={"attributes": st.dictionaries(st.text(max_size=40), json_values, max_size=40), "battery": numbers},
    )
)


def encode(message: Any) -> str:
    """As strict JSON can say it: what it cannot (NaN, a huge int) as the text some encoders write."""
    return msgspec.json.encode(speakable(message)).decode()


def speakable(value: Any) -> Any:
    match value:
        case bool() | None | str():
            return value
        case float() if value != value or value in (float("inf"), -float("inf")):
            return None
        case int() if not -(2**63) <= value < 2**63:
            return msgspec.Raw(str(value).encode())
        case list():
            return [speakable(each) for each in value]
        case dict():
            return {name: speakable(each) for name, each in value.items()}
    return value


def frame_of(fixes: list[Any], seq: int = 1) -> str:
    return encode({"type": "fixes", "seq": seq, "fixes": fixes})


def columns_of(rows: list[tuple[int, int, int, int, int, int, int]], base: int, seq: int = 1, flags: int = 0) -> bytes:
    """Rows of (dt, lon, lat, speed, heading, accuracy, altitude) as the contract lays them out."""
    kinds = "iiiHHHh"
    columns = [
        struct.pack(f"<{len(rows)}{kind}", *column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)
    ]
    return struct.pack("<BBHIq", 1, flags, len(rows), seq, base) + b"".join(columns)


short = st.integers(0, 65_535)
column_rows = st.tuples(
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    short,
    short,
    short,
    st.integers(-(2**15), 2**15 - 1),
)


@st.composite
def mutated(draw: st.DrawFn, messages: st.SearchStrategy[bytes]) -> bytes:
    """A message with some bytes changed, cut out or put in."""
    message = bytearray(draw(messages))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(message)))
        message[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(message)
