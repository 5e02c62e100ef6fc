"""Tables event, event_seen and alarm: calls for help, who has seen them, and when they are told again."""

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.event import Alarm, Event
from tracker.model.moment import format_ms, from_datetime
from tracker.model.sight import EVERYTHING
from tracker.store.events import select_event
from tracker.store.unnumbered import NEXT_ID, Unnumbered, insert_unnumbered

REPEAT: Final = "2 minutes"
MOST_REPEATS: Final = 30


async def insert_alarms(conn: asyncpg.Connection, alarms: Sequence[Alarm], *, detected_at: int) -> int:
    """Inside the transaction of their messages: an alarm is the event of a message that was not there, so it happens
    once. Returns how many are told."""
    if not alarms:
        return 0
    ids = await conn.fetch(f"select {NEXT_ID} as id from generate_series(1, $1)", len(alarms))
    told = [_tell(row["id"], each) for row, each in zip(ids, alarms, strict=True)]
    await insert_unnumbered(conn, told, detected_at=detected_at)
    return len(told)


def _tell(id: int, alarm: Alarm) -> Unnumbered:
    return Unnumbered(
        id,
        alarm.kind,
        alarm.device,
        None,
        alarm.at,
        late=False,
        fix=alarm.fix,
        evidence=alarm.evidence,
        message=alarm.message,
    )


class FirstSeen(msgspec.Struct, frozen=True):
    by: str
    at: str  # RFC 3339


async def insert_seen(conn: asyncpg.Connection, event: int, by: str) -> FirstSeen | None:
    """Who saw it first, and when. Nudges `tracker_seen` with the event, and `tracker_message` with its message. None:
    there is no such event. Inside a transaction."""
    row = await conn.fetchrow(
        """insert into event_seen (event, by) select id, $2 from event where id = $1
           on conflict (event) do update set event = excluded.event returning by, at""",
        event,
        by,
    )
    if row is None:
        return None
    await conn.execute(
        """with read as (update message set read_at = now() where event = $1 and read_at is null returning number)
           select pg_notify('tracker_message', number::text), pg_notify('tracker_seen', $1::text) from read""",
        event,
    )
    return FirstSeen(row["by"], format_ms(from_datetime(row["at"])))


async def select_first_seen(conn: asyncpg.Connection, event: int) -> FirstSeen | None:
    row = await conn.fetchrow("select by, at from event_seen where event = $1", event)
    return FirstSeen(row["by"], format_ms(from_datetime(row["at"]))) if row else None


class SeenAlarm(msgspec.Struct, frozen=True):
    """`device`: key; `message`: the id by which the device called."""

    device: int
    message: str
    by: str


async def select_seen(conn: asyncpg.Connection, event: int) -> list[SeenAlarm]:
    """The alarm of this event, if somebody has seen it."""
    rows = await conn.fetch(
        """select m.device, m.id as message, s.by from message m join event_seen s on s.event = m.event
           where m.event = $1""",
        event,
    )
    return [SeenAlarm(**row) for row in rows]


async def select_all_seen(conn: asyncpg.Connection, devices: Collection[int]) -> dict[int, list[SeenAlarm]]:
    """Those of the last day that somebody has seen, a hundred of each device. Without devices that have none."""
    rows = await conn.fetch(
        """select asked.key as device, m.id as message, m.by from unnest($1::integer[]) asked (key)
           cross join lateral (select m.id, m.number, s.by from message m join event_seen s on s.event = m.event
                               where m.device = asked.key and s.at > now() - interval '1 day'
                               order by m.number limit 100) m
           order by m.number""",
        list(devices),
    )
    found: dict[int, list[SeenAlarm]] = {}
    for row in rows:
        found.setdefault(row["device"], []).append(SeenAlarm(**row))
    return found


async def take_unseen(conn: asyncpg.Connection) -> list[Event]:
    """Alarms that are to be told once more, marked as told; inside a transaction."""
    rows = await conn.fetch(
        f"""update alarm a set told_at = now(), repeats = repeats + 1
            where a.told_at <= now() - interval '{REPEAT}' and a.repeats < {MOST_REPEATS}
              and not exists (select from event_seen s where s.event = a.event)
            returning a.event"""
    )
    found = [await select_event(conn, EVERYTHING, row["event"]) for row in rows]
    return [event for event in found if event]
