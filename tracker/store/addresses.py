"""The keys of ingest addresses. They are kept as they are, for whoever sets an app up has to read them again."""

from collections.abc import Collection

import asyncpg

from tracker.model.address import Address
from tracker.model.device import Device


async def select_addresses(conn: asyncpg.Connection, keys: Collection[str]) -> dict[str, Address]:
    """What these keys stand for; those that nobody has are absent."""
    rows = await conn.fetch(
        """select ingest_key, owntracks_secret, owntracks_friends, key, id, name, category, interval_s, color, icon
           from device
           where ingest_key = any($1::text[])""",
        list(keys),
    )
    return {
        row["ingest_key"]: Address(read_device(row), row["owntracks_secret"], row["owntracks_friends"]) for row in rows
    }


def read_device(row: asyncpg.Record) -> Device:
    return Device(row["key"], row["id"], row["name"], row["category"], row["interval_s"], row["color"], row["icon"])


async def select_ingest_key(conn: asyncpg.Connection, device: int) -> str | None:
    key: str | None = await conn.fetchval("select ingest_key from device where key = $1", device)
    return key


async def update_ingest_key(conn: asyncpg.Connection, device: int) -> str | None:
    """A new one; the old one ends. None where the device is gone."""
    key: str | None = await conn.fetchval(
        """with made as (update device set ingest_key = default where key = $1 returning key, ingest_key)
           select ingest_key from made, pg_notify('tracker_device', key::text)""",
        device,
    )
    return key


async def update_owntracks_secret(conn: asyncpg.Connection, device: int, secret: str | None) -> None:
    await conn.execute(
        """with made as (update device set owntracks_secret = $2 where key = $1 returning key)
           select pg_notify('tracker_device', key::text) from made""",
        device,
        secret,
    )
