"""Columns color, icon and notes of table device: how people tell it from others. Notes are read by themselves."""

import asyncpg


async def update_appearance(
    conn: asyncpg.Connection, device: int, *, color: str | None, icon: str | None, notes: str | None
) -> None:
    """None leaves a value as it is, '' takes it away. `device`: the key."""
    await conn.execute(
        """update device set color = nullif(coalesce($2, color), ''), icon = nullif(coalesce($3, icon), ''),
                             notes = nullif(coalesce($4, notes), '')
           where key = $1""",
        device,
        color,
        icon,
        notes,
    )


async def select_notes(conn: asyncpg.Connection, device: int) -> str | None:
    notes: str | None = await conn.fetchval("select notes from device where key = $1", device)
    return notes
