"""What a caller may do to a thing that it sees: asked of the groups that hold it."""

from typing import Final

import asyncpg

from tracker.access.rights import Action
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.model.sight import Sight
from tracker.store.holders import Noun, hold, select_fences_of, select_group_key, select_holders

TOLD: Final[tuple[Action, ...]] = ("see", "command", "share", "devices")  # of those that a page offers


async def check_action(conn: asyncpg.Connection, sight: Sight, action: Action, noun: Noun, key: int) -> None:
    """NotAllowed, where the caller does not hold the action in any of the groups the thing is in."""
    if action in sight.everywhere or is_own(sight, noun, key):
        return
    if not sight.may_do(action, await select_holders(conn, noun, key)):
        raise NotAllowed


async def check_removal(conn: asyncpg.Connection, sight: Sight, action: Action, noun: Noun, key: int) -> None:
    """The same for what concerns all who have the thing: the action is needed in every group."""
    if action in sight.everywhere:
        return
    holders = await select_holders(conn, noun, key)
    if not all(sight.may_do(action, [each]) for each in holders) or not (holders or is_own(sight, noun, key)):
        raise NotAllowed


async def find_allowed(conn: asyncpg.Connection, sight: Sight, noun: Noun, key: int) -> list[Action]:
    """What the caller may do to a thing that it sees, so that a page need not offer the rest."""
    if is_own(sight, noun, key):
        return list(TOLD)
    holders = await select_holders(conn, noun, key)
    return [each for each in TOLD if sight.may_do(each, holders)]


async def choose_group(conn: asyncpg.Connection, sight: Sight, action: Action, id: str | None) -> int | None:
    """The key of the group a new thing is put into; None: into none. Invalid where it has to be said, or is unknown."""
    if id is None:
        if action in sight.everywhere:
            return None
        mine = sight.find_groups(action)
        if len(mine) == 1:
            return mine[0]
        raise Invalid("group: in which group it is to be", field="group")
    key = await select_group_key(conn, id)
    if key is None or not (sight.everywhere or key in sight.groups):
        raise Invalid(f"group: there is no group {id}", field="group")
    if not sight.may_do(action, [key]):
        raise NotAllowed
    return key


async def put_into(conn: asyncpg.Connection, group: int | None, noun: Noun, key: int) -> None:
    if group is not None:
        await hold(conn, group, noun, key)


async def find_mine(conn: asyncpg.Connection, sight: Sight) -> frozenset[str] | None:
    """The ids of the geofences that the caller may change; None: all."""
    if "geofences" in sight.everywhere:
        return None
    return await select_fences_of(conn, sight.find_groups("geofences"))


def hide_owner(error: Conflict, is_seen: bool) -> Conflict:
    """An id that is taken by what the caller does not see: no more is said of it."""
    return error if is_seen else Conflict("choose another id", field="id")


def is_own(sight: Sight, noun: Noun, key: int) -> bool:
    """Whether it is the caller's own, whatever group holds it."""
    return (noun == "device" and key in sight.own.keys) or (noun == "subscription" and key in sight.wishes)
