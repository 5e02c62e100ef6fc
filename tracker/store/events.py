"""Tables transition, event and event_head: what happened, once each, numbered without gaps in the order of commit."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.event import Decision, Event, EventFilter, Happening, Transition
from tracker.model.moment import from_datetime, to_datetime
from tracker.model.sight import Sight
from tracker.store.private_events import PRIVATE_OF, find_private, own_only
from tracker.store.seen import Args, seen_device_ids, seen_devices, seen_fence_ids

EVERY_EVENT: Final = EventFilter()

Made = tuple[str, Transition]  # with the id of its device


async def insert_transitions(
    conn: asyncpg.Connection,
    transitions: Sequence[Transition],
    fence_ids: Mapping[int, str],
    *,
    stamp: int = 0,
    detected_at: int,
) -> list[Event]:
    """Inside the transaction of the fixes that caused them. The events made, in the order given: none for transitions
    that a replay brings again, nor for a retraction of what was never told, nor for a release or a presence.
    `fence_ids`: geofence key to id; `stamp`: the batch's, in µs, 0 for one as old as can be; `detected_at` in ms. The
    lock on the head is held from here to the commit, so call it last, and not at all without transitions.
    """
    if not transitions:
        return []
    taken_back = await _delete_retracted(conn, [each for each in transitions if each.retracts])
    new = await _insert_new(conn, [each for each in transitions if not each.retracts], stamp)
    made = [(device, each) for device, each in (*taken_back, *new) if each.is_told]
    return await _insert_events(conn, made, fence_ids, detected_at) if made else []


async def _delete_retracted(conn: asyncpg.Connection, transitions: Sequence[Transition]) -> list[Made]:
    """Those that were there, each naming the event it takes back. They may come again: later fixes may say so."""
    made = []
    for each in transitions:
        if each.retracts is None:
            continue
        row = await conn.fetchrow(
            """with gone as (delete from transition where (device, geofence, at, kind, other) = ($1, $2, $3, $4, $5)
                             returning event)
               select d.id, gone.event from gone join device d on d.key = $1""",
            each.device,
            each.retracts.geofence,
            to_datetime(each.retracts.at),
            each.retracts.kind,
            each.retracts.other,
        )
        if row:
            named = msgspec.structs.replace(each.evidence, event=row["event"], type=each.retracts.kind)
            made.append((row["id"], msgspec.structs.replace(each, evidence=named)))
    return made


async def _insert_new(conn: asyncpg.Connection, transitions: Sequence[Transition], stamp: int) -> list[Made]:
    """Those that were not there, each with its device's id. The key-share lock keeps a delete of the device out."""
    if not transitions:
        return []
    rows = await conn.fetch(
        """with given as (
               select d.key, d.id, g.geofence, g.at, g.kind, g.other, g.decided_at, g.n
               from unnest($1::int[], $2::int[], $3::timestamptz[], $4::text[], $5::int[], $6::timestamptz[])
                    with ordinality as g (device, geofence, at, kind, other, decided_at, n)
               join device d on d.key = g.device for key share of d),
           made as (
               insert into transition (device, geofence, at, kind, other, decided_at, stamp)
               select key, geofence, at, kind, other, decided_at, $7 from given
               on conflict do nothing returning device, geofence, at, kind, other)
           select min(given.n) as n, given.id from made join given
               on (given.key, given.geofence, given.at, given.kind, given.other)
                  = (made.device, made.geofence, made.at, made.kind, made.other)
           group by given.id, made.geofence, made.at, made.kind, made.other order by n""",
        [each.device for each in transitions],
        [each.geofence for each in transitions],
        [to_datetime(each.at) for each in transitions],
        [each.kind for each in transitions],
        [each.other for each in transitions],
        [to_datetime(each.decided_at) for each in transitions],
        stamp,
    )
    return [(row["id"], transitions[row["n"] - 1]) for row in rows]


async def _insert_events(
    conn: asyncpg.Connection, made: Sequence[Made], fence_ids: Mapping[int, str], detected_at: int
) -> list[Event]:
    # Whether anything ever was hidden comes with the number: where nothing was, nothing more is asked.
    head = await conn.fetchrow(
        "update event_head set id = id + $1 returning id, exists (select from device_privacy) as hides", len(made)
    )
    last = head["id"]
    private = await find_private(conn, [each for _, each in made], detected_at) if head["hides"] else {}
    ids = {each.device: device for device, each in made} | {each.other: each.evidence.other or "" for _, each in made}
    events = [
        Event(
            id=last - len(made) + 1 + number,
            type=each.kind,
            device=device,
            geofence=fence_ids.get(each.geofence),
            at=each.at,
            detected_at=detected_at,
            late=each.late,
            lon=each.fix.lon,
            lat=each.fix.lat,
            evidence=msgspec.Raw(msgspec.json.encode(each.evidence)),
            other=each.evidence.other,
            private=frozenset(ids[key] for key in private.get(number, ())),
        )
        for number, (device, each) in enumerate(made)
    ]
    await conn.executemany(
        """insert into event (id, type, device, geofence, at, detected_at, late, lon, lat, evidence, private_of)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        [
            (
                event.id,
                event.type,
                each.device,
                event.geofence,
                to_datetime(event.at),
                to_datetime(event.detected_at),
                event.late,
                event.lon,
                event.lat,
                bytes(event.evidence),
                sorted(private[number]) if number in private else None,
            )
            for number, (event, (_, each)) in enumerate(zip(events, made, strict=True))
        ],
    )
    await _number_transitions(conn, made, last - len(made) + 1)
    return events


async def _number_transitions(conn: asyncpg.Connection, made: Sequence[Made], first: int) -> None:
    """Note at each transition the number of its event, so that a retraction can name it."""
    numbered = [(id, each) for id, (_, each) in enumerate(made, first) if not each.retracts]
    await conn.execute(
        """update transition t set event = g.event
           from unnest($1::bigint[], $2::int[], $3::int[], $4::timestamptz[], $5::text[], $6::int[])
                as g (event, device, geofence, at, kind, other)
           where (t.device, t.geofence, t.at, t.kind, t.other) = (g.device, g.geofence, g.at, g.kind, g.other)""",
        [id for id, _ in numbered],
        [each.device for _, each in numbered],
        [each.geofence for _, each in numbered],
        [to_datetime(each.at) for _, each in numbered],
        [each.kind for _, each in numbered],
        [each.other for _, each in numbered],
    )


async def select_decisions(conn: asyncpg.Connection, device: int, *, after: int) -> list[Decision]:
    """What was decided of a device by fixes newer than `after` (ms), and not taken back."""
    rows = await conn.fetch(
        """select geofence, kind, at, other, decided_at, stamp from transition
           where device = $1 and decided_at > $2 order by at""",
        device,
        to_datetime(max(after, 0)),
    )
    return [
        Decision(
            Happening(row["geofence"], row["kind"], from_datetime(row["at"]), row["other"]),
            from_datetime(row["decided_at"]),
            row["stamp"],
        )
        for row in rows
    ]


async def select_happenings(
    conn: asyncpg.Connection, devices: Sequence[int], geofence: int, *, after: int
) -> dict[int, list[Happening]]:
    """What was decided of these devices and this geofence from `after` (ms) on, by device."""
    rows = await conn.fetch(
        "select device, kind, at, other from transition where device = any($1) and geofence = $2 and at >= $3",
        devices,
        geofence,
        to_datetime(after),
    )
    found: dict[int, list[Happening]] = {}
    for row in rows:
        happening = Happening(geofence, row["kind"], from_datetime(row["at"]), row["other"])
        found.setdefault(row["device"], []).append(happening)
    return found


async def update_decided(conn: asyncpg.Connection, transitions: Sequence[Transition]) -> None:
    """They were told before, but are now known to have been decided at another time."""
    await conn.executemany(
        """update transition set decided_at = $6
           where (device, geofence, at, kind, other) = ($1, $2, $3, $4, $5)""",
        [
            (each.device, each.geofence, to_datetime(each.at), each.kind, each.other, to_datetime(each.decided_at))
            for each in transitions
        ],
    )


async def select_events(
    conn: asyncpg.Connection,
    sight: Sight,
    *,
    after: int,
    limit: int,
    only: EventFilter = EVERY_EVENT,
) -> list[Event]:
    """The oldest first, with numbers above `after`."""
    args: Args = [after, limit, only.devices, only.geofences, only.types]
    seen = seen_devices(sight, "e.device", args) + seen_fence_ids(sight, "e.geofence", args)
    seen += seen_device_ids(sight, "e.evidence ->> 'other'", args) + own_only(sight, args)
    rows = await conn.fetch(
        f"""select e.id, e.type, d.id as device, e.geofence, e.at, e.detected_at, e.late, e.lon, e.lat, e.evidence,
                  e.evidence ->> 'other' as other, {PRIVATE_OF}
           from event e join device d on d.key = e.device
           where e.id > $1
             and ($3::text[] is null or e.device = any(array(select key from device where id = any($3)))
                  or (e.evidence ? 'other' and e.evidence ->> 'other' = any($3)))
             and ($4::text[] is null or e.geofence = any($4))
             and ($5::text[] is null or e.type = any($5)){seen}
           order by e.id limit $2""",
        *args,
    )
    return [_read_event(row) for row in rows]


async def select_event(conn: asyncpg.Connection, sight: Sight, id: int) -> Event | None:
    found = await select_events(conn, sight, after=id - 1, limit=1)
    return found[0] if found and found[0].id == id else None


async def select_head(conn: asyncpg.Connection) -> int:
    """The number of the newest event there can be; 0 before the first."""
    head: int = await conn.fetchval("select id from event_head")
    return head


async def select_oldest(conn: asyncpg.Connection) -> int:
    """The number of the oldest event still kept; where none is, of the next there will be."""
    oldest: int = await conn.fetchval("select coalesce((select min(id) from event), (select id + 1 from event_head))")
    return oldest


def _read_event(row: asyncpg.Record) -> Event:
    return Event(
        id=row["id"],
        type=row["type"],
        device=row["device"],
        geofence=row["geofence"],
        at=from_datetime(row["at"]),
        detected_at=from_datetime(row["detected_at"]),
        late=row["late"],
        lon=row["lon"],
        lat=row["lat"],
        evidence=msgspec.Raw(row["evidence"]),
        other=row["other"],
        private=frozenset(row["private"] or ()),
    )
