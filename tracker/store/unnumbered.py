"""Table unnumbered: what is told, from the commit of its batch until it has a number; and the numbering.

Numbers count up without gaps in the order in which they become visible, so they are given one after the other, in one
place: to give them in the batch's own transaction would hold the head locked over its flush, and all writers with it.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.event import Event
from tracker.model.evidence import Evidence
from tracker.model.fix import Fix
from tracker.model.moment import from_datetime, to_datetime
from tracker.store.private_events import PRIVATE_OF

NEXT_ID: Final = "nextval('unnumbered_id_seq')"
COLUMNS: Final = (
    *("id", "type", "device", "geofence", "at", "detected_at", "late", "lon", "lat", "evidence", "private_of"),
    *("retracts", "message"),
)


class Unnumbered(msgspec.Struct, frozen=True):
    """An event that has no number yet. `retracts`: the id of what it takes back; `message`: whose alarm it is."""

    id: int
    type: str
    device: int  # key
    geofence: str | None  # id
    at: int  # ms
    late: bool
    fix: Fix | None
    evidence: Evidence
    private: Sequence[int] = ()  # keys
    retracts: int | None = None
    message: str | None = None


async def insert_unnumbered(conn: asyncpg.Connection, told: Sequence[Unnumbered], *, detected_at: int) -> None:
    """Inside the transaction of what made it so; `detected_at` in ms."""
    await conn.copy_records_to_table(
        "unnumbered",
        columns=COLUMNS,
        records=[
            (
                each.id,
                each.type,
                each.device,
                each.geofence,
                to_datetime(each.at),
                to_datetime(detected_at),
                each.late,
                each.fix.lon if each.fix else None,
                each.fix.lat if each.fix else None,
                msgspec.json.encode(each.evidence),
                sorted(each.private) or None,
                each.retracts,
                each.message,
            )
            for each in told
        ],
    )


async def select_oldest_unnumbered(conn: asyncpg.Connection) -> int | None:
    """The id of what waits longest; None: nothing does."""
    oldest: int | None = await conn.fetchval("select min(id) from unnumbered")
    return oldest


async def select_newest_unnumbered(conn: asyncpg.Connection) -> int | None:
    newest: int | None = await conn.fetchval("select max(id) from unnumbered")
    return newest


class Numbered(msgspec.Struct, frozen=True):
    """Events in the order of their numbers, and the revisions by which they are to be shown and sent."""

    events: list[Event]
    rights: int
    subscriptions: int


# Devices are locked before what is told of them, as a delete of a device does it, which would else wait for us as we
# for it; one that is being deleted is passed over, for that may take long. Each is locked once, and then all that is
# taken is in order: locked with each row, a device let go in the middle would have its second event numbered and its
# first passed over. A hole in the ids is a batch that failed or is not committed yet: nothing waits for it. What a
# retraction takes back was committed before it, so it has its number, or gets it here.
def write_number(waiting: str, only_if: str = "true") -> str:
    """`waiting`: of which rows. $1: how many are taken at most; none, unless `only_if` is true."""
    return f"""
with free as materialized (
    select d.key from device d
    join (select device, min(id) as first from {waiting} group by device) waits on waits.device = d.key
    where {only_if} order by waits.first limit $1 for key share of d skip locked),
taken as (
    delete from unnumbered where id in (
        select id from {waiting} where device in (select key from free) order by id limit $1)
    returning *),
given as (select row_number() over (order by id) as n, * from taken),
head as (
    update event_head set id = id + (select count(*) from taken) where exists (select from taken)
    returning id - (select count(*) from taken) as before),
named as (
    select id, coalesce((select e.id from event e where e.told = given.retracts),
                        (select head.before + same.n from given same, head where same.id = given.retracts)) as event
    from given where retracts is not null),
made as (
    insert into event (id, type, device, geofence, at, detected_at, late, lon, lat, evidence, private_of, told)
    select head.before + n, type, device, geofence, at, detected_at, late, lon, lat,
           case when named.event is null then evidence
                else evidence || jsonb_build_object('event', named.event) end,
           private_of, given.id
    from given cross join head left join named on named.id = given.id
    returning *),
alarms as (
    insert into alarm (event)
    select made.id from made join given on given.id = made.told where given.message is not null),
messages as (
    update message m set event = made.id from made join given on given.id = made.told
    where m.device = given.device and m.direction = 'up' and m.id = given.message)
select e.id, e.type, d.id as device, e.geofence, e.at, e.detected_at, e.late, e.lon, e.lat, e.evidence,
       e.evidence ->> 'other' as other, {PRIVATE_OF}, (select revision from rights_head) as rights,
       (select revision from subscription_head) as subscriptions
from made e join device d on d.key = e.device order by e.id"""


NUMBER: Final = write_number("unnumbered")
NUMBER_IF_UNMOVED: Final = write_number("unnumbered", "(select revision from subscription_head) = $2")
NUMBER_ONE: Final = write_number("(select * from unnumbered where id = $2) as one")


async def number(conn: asyncpg.Connection, most: int) -> Numbered | None:
    """The oldest of what is told and not numbered, as events; None where nothing waits. Inside a transaction, in which
    the head is locked until the commit."""
    return read_numbered(await conn.fetch(NUMBER, most))


async def number_if_unmoved(conn: asyncpg.Connection, most: int, subscriptions: int) -> Numbered | None:
    """The same in a transaction of its own, committed when this returns; None, too, where the subscriptions are not of
    this revision any more."""
    return read_numbered(await conn.fetch(NUMBER_IF_UNMOVED, most, subscriptions))


async def number_one(conn: asyncpg.Connection, id: int) -> Numbered | None:
    """This one, as `number` does it; None where it does not wait any more, or its device is being deleted."""
    return read_numbered(await conn.fetch(NUMBER_ONE, 1, id))


def read_numbered(rows: Sequence[asyncpg.Record]) -> Numbered | None:
    if not rows:
        return None
    return Numbered([read_event(row) for row in rows], rows[0]["rights"], rows[0]["subscriptions"])


def read_event(row: asyncpg.Record) -> Event:
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
