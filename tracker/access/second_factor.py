"""The second factor: a code of an authenticator app beside the password, or in its place a recovery code."""

import base64
import re
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

import asyncpg

from tracker.access.guesses import Guesses
from tracker.access.tokens import digest
from tracker.errors import CodeNeeded, Conflict, Invalid, NotSignedIn, TooMany, TrackerError
from tracker.model.totp import find_step
from tracker.store.pool import borrow
from tracker.store.second_factors import (
    count_wrong_code,
    delete_second_factor,
    insert_second_factor,
    replace_recovery_codes,
    select_second_factor,
    update_second_factor,
    use_recovery_code,
)

SECRET_BYTES: Final = 20
RECOVERY_CODES: Final = 10
FREE: Final = 5  # wrong codes of one person, from anywhere, before the first wait: who tries has the password already
MOST_FAILURES: Final = (
    100  # since the last right one; then the app's codes are no longer taken: a million is soon tried
)
DIGITS: Final = re.compile(r"\d{6}")
NOISE: Final = re.compile(r"[\s-]")


class SecondFactor:
    """One for the process. Failures count for the person, wherever they come from: unlike a password, nobody can try a
    code without the password, so no stranger can make a person wait."""

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._clock = clock
        self.guesses = Guesses(free=FREE)

    async def check(self, person: int, code: str | None) -> None:
        """CodeNeeded without one, NotSignedIn for a wrong one or one that was used, TooMany for who has to wait."""
        if code is None:
            raise CodeNeeded(field="code")
        await self._try(person, code, NotSignedIn("this code is wrong, or was used", field="code"))

    async def begin(self, conn: asyncpg.Connection, person: int) -> bytes:
        """The secret of a new one, which is off until a code of it is shown. Conflict where one is on."""
        secret = secrets.token_bytes(SECRET_BYTES)
        if not await insert_second_factor(conn, person, secret):
            raise Conflict("a second factor is on already")
        return secret

    async def turn_on(self, conn: asyncpg.Connection, person: int, code: str) -> Sequence[str]:
        """The recovery codes, which are not kept. In a transaction. Invalid for a wrong code, Conflict where it is
        on."""
        found = await select_second_factor(conn, person, lock=True)
        if found is None or found.is_on:
            raise Conflict("a second factor is on already" if found else "begin with a new secret")
        step = find_step(found.secret, NOISE.sub("", code), self._clock())
        if step is None:
            raise Invalid("code: this is not what the app should show now; is its clock right?", field="code")
        await update_second_factor(conn, person, step)
        codes = [make_recovery_code() for _ in range(RECOVERY_CODES)]
        await replace_recovery_codes(conn, person, [_digest(each) for each in codes])
        return codes

    async def turn_off(self, person: int, code: str) -> None:
        """Invalid for a wrong code; the password is looked at by who calls."""
        await self._try(person, code, Invalid("code: it is wrong, or was used", field="code"))
        async with borrow(self._pool) as conn:
            await delete_second_factor(conn, person)

    async def _try(self, person: int, code: str, wrong: TrackerError) -> None:
        """A try counts as failed from its beginning, so that those made at the same time count, too."""
        account = str(person)
        if (wait := self.guesses.wait(account)) > 0:
            raise TooMany("too many wrong codes; wait a little", retry_after=wait)
        self.guesses.note_failure(account)
        async with borrow(self._pool) as conn, conn.transaction():
            is_right = await self._use(conn, person, NOISE.sub("", code).upper())
        if not is_right:
            raise wrong
        self.guesses.take_back(account)

    async def _use(self, conn: asyncpg.Connection, person: int, code: str) -> bool:
        found = await select_second_factor(conn, person, lock=True)
        if found is None or not found.is_on:
            return False
        if not DIGITS.fullmatch(code):
            return await use_recovery_code(conn, person, _digest(code))
        step = find_step(found.secret, code, self._clock())
        if step is None or step <= found.last_step or found.failures >= MOST_FAILURES:
            await count_wrong_code(conn, person)
            return False
        await update_second_factor(conn, person, step)
        return True


def make_recovery_code() -> str:
    """80 random bits, in groups of four."""
    text = base64.b32encode(secrets.token_bytes(10)).decode()
    return "-".join(text[n : n + 4] for n in range(0, 16, 4))


def _digest(code: str) -> bytes:
    """Whoever reads the table finds no code that fits: 80 bits are not tried."""
    return digest(f"recovery {NOISE.sub('', code).upper()}")
