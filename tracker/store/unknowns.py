"""Tables unknown_device and unknown_fix: what sources say of whom nobody knows yet. Bounded, and kept for a day."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import datetime_to_micros, micros_to_datetime, to_datetime
from tracker.model.report import App
from tracker.model.source import UnknownDevice
from tracker.model.storable import make_storable

MOST_NAMES: Final = 100  # of a source; of more those that were heard longest ago go
MOST_FIXES: Final = 10_000  # of a name, the newest: one in nine seconds of a day
SPARE_FIXES: Final = 1_000  # more that may be there before the oldest are deleted
DAY: Final = "interval '24 hours'"


class UnknownFix(msgspec.Struct, frozen=True):
    fix: Fix
    dialect: int


async def insert_unknown(conn: asyncpg.Connection, source: int, name: str, frame: Frame) -> None:
    """Inside a transaction that has locked the source; where that is gone nothing is kept. A fix that is there already
    is not kept twice."""
    if await _note_name(conn, source, name, frame):
        fixes = [each for each in frame.entries if isinstance(each, Fix)]
        if fixes and await _insert_fixes(conn, source, name, frame, fixes) > MOST_FIXES + SPARE_FIXES:
            await _cut_fixes(conn, source, name)
        await _cut_names(conn, source)


async def _note_name(conn: asyncpg.Connection, source: int, name: str, frame: Frame) -> bool:
    app = frame.app or App(Dialect.UNKNOWN, "unknown")
    note = next((each.reason for each in frame.entries if isinstance(each, Refusal)), app.note)
    found = await conn.fetchval(
        """insert into unknown_device (source, name, app, note, first_seen, last_seen)
           select s.key, $2, $3, $4, $5, $5 from source s where s.key = $1
           on conflict (source, name) do update set app = excluded.app,
               note = coalesce(excluded.note, unknown_device.note), last_seen = excluded.last_seen
           returning name""",
        source,
        name,
        app.name,
        None if note is None else make_storable(note)[:200],
        micros_to_datetime(frame.received_at),
    )
    return found is not None


async def _insert_fixes(conn: asyncpg.Connection, source: int, name: str, frame: Frame, fixes: Sequence[Fix]) -> int:
    """How many there are by now."""
    kept: int = await conn.fetchval(
        """with made as (insert into unknown_fix (source, name, at, lon_e7, lat_e7, received_at, dialect, fix)
                         select $1, $2, g.at, g.lon, g.lat, $6, $7, g.fix::jsonb
                         from unnest($3::timestamptz[], $4::integer[], $5::integer[], $8::text[])
                              as g (at, lon, lat, fix)
                         on conflict do nothing returning 1)
           update unknown_device set fixes = fixes + (select count(*) from made) where source = $1 and name = $2
           returning fixes""",
        source,
        name,
        [to_datetime(fix.at) for fix in fixes],
        [fix.lon_e7 for fix in fixes],
        [fix.lat_e7 for fix in fixes],
        micros_to_datetime(frame.received_at),
        frame.dialect,
        [msgspec.json.encode(fix).decode() for fix in fixes],
    )
    return kept


async def _cut_fixes(conn: asyncpg.Connection, source: int, name: str) -> None:
    await conn.execute(
        """delete from unknown_fix u using (select at, lon_e7, lat_e7 from unknown_fix where source = $1 and name = $2
                                            order by received_at desc, at desc offset $3) old
           where u.source = $1 and u.name = $2 and (u.at, u.lon_e7, u.lat_e7) = (old.at, old.lon_e7, old.lat_e7)""",
        source,
        name,
        MOST_FIXES,
    )
    await _count_fixes(conn, source, name)


async def _count_fixes(conn: asyncpg.Connection, source: int, name: str) -> None:
    await conn.execute(
        """update unknown_device d set fixes = (select count(*) from unknown_fix u
                                                where u.source = d.source and u.name = d.name)
           where d.source = $1 and d.name = $2""",
        source,
        name,
    )


async def _cut_names(conn: asyncpg.Connection, source: int) -> None:
    await conn.execute(
        """delete from unknown_device where source = $1 and name in
               (select name from unknown_device where source = $1 order by last_seen desc, name offset $2)""",
        source,
        MOST_NAMES,
    )


async def select_unknowns(conn: asyncpg.Connection, source: int) -> list[UnknownDevice]:
    """The one that was heard last first."""
    rows = await conn.fetch(
        f"""select d.name, d.app, d.note, d.first_seen, d.last_seen,
                   (select count(*) from unknown_fix u where u.source = d.source and u.name = d.name
                    and u.received_at > now() - {DAY}) as fixes
            from unknown_device d where d.source = $1 order by d.last_seen desc, d.name limit {MOST_NAMES}""",
        source,
    )
    return [
        UnknownDevice(
            row["name"],
            row["app"],
            row["note"],
            row["fixes"],
            datetime_to_micros(row["first_seen"]),
            datetime_to_micros(row["last_seen"]),
        )
        for row in rows
    ]


async def is_unknown(conn: asyncpg.Connection, source: int, name: str) -> bool:
    """Whether it is in the list."""
    return bool(await conn.fetchval("select true from unknown_device where source = $1 and name = $2", source, name))


async def select_all_unknown(conn: asyncpg.Connection) -> list[tuple[int, str]]:
    """Each as (source, name)."""
    return [(row["source"], row["name"]) for row in await conn.fetch("select source, name from unknown_device")]


async def select_unknown_app(conn: asyncpg.Connection, source: int, name: str) -> str | None:
    app: str | None = await conn.fetchval(
        "select app from unknown_device where source = $1 and name = $2", source, name
    )
    return app


async def select_unknown_fixes(conn: asyncpg.Connection, source: int, name: str, *, limit: int) -> list[UnknownFix]:
    """Those of the last day, the oldest first."""
    rows = await conn.fetch(
        f"""select dialect, fix from unknown_fix where source = $1 and name = $2 and received_at > now() - {DAY}
            order by at, lon_e7, lat_e7 limit $3""",
        source,
        name,
        limit,
    )
    return [UnknownFix(msgspec.json.decode(row["fix"], type=Fix), row["dialect"]) for row in rows]


async def delete_unknown_fixes(conn: asyncpg.Connection, source: int, name: str, fixes: Sequence[Fix]) -> None:
    """These, which are stored by now."""
    await conn.execute(
        """delete from unknown_fix u using unnest($3::timestamptz[], $4::integer[], $5::integer[]) as g (at, lon, lat)
           where u.source = $1 and u.name = $2 and u.at = g.at and u.lon_e7 = g.lon and u.lat_e7 = g.lat""",
        source,
        name,
        [to_datetime(fix.at) for fix in fixes],
        [fix.lon_e7 for fix in fixes],
        [fix.lat_e7 for fix in fixes],
    )


async def delete_unknown(conn: asyncpg.Connection, source: int, name: str) -> bool:
    """Where nothing of it is left to store. False: something came meanwhile."""
    return bool(
        await conn.fetchval(
            f"""delete from unknown_device d where source = $1 and name = $2 and not exists
                    (select from unknown_fix u where u.source = $1 and u.name = $2
                     and u.received_at > now() - {DAY}) returning true""",
            source,
            name,
        )
    )


async def prune_unknown(conn: asyncpg.Connection) -> None:
    """Fixes of more than a day ago go. To be run now and then."""
    await conn.execute(f"delete from unknown_fix where received_at <= now() - {DAY}")
