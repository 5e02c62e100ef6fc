"""Standing: what the caller is to people and their groups."""

import asyncpg

from tracker.access.guard import caller
from tracker.access.rights import is_owner
from tracker.errors import NotAllowed, NotFound
from tracker.model.person import Person
from tracker.store.memberships import select_memberships, select_people_of
from tracker.store.people import select_person


async def find_managed(conn: asyncpg.Connection) -> list[int] | None:
    """The keys of the groups whose people the caller looks after; None: of all there are."""
    token = caller()
    if token is None:
        return []
    if is_owner(token) or (token.kind == "manager" and token.group is None):
        return None
    if token.kind == "manager":
        return [token.group] if token.group is not None else []
    if token.person is None:
        return []
    return [each.key for each in await select_memberships(conn, [token.person]) if each.role == "manager"]


async def see_person(conn: asyncpg.Connection, key: int, *, lock: bool = False) -> Person:
    """NotFound for one who is not there, and for one the caller has nothing to do with, alike."""
    person = await select_person(conn, key, lock=lock) if key < 2**31 else None
    token = caller()
    if person is not None and token is not None:
        managed = await find_managed(conn)
        if token.person == key or managed is None or key in await select_people_of(conn, managed):
            return person
    raise NotFound(f"there is no person {key}")


async def own_person(conn: asyncpg.Connection, key: int, *, lock: bool = False) -> Person:
    """The same, where something is to be done to the person: by oneself or an owner. A manager is told NotAllowed."""
    person = await see_person(conn, key, lock=lock)
    token = caller()
    if token is None or not (token.person == key or is_owner(token)):
        raise NotAllowed("only oneself or an owner may do that")
    return person
