"""Table command: what devices are told to do, until they answer or it expires."""

from collections.abc import Callable, Collection
from typing import Final

import asyncpg
import msgspec

from tracker.model.command import Command
from tracker.model.moment import from_datetime, to_datetime
from tracker.store.messages import nudge_message, update_sent

MOST_OPEN: Final = 100  # per device: they all go out when it connects
COLUMNS: Final = "c.id, d.id as device, c.name, c.args, c.created_at, c.expires, c.answered_at, c.ok, c.detail"


async def insert_command(
    conn: asyncpg.Connection, device: int, id: str, name: str, args: bytes, *, expires: int
) -> Command:
    """`device` is the key, `args` a JSON object, `expires` in ms. Nudges `tracker_command` with the device's key."""
    row = await conn.fetchrow(
        f"""with c as (insert into command (id, device, name, args, expires) values ($1, $2, $3, $4, $5) returning *)
            select {COLUMNS}, pg_notify('tracker_command', d.key::text) from c join device d on d.key = c.device""",
        id,
        device,
        name,
        args,
        to_datetime(expires),
    )
    return _read_command(row)


async def select_open_commands(conn: asyncpg.Connection, device: int) -> list[Command]:
    """What one device still has to do."""
    return (await select_all_open_commands(conn, (device,))).get(device, [])


async def select_all_open_commands(conn: asyncpg.Connection, devices: Collection[int]) -> dict[int, list[Command]]:
    """What each device still has to do, the oldest first, a hundred at most. Without those that have nothing to do."""
    rows = await conn.fetch(
        f"""select asked.key, {COLUMNS} from unnest($1::integer[]) asked (key)
            join device d on d.key = asked.key
            cross join lateral (select * from command
                                where device = asked.key and answered_at is null and expires > now()
                                order by created_at, id limit 100) c
            order by c.created_at, c.id""",
        list(devices),
    )
    found: dict[int, list[Command]] = {}
    for row in rows:
        found.setdefault(row["key"], []).append(_read_command(row))
    return found


UNSENT: Final = f"""select {COLUMNS} from command c join device d on d.key = c.device
    where c.device = $1 and c.answered_at is null and c.expires > now()
      and not exists (select from message m where m.device = c.device and m.id = c.id
                      and m.direction = 'down' and m.sent_at is not null)
    order by c.created_at, c.id limit 100"""


async def take_commands(
    conn: asyncpg.Connection, device: int, judge: Callable[[Command], tuple[bool, str]]
) -> list[Command]:
    """What waits for an app that never answers: it is handed out once. `judge` says whether it is done by that, and in
    words."""
    async with conn.transaction():
        rows = await conn.fetch(f"{UNSENT} for update of c skip locked", device)
        taken = [_read_command(row) for row in rows]
        for each in taken:
            await update_given(conn, device, each, *judge(each))
    return taken


async def select_unsent(conn: asyncpg.Connection, device: int) -> list[Command]:
    """The same without taking it: for who hands it to something that says that it has it."""
    return [_read_command(row) for row in await conn.fetch(UNSENT, device)]


async def update_given(conn: asyncpg.Connection, device: int, command: Command, ok: bool, detail: str) -> None:
    """It was handed out. Messages stay open, for the thread says what is known of them."""
    if command.name == "message" and ok:
        await update_sent(conn, device, [command.id])
        return
    await update_command_answered(conn, device, command.id, ok=ok, detail=detail)
    await nudge_message(conn, device, command.id)


async def select_command(conn: asyncpg.Connection, id: str) -> Command | None:
    row = await conn.fetchrow(f"select {COLUMNS} from command c join device d on d.key = c.device where c.id = $1", id)
    return _read_command(row) if row else None


async def count_open_commands(conn: asyncpg.Connection, device: int) -> int:
    count: int = await conn.fetchval(
        "select count(*) from command where device = $1 and answered_at is null and expires > now()", device
    )
    return count


async def select_commands(conn: asyncpg.Connection, device: int, *, limit: int) -> list[Command]:
    """All of a device's, the newest first."""
    rows = await conn.fetch(
        f"""select {COLUMNS} from command c join device d on d.key = c.device
            where c.device = $1 order by c.created_at desc, c.id limit $2""",
        device,
        limit,
    )
    return [_read_command(row) for row in rows]


async def update_command_answered(
    conn: asyncpg.Connection, device: int, id: str, *, ok: bool, detail: str | None
) -> bool:
    """Keep what the device answered. The first answer stays. False where there is nothing to answer: the command is
    unknown, another device's, answered already or expired."""
    row = await conn.fetchrow(
        """update command set answered_at = now(), ok = $3, detail = $4
           where id = $1 and device = $2 and answered_at is null and expires > now() returning id""",
        id,
        device,
        ok,
        detail,
    )
    return row is not None


def _read_command(row: asyncpg.Record) -> Command:
    answered = row["answered_at"]
    return Command(
        id=row["id"],
        device=row["device"],
        name=row["name"],
        args=msgspec.Raw(row["args"]),
        created_at=from_datetime(row["created_at"]),
        expires=from_datetime(row["expires"]),
        answered_at=from_datetime(answered) if answered else None,
        ok=row["ok"],
        detail=row["detail"],
    )
