"""Table handed_answer: what OwnTracks was told last in an answer, and to which message."""

from typing import Final

import asyncpg

LASTS: Final = "1 day"


async def upsert_handed(conn: asyncpg.Connection, device: int, mark: bytes, commands: bytes) -> None:
    """`commands` as JSON. In place of what was told before; nothing for a device that is gone or is being deleted."""
    await conn.execute(
        """insert into handed_answer (device, mark, commands)
           select key, $2, $3 from device where key = $1 for key share skip locked
           on conflict (device) do update set mark = $2, commands = $3, given_at = now()""",
        device,
        mark,
        commands,
    )


async def take_handed(conn: asyncpg.Connection, device: int, mark: bytes) -> bytes | None:
    """What was told in the answer to this message, by whichever process; None: nothing, or too long ago. What was told
    to another message is no longer kept: the app goes on, so it had its answer."""
    commands: bytes | None = await conn.fetchval(
        f"""with heard as (delete from handed_answer where device = $1 and mark <> $2)
            select commands from handed_answer
            where device = $1 and mark = $2 and given_at > now() - interval '{LASTS}'""",
        device,
        mark,
    )
    return commands
