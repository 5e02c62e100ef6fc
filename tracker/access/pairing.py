"""Pairing: how a phone becomes a device. A code is shown as a link or a picture, and used once."""

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from tracker.access.tokens import digest, issue, new_secret
from tracker.model.device import Device
from tracker.store.devices import select_device_by_key
from tracker.store.pairings import insert_pairing, use_pairing
from tracker.store.tokens import revoke_device_tokens

LIFETIME: Final = timedelta(minutes=15)  # a person stands there with the phone in the other hand
NAME: Final = "paired"  # of the token it becomes


async def make_pairing(conn: asyncpg.Connection, device: int) -> tuple[str, datetime]:
    """The code, stored by its hash only, and when it ends."""
    code = new_secret()
    return code, await insert_pairing(conn, device, digest(code), LIFETIME)


async def redeem_pairing(conn: asyncpg.Connection, code: str) -> tuple[Device, str] | None:
    """The device and its new token; the former ones end, and so do their sockets. None: the code is no good."""
    async with conn.transaction():
        key = await use_pairing(conn, digest(code))
        device = None if key is None else await select_device_by_key(conn, key)
        if device is None:
            return None
        await revoke_device_tokens(conn, device.key)
        _, secret = await issue(conn, "device", device=device.key, name=NAME)
        return device, secret
