"""Tables transition, event and event_head: what happened, once each, numbered without gaps in the order of commit."""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from tracker.model.event import Event, Transition
from tracker.model.fix import Moment
from tracker.model.moment import format_ms, from_datetime, to_datetime

Crossings = tuple[frozenset[int], frozenset[int]]  # keys of the geofences entered, and of those left


async def insert_transitions(
    conn: asyncpg.Connection,
    transitions: Sequence[Transition],
    fence_ids: Mapping[int, str],
    *,
    detected_at: int,
    late: bool = False,
) -> list[Event]:
    """Inside the transaction of the fixes that caused them. The events made, in the order given: none for transitions
    that a replay brings again. `fence_ids`: geofence key to id; `detected_at` in ms. The lock on the head is held from
    here to the commit, so call it last, and not at all without transitions.
    """
    if not transitions:
        return []
    new = await _insert_new(conn, transitions)
    if not new:
        return []
    return await _insert_events(conn, new, fence_ids, detected_at, late)


async def _insert_new(conn: asyncpg.Connection, transitions: Sequence[Transition]) -> list[tuple[str, Transition]]:
    """Those that were not there, each with its device's id. The key-share lock keeps a delete of the device out."""
    rows = await conn.fetch(
        """with given as (
               select d.key, d.id, g.geofence, g.at, g.kind, g.n
               from unnest($1::int[], $2::int[], $3::timestamptz[], $4::text[]) with ordinality
                    as g (device, geofence, at, kind, n)
               join device d on d.key = g.device for key share of d),
           made as (
               insert into transition (device, geofence, at, kind) select key, geofence, at, kind from given
               on conflict do nothing returning device, geofence, at, kind)
           select min(given.n) as n, given.id from made join given
               on (given.key, given.geofence, given.at, given.kind) = (made.device, made.geofence, made.at, made.kind)
           group by given.id, made.geofence, made.at, made.kind order by n""",
        [each.device for each in transitions],
        [each.geofence for each in transitions],
        [to_datetime(each.fix.at) for each in transitions],
        [each.kind for each in transitions],
    )
    return [(row["id"], transitions[row["n"] - 1]) for row in rows]


async def _insert_events(
    conn: asyncpg.Connection,
    new: Sequence[tuple[str, Transition]],
    fence_ids: Mapping[int, str],
    detected_at: int,
    late: bool,
) -> list[Event]:
    last = await conn.fetchval("update event_head set id = id + $1 returning id", len(new))
    events = [
        Event(
            id=id, type=each.kind, device=device, geofence=fence_ids.get(each.geofence), at=each.fix.at,
            detected_at=detected_at, late=late, lon=each.fix.lon, lat=each.fix.lat, evidence=_evidence(each),
        )
        for id, (device, each) in enumerate(new, last - len(new) + 1)
    ]  # fmt: skip
    await conn.executemany(
        """insert into event (id, type, device, geofence, at, detected_at, late, lon, lat, evidence)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        [
            (
                event.id, event.type, each.device, event.geofence, to_datetime(event.at),
                to_datetime(event.detected_at), event.late, event.lon, event.lat, bytes(event.evidence),
            )
            for event, (_, each) in zip(events, new, strict=True)
        ],
    )  # fmt: skip
    return events


def _evidence(transition: Transition) -> msgspec.Raw:
    """The fix that decided it."""
    fix = transition.fix
    shown = {"at": format_ms(fix.at), "lon": fix.lon, "lat": fix.lat, "accuracy": fix.accuracy, "speed": fix.speed}
    return msgspec.Raw(msgspec.json.encode({"fix": shown}))


async def select_crossings(conn: asyncpg.Connection, moments: Sequence[Moment]) -> dict[Moment, Crossings]:
    """What each of these fixes entered and left; those that did neither are absent."""
    rows = await conn.fetch(
        """select t.device, t.at, coalesce(array_agg(geofence) filter (where kind = 'enter'), '{}') as enters,
                  coalesce(array_agg(geofence) filter (where kind = 'exit'), '{}') as exits
           from unnest($1::integer[], $2::timestamptz[]) as wanted (device, at)
           join transition t on t.device = wanted.device and t.at = wanted.at
           group by t.device, t.at""",
        [device for device, _ in moments],
        [to_datetime(at) for _, at in moments],
    )
    return {
        (row["device"], from_datetime(row["at"])): (frozenset(row["enters"]), frozenset(row["exits"])) for row in rows
    }


async def select_events(
    conn: asyncpg.Connection,
    *,
    after: int,
    limit: int,
    devices: Sequence[str] | None = None,
    geofences: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
) -> list[Event]:
    """The oldest first, with numbers above `after`. None for a filter: all."""
    rows = await conn.fetch(
        """select e.id, e.type, d.id as device, e.geofence, e.at, e.detected_at, e.late, e.lon, e.lat, e.evidence
           from event e join device d on d.key = e.device
           where e.id > $1
             and ($3::text[] is null or e.device = any(array(select key from device where id = any($3))))
             and ($4::text[] is null or e.geofence = any($4))
             and ($5::text[] is null or e.type = any($5))
           order by e.id limit $2""",
        after, limit, devices, geofences, types,
    )  # fmt: skip
    return [_event(row) for row in rows]


async def select_head(conn: asyncpg.Connection) -> int:
    """The number of the newest event there can be; 0 before the first."""
    head: int = await conn.fetchval("select id from event_head")
    return head


async def select_oldest(conn: asyncpg.Connection) -> int | None:
    """The number of the oldest event still kept."""
    oldest: int | None = await conn.fetchval("select min(id) from event")
    return oldest


def _event(row: asyncpg.Record) -> Event:
    return Event(
        id=row["id"], type=row["type"], device=row["device"], geofence=row["geofence"], at=from_datetime(row["at"]),
        detected_at=from_datetime(row["detected_at"]), late=row["late"], lon=row["lon"], lat=row["lat"],
        evidence=msgspec.Raw(row["evidence"]),
    )  # fmt: skip
