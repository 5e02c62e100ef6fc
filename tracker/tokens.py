"""Making a token from the command line, beside a server that runs or not."""

from tracker.access.tokens import issue
from tracker.model.token import TokenKind
from tracker.store.pool import open_connection


async def create_token(url: str, kind: TokenKind, name: str) -> str:
    """The secret, which is known only now."""
    conn = await open_connection(url)
    try:
        _, secret = await issue(conn, kind, name=name)
    finally:
        await conn.close()
    return secret
