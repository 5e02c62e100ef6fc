"""Audit: the one function by which a route notes what it did."""

import asyncpg
from quart import request

from tracker.access.guard import address, caller
from tracker.model.audit import Deed, Scalar
from tracker.store.audit import insert_audit
from tracker.store.people import select_owner_of_device


async def note_of(
    conn: asyncpg.Connection,
    person: int,
    name: str,
    object: str | int,
    /,
    *,
    group: int | None = None,
    **detail: Scalar,
) -> None:
    """The same for who has only just come in, and is no caller yet."""
    await insert_audit(conn, Deed(name, str(object), person, None, address(request), group, detail))


async def note(
    conn: asyncpg.Connection, name: str, object: str | int, /, *, group: int | None = None, **detail: Scalar
) -> None:
    """In the transaction of the deed, as its last statement: both are there, or neither. Never a secret in `detail`."""
    token = caller()
    person = token.person if token else None
    number = token.id or None if token and person is None else None
    await insert_audit(conn, Deed(name, str(object), person, number, address(request), group, detail))


async def note_reading(conn: asyncpg.Connection, device: int, id: str) -> None:
    """Somebody reads where a device was that is a person's own, and not the reader's. `device` is the key."""
    token = caller()
    whose = await select_owner_of_device(conn, device)
    if whose is not None and (token is None or token.person != whose):
        await note(conn, "history.read", id, whose=whose)
