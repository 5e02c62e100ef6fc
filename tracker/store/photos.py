"""Table device_photo, and the column of device that says which one it is."""

import asyncpg

from tracker.model.photo import Photo


async def upsert_photo(conn: asyncpg.Connection, device: int, photo: Photo) -> None:
    """In a transaction. `device`: the key, as in all of these."""
    await conn.execute(
        """insert into device_photo (device, media, bytes) values ($1, $2, $3)
           on conflict (device) do update set media = excluded.media, bytes = excluded.bytes""",
        device,
        photo.media,
        photo.bytes,
    )
    await _update_tag(conn, device, photo.tag)


async def select_photo(conn: asyncpg.Connection, device: int) -> Photo | None:
    row = await conn.fetchrow("select media, bytes from device_photo where device = $1", device)
    return None if row is None else Photo(row["media"], row["bytes"])


async def delete_photo(conn: asyncpg.Connection, device: int) -> bool:
    """In a transaction. False where there is none."""
    if await conn.execute("delete from device_photo where device = $1", device) == "DELETE 0":
        return False
    await _update_tag(conn, device, None)
    return True


async def _update_tag(conn: asyncpg.Connection, device: int, tag: str | None) -> None:
    await conn.execute(
        """with made as (update device set photo = $2 where key = $1 returning key)
           select pg_notify('tracker_device', key::text) from made""",
        device,
        tag,
    )
