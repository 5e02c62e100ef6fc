"""The law of sharing links: whatever came in whichever order, a link shows what its veil lets through.

What it may show is said here once more, over the whole history at once; the links read the log as it grows, in steps,
and some are opened in the middle.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.integration.sharing import store
from tests.laws import examples
from tracker.access.sights import Sights
from tracker.geo.distance import distance
from tracker.links.grid import find_cell, measure_cell
from tracker.links.room import LinkRoom
from tracker.links.rooms import Rooms
from tracker.links.veil import find_day
from tracker.model.fix import E7, Fix, Flag, Place, Row
from tracker.model.moment import DAY_MS, micros_to_datetime, now_ms
from tracker.model.share import Hole, Share, Shared, Veil
from tracker.store.pool import open_pool
from tracker.store.shares import insert_share

MINUTE: Final = 60_000
BEGIN: Final = now_ms() // MINUTE * MINUTE - 6 * 60 * MINUTE
HOLE: Final = Hole(24.94, 60.17, 500.0)
PLACES: Final = [
    (24.94, 60.17),
    (24.9432, 60.1702),
    (24.9500, 60.1700),
    (24.9600, 60.1750),
    (25.0, 60.2),
    (24.9485, 60.17),
]
FLAGS: Final = [0, 0, 0, 0, 0, int(Flag.LOW_ACCURACY), int(Flag.IMPOSSIBLE_JUMP)]
places = st.sampled_from(PLACES)


class Step(NamedTuple):
    """One fix: how long after the one before it came, how long before that it was measured (both s), and where."""

    after: int
    old: int
    place: tuple[float, float]
    flags: int


steps = st.lists(
    st.builds(Step, st.integers(1, 400), st.sampled_from([0, 0, 0, 5, 90, 3000]), places, st.sampled_from(FLAGS)),
    min_size=6,
    max_size=25,
)
veils = st.builds(
    Veil,
    since=st.sampled_from([BEGIN, BEGIN + 10 * MINUTE]),
    until=st.just(now_ms() + DAY_MS),
    opens=st.booleans(),
    received=st.sampled_from([None, None, (BEGIN + 20 * MINUTE) * 1000]),
    delay=st.sampled_from([0, 180_000_000]),
    level=st.sampled_from([None, None, 0, 2]),
    holes=st.sampled_from([(HOLE,), ()]),
    trail=st.just(0),
)


def make_rows(device: int, given: list[Step]) -> list[Row]:
    """As the writer would store them: one at a time, none twice, LATE where it is older than the newest."""
    rows, newest, came = dict[int, Row](), -1, BEGIN * 1000
    for step in given:
        came += step.after * 1_000_000
        at = came // 1000 - step.old * 1000
        late = int(Flag.LATE) if at < newest else 0
        newest = max(newest, at)
        lon_e7, lat_e7 = round(step.place[0] * E7), round(step.place[1] * E7)
        rows.setdefault(at, Row(device, came, Fix(at, lon_e7, lat_e7, speed=1.0, flags=step.flags | late)))
    return list(rows.values())


def is_inside(veil: Veil, fix: Fix) -> bool:
    return any(distance(fix.lon, fix.lat, hole.lon, hole.lat) <= hole.metres for hole in veil.holes)


def end_of_minute(stamp: int) -> int:
    return stamp - stamp % 60_000_000 + 60_000_000


def take_samples(veil: Veil, day: int, rows: list[Row]) -> list[tuple[Row, Row]]:
    """Of the rows, the first of each minute; with each the one its cell is of: the last that was as far from the one
    before as a cell is wide, counted from the beginning of the device's day."""
    firsts = [row for n, row in enumerate(rows) if n == 0 or row.fix.at // MINUTE != rows[n - 1].fix.at // MINUTE]
    found = list[tuple[Row, Row]]()
    for row in firsts:
        if found and (found[-1][0].fix.at - day) // DAY_MS == (row.fix.at - day) // DAY_MS:
            taken = found[-1][1]
            gone = distance(taken.fix.lon, taken.fix.lat, row.fix.lon, row.fix.lat)
            found.append((row, row if gone >= measure_cell(veil.level or 0) else taken))
        else:
            found.append((row, row))
    return found


def expect(veil: Veil, day: int, rows: list[Row], now: int) -> tuple[int, Place] | None:
    """When and where a link shows the device (ms, and whole 1e-7 degrees); None: not at all."""
    moment = now - veil.delay
    limit = moment if veil.received is None else min(moment, veil.received)
    bad = int(Flag.LOW_ACCURACY | Flag.IMPOSSIBLE_JUMP | Flag.LATE)
    seen = [row for row in rows if row.received_at <= limit and not row.fix.flags & bad]
    newest, known = -1, list[Row]()
    for row in sorted(seen, key=lambda each: each.fix.at):
        if row.fix.at > newest:
            newest = row.fix.at
            known.append(row)
    if not veil.opens and (not known or known[-1].fix.at < veil.since):
        return None
    pairs = [(row, row) for row in known] if veil.level is None else take_samples(veil, day, known)
    is_away = [is_inside(veil, row.fix) or (veil.level is not None and is_inside(veil, of.fix)) for row, of in pairs]
    shown: tuple[int, Place] | None = None
    away_since = back_at = 0
    for (row, of), away in zip(pairs, is_away, strict=True):
        if away:
            if not away_since:
                away_since = row.received_at - (60_000_000 if row.received_at < back_at else 0)
            back_at = 0
            continue
        if away_since:
            back_at = end_of_minute(row.received_at)
        away_since = 0
        if row.fix.at >= veil.since or veil.opens:
            place = of.fix.lon_e7, of.fix.lat_e7
            shown = (
                (row.fix.at, place)
                if veil.level is None
                else (row.fix.at // MINUTE * MINUTE, find_cell(place, veil.level))
            )
    if (away_since and moment >= end_of_minute(away_since)) or (not away_since and moment < back_at):
        return None
    return shown


class Stage(NamedTuple):
    run: Callable[[Any], Any]
    pool: asyncpg.Pool


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    """A loop of its own, for hypothesis has none."""
    with asyncio.Runner() as runner:
        pool = runner.run(make_pool(database_url))
        yield Stage(runner.run, pool)
        runner.run(pool.close())


async def make_pool(url: str) -> asyncpg.Pool:
    return await open_pool(url, max_size=3)


@asynccontextmanager
async def clean(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    async with pool.acquire() as conn:
        await conn.execute("truncate fix; delete from share; delete from device")
        yield conn


async def make_link(conn: asyncpg.Connection, device: int, veil: Veil, number: int) -> int:
    until = micros_to_datetime(veil.until * 1000)
    share = Share(0, f"link-{number}", "", None, None, (Shared(device, "van", "17", "17"),), veil, until, until)
    await insert_share(conn, share, bytes([number]) * 32)
    key: int = await conn.fetchval("select max(key) from share")
    return key


def shown_in(room: LinkRoom) -> tuple[int, Place] | None:
    """Off the table its viewers are served from."""
    found = list(room.table.positions.values())
    assert len(found) <= 1
    return (found[0].fix.at, (found[0].fix.lon_e7, found[0].fix.lat_e7)) if found else None


async def follow(pool: asyncpg.Pool, given: list[Step], veil: Veil, waits: list[int]) -> None:
    async with clean(pool) as conn:
        device = await conn.fetchval("insert into device (id, name) values ('van', 'van') returning key")
        rows = make_rows(device, given)
        await store(conn, rows)
        links = [await make_link(conn, device, veil, number) for number in (1, 2)]
        rooms = Rooms(pool, Sights())
        now, last = BEGIN * 1000, rows[-1].received_at + 300_000_000
        for step, wait in enumerate(waits):
            now += wait * 1_000_000
            await rooms.read(links if step > len(waits) // 2 else links[:1], now)
            room = rooms.rooms[links[0]]
            day = find_day(room.secret, device)
            expected = expect(veil, day, rows, now)
            kind = "exact" if veil.level is None else "blurred"
            event(f"{kind}{' with a hole' if veil.holes else ''}: {'nothing' if expected is None else 'shown'}")
            for key in rooms.rooms:
                assert shown_in(rooms.rooms[key]) == expected, (step, now, key)
            if now > last:
                return


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(given=steps, veil=veils, waits=st.lists(st.sampled_from([20, 60, 150, 400, 900]), min_size=6, max_size=12))
def test_a_link_shows_what_its_veil_lets_through(stage: Stage, given: list[Step], veil: Veil, waits: list[int]) -> None:
    stage.run(follow(stage.pool, given, veil, waits))


def test_a_veil_is_stored_as_it_is() -> None:
    veil = Veil(1, 2, True, 3, 4, 5, (HOLE,), None)
    assert msgspec.json.decode(msgspec.json.encode(veil), type=Veil) == veil
