"""What becomes a fix, what is refused, and what is odd about it: the contract's limits, as data."""

from typing import Any

import msgspec
import pytest

from tracker.model.fix import Fix, Flag
from tracker.model.moment import parse
from tracker.model.reading import Reading
from tracker.pipeline.accept import FASTEST, ROLLOVER_MS, Refused, accept

NOW = parse("2026-11-23T10:00:00Z")
MINUTE = 60_000
HERE = Reading(at=NOW, lon=13.4, lat=52.5)
MOST = [str(key) for key in range(32)]


def judge(given: dict[str, Any]) -> Fix:
    """Here and now, but for what is given."""
    reading = msgspec.structs.replace(HERE, **given)
    assert reading.at is not None and reading.lon is not None and reading.lat is not None
    return accept(reading.at, reading.lon, reading.lat, NOW, reading)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"lat": 91.0, "lon": 0.0}, "out_of_range"),
        ({"lat": -90.1}, "out_of_range"),
        ({"lon": 180.0000001}, "out_of_range"),
        ({"lon": -181.0}, "out_of_range"),
        ({"lon": float("nan")}, "out_of_range"),
        ({"lat": float("inf")}, "out_of_range"),
        ({"at": NOW + 10 * MINUTE + 1}, "future"),
        ({"at": parse("1999-12-31T23:59:59.999Z")}, "too_old"),
        ({"at": NOW - ROLLOVER_MS + 10 * MINUTE - 1}, "bad_time"),
        ({"at": NOW - ROLLOVER_MS - 10 * MINUTE}, "bad_time"),
        ({"attributes": {str(key): key for key in range(33)}}, "too_many_attributes"),
        ({"attributes": {"note": "x" * 1_990}}, "too_many_attributes"),
        ({"attributes": {"note": "\0"}}, "bad_value"),
    ],
)
def test_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        judge(given)
    assert refused.value.args == (reason,)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"lon": 180.0}, {"lon_e7": -1_800_000_000}),
        ({"lon": -180.0}, {"lon_e7": -1_800_000_000}),
        ({"lat": 90.0}, {"lat_e7": 900_000_000}),
        ({"lat": -90.0}, {"lat_e7": -900_000_000}),
        ({"speed": 0.0}, {"speed": 0.0}),
        ({"speed": FASTEST}, {"speed": FASTEST}),
        ({"lon": 13.40000004}, {"lon_e7": 134_000_000}),
        ({"at": NOW + 10 * MINUTE}, {"flags": Flag.CLOCK_SKEW}),
        ({"at": NOW + MINUTE}, {"flags": 0}),
        ({"at": parse("2000-01-01T00:00:00Z")}, {"flags": 0}),
        ({"at": NOW - ROLLOVER_MS + 10 * MINUTE}, {"flags": 0}),
        ({"at": NOW - ROLLOVER_MS - 10 * MINUTE - 1}, {"flags": 0}),
        ({"lon": 0.0, "lat": 0.0}, {"flags": Flag.NULL_ISLAND}),
        ({"lon": 0.0, "lat": 0.0000001}, {"flags": 0}),
        ({"accuracy": 1_000.0}, {"accuracy": 1_000.0, "flags": 0}),
        ({"accuracy": 1_000.1}, {"accuracy": 1_000.1, "flags": Flag.LOW_ACCURACY}),
        ({"accuracy": 0.0}, {"accuracy": None}),
        ({"accuracy": -1.0}, {"accuracy": None}),
        ({"accuracy": 1e-9}, {"accuracy": 0.01}),
        ({"speed": -1.0}, {"speed": None}),
        ({"speed": 12.346}, {"speed": 12.35}),
        ({"speed": 1e39}, {"speed": None}),
        ({"heading": 360.0}, {"heading": 0.0}),
        ({"heading": 359.999}, {"heading": 0.0}),
        ({"heading": 360.1}, {"heading": None}),
        ({"heading": -1.0}, {"heading": None}),
        ({"battery": 1.01}, {"battery": None}),
        ({"battery": 0.83}, {"battery": 0.83}),
        ({"altitude": -500.1}, {"altitude": None}),
        ({"altitude": 20_000.0}, {"altitude": 20_000.0}),
        ({"altitude": -777.0}, {"altitude": None}),
        ({"attributes": {"ignition": True}}, {"attributes": b'{"ignition":true}'}),
        ({"attributes": {}}, {"attributes": None}),
        ({"attributes": {"note": "x" * 1_989}}, {"attributes": b'{"note":"%s"}' % (b"x" * 1_989)}),
        ({"attributes": dict.fromkeys(MOST)}, {"attributes": msgspec.json.encode(dict.fromkeys(MOST))}),
    ],
)
def test_accepted(given: dict[str, Any], kept: dict[str, Any]) -> None:
    fix = judge(given)
    assert {name: getattr(fix, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-11-23T10:00:00Z", NOW),
        ("2026-11-23T10:00:00.1239Z", NOW + 123),
        ("2026-11-23T12:00:00+02:00", NOW),
        ("2026-11-23T09:59:60Z", NOW),
        ("2016-12-31T23:59:60.5Z", parse("2017-01-01T00:00:00.5Z")),
    ],
)
def test_times(text: str, ms: int) -> None:
    assert parse(text) == ms


@pytest.mark.parametrize("text", ["2026-11-23T10:00:00", "2026-02-30T10:00:00Z", "yesterday", "10000-01-01T00:00:00Z"])
def test_bad_times(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_a_fix_is_a_value() -> None:
    assert judge({}) == judge({}) == Fix(NOW, 134_000_000, 525_000_000)
