"""Tokens: made once, shown once, known afterwards only by their hash."""

import hashlib
import hmac
import secrets
from typing import Final

import asyncpg

from tracker.model.token import Token, TokenKind
from tracker.store.pool import open_connection
from tracker.store.tokens import TokenToIssue, insert_token

PREFIX: Final = "trk_"  # so that a leaked one is found by a search, and by the log's redaction


def new_secret() -> str:
    """256 random bits behind a prefix."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored. Plain SHA-256 will do: a secret of 256 random bits cannot be guessed from it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def issue(
    conn: asyncpg.Connection,
    kind: TokenKind,
    *,
    device: int | None = None,
    name: str = "",
    group: int | None = None,
    expires: int | None = None,
) -> tuple[Token, str]:
    """A new token and its secret, which is not kept. `group` is the key of the one it is of; `expires` in ms."""
    secret = new_secret()
    return await insert_token(conn, TokenToIssue(kind, name, device, group, expires), digest(secret)), secret


async def issue_at(url: str, kind: TokenKind, name: str) -> str:
    """The secret of a new token in the database at this URL, beside a server that runs or not."""
    conn = await open_connection(url)
    try:
        _, secret = await issue(conn, kind, name=name)
    finally:
        await conn.close()
    return secret


def is_operator(secret: str, admin_token: str | None) -> bool:
    """Whether it is the token of the settings, told in the same time for any other."""
    return admin_token is not None and hmac.compare_digest(digest(secret), digest(admin_token))


OPERATOR: Final = Token(id=0, kind="admin", name="operator")
