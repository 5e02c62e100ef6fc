"""The device's codec and the server's were written apart; they must read the contract alike."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.moments import MONDAY
from tracker.client import messages
from tracker.ingest.frames import decode_message
from tracker.model.fix import Fix
from tracker.model.frame import Frame

NOW = MONDAY


def maybe(strategy: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.none() | strategy


plain = st.builds(
    Fix,
    at=st.integers(NOW - 10**9, NOW),
    lon_e7=st.integers(-1_800_000_000, 1_799_999_999),
    lat_e7=st.integers(-900_000_000, 900_000_000),
    speed=maybe(st.integers(0, 65_534).map(lambda cm: cm / 100)),
    heading=maybe(st.integers(0, 35_999).map(lambda part: part / 100)),
    accuracy=maybe(st.integers(1, 65_534).map(lambda dm: dm / 10)),
    altitude=maybe(st.integers(-500, 20_000).map(float)),
)
full = st.builds(
    lambda fix, battery, text: Fix(
        fix.at,
        fix.lon_e7,
        fix.lat_e7,
        fix.speed,
        fix.heading,
        fix.accuracy,
        fix.altitude,
        battery,
        None if text is None else json.dumps({"text": text}, ensure_ascii=False, separators=(",", ":")).encode(),
    ),
    plain,
    maybe(st.integers(0, 100).map(lambda percent: percent / 100)),
    st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
)


def received(message: str | bytes) -> Frame:
    frame = decode_message(message, 7, NOW * 1000, 500)
    assert isinstance(frame, Frame) and frame.whole is None
    return frame


Told = tuple[object, ...]


def said(fix: Fix) -> Told:
    """Without the flags, which are the server's own."""
    motion = fix.speed, fix.heading, fix.accuracy, fix.altitude
    return fix.at, fix.lon_e7, fix.lat_e7, *motion, fix.battery, fix.attributes


def told(frame: Frame) -> list[Told]:
    return [said(fix) for fix in frame.entries if isinstance(fix, Fix)]


def meant(fixes: list[Fix]) -> list[Told]:
    return [said(fix) for fix in fixes]


@given(fixes=st.lists(full, min_size=1, max_size=5), seq=st.integers(1, 2**53 - 1), backlog=st.booleans())
def test_json_means_to_the_server_what_the_device_meant(fixes: list[Fix], seq: int, backlog: bool) -> None:
    frame = received(messages.join_fixes(seq, backlog, [messages.encode_fix(fix) for fix in fixes]).decode())
    assert (frame.seq, frame.backlog) == (seq, backlog)
    assert told(frame) == meant(fixes)


@given(fixes=st.lists(plain, min_size=1, max_size=5), seq=st.integers(1, 2**32 - 1), backlog=st.booleans())
def test_columns_mean_to_the_server_what_the_device_meant(fixes: list[Fix], seq: int, backlog: bool) -> None:
    assert all(messages.fits_columns(fix, fixes[0].at) for fix in fixes)
    frame = received(messages.encode_columns(seq, backlog, fixes))
    assert (frame.seq, frame.backlog) == (seq, backlog)
    assert told(frame) == meant(fixes)


some = st.floats(0, allow_nan=False, allow_infinity=False, exclude_min=True)
any_number = st.floats(allow_nan=False, allow_infinity=False)


@given(speed=maybe(some), heading=maybe(some), accuracy=maybe(some), altitude=maybe(any_number))
def test_columns_never_turn_a_value_into_unknown(
    speed: float | None, heading: float | None, accuracy: float | None, altitude: float | None
) -> None:
    message = messages.encode_columns(1, False, [Fix(NOW, 0, 0, speed, heading, accuracy, altitude)])
    shorts = np.frombuffer(message[messages.HEADER.itemsize + 12 :], "<u2")
    unknown = [short == none for short, none in zip(shorts, (65535, 65535, 65535, 32768), strict=True)]
    assert unknown == [value is None for value in (speed, heading, accuracy, altitude)]


def test_what_a_device_says_when_it_does_not_know_is_unknown() -> None:
    [fix] = received(messages.encode_columns(1, False, [Fix(NOW, 0, 0, -1.0, -1.0, 0.0, -777.0)])).entries
    assert isinstance(fix, Fix)
    assert (fix.speed, fix.heading, fix.accuracy, fix.altitude) == (None, None, None, None)


def test_what_columns_cannot_carry_does_not_go_in_columns() -> None:
    fix = Fix(NOW, 0, 0)
    assert messages.fits_columns(fix, NOW)
    assert not messages.fits_columns(fix, NOW - 2**31)
    for other in (Fix(NOW, 2_147_483_648, 0), Fix(NOW, 0, 0, battery=0.5), Fix(NOW, 0, 0, attributes=b"{}")):
        assert not messages.fits_columns(other, NOW)


NONSENSE = [b'{"type":"new"}', b'{"type":"ack","seq":"1"}', b"[]", b'{"type":"ack"', b'"\xff"']


@given(message=st.binary(max_size=40) | st.sampled_from(NONSENSE))
def test_nonsense_from_a_server_is_passed_over(message: bytes) -> None:
    assert messages.decode(message) is None
