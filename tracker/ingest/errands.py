"""Errands: what a session asks the database for its device. What every hello asks is asked for all hellos that wait,
for after a restart a whole fleet says it at once; the others borrow a connection each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from tracker.access.gate import Gate
from tracker.access.lookup import Lookup
from tracker.errors import NotAllowed, NotSignedIn
from tracker.ingest.frames import Hello, Read, Result
from tracker.model.command import Command
from tracker.model.device import Device
from tracker.model.token import Token
from tracker.store.alarms import SeenAlarm, select_all_seen
from tracker.store.commands import select_all_open_commands, update_command_answered
from tracker.store.devices import select_devices_by_key
from tracker.store.messages import nudge_message, update_read, update_sent
from tracker.store.pool import borrow

CROWD: Final = 15.0  # s to wait for a connection: thousands come at once after a restart


@dataclass(frozen=True)
class Lookups:
    """What hellos ask, by the device's key. One for the process."""

    devices: Lookup[int, Device] = field(default_factory=lambda: Lookup(select_devices_by_key))
    commands: Lookup[int, list[Command]] = field(default_factory=lambda: Lookup(select_all_open_commands))
    seen: Lookup[int, list[SeenAlarm]] = field(default_factory=lambda: Lookup(select_all_seen))


async def identify(
    pool: asyncpg.Pool, lookups: Lookups, gate: Gate, hello: Hello, token: Token | None, peer: str
) -> tuple[Device, Token]:
    """Who says this hello. `token` is the handshake's; where it is None, the hello has to bring one.

    Raises NotSignedIn, NotAllowed, TooManyAttempts, StorageDown."""
    token = token or await sign_in(gate, hello, peer)
    if token.kind != "device" or token.device is None:
        raise NotAllowed("only a device's own token may send its fixes")
    device = await lookups.devices.find(pool, token.device)
    if device is None or device.id != hello.device:
        raise NotAllowed("this token is another device's")
    return device, token


async def sign_in(gate: Gate, hello: Hello, peer: str) -> Token:
    if hello.token is None:
        raise NotSignedIn
    return await gate.admit(hello.token, peer)


async def fetch_commands(pool: asyncpg.Pool, lookups: Lookups, device: Device) -> list[Command]:
    """Those the device has not answered, and that have not expired."""
    return await lookups.commands.find(pool, device.key) or []


async def keep_result(pool: asyncpg.Pool, device: Device, result: Result) -> bool:
    """False: the device has no open command of that id."""
    async with borrow(pool, wait=CROWD) as conn:
        known = await update_command_answered(conn, device.key, result.id, ok=result.ok, detail=result.detail)
        if known:
            await nudge_message(conn, device.key, result.id)
        return known


async def keep_sent(pool: asyncpg.Pool, device: Device, ids: Sequence[str]) -> None:
    """These messages went out."""
    async with borrow(pool, wait=CROWD) as conn:
        await update_sent(conn, device.key, ids)


async def keep_read(pool: asyncpg.Pool, device: Device, read: Read) -> bool:
    """False: the device was sent no message of that id."""
    async with borrow(pool, wait=CROWD) as conn:
        return await update_read(conn, device.key, read.id)


async def fetch_seen(pool: asyncpg.Pool, lookups: Lookups, device: Device) -> list[SeenAlarm]:
    """Its calls for help of the last day that somebody has seen."""
    return await lookups.seen.find(pool, device.key) or []
