"""Sign-ins: what a browser gets for a token, so that no page has to keep the token itself."""

from typing import Final

import asyncpg

from tracker.access.tokens import digest, new_secret
from tracker.model.person import Proof
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.sign_ins import (
    Origin,
    delete_sign_in,
    insert_person_sign_in,
    insert_sign_in,
    select_sign_in_token,
)

COOKIE: Final = "tracker_session"


async def open_sign_in(conn: asyncpg.Connection, token: Token, admin_token: str | None, most: int) -> str:
    """The secret for the cookie; stored by its hash only. `most`: sessions of one reader."""
    secret = new_secret()
    if token.id:
        await insert_sign_in(conn, digest(secret), token.id, most)
    else:
        await insert_sign_in(conn, _make_operator_digest(secret, admin_token), None, most)
    return secret


async def open_person_sign_in(conn: asyncpg.Connection, proof: Proof, origin: Origin, most: int) -> str | None:
    """The same for a person, whatever the proof was: no other function makes a session of one. None where the person
    signs in by something else by now."""
    secret = new_secret()
    is_open = await insert_person_sign_in(conn, digest(secret), proof, origin, most)
    return secret if is_open else None


async def find_sign_in_token(pool: asyncpg.Pool, secret: str, admin_token: str | None) -> Token | None:
    async with borrow(pool) as conn:
        return await select_sign_in_token(conn, _make_digests(secret, admin_token))


async def close_sign_in(conn: asyncpg.Connection, secret: str, admin_token: str | None) -> None:
    await delete_sign_in(conn, _make_digests(secret, admin_token))


def _make_digests(secret: str, admin_token: str | None) -> list[bytes]:
    return [digest(secret)] + ([_make_operator_digest(secret, admin_token)] if admin_token else [])


def _make_operator_digest(secret: str, admin_token: str | None) -> bytes:
    """The operator's token has no row to revoke: its sign-ins are bound to its value, and end when it is changed."""
    return digest(f"{secret} {admin_token}")
