"""Tables event, event_seen and alarm: calls for help, who has seen them, and when they are told again."""

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.event import Alarm, Event
from tracker.model.moment import format_ms, from_datetime, to_datetime
from tracker.model.sight import EVERYTHING
from tracker.store.events import select_event

REPEAT: Final = "2 minutes"
MOST_REPEATS: Final = 30


async def insert_alarms(conn: asyncpg.Connection, alarms: Sequence[Alarm], *, detected_at: int) -> list[Event]:
    """Inside the transaction of their messages: an alarm is the event of a message that was not there, so it happens
    once. The lock on the head is held from here to the commit."""
    if not alarms:
        return []
    ids = dict(await conn.fetch("select key, id from device where key = any($1)", [each.device for each in alarms]))
    last = await conn.fetchval("update event_head set id = id + $1 returning id", len(alarms))
    events = []
    for id, each in enumerate(alarms, last - len(alarms) + 1):
        event = _make_event(id, ids[each.device], each, detected_at)
        await _insert(conn, event, each)
        events.append(event)
    return events


def _make_event(id: int, device: str, alarm: Alarm, detected_at: int) -> Event:
    return Event(
        id=id,
        type=alarm.kind,
        device=device,
        geofence=None,
        at=alarm.at,
        detected_at=detected_at,
        late=False,
        lon=alarm.fix.lon if alarm.fix else None,
        lat=alarm.fix.lat if alarm.fix else None,
        evidence=msgspec.Raw(msgspec.json.encode(alarm.evidence)),
    )


async def _insert(conn: asyncpg.Connection, event: Event, alarm: Alarm) -> None:
    await conn.execute(
        """insert into event (id, type, device, geofence, at, detected_at, late, lon, lat, evidence)
           values ($1, $2, $3, null, $4, $5, false, $6, $7, $8)""",
        event.id,
        event.type,
        alarm.device,
        to_datetime(event.at),
        to_datetime(event.detected_at),
        event.lon,
        event.lat,
        bytes(event.evidence),
    )
    await conn.execute("insert into alarm (event) values ($1)", event.id)
    await conn.execute(
        "update message set event = $3 where device = $1 and direction = 'up' and id = $2",
        alarm.device,
        alarm.message,
        event.id,
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
