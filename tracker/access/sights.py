"""Sights: what each caller may see, made of who is in which group and what these hold; made anew when that changes."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import TypeVar

import asyncpg

from tracker.access.rights import HOLDS, OWNER, is_owner
from tracker.model.privacy import Guise
from tracker.model.sight import BLIND, NOTHING, Sight, Things
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.rights import Rights, select_rights, select_rights_revision

T = TypeVar("T")
Key = tuple[frozenset[tuple[int, str]], Things, frozenset[int]]  # roles in groups; one's own devices and subscriptions


def make_sight(roles: Mapping[int, str], rights: Rights, own: Things, wishes: frozenset[int] = NOTHING) -> Sight:
    """Of somebody with these roles, by group: the union of what the groups hold, and of what is one's own."""
    groups, guises = rights.groups, rights.guises
    devices, fences, subscriptions = own, Things(), wishes
    for each in roles.keys() & groups.keys():
        devices, fences = devices.join(groups[each].devices), fences.join(groups[each].fences)
        if "alerts" in HOLDS[roles[each]]:  # type: ignore[index]  # a role is a kind of token too
            subscriptions |= groups[each].subscriptions
    held = {each: HOLDS[roles[each]] for each in roles.keys() & groups.keys()}  # type: ignore[index]
    veiled = {key: guise.slot for key, guise in guises.items() if key in devices.keys - own.keys}
    return Sight(
        devices,
        Things(),
        fences,
        subscriptions,
        NOTHING,
        held,
        own,
        wishes,
        veiled=veiled,
        guises=_find_slots(guises),
        dots=find_dots(rights.dots, devices.keys, veiled),
    )


def find_dots(
    dots: Iterable[frozenset[int]], seen: Collection[int], veiled: Mapping[int, int]
) -> tuple[frozenset[int], ...]:
    """In slots, of what is seen: of two phones of which one is private, the other is the dot."""
    found = (frozenset(veiled.get(key, key) for key in dot if key in seen) for dot in dots)
    return tuple(each for each in found if len(each) > 1)


def _find_slots(guises: Mapping[int, Guise]) -> frozenset[int]:
    return frozenset(guise.slot for guise in guises.values())


class Sights:
    """One for the process. What was made stays the same object as long as it says the same."""

    def __init__(self) -> None:
        self.rights = Rights()
        self._made: dict[Key, Sight] = {}
        self._before: dict[Key, Sight] = {}  # of the revision before
        self._all: dict[tuple[frozenset[str], Things, frozenset[int]], Sight] = {}
        self._reading = asyncio.Lock()

    @property
    def revision(self) -> int:
        return self.rights.revision

    def find(self, token: Token) -> Sight:
        """As of the revision that was read last."""
        rights = self.rights
        if token.kind in ("device", "link") or rights.revision < 0:
            return BLIND
        own, wishes = rights.own.get(token.person or 0, Things()), rights.wishes.get(token.person or 0, NOTHING)
        if token.person is not None and token.person not in rights.owners:
            return self._make(rights.members.get(token.person, {}), own, wishes)
        if token.group is not None:
            return self._make({token.group: token.kind}, Things(), NOTHING)
        if token.person is None and not is_owner(token):
            return self._make_all(HOLDS[token.kind], Things(), NOTHING)
        return self._make_all(OWNER, own, wishes)

    def _make(self, roles: Mapping[int, str], own: Things, wishes: frozenset[int]) -> Sight:
        known = {each: role for each, role in roles.items() if each in self.rights.groups}
        key = frozenset(known.items()), own, wishes
        if key not in self._made:
            made, before = make_sight(known, self.rights, own, wishes), self._before.get(key)
            self._made[key] = before if before is not None and before == made else made
        return self._made[key]

    def _make_all(self, actions: frozenset[str], own: Things, wishes: frozenset[int]) -> Sight:
        """Everything, but for what is somebody else's own."""
        key = (actions, own, wishes)
        if key not in self._all:
            hidden, guises = self.rights.hidden.without(own), self.rights.guises
            foreign = frozenset[int]().union(*self.rights.wishes.values()) - wishes
            veiled = {each: guises[each].slot for each in guises.keys() - own.keys - hidden.keys}
            seen = frozenset[int]().union(*self.rights.dots) - hidden.keys
            self._all[key] = Sight(
                None,
                hidden,
                None,
                None,
                actions,
                {},
                own,
                wishes,
                foreign,
                veiled=veiled,
                guises=_find_slots(guises),
                dots=find_dots(self.rights.dots, seen, veiled),
            )
        return self._all[key]

    async def see(self, pool: asyncpg.Pool, token: Token, rights: int = 0, *, is_live: bool = False) -> Sight:
        """As of now, or of this revision at least. A token knows the one it was looked up with; the operator's is never
        looked up. `is_live`: for a socket, to which the hub sends nothing by rights that are older than what it sends:
        to ask here as well would let nobody in while the database hangs."""
        is_operator = token.id == 0 and token.session is None
        if max(token.rights, rights) > self.revision or (is_operator and not is_live):
            async with borrow(pool) as conn:
                await self.refresh(conn)
        return self.find(token)

    async def refresh(self, conn: asyncpg.Connection) -> bool:
        """Read the rights anew, if they moved. True: they did."""
        if await select_rights_revision(conn) == self.revision:
            return False
        async with self._reading:
            self.adopt(await select_rights(conn))
        return True

    def adopt(self, rights: Rights) -> None:
        """An older one is none: two may have been read at once."""
        if rights.revision < self.revision:
            return
        self._before, self._made, self._all = self._made, {}, {}
        self.rights = rights

    async def ask(
        self, conn: asyncpg.Connection, token: Token, select: Callable[[Sight], Awaitable[list[T]]]
    ) -> list[T]:
        """What a select finds through the sight of now: where the rights moved meanwhile, it is asked again. Whether
        they moved is told by the revision it looked with: somebody else may have read them anew while it looked."""
        while True:
            revision = self.revision
            found = await select(self.find(token))
            if not found:
                return found
            await self.refresh(conn)
            if self.revision == revision:
                return found
