"""A phone joins a gathering: it becomes a device of its group, with a token of its own."""

import secrets

import asyncpg

from tracker.access.tokens import digest, issue
from tracker.model.device import Device
from tracker.store.devices import insert_device
from tracker.store.gatherings import insert_gathering_device, use_gathering
from tracker.store.holders import hold

NAME = "gathered"  # of the token


async def join_gathering(conn: asyncpg.Connection, code: str) -> tuple[Device, str] | None:
    """The new device and its token. None: no gathering is open by this code, or it is full."""
    async with conn.transaction():
        found = await use_gathering(conn, digest(code))
        if found is None:
            return None
        gathering, number = found
        id = f"{gathering.id[:48]}-{number}-{secrets.token_hex(2)}"
        device = await insert_device(conn, id, f"{gathering.name[:180]} {number}")
        await hold(conn, gathering.group, "device", device.key)
        await insert_gathering_device(conn, gathering.key, device.key, number)
        _, secret = await issue(conn, "device", device=device.key, name=NAME)
        return device, secret
