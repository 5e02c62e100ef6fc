"""Rows of the log for sharing links: by what had been received at a moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from tracker.model.fix import NO_MARKER, Flag, Row
from tracker.model.moment import datetime_to_micros, from_datetime, micros_to_datetime, to_datetime
from tracker.store.fix_columns import to_fix

NEVER: Final = int(NO_MARKER | Flag.IMPOSSIBLE_JUMP)  # where the device was not
LATE: Final = int(Flag.LATE)
MOST: Final = 2_000  # rows of a device at a time; what is left comes with the next look
COLUMNS: Final = (
    "device, received_at, at, lon_e7, lat_e7, speed, heading, accuracy, altitude, battery_e4, flags, null as attributes"
)


class Wanted(msgspec.Struct, frozen=True):
    """Rows of a device that were measured after `after` (ms) and had come by `moment` (microseconds)."""

    device: int
    after: int
    moment: int


async def select_newest(conn: asyncpg.Connection, wanted: Sequence[Wanted]) -> list[int | None]:
    """When the newest of each was measured (ms): the one to begin with. None: there is none."""
    rows = await conn.fetch(
        f"""select (select at from fix f where f.device = w.device and f.at > w.after and f.received_at <= w.moment
                    and f.flags & {NEVER} = 0 order by at desc limit 1) as at
            from unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) with ordinality
                 as w (device, after, moment, number) order by w.number""",
        *_make_columns(wanted),
    )
    return [None if row["at"] is None else from_datetime(row["at"]) for row in rows]


async def select_before(conn: asyncpg.Connection, begins: Sequence[Wanted]) -> list[int]:
    """The newest row of each before `after`, when it was measured (ms); where there is none, `after` itself."""
    rows = await conn.fetch(
        f"""select coalesce((select at from fix f where f.device = w.device and f.at < w.after
                             and f.received_at <= w.moment and f.flags & {NEVER | LATE} = 0
                             order by at desc limit 1), w.after) as at
            from unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) with ordinality
                 as w (device, after, moment, number) order by w.number""",
        *_make_columns(begins),
    )
    return [from_datetime(row["at"]) for row in rows]


async def select_rows(conn: asyncpg.Connection, wanted: Sequence[Wanted], *, by_minutes: bool) -> list[list[Row]]:
    """Of each those that were the newest when they came, in their order; `by_minutes`: the first of each minute."""
    minute = "date_trunc('minute', at)"
    rows = await conn.fetch(
        f"""select w.number, f.* from unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) with ordinality
                   as w (device, after, moment, number)
            cross join lateral (
                select {f"distinct on ({minute})" if by_minutes else ""} {COLUMNS} from fix
                where fix.device = w.device and at > w.after and received_at <= w.moment
                  and flags & {NEVER | LATE} = 0
                order by {f"{minute}," if by_minutes else ""} at limit {MOST}) f
            order by w.number, f.at""",
        *_make_columns(wanted),
    )
    found: list[list[Row]] = [[] for _ in wanted]
    for row in rows:
        found[row["number"] - 1].append(_read_row(row))
    return found


async def select_way(conn: asyncpg.Connection, wanted: Wanted, until: int, *, step: int, late: bool) -> list[Row]:
    """Until `until` (ms, included), in the order of time; the first of each `step` seconds, 0: all. `late`: those that
    came late, too."""
    bucket = f"floor(extract(epoch from at) / {step})"
    rows = await conn.fetch(
        f"""select {f"distinct on ({bucket})" if step else ""} {COLUMNS} from fix
            where device = $1 and at > $2 and received_at <= $3 and at <= $4
              and flags & {NEVER if late else NEVER | LATE} = 0
            order by {f"{bucket}," if step else ""} at limit 50000""",
        wanted.device,
        to_datetime(wanted.after),
        micros_to_datetime(wanted.moment),
        to_datetime(until),
    )
    return [_read_row(row) for row in rows]


def _make_columns(wanted: Sequence[Wanted]) -> tuple[list[int], list[datetime], list[datetime]]:
    return (
        [each.device for each in wanted],
        [to_datetime(each.after) for each in wanted],
        [micros_to_datetime(each.moment) for each in wanted],
    )


def _read_row(row: asyncpg.Record) -> Row:
    return Row(row["device"], datetime_to_micros(row["received_at"]), to_fix(row))
