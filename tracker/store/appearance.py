"""Columns color, icon and notes of table device: how people tell it from others; and what is told of its motion. Notes
are read by themselves."""

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


async def update_guard(conn: asyncpg.Connection, device: int, *, trips: bool | None, radius: float | None) -> None:
    """What is told of its motion. None leaves a value as it is, a radius of 0 takes it away, any other arms it anew."""
    await conn.execute(
        """update device set trips = coalesce($2, trips),
                             guard_radius = nullif(coalesce($3, guard_radius), 0),
                             guarded_at = case when $3 is null then guarded_at when $3 > 0 then clock_timestamp() end
           where key = $1""",
        device,
        trips,
        radius,
    )


async def select_notes(conn: asyncpg.Connection, device: int) -> str | None:
    notes: str | None = await conn.fetchval("select notes from device where key = $1", device)
    return notes
