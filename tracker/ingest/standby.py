"""Standby: an owner that has nothing yet, and its session, made before there is anything to take. A new session asks
for the types of what it sends, and PostgreSQL reads its catalogue anew for each: together that takes longer than all
that a strand's next owner has to read, while its devices wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import asyncpg

from tracker.ingest.days import Days
from tracker.ingest.parting import part_pairs
from tracker.ingest.refresh import Drawn, read_fences
from tracker.ingest.replay import find_checkpoint, read_memory
from tracker.store.fixes import select_fixes_since
from tracker.store.ownership import (
    Revisions,
    insert_owner,
    mark_batch,
    select_in_force,
    select_lease,
    select_others,
    set_owner,
)
from tracker.store.pairs import select_all_pairs
from tracker.store.pool import open_connection

NOWHERE: Final = (-1,)  # partitions: that of no device
SENT: Final = (
    "smallint",
    "int",
    "bigint",
    "real",
    "float8",
    "text",
    "uuid",
    "jsonb",
    "timestamptz",
    "bytea",
)  # in arrays
ASK_TYPES: Final = "select " + ", ".join(f"${number}::{each}[]" for number, each in enumerate(SENT, 1))


class Standby(NamedTuple):
    """`days`: the partitions of the log that are there."""

    conn: asyncpg.Connection
    owner: UUID
    epoch: int
    days: Days


async def register(url: str, name: str) -> Standby:
    conn, owner = await open_connection(url), uuid4()
    with ended_on_failure(conn):
        return Standby(conn, owner, await insert_owner(conn, owner, name), Days())


async def stand_by(url: str, name: str, drawn: Drawn) -> Standby:
    """One that is to take something later, and soon then: also the geofences are there, of which there may be many."""
    made = await register(url, name)
    with ended_on_failure(made.conn):
        await made.days.make_ahead(made.conn)
        seen = await rehearse(made.conn, made.owner)
        await read_fences(made.conn, seen.geofences, (), drawn)
    return made


@contextmanager
def ended_on_failure(conn: asyncpg.Connection) -> Iterator[None]:
    """Nobody else knows of it yet."""
    try:
        yield
    except BaseException:
        conn.terminate()
        raise


async def rehearse(conn: asyncpg.Connection, owner: UUID) -> Revisions:
    """What is asked from the take to the first batch, of nothing. Not the lock of the leases: others may be waiting."""
    await conn.execute(ASK_TYPES, *[()] * len(SENT))
    async with conn.transaction():
        await select_others(conn, owner, NOWHERE)
        await part_pairs(conn, NOWHERE)
        await set_owner(conn, owner, NOWHERE)
        seen = await mark_batch(conn, owner, 0)
        [_ async for _ in select_fixes_since(conn, datetime.now(UTC), NOWHERE)]
    await find_checkpoint(conn, NOWHERE)
    await select_in_force(conn, NOWHERE)
    await read_memory(conn, NOWHERE)
    await select_all_pairs(conn)
    await select_lease(conn, owner)
    return seen
