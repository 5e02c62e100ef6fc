"""Table erasure: what is left to erase of a person or of devices that are gone, where others' rows name them."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.device import ERASED
from tracker.model.person import Person

PATIENCE: Final = 3600.0  # s for one statement: nobody waits for it, and a log of deliveries may be long
SMALL: Final = 16 * 1024 * 1024  # bytes of a table and its indexes: written anew in a fraction of a second
PATIENCE_FOR_LOCK: Final = "1s"


class Erasure(msgspec.Struct, frozen=True):
    """`person`, `email` and `name` None: of devices alone, by their ids."""

    id: int
    person: int | None
    email: str | None
    name: str | None
    devices: Sequence[str]


def _blank(column: str, path: str) -> str:
    """A list of ids in JSON, with a word in place of those: left out, an empty list would mean all there are."""
    return f"""{column} = jsonb_set({column}, '{{{path}}}', (
                select jsonb_agg(case when each = any($1) then '{ERASED}' else each end)
                from jsonb_array_elements_text({column} #> '{{{path}}}') each))
            where {column} #> '{{{path}}}' ?| $1"""


def _blank_expected(table: str) -> str:
    """The same in who is expected in a geofence."""
    each = """jsonb_array_elements_text(entry -> 'devices') each"""
    return f"""update {table} set feature = jsonb_set(feature, '{{properties,expect}}', (
                   select jsonb_agg(jsonb_set(entry, '{{devices}}', (
                       select jsonb_agg(case when each = any($1) then '{ERASED}' else each end) from {each})))
                   from jsonb_array_elements(feature #> '{{properties,expect}}') entry))
               where jsonb_typeof(feature #> '{{properties,expect}}') = 'array' and exists (
                   select from jsonb_array_elements(feature #> '{{properties,expect}}') entry, {each}
                   where each = any($1))"""


# Of devices ($1, text[]). A message that tells of several is erased whole: it was sent.
OF_DEVICES: Final = (
    """delete from delivery where device = any($1) or exists (
           select from jsonb_array_elements(body) told
           where told ->> 'device' = any($1) or told -> 'evidence' ->> 'other' = any($1))""",
    "delete from outbox where device = any($1) or body -> 'evidence' ->> 'other' = any($1)",
    "delete from event where evidence ->> 'other' = any($1)",
    "delete from refused_event where told -> 'evidence' ->> 'other' = any($1)",
    "update audit set object = 'erased', detail = null where object = any($1)",
    # what somebody typed to find one; other views name no device
    """delete from saved_view
       where string_to_array(address, '&') && array(select 'q=' || each from unnest($1::text[]) each)""",
    f"update subscription set {_blank('wish', 'devices')}",
    f"update geofence set {_blank('feature', 'properties,devices')}",
    f"update geofence_revision set {_blank('feature', 'properties,devices')}",
    _blank_expected("geofence"),
    _blank_expected("geofence_revision"),
)
# Before these, and committed by itself: the numbers of all events would wait for who holds such a row.
UNNUMBERED: Final = "delete from unnumbered where evidence ->> 'other' = any($1)"
# Of a person: the number, the e-mail address and the name.
OF_PERSON: Final = (
    ("update audit set address = null where person = $1", "person"),
    ("delete from invitation where lower(email) = lower($1)", "email"),
    ("update event_seen set by = 'somebody' where by = $1", "name"),
)


async def insert_erasure(conn: asyncpg.Connection, person: Person | None, devices: Sequence[str]) -> None:
    """In the transaction that takes the person or the devices away."""
    await conn.execute(
        "insert into erasure (person, email, name, devices) values ($1, $2, $3, $4)",
        person.key if person else None,
        person.email if person else None,
        person.name if person else None,
        devices,
    )


async def select_erasure(conn: asyncpg.Connection) -> Erasure | None:
    """The one that waits longest."""
    row = await conn.fetchrow("select id, person, email, name, devices from erasure order by id limit 1")
    return Erasure(**row) if row else None


async def erase(conn: asyncpg.Connection, erasure: Erasure) -> None:
    """All of it or nothing but what has no number yet; what was begun and cut off is begun again."""
    await conn.execute(UNNUMBERED, list(erasure.devices), timeout=PATIENCE)
    async with conn.transaction():
        await conn.execute("set local statement_timeout = 0")
        await conn.execute("set local tracker.erasing = 'yes'")  # see refuse_change
        for statement in OF_DEVICES:
            await conn.execute(statement, list(erasure.devices), timeout=PATIENCE)
        for statement, named in OF_PERSON:
            if (given := getattr(erasure, named)) is not None:
                await conn.execute(statement, given, timeout=PATIENCE)
        await conn.execute("update subscription_head set revision = revision + 1")
        await conn.execute("delete from erasure where id = $1", erasure.id)


async def vacuum_touched(conn: asyncpg.Connection) -> list[str]:
    """Every table that has room of what was erased; their names. Small ones are written anew, so that their files hold
    nothing of it; of large ones, which that would keep from everybody for long, the room is given back, gently. The
    planner's figures, which quote values, are made anew with both."""
    await conn.execute("select pg_stat_force_next_flush()")
    await conn.execute("select pg_stat_clear_snapshot()")
    rows = await conn.fetch(
        """select format('%I.%I', schemaname, relname) as name, pg_total_relation_size(relid) <= $1 as is_small
           from pg_stat_user_tables where n_dead_tup > 0 or relname in ('erasure', 'person') order by 1""",
        SMALL,
    )
    await conn.execute(
        f"set statement_timeout = 0; set vacuum_cost_delay = 2; set lock_timeout = '{PATIENCE_FOR_LOCK}'"
    )
    try:
        for row in rows:
            if not (row["is_small"] and await _write_anew(conn, row["name"])):
                await conn.execute(f"vacuum (analyze) {row['name']}", timeout=PATIENCE)
    finally:
        if not conn.is_closed():  # the next that borrows it has the usual limits again
            await conn.execute("reset all")
    return [row["name"] for row in rows]


async def _write_anew(conn: asyncpg.Connection, table: str) -> bool:
    """False where somebody needs it for longer than others should wait behind us."""
    try:
        await conn.execute(f"vacuum (full, analyze) {table}", timeout=PATIENCE)
    except asyncpg.LockNotAvailableError:
        return False
    return True
