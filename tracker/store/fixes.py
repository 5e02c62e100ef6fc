"""The log of fixes: written by binary COPY, read to tell repeats from conflicts and to fold again after a crash."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from asyncpg import Connection, Record

from tracker.model.block import Span
from tracker.model.fix import Flag, Moment, Place, Row
from tracker.model.heard import Heard, Second, cut_to_second
from tracker.model.moment import datetime_to_micros, from_datetime, micros_to_datetime, to_datetime
from tracker.store.fix_columns import COLUMNS, to_fix
from tracker.store.fix_rows import copy_payload
from tracker.store.ownership import ALL, PARTITIONS

Meanwhile = Callable[[], None]


def nothing() -> None:
    """There is nothing to do meanwhile."""


# How far back the fix that sets a clock right is looked for, of which the newest ran ahead: as far as one may be ahead,
# and as two fixes may be apart to say how near two devices are (pipeline/nearness.py). Further back would be a device's
# whole history, for fixes are found by their time.
SET_BACK_MS: Final = 900_000
FEW: Final = 1_000  # fixes
COPY: Final = f"copy fix ({', '.join(COLUMNS)}) from stdin (format binary)"


async def copy_fixes(conn: Connection, rows: Sequence[Row | Span], meanwhile: Meanwhile = nothing) -> None:
    """One COPY of rows that are known not to be there. UniqueViolationError if one is after all. `meanwhile` is done
    while PostgreSQL works on them."""
    source = yield_once(copy_payload(rows), meanwhile)
    await conn.copy_to_table("fix", source=source, columns=COLUMNS, format="binary")


async def copy_after(
    conn: Connection, statement: str, rows: Sequence[Row | Span], meanwhile: Meanwhile = nothing
) -> None:
    """The same behind a statement, in one message and so in one transaction, which is committed when this returns.
    asyncpg has no public way to send the two together. Apart, with begin and commit, they wait for PostgreSQL three
    times more, which costs more than the few rows of a small batch. InterfaceError where the connection is closed: its
    public ways see to that themselves."""
    conn._check_open()
    await conn._copy_in(f"{statement}; {COPY}", yield_once(copy_payload(rows), meanwhile), None)


@asynccontextmanager
async def begun_by_copy(
    conn: Connection, statement: str, rows: Sequence[Row | Span], meanwhile: Meanwhile = nothing
) -> AsyncIterator[None]:
    """A transaction that begins with both, in one message, and ends with the block."""
    is_committed = False
    try:
        await copy_after(conn, f"begin; {statement}", rows, meanwhile)
        yield
        await conn.execute("commit")
        is_committed = True
    finally:
        # Also where asyncpg knows of no transaction: cancelled in the first message, it has not heard of the begin.
        if not is_committed and not conn.is_closed():
            await conn.execute("rollback")


async def yield_once(payload: bytes, meanwhile: Meanwhile) -> AsyncIterator[bytes]:
    """asyncpg says the end of the rows when this returns, and then waits for the answer. What is to be done meanwhile
    begins behind that, with the loop's next look at its sockets: done here, it would hold the end up."""
    yield payload
    asyncio.get_running_loop().call_later(0, meanwhile)


async def select_places(conn: Connection, moments: Sequence[Moment]) -> dict[Moment, Place]:
    """Where each of these fixes is stored; those that are not there are absent."""
    rows = await conn.fetch(
        """select f.device, f.at, f.lon_e7, f.lat_e7
           from unnest($1::integer[], $2::timestamptz[]) as wanted (device, at)
           join fix f on f.device = wanted.device and f.at = wanted.at""",
        [device for device, _ in moments],
        [to_datetime(at) for _, at in moments],
    )
    return {(device, from_datetime(at)): (lon, lat) for device, at, lon, lat in rows}


async def select_heard(conn: Connection, seconds: Collection[Second]) -> dict[Second, list[Heard]]:
    """What of these devices is stored within these seconds, in whatever dialect it came."""
    rows = await conn.fetch(
        """select f.device, f.at, f.lon_e7, f.lat_e7, coalesce(f.dialect, 0) as dialect
           from unnest($1::integer[], $2::timestamptz[]) as wanted (device, at)
           join fix f on f.device = wanted.device and f.at >= wanted.at and f.at < wanted.at + interval '1 second'""",
        [device for device, _ in seconds],
        [to_datetime(at) for _, at in seconds],
    )
    found: dict[Second, list[Heard]] = {}
    for device, moment, lon, lat, dialect in rows:
        at = from_datetime(moment)
        found.setdefault((device, cut_to_second(at)), []).append(Heard(at, lon, lat, dialect))
    return found


async def delete_fixes(conn: Connection, moments: Sequence[Moment]) -> None:
    await conn.execute(
        """delete from fix f using unnest($1::integer[], $2::timestamptz[]) as gone (device, at)
           where f.device = gone.device and f.at = gone.at""",
        [device for device, _ in moments],
        [to_datetime(at) for _, at in moments],
    )


async def flag_fixes(conn: Connection, moments: Sequence[Moment], flag: Flag) -> None:
    await conn.execute(
        """update fix f set flags = f.flags | $3 from unnest($1::integer[], $2::timestamptz[]) as odd (device, at)
           where f.device = odd.device and f.at = odd.at""",
        [device for device, _ in moments],
        [to_datetime(at) for _, at in moments],
        int(flag),
    )


async def select_fixes_since(
    conn: Connection, received_at: datetime, partitions: Collection[int] = ALL
) -> AsyncIterator[Row]:
    """All fixes of these partitions received after this moment, in the order they were folded. Where a living owner
    left few, in one question: a cursor and its transaction ask PostgreSQL five times."""
    query = f"""select {", ".join(COLUMNS)} from fix
                where received_at > $1 and device % {PARTITIONS} = any($2::int[]) order by received_at"""
    few = await conn.fetch(f"{query} limit {FEW}", received_at, list(partitions))
    for record in few if len(few) < FEW else ():
        yield to_row(record)
    if len(few) == FEW:
        async with conn.transaction():
            async for record in conn.cursor(query, received_at, list(partitions), prefetch=5_000):
                yield to_row(record)


def to_row(record: Record) -> Row:
    return Row(record["device"], datetime_to_micros(record["received_at"]), to_fix(record))


async def select_fixes_of_all(conn: Connection, devices: Collection[int], received_at: datetime) -> AsyncIterator[Row]:
    """The same of these devices. Needs a transaction (it is a cursor)."""
    query = f"""select {", ".join(COLUMNS)} from fix
                where received_at > $1 and device = any($2::int[]) order by received_at"""
    async for record in conn.cursor(query, received_at, devices, prefetch=5_000):
        yield to_row(record)


async def select_stamps(conn: Connection, moments: Sequence[Moment]) -> dict[Moment, int]:
    """The stamp, in µs, of each of these fixes; those that are not there are absent."""
    rows = await conn.fetch(
        """select f.device, f.at, f.received_at from unnest($1::integer[], $2::timestamptz[]) as wanted (device, at)
           join fix f on f.device = wanted.device and f.at = wanted.at""",
        [device for device, _ in moments],
        [to_datetime(at) for _, at in moments],
    )
    return {(device, from_datetime(at)): datetime_to_micros(stamp) for device, at, stamp in rows}


async def select_fixes_of(conn: Connection, device: int, *, after: int, limit: int) -> list[Row]:
    """Those of one device newer than `after` (ms), by time. Read in pieces, for a day of them would hold up the loop;
    needs a transaction (it is a cursor)."""
    query = f"select {', '.join(COLUMNS)} from fix where device = $1 and at > $2 order by at limit $3"
    since = to_datetime(max(after, 0))
    return [to_row(record) async for record in conn.cursor(query, device, since, limit, prefetch=1_000)]


async def select_fixes_received(
    conn: Connection, device: int, *, since: int, after: int, but: int, limit: int
) -> list[Row]:
    """Those of one device that were received after `since` (µs) and measured after `after` (ms), as they came, without
    those that have any of the flags `but`: a page of nothing else would be read again for ever."""
    rows = await conn.fetch(
        f"""select {", ".join(COLUMNS)} from fix where device = $1 and at > $2 and received_at > $3
            and flags & $4 = 0 order by received_at limit $5""",
        device,
        to_datetime(max(after, 0)),
        micros_to_datetime(since),
        but,
        limit,
    )
    return list(map(to_row, rows))


async def select_last_rows(
    conn: Connection, devices: Collection[int], but: int, until: int | None = None
) -> dict[int, Row]:
    """Of each of these devices the last that was received, until then (µs), of those without these flags; devices that
    have none are absent. It is found by its time. One that is further than SET_BACK_MS behind a fix of a clock that ran
    ahead, as the first of what was kept in a tunnel may be, is passed over."""
    rows = await conn.fetch(
        f"""select f.* from unnest($1::integer[]) as wanted (key),
                lateral (select at from fix
                         where device = key and flags & $2 = 0 and received_at <= coalesce($3::timestamptz, 'infinity')
                         order by at desc limit 1) as newest,
                lateral (select {", ".join(COLUMNS)} from fix
                         where device = key and flags & $2 = 0 and received_at <= coalesce($3::timestamptz, 'infinity')
                           and at >= newest.at - interval '{SET_BACK_MS} milliseconds'
                         order by received_at desc limit 1) as f""",
        devices,
        but,
        None if until is None else micros_to_datetime(until),
    )
    return {each["device"]: to_row(each) for each in rows}
