"""Tables transition, event and event_head: what happened, once each; and what of it is told, by its numbers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg
import msgspec

from tracker.model.event import Decision, Event, EventFilter, Happening, Transition
from tracker.model.moment import from_datetime, to_datetime
from tracker.model.sight import Sight
from tracker.store.private_events import PRIVATE_OF, find_private, own_only
from tracker.store.seen import Args, seen_device_ids, seen_devices, seen_fence_ids
from tracker.store.unnumbered import NEXT_ID, Unnumbered, insert_unnumbered, read_event

EVERY_EVENT: Final = EventFilter()


class _Made(NamedTuple):
    """A transition that was not there, or one that takes back what was. `id`: by which it is told; `retracts`: by which
    that was told. `hides`: whether anything ever was hidden."""

    transition: Transition
    id: int
    hides: bool
    retracts: int | None = None


async def insert_transitions(
    conn: asyncpg.Connection,
    transitions: Sequence[Transition],
    fence_ids: Mapping[int, str],
    *,
    stamp: int = 0,
    detected_at: int,
) -> int:
    """Inside the transaction of the fixes that caused them. How many are told, in the order given: none for transitions
    that a replay brings again, nor for a retraction of what was never told, nor for what is only kept. They get
    their numbers when that is committed: see unnumbered.py.
    `fence_ids`: geofence key to id; `stamp`: the batch's, in µs, 0 for one as old as can be; `detected_at` in ms.
    """
    if not transitions:
        return 0
    taken_back = await _delete_retracted(conn, [each for each in transitions if each.retracts])
    new = await _insert_new(conn, [each for each in transitions if not each.retracts], stamp)
    made = [each for each in (*taken_back, *new) if each.transition.is_told]
    if made:
        hides = any(each.hides for each in made)
        private = await find_private(conn, [each.transition for each in made], detected_at) if hides else {}
        told = [_tell(each, fence_ids, private.get(number, ())) for number, each in enumerate(made)]
        await insert_unnumbered(conn, told, detected_at=detected_at)
    return len(made)


def _tell(made: _Made, fence_ids: Mapping[int, str], private: Collection[int]) -> Unnumbered:
    each = made.transition
    return Unnumbered(
        made.id,
        each.kind,
        each.device,
        fence_ids.get(each.geofence),
        each.at,
        each.late,
        each.fix,
        each.evidence,
        tuple(private),
        made.retracts,
    )


async def _delete_retracted(conn: asyncpg.Connection, transitions: Sequence[Transition]) -> list[_Made]:
    """Those that were there, each naming the event it takes back. They may come again: later fixes may say so."""
    made = []
    for each in transitions:
        if each.retracts is None:
            continue
        row = await conn.fetchrow(
            f"""with gone as (delete from transition where (device, geofence, at, kind, other) = ($1, $2, $3, $4, $5)
                             returning event, told)
               select gone.event, gone.told, {NEXT_ID} as id, exists (select from device_privacy) as hides
               from gone join device d on d.key = $1""",
            each.device,
            each.retracts.geofence,
            to_datetime(each.retracts.at),
            each.retracts.kind,
            each.retracts.other,
        )
        if row:
            named = msgspec.structs.replace(each.evidence, event=row["event"], type=each.retracts.kind)
            given = msgspec.structs.replace(each, evidence=named)
            made.append(_Made(given, row["id"], row["hides"], row["told"]))
    return made


async def _insert_new(conn: asyncpg.Connection, transitions: Sequence[Transition], stamp: int) -> list[_Made]:
    """Those that were not there. The key-share lock keeps a delete of the device out."""
    if not transitions:
        return []
    await _stamp_again(conn, [each for each in transitions if each.stamp is not None])
    rows = await conn.fetch(
        f"""with given as (
               select g.device, g.geofence, g.at, g.kind, g.other, g.decided_at, g.is_told, g.stamp, g.n
               from unnest($1::int[], $2::int[], $3::timestamptz[], $4::text[], $5::int[], $6::timestamptz[],
                           $7::bool[], $8::bigint[])
                    with ordinality as g (device, geofence, at, kind, other, decided_at, is_told, stamp, n)
               join device d on d.key = g.device for key share of d),
           made as (
               insert into transition (device, geofence, at, kind, other, decided_at, stamp, told)
               select device, geofence, at, kind, other, decided_at, stamp, case when is_told then {NEXT_ID} end
               from given order by n
               on conflict do nothing returning device, geofence, at, kind, other, told)
           select min(given.n) as n, made.told, exists (select from device_privacy) as hides from made join given
               on (given.device, given.geofence, given.at, given.kind, given.other)
                  = (made.device, made.geofence, made.at, made.kind, made.other)
           group by made.device, made.geofence, made.at, made.kind, made.other, made.told order by n""",
        [each.device for each in transitions],
        [each.geofence for each in transitions],
        [to_datetime(each.at) for each in transitions],
        [each.kind for each in transitions],
        [each.other for each in transitions],
        [to_datetime(each.decided_at) for each in transitions],
        [each.is_told for each in transitions],
        [stamp if each.stamp is None else each.stamp for each in transitions],
    )
    return [_Made(transitions[row["n"] - 1], row["told"] or 0, row["hides"]) for row in rows]


async def _stamp_again(conn: asyncpg.Connection, noted: Sequence[Transition]) -> None:
    """Those that were there: a later change of the geofence found the device at the same place, and what was noted by
    the one before counts as decided by this one. In one statement, for a geofence may be drawn round thousands."""
    latest = list({(each.device, each.geofence, each.at, each.kind): each for each in noted}.values())
    if not latest:
        return
    await conn.execute(
        """update transition t set stamp = g.stamp
           from unnest($1::int[], $2::int[], $3::timestamptz[], $4::text[], $5::bigint[])
                as g (device, geofence, at, kind, stamp)
           where (t.device, t.geofence, t.at, t.kind, t.other) = (g.device, g.geofence, g.at, g.kind, 0)""",
        [each.device for each in latest],
        [each.geofence for each in latest],
        [to_datetime(each.at) for each in latest],
        [each.kind for each in latest],
        [each.stamp for each in latest],
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
    before: int | None = None,
) -> list[Event]:
    """The oldest first, with numbers above `after`: the first of them; with `before` the last that are below it."""
    args: Args = [after, limit, only.devices, only.geofences, only.types, before]
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
             and ($5::text[] is null or e.type = any($5))
             and ($6::bigint is null or e.id < $6){seen}
           order by e.id {"" if before is None else "desc"} limit $2""",
        *args,
    )
    found = [read_event(row) for row in rows]
    return found if before is None else found[::-1]


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
