"""Sign-in links: how the first person gets in, without a token to copy. Each works once, and for a time."""

from datetime import timedelta
from typing import Final

import asyncpg

from tracker.access.tokens import digest, issue, new_secret
from tracker.model.token import Token
from tracker.store.pool import open_connection
from tracker.store.sign_in_links import has_way_in, insert_sign_in_link, use_sign_in_link

LIFETIME: Final = timedelta(hours=1)  # of one that was asked for: somebody waits for it
FIRST_LIFETIME: Final = timedelta(days=1)  # of the one a first start makes: a machine may be set up overnight
NAME: Final = "sign-in link"  # of the token behind the session


async def make_link(conn: asyncpg.Connection, lifetime: timedelta = LIFETIME) -> str:
    """The code of a new link; stored by its hash only."""
    code = new_secret()
    await insert_sign_in_link(conn, digest(code), lifetime)
    return code


async def make_link_at(url: str) -> str:
    """The same from the command line, beside a server that runs or not."""
    conn = await open_connection(url)
    try:
        return await make_link(conn)
    finally:
        await conn.close()


async def make_first_link(conn: asyncpg.Connection) -> str | None:
    """None once there is, or was, another way in. So each start makes one until somebody has used one."""
    return None if await has_way_in(conn) else await make_link(conn, FIRST_LIFETIME)


async def redeem_link(conn: asyncpg.Connection, code: str) -> Token | None:
    """An admin token of its own, whose secret nobody has: what signs in by the link is listed, and ends, with it."""
    async with conn.transaction():
        if not await use_sign_in_link(conn, digest(code)):
            return None
        token, _ = await issue(conn, "admin", name=NAME)
        return token
