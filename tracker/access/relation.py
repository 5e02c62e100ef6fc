"""Relation: what the caller is to people and their groups."""

import asyncpg

from tracker.access.guard import caller, sight
from tracker.access.rights import is_owner
from tracker.errors import NotAllowed, NotFound
from tracker.model.person import Person
from tracker.store.memberships import select_people_of
from tracker.store.people import select_person


def find_managed() -> list[int] | None:
    """The keys of the groups whose people the caller looks after; None: of all there are."""
    return sight().find_reach("people")


async def see_person(conn: asyncpg.Connection, key: int, *, lock: bool = False) -> Person:
    """NotFound for one who is not there, and for one the caller has nothing to do with, alike."""
    person = await select_person(conn, min(key, 2**31 - 1), lock=lock)
    token, managed = caller(), find_managed()
    among = None if managed is None else await select_people_of(conn, managed)  # also for nobody: it takes as long
    if person is not None and token is not None and (token.person == key or among is None or key in among):
        return person
    raise NotFound(f"there is no person {key}")


async def own_person(conn: asyncpg.Connection, key: int, *, lock: bool = False) -> Person:
    """The same, where something is to be done to the person: by oneself or an owner. A manager is told NotAllowed."""
    person = await see_person(conn, key, lock=lock)
    token = caller()
    if token is None or not (token.person == key or is_owner(token)):
        raise NotAllowed("only oneself or an owner may do that")
    return person


async def check_self(conn: asyncpg.Connection, key: int) -> Person:
    """The same, where nobody else may do it: NotAllowed for an owner, too."""
    person = await own_person(conn, key)
    token = caller()
    if token is None or token.person != key:
        raise NotAllowed("only oneself does that")
    return person
