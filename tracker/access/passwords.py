"""Passwords: how a person is let in by one, and how one is changed."""

import asyncpg

from tracker.access.hashing import Hashing
from tracker.access.second_factor import SecondFactor
from tracker.access.tries import Tries
from tracker.errors import Invalid, NotSignedIn, TooMany
from tracker.model.person import Person, Proof, fault_of_email, fault_of_password
from tracker.store.people import select_credentials, select_password, update_password
from tracker.store.pool import borrow

WRONG = "this e-mail address and this password do not belong together"  # also where there is no such account


class Passwords:
    """One for the process: what it costs to look at a password, and how often one may try, is bounded here."""

    def __init__(self, pool: asyncpg.Pool, hashing: Hashing | None = None, tries: Tries | None = None) -> None:
        self.pool = pool
        self.hashing = hashing or Hashing()
        self.tries = tries or Tries()
        self.factor = SecondFactor(pool)
        self.letters = Tries()  # how often one may ask for a letter

    async def admit(self, email: str, password: str, address: str, code: str | None = None) -> Proof:
        """Whose these are. NotSignedIn, with the same words after the same time, whether the account or the password is
        wrong; TooMany for who has to wait. No connection is held while it is hashed. Of a second factor only who knows
        the password learns: CodeNeeded where it is on and no code was shown."""
        self.tries.begin(email, address)
        try:
            async with borrow(self.pool) as conn:
                found = None if fault_of_email(email) else await select_credentials(conn, email)
            is_right = await self.hashing.verify(found.password if found else None, password)
        except TooMany:
            self.tries.take_back(email, address)
            raise
        if found is None or found.password is None or not is_right:
            raise NotSignedIn(WRONG)
        self.tries.take_back(email, address)
        if found.factor:
            await self.factor.check(found.person.key, code)
        ways = found.ways
        if self.hashing.is_outdated(found.password):
            ways = await self._renew(found.person.key, password)
        return Proof(found.person.key, ways)

    async def confirm(self, person: Person, password: str, address: str) -> None:
        """Invalid where it is not this person's: a browser left open is not enough to take the account over."""
        self.tries.begin(person.email, address)
        async with borrow(self.pool) as conn:
            hashed = await select_password(conn, person.key)
        if not await self.hashing.verify(hashed, password):
            raise Invalid("current: this is not your password", field="current")
        self.tries.take_back(person.email, address)

    async def make(self, password: str, email: str) -> str:
        """The hash of a new one. Invalid with the field where it is too weak."""
        if (fault := fault_of_password(password, email)) is not None:
            raise Invalid(f"password: {fault}", field="password")
        return await self.hashing.hash(password)

    async def _renew(self, key: int, password: str) -> int:
        hashed = await self.hashing.hash(password)
        async with borrow(self.pool) as conn:
            return await update_password(conn, key, hashed)
