"""Table forward: which devices are sent on where, how far, and what went wrong."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from tracker.model.fix import Row
from tracker.model.forward import Forward, ForwardKind, ForwardRow
from tracker.model.moment import datetime_to_micros, micros_to_datetime
from tracker.store.fix_columns import COLUMNS, to_fix
from tracker.store.privacies import OPEN

LEASE: Final = "40 seconds"  # longer than a batch may take
MOST_COUNTED: Final = 10_000
WANTED: Final = "device, number, kind, url, name, secret, reached, failures"


class ForwardState(msgspec.Struct, frozen=True):
    """What the table says of a forward. `waiting`: fixes that are not there yet, MOST_COUNTED at most."""

    kind: ForwardKind
    url: str
    name: str
    waiting: int
    sent: int
    sent_at: datetime | None
    failures: int
    error: str | None
    error_at: datetime | None
    due: datetime


async def upsert_forward(conn: asyncpg.Connection, forward: Forward) -> None:
    """A change begins anew where this one says; `number` is the table's to give."""
    await conn.execute("delete from forward where device = $1", forward.device)
    await conn.execute(
        "insert into forward (device, kind, url, name, secret, reached) values ($1, $2, $3, $4, $5, $6)",
        forward.device,
        forward.kind,
        forward.url,
        forward.name,
        forward.secret,
        micros_to_datetime(forward.reached),
    )


async def delete_forward(conn: asyncpg.Connection, device: int) -> bool:
    gone = await conn.fetchval("delete from forward where device = $1 returning true", device)
    return gone is not None


async def select_forward(conn: asyncpg.Connection, device: int) -> ForwardState | None:
    row = await conn.fetchrow(
        f"""select kind, url, name, sent, sent_at, failures, error, error_at, due,
                   (select count(*) from (select from fix where fix.device = f.device and received_at > f.reached
                                          limit {MOST_COUNTED}) w) as waiting
            from forward f where device = $1""",
        device,
    )
    return ForwardState(**row) if row else None


async def select_forward_secret(conn: asyncpg.Connection, device: int) -> str | None:
    secret: str | None = await conn.fetchval("select secret from forward where device = $1", device)
    return secret


async def claim_forwards(conn: asyncpg.Connection, busy: Collection[int], *, limit: int) -> list[Forward]:
    """Those that are due and have something to send, for as long as a lease lasts; none that is `busy` here (keys)."""
    rows = await conn.fetch(
        f"""update forward set leased_until = now() + interval '{LEASE}' where device in
                (select device from forward f
                 where due <= now() and (leased_until is null or leased_until < now())
                   and device <> all($1::integer[])
                   and exists (select from fix where fix.device = f.device and fix.received_at > f.reached)
                 order by due limit $2 for update skip locked)
            returning {WANTED}""",
        list(busy),
        limit,
    )
    return [
        msgspec.structs.replace(Forward(**{**row, "reached": 0}), reached=datetime_to_micros(row["reached"]))
        for row in rows
    ]


async def select_forward_rows(conn: asyncpg.Connection, forward: Forward, *, limit: int) -> list[ForwardRow]:
    """What came since, in the order in which it came: a late fix comes when it came."""
    rows = await conn.fetch(
        f"""select {", ".join(COLUMNS)}, (true{OPEN}) as is_open from fix
            where device = $1 and received_at > $2 order by received_at limit $3""",
        forward.device,
        micros_to_datetime(forward.reached),
        limit,
    )
    return [
        ForwardRow(Row(forward.device, datetime_to_micros(row["received_at"]), to_fix(row)), row["is_open"])
        for row in rows
    ]


async def update_forward_sent(conn: asyncpg.Connection, forward: Forward, reached: int, *, sent: int) -> None:
    """All until `reached` (µs) is there. Nothing where the wish was changed meanwhile."""
    await conn.execute(
        """update forward set reached = $3, sent = sent + $4, failures = 0, error = null, error_at = null,
                  sent_at = case when $4 > 0 then now() else sent_at end, due = now() + interval '1 second',
                  leased_until = null
           where device = $1 and number = $2""",
        forward.device,
        forward.number,
        micros_to_datetime(reached),
        sent,
    )


async def update_forward_failed(
    conn: asyncpg.Connection, forward: Forward, reached: int, error: str, *, sent: int, wait: float
) -> None:
    """The same as far as it came, and why it came no further; the next attempt in `wait` s."""
    await conn.execute(
        """update forward set reached = $3, sent = sent + $4, failures = failures + 1, error = $5, error_at = now(),
                  sent_at = case when $4 > 0 then now() else sent_at end,
                  due = now() + $6 * interval '1 second', leased_until = null
           where device = $1 and number = $2""",
        forward.device,
        forward.number,
        micros_to_datetime(reached),
        sent,
        error,
        wait,
    )
