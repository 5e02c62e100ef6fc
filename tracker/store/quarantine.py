"""Table quarantine: what came and was not stored, with the reason, to look at."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.model.moment import datetime_to_micros, micros_to_datetime

LONGEST_TEXT: Final = 4096  # characters


class Quarantined(msgspec.Struct, frozen=True):
    """`device` is the key; `received_at` in microseconds; `index` None where it is the whole frame."""

    device: int
    received_at: int
    seq: int | None
    index: int | None
    reason: str
    text: str
    id: int = 0  # given when it is inserted


async def insert_quarantine(conn: asyncpg.Connection, rows: Sequence[Quarantined]) -> None:
    """Once each, however often it is sent. Those of a device that was deleted meanwhile are dropped: the lock keeps a
    delete from coming in between."""
    if not rows:
        return
    await conn.execute(
        """insert into quarantine (device, received_at, seq, index, reason, text)
           select d.key, g.received_at, g.seq, g.index, g.reason, g.text
           from unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::int[], $5::text[], $6::text[]) with ordinality
                as g (device, received_at, seq, index, reason, text, n)
           join device d on d.key = g.device order by g.n for key share of d
           on conflict do nothing""",
        [row.device for row in rows],
        [micros_to_datetime(row.received_at) for row in rows],
        [row.seq for row in rows],
        [row.index for row in rows],
        [row.reason for row in rows],
        [_make_storable(row.text) for row in rows],
    )


OPEN: Final = """ and not exists (select from device_privacy p where p.device = quarantine.device
    and quarantine.received_at >= p.since and (p.until is null or quarantine.received_at < p.until))"""


async def select_quarantine(
    conn: asyncpg.Connection, device: int, *, before: int | None, limit: int, is_own: bool = True
) -> list[Quarantined]:
    """The newest first; `before` is the id of the last one of the page before. Of what is not the reader's own, what
    came while it was kept from others is left out."""
    rows = await conn.fetch(
        f"""select id, device, received_at, seq, index, reason, text from quarantine
           where device = $1 and ($2::bigint is null or id < $2){"" if is_own else OPEN} order by id desc limit $3""",
        device,
        before,
        limit,
    )
    return [
        Quarantined(
            row["device"],
            datetime_to_micros(row["received_at"]),
            row["seq"],
            row["index"],
            row["reason"],
            row["text"],
            row["id"],
        )
        for row in rows
    ]


async def prune_quarantine(conn: asyncpg.Connection, *, keep: int = 10_000) -> None:
    """Keeps the newest of each device, so that a broken one cannot fill the disk. To be run now and then."""
    await conn.execute(
        """delete from quarantine q using device d, lateral (
               select id from quarantine where device = d.key order by id desc offset $1 limit 1) as edge
           where q.device = d.key and q.id <= edge.id""",
        keep,
    )


def _make_storable(text: str) -> str:
    """PostgreSQL's text takes neither NUL nor half a surrogate pair; what came may have both."""
    cut = text[:LONGEST_TEXT].replace("\0", "\N{SYMBOL FOR NULL}")
    return cut.encode("utf-8", "replace").decode()
