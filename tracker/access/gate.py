"""The gate: turns what a caller shows into a token, or refuses."""

from collections.abc import Collection
from dataclasses import dataclass, field

import asyncpg

from tracker.access.guesses import Guesses
from tracker.access.links import redeem_link
from tracker.access.sign_ins import find_sign_in_token
from tracker.access.tokens import authenticate, digest
from tracker.errors import NotSignedIn, TooMany
from tracker.model.token import Token
from tracker.store.pool import borrow


@dataclass(frozen=True)
class Gate:
    """One for the process; the HTTP routes use it, and the sockets for a token in their first message."""

    pool: asyncpg.Pool
    admin_token: str | None = None
    origins: Collection[str] = ()
    guesses: Guesses = field(default_factory=Guesses)

    async def admit(self, secret: str, address: str) -> Token:
        """Whose secret this is. NotSignedIn for one we do not know, TooMany for an address that guessed too often."""
        hashed = digest(secret)
        if (wait := self.guesses.wait(address, hashed)) > 0:
            raise TooMany("too many failed sign-ins from this address", retry_after=wait)
        token = await authenticate(self.pool, secret, self.admin_token)
        if token is None:
            self.guesses.note_failure(address, hashed)
            raise NotSignedIn
        self.guesses.note_success(hashed)
        return token

    async def redeem(self, code: str, address: str) -> Token:
        """The token that a sign-in link stands for, once. Refuses as `admit` does."""
        hashed = digest(code)
        if (wait := self.guesses.wait(address, hashed)) > 0:
            raise TooMany("too many failed sign-ins from this address", retry_after=wait)
        async with borrow(self.pool) as conn:
            token = await redeem_link(conn, code)
        if token is None:
            self.guesses.note_failure(address, hashed)
            raise NotSignedIn("this link was used, or is too old; `tracker sign-in` on the server makes a new one")
        return token

    async def recognise(self, cookie: str) -> Token | None:
        """The token behind the cookie of a sign-in; None for one that ended. Not counted as a guess: cookies expire."""
        return await find_sign_in_token(self.pool, cookie, self.admin_token)
