"""What is stored, flagged or quarantined: the shared table of single points, each sent to a real server as it stands.

The table's words are not the contract's: `t`, `course`, `extra` are `at`, `heading`, `attributes`; `reject` means that
the fix is quarantined, or that its frame is answered with an error. Where the contract rules otherwise, RULED says how.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from tests.running import ADMIN_TOKEN, RunningServer, Talk
from tracker.client.tally import Tally
from tracker.simulator.register import NewDevice, open_api, register_devices

TABLE = Path(__file__).parents[3] / "shared" / "conformance" / "point_validation_proposed.json"
pytestmark = pytest.mark.skipif(not TABLE.is_file(), reason="the shared conformance table is not here")

RENAMED = {"t": "at", "course": "heading", "extra": "attributes"}
FLAGS = {1: "late", 2: "clock_skew", 4: "null_island", 8: "impossible_jump", 16: "low_accuracy"}
BERLIN = {"lat": 52.5, "lon": 13.4}


class Outcome(NamedTuple):
    """What became of a point: stored with these flags, or refused for one of these reasons, or the socket closed."""

    what: str  # stored, quarantined, error, closed
    why: frozenset[str] = frozenset()


def stored(*flags: str) -> Outcome:
    return Outcome("stored", frozenset(flags))


def quarantined(*reasons: str) -> Outcome:
    return Outcome("quarantined", frozenset(reasons))


ERROR = Outcome("error")
RULED = {
    "json-Infinity": ERROR,
    "json--Infinity": ERROR,
    "lat-string": quarantined("bad_value"),
    "lat-bool": quarantined("bad_value"),
    "lat-missing": quarantined("bad_value"),
    "lat-array": quarantined("bad_value"),
    "time-ms-as-number": quarantined("bad_value", "bad_time"),
    "time-1970": quarantined("too_old"),
    "time-gps-week-rollover": stored(),  # a date like another
    "time-2099": quarantined("future"),
    "time-naive": quarantined("bad_time"),
    "seq-float": ERROR,
    "seq-negative": ERROR,
    "speed-400mps": stored(),  # only a jump counts, not what a device says of its speed
    "teleport": stored("impossible_jump"),
    "extra-64-keys": quarantined("too_many_attributes"),
    "extra-lone-surrogate": ERROR,  # no JSON that means anything
    "dup-keys": stored(),  # the last one counts
    "out-of-order-older": stored("late"),
    "invalid-utf8-text-frame": Outcome("closed", frozenset({"1007"})),
    "empty-binary-frame": ERROR,
}
# What the stored row must say beyond that, and the acks of those that are sent twice.
COLUMNS: dict[str, dict[str, object]] = {
    "ok-lon-180": {"lon_e7": -1_800_000_000},
    "ok-lon-minus-180": {"lon_e7": -1_800_000_000},
    "ok-edge-north-pole": {"lat_e7": 900_000_000},
    "course-360": {"heading": 0.0},
    "course--1": {"heading": None},
    "accuracy-negative": {"accuracy": None},
    "accuracy-5000": {"accuracy": 5000.0},
    "battery-101": {"battery_e4": None},
    "speed-400mps": {"speed": 400.0},
    "dup-keys": {"lat_e7": 10_000_000},
    "time-leap-second": {"at": datetime(2017, 1, 1, tzinfo=UTC)},
}
EARLIER_FIX = {"out-of-order-older": 0, "teleport": -1}  # sent before: seconds from now


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(TABLE.read_text())["cases"]
    return found


def ruling(case: dict[str, Any]) -> Outcome:
    """By the contract where it says so, else as the table proposes."""
    if case["id"] in RULED:
        return RULED[case["id"]]
    if case["outcome"].startswith("store+flag"):
        return stored(case["code"])
    return quarantined(case["code"]) if case["outcome"] == "reject" else stored()


def in_our_words(point: dict[str, Any], now: datetime) -> dict[str, Any]:
    fix = {RENAMED.get(name, name): value for name, value in point.items() if name != "seq"}
    spoken = {
        "server+10min": now + timedelta(minutes=10),
        "server-30d": now - timedelta(days=30),
        "earlier than last": now - timedelta(minutes=1),
        "1 s after a fix in Berlin": now,
    }
    return fix | {"at": spoken[fix["at"]].isoformat()} if fix["at"] in spoken else fix


def frame(case: dict[str, Any], now: datetime) -> str | bytes:
    if case["id"] == "empty-binary-frame":
        return b""
    if "raw" in case:  # as text, for no parser would give these back
        fix = str(case["raw"]).replace('"t":', '"at":').replace('"extra":', '"attributes":')
        return '{"type":"fixes","seq":1,"fixes":[' + fix + "]}"
    fixes = [in_our_words(case["message"], now)]
    return json.dumps({"type": "fixes", "seq": case["message"]["seq"], "fixes": fixes})


async def outcome(talk: Talk, case: dict[str, Any], now: datetime) -> Outcome:
    """Send the point and hear what the server says to it."""
    if case["id"] in EARLIER_FIX:
        at = (now + timedelta(seconds=EARLIER_FIX[case["id"]])).isoformat()
        assert (await talk.fixes(1, BERLIN | {"at": at}))["stored"] == 1
    if case["id"] == "invalid-utf8-text-frame":
        await talk.ws.send(b'{"type":"fixes\xff"}', text=True)
        return Outcome("closed", frozenset({str(await talk.closed())}))
    await talk.send(frame(case, now))
    answer = await talk.hear()
    if answer["type"] == "error":
        return ERROR
    if case["id"] == "dup-same-seq-same-body":
        await talk.send(frame(case, now))
        again = await talk.hear()
        assert (again["seq"], again["stored"], again["duplicate"]) == (1, 0, 1)
    assert answer["stored"] + len(answer["quarantined"]) == 1
    return quarantined(answer["quarantined"][0]["reason"]) if answer["quarantined"] else stored()


async def check(server: RunningServer, conn: asyncpg.Connection, case: dict[str, Any], token: str) -> str | None:
    """What is wrong, if anything is."""
    id, now, expected = case["id"], datetime.now(UTC), ruling(case)
    async with server.device(id, token, binary=True) as talk:
        said = await outcome(talk, case, now)
    rows = await conn.fetch("select f.* from fix f join device d on d.key = f.device where d.id = $1 order by at", id)
    if said.what == "stored":
        row = rows[0] if id == "out-of-order-older" else rows[-1]
        said = stored(*(name for bit, name in FLAGS.items() if row["flags"] & bit))
        wrong = {name: row[name] for name, value in COLUMNS.get(id, {}).items() if row[name] != value}
        if wrong:
            return f"{id}: {wrong}"
    elif len(rows) > 0:
        return f"{id}: {said} and yet stored"
    fits = said == expected or (expected.what == said.what == "quarantined" and said.why <= expected.why)
    return None if fits else f"{id}: expected {expected}, was {said}"


@pytest.mark.town
async def test_every_point_of_the_table(server: RunningServer, conn: asyncpg.Connection) -> None:
    async with open_api(server.url, ADMIN_TOKEN) as api:
        tokens = await register_devices(api, [NewDevice(case["id"], case["id"]) for case in cases()], Tally())
    assert len(tokens) == len(cases()) >= 40
    assert set(RULED) | set(COLUMNS) | set(EARLIER_FIX) <= set(tokens)
    found = [await check(server, conn, case, tokens[case["id"]]) for case in cases()]
    assert [wrong for wrong in found if wrong] == []


@pytest.mark.town
async def test_the_quarantine_can_be_looked_at(server: RunningServer, conn: asyncpg.Connection) -> None:
    async with server.device("van", server.new_device("van")) as talk:
        await talk.fixes(1, {"at": "2026-11-23T03:00:00Z", "lat": 91, "lon": 0})
    [row] = await conn.fetch("select reason, seq, index, text from quarantine")
    assert (row["reason"], row["seq"], row["index"]) == ("out_of_range", 1, 0)
    assert "91" in row["text"]
