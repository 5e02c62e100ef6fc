"""Threads: messages to the viewers that wish for them, in order and without gaps, and again when their state changes.

The table is the truth, and a nudge only says "look": a viewer reads on from the last number it was sent.
"""

from collections.abc import Callable, Collection
from typing import Final, Protocol

import asyncpg

from tracker.access.sights import Sights
from tracker.live.frames import Subscribe
from tracker.model.message import Message
from tracker.model.sight import BLIND
from tracker.model.token import Token
from tracker.store.messages import select_message, select_message_head, select_messages
from tracker.store.pool import borrow

PAGE: Final = 200


class Reader(Protocol):
    """Who reads the thread. `message` is the number of the last one it was sent; None: it begins with the next."""

    wish: Subscribe | None
    token: Token | None
    message: int | None
    is_reading: bool
    has_mail: bool

    @property
    def wants_messages(self) -> bool: ...
    @property
    def is_full(self) -> bool: ...
    def tell_message(self, message: Message) -> None: ...


async def read_on(reader: Reader, pool: asyncpg.Pool, sights: Sights) -> None:
    """Until the reader is level with the table, or its socket is full: when that has drained, this begins again."""
    reader.is_reading = True
    try:
        while reader.wants_messages and reader.has_mail and not reader.is_full:
            reader.has_mail = False
            await send_page(reader, pool, sights)
    finally:
        reader.is_reading = False


async def send_page(reader: Reader, pool: asyncpg.Pool, sights: Sights) -> None:
    wish, after = reader.wish, reader.message
    async with borrow(pool) as conn:
        if after is None:
            after = await select_message_head(conn)
        messages = await select_messages(conn, after=after, limit=PAGE)
        if messages:
            await sights.refresh(conn)  # behind the select: what is told is told by rights no older than it
    if reader.wish is not wish or (reader.message is not None and reader.message != after):
        reader.has_mail = True
        return  # it subscribed anew meanwhile
    reader.message = messages[-1].number if messages else after
    sight = BLIND if reader.token is None else sights.find(reader.token)
    for message in messages:
        if sight.sees_device(message.device):
            reader.tell_message(message)
    reader.has_mail = reader.has_mail or len(messages) == PAGE


async def tell_changed(
    number: int, readers: Callable[[], Collection[Reader]], pool: asyncpg.Pool, sights: Sights
) -> None:
    """The state of this message is another one. Who was not sent it yet reads it when it reads on."""
    async with borrow(pool) as conn:
        message = await select_message(conn, number)
        await sights.refresh(conn)
    for reader in tuple(readers()) if message else ():
        sight = BLIND if reader.token is None else sights.find(reader.token)
        is_told = reader.wants_messages and reader.message is not None and number <= reader.message
        if message and is_told and sight.sees_device(message.device):
            reader.tell_message(message)
