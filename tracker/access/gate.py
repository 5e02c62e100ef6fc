"""The gate: turns what a caller shows into a token, or refuses."""

from collections.abc import Collection
from dataclasses import dataclass, field

import asyncpg

from tracker.access.backoff import Backoff
from tracker.access.sign_ins import session_token
from tracker.access.tokens import authenticate, digest
from tracker.errors import NotSignedIn, TooMany
from tracker.model.token import Token


@dataclass(frozen=True)
class Gate:
    """One for the process; the HTTP routes use it, and the sockets for a token in their first message."""

    pool: asyncpg.Pool
    admin_token: str | None = None
    origins: Collection[str] = ()
    backoff: Backoff = field(default_factory=Backoff)

    async def admit(self, secret: str, address: str) -> Token:
        """Whose secret this is. NotSignedIn for one we do not know, TooMany for an address that guessed too often."""
        hashed = digest(secret)
        if (wait := self.backoff.wait(address, hashed)) > 0:
            raise TooMany("too many failed sign-ins from this address", retry_after=wait)
        token = await authenticate(self.pool, secret, self.admin_token)
        if token is None:
            self.backoff.failed(address, hashed)
            raise NotSignedIn
        self.backoff.worked(hashed)
        return token

    async def recognise(self, cookie: str) -> Token | None:
        """The token behind a session's cookie; None for one that ended. Not counted as a guess: cookies expire."""
        return await session_token(self.pool, cookie, self.admin_token)
