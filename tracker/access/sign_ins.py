"""Sessions: what a browser gets for a token, so that no page has to keep the token itself."""

from typing import Final

import asyncpg

from tracker.access.tokens import digest, new_secret
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.sign_ins import delete_session, insert_session, select_session_token

COOKIE: Final = "tracker_session"


async def open_session(conn: asyncpg.Connection, token: Token, admin_token: str | None) -> str:
    """The secret for the cookie; stored by its hash only."""
    secret = new_secret()
    if token.id:
        await insert_session(conn, digest(secret), token.id)
    else:
        await insert_session(conn, _operator_digest(secret, admin_token), None)
    return secret


async def session_token(pool: asyncpg.Pool, secret: str, admin_token: str | None) -> Token | None:
    async with borrow(pool) as conn:
        return await select_session_token(conn, _digests(secret, admin_token))


async def close_session(conn: asyncpg.Connection, secret: str, admin_token: str | None) -> None:
    await delete_session(conn, _digests(secret, admin_token))


def _digests(secret: str, admin_token: str | None) -> list[bytes]:
    return [digest(secret)] + ([_operator_digest(secret, admin_token)] if admin_token else [])


def _operator_digest(secret: str, admin_token: str | None) -> bytes:
    """The operator's token has no row to revoke: its sessions are bound to its value, and end when it is changed."""
    return digest(f"{secret} {admin_token}")
