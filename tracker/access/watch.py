"""Watch: who may read the metrics, which tell how many there are of everything, and when somebody is on the way."""

import hmac
from dataclasses import dataclass

from quart.wrappers import Request

from tracker.access.gate import Gate
from tracker.access.guard import address, read_bearer
from tracker.access.rights import sees_all
from tracker.access.tokens import digest
from tracker.errors import NotAllowed, NotSignedIn
from tracker.store.pool import borrow


@dataclass(frozen=True)
class Watch:
    """`token` is the operator's for this alone: it needs no database, which may be what is broken. Without it everybody
    may read them until there is a second person, as of the rights that were read last."""

    gate: Gate
    token: str | None = None

    async def check(self, call: Request) -> None:
        """NotSignedIn without a token that is known, NotAllowed for one that does not see everything."""
        header = call.headers.get("Authorization")
        shown = None if header is None else read_bearer(header)
        if self.token is not None and shown is not None and hmac.compare_digest(digest(shown), digest(self.token)):
            return
        if self.token is None and await self._count_people() < 2:
            return
        if shown is None:
            raise NotSignedIn
        if not sees_all(await self.gate.admit(shown, address(call))):
            raise NotAllowed

    async def _count_people(self) -> int:
        sights = self.gate.sights
        if sights.revision < 0:
            async with borrow(self.gate.pool) as conn:
                await sights.refresh(conn)
        return sights.rights.people
