"""Codes: what stands in a link behind the #, works once, and is stored by its hash only."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import asyncpg

from tracker.access.tokens import digest, new_secret
from tracker.errors import NotFound
from tracker.model.audit import Deed
from tracker.store.audit import insert_audit
from tracker.store.invitations import Invitation, insert_invitation, insert_password_reset
from tracker.store.people import select_person_by_email
from tracker.store.pool import open_connection

INVITATION: Final = timedelta(days=7)
RESET: Final = timedelta(hours=1)


class Code(NamedTuple):
    secret: str
    ends: datetime


async def make_invitation(conn: asyncpg.Connection, invitation: Invitation) -> Code:
    secret = new_secret()
    return Code(secret, await insert_invitation(conn, digest(secret), invitation, INVITATION))


async def make_reset(conn: asyncpg.Connection, person: int) -> Code:
    """The link for a new password."""
    secret = new_secret()
    return Code(secret, await insert_password_reset(conn, digest(secret), person, RESET))


async def make_reset_at(url: str, email: str) -> str:
    """The same from the command line, beside a server that runs or not. NotFound where nobody has this address."""
    conn = await open_connection(url)
    try:
        if (found := await select_person_by_email(conn, email)) is None:
            raise NotFound(f"nobody has the e-mail address {email}")
        async with conn.transaction():
            code = await make_reset(conn, found.key)
            await insert_audit(conn, Deed("password.link_made", str(found.key)))
        return code.secret
    finally:
        await conn.close()
