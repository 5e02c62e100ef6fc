"""The gate: turns what a caller shows into a token, or refuses."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

import asyncpg

from tracker.access.bounds import Bounds
from tracker.access.gathering import join_gathering
from tracker.access.guesses import Guesses
from tracker.access.links import redeem_link
from tracker.access.lookup import Lookup
from tracker.access.pairing import redeem_pairing
from tracker.access.sights import Sights
from tracker.access.sign_ins import find_sign_in_token
from tracker.access.tokens import OPERATOR, digest, is_operator
from tracker.errors import NotFound, NotSignedIn, TooMany, TrackerError
from tracker.model.device import Device
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.share_looks import select_callers_by_hash


@dataclass(frozen=True)
class Gate:
    """One for the process; the HTTP routes use it, and the sockets for a token in their first message.

    What is valid is let in, whatever else came from its address: a secret of 256 bits is not guessed, and a whole fleet
    may stand behind one address. Only who fails is told to wait.
    """

    pool: asyncpg.Pool
    admin_token: str | None = None
    origins: Collection[str] = ()
    guesses: Guesses = field(default_factory=Guesses)
    lookup: Lookup[bytes, Token] = field(default_factory=lambda: Lookup(select_callers_by_hash))
    sights: Sights = field(default_factory=Sights)
    bounds: Bounds = field(default_factory=Bounds)
    redeeming: asyncio.Lock = field(default_factory=asyncio.Lock)  # one link at a time: a flood has one connection

    async def admit(self, secret: str, address: str) -> Token:
        """Whose secret this is. NotSignedIn for one we do not know, TooMany once its address failed too often."""
        if is_operator(secret, self.admin_token):
            return OPERATOR
        token = await self.look_up(secret)
        if token is None:
            raise self.count_failure(address, NotSignedIn())
        return token

    async def look_up(self, secret: str) -> Token | None:
        """Whose it is, but for the operator's. None for nobody's, for which nothing is counted. Raises StorageDown."""
        return await self.lookup.find(self.pool, digest(secret))

    async def redeem(self, code: str, address: str) -> Token:
        """The token that a sign-in link stands for, once. Refuses as `admit` does."""
        async with self.redeeming, borrow(self.pool) as conn:
            token = await redeem_link(conn, code)
        if token is None:
            said = "this link was used, or is too old; `tracker sign-in` on the server makes a new one"
            raise self.count_failure(address, NotSignedIn(said))
        return token

    async def pair(self, code: str, address: str) -> tuple[Device, str]:
        """The device that a pairing code stands for, once, and its new token. NotFound for a code that is no good,
        TooMany as `admit` does."""
        async with self.redeeming, borrow(self.pool) as conn:
            found = await redeem_pairing(conn, code) or await join_gathering(conn, code)
        if found is None:
            said = "this code was used, is too old, or is none; whoever showed it can make a new one"
            raise self.count_failure(address, NotFound(said))
        return found

    def count_failure(self, address: str, error: TrackerError) -> TrackerError:
        """What to tell who failed: the same as the others, or to wait first."""
        if (wait := self.guesses.wait(address)) > 0:
            return TooMany("too many failed sign-ins from this address", retry_after=wait)
        self.guesses.note_failure(address)
        return error

    async def recognise(self, cookie: str) -> Token | None:
        """The token behind the cookie of a sign-in; None for one that ended. Not counted as a guess: cookies expire."""
        return await find_sign_in_token(self.pool, cookie, self.admin_token)
