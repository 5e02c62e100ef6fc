"""Sharing: who may make links of what, what a link shows by the rights of now, and how one is opened."""

from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from tracker.access.hashing import Hashing
from tracker.access.sights import Sights
from tracker.access.tokens import digest, new_secret
from tracker.access.tries import Tries
from tracker.errors import NotFound, NotSignedIn, TooMany
from tracker.model.share import Share, Shared
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.share_looks import insert_look
from tracker.store.shares import Made, select_share_by_hash

LIFETIME: Final = timedelta(hours=12)  # of a bearer, where its link lives longer; who has the code gets another
GONE: Final = "this link has ended, or is none"  # the same words for both


class OpenedShare(msgspec.Struct, frozen=True):
    """A link that was opened, and the bearer for it."""

    share: Share
    token: str
    expires: datetime


def may_share(sights: Sights, token: Token, device: int) -> bool:
    """Whether this caller may show the device with this key to others, by the rights that were read last."""
    if token.kind == "device":
        return token.device == device
    sight = sights.find(token)
    if not sight.sees(device):
        return False
    if "share" in sight.everywhere or device in sight.own.keys:
        return True
    return any(device in sights.rights.groups[key].devices.keys for key in sight.find_groups("share"))


def may_share_group(sights: Sights, token: Token, group: int) -> bool:
    return sights.find(token).may_do("share", [group])


def find_shown(sights: Sights, made: Made) -> tuple[Shared, ...]:
    """The devices a link shows now: those that its maker may still show. Without any it is over."""
    share = made.share
    if share.group is not None:
        return share.devices if may_share_group(sights, made.maker, share.group) else ()
    return tuple(each for each in share.devices if may_share(sights, made.maker, each.key))


def may_see_share(sights: Sights, token: Token, share: Share) -> bool:
    """Whether a caller is told of a link and may change or end it: who made it, who may show all of it, and whose
    device is in it."""
    if token.person is not None and token.person == share.by_person:
        return True
    if token.person is None and token.id == (share.by_token or 0) and share.by_person is None:
        return True
    if token.kind == "device":
        return False
    if share.group is not None:
        return may_share_group(sights, token, share.group)
    own = sights.find(token).own.keys
    return all(may_share(sights, token, each.key) for each in share.devices) or any(
        each.key in own for each in share.devices
    )


async def find_link(pool: asyncpg.Pool, sights: Sights, code: str) -> Share:
    """The link this code opens. NotFound for one that ended or never was."""
    async with borrow(pool) as conn:
        await sights.refresh(conn)
        made = await select_share_by_hash(conn, digest(code))
    if made is None or not find_shown(sights, made):
        raise NotFound(GONE)
    return made.share


async def check_password(hashing: Hashing, tries: Tries, share: Share, password: str | None, address: str) -> None:
    """NotSignedIn where the link has another one; TooMany for who has to wait."""
    if share.password is None:
        return
    if password is None:
        raise NotSignedIn("this link asks for a password")
    account = f"link {share.key}"
    tries.begin(account, address)
    try:
        is_right = await hashing.verify(share.password, password)
    except TooMany:
        tries.take_back(account, address)
        raise
    if not is_right:
        raise NotSignedIn("this is not the password of this link")
    tries.take_back(account, address)


async def give_bearer(pool: asyncpg.Pool, share: Share, address: str, program: str) -> OpenedShare:
    token, expires = new_secret(), min(share.until, datetime.now(UTC) + LIFETIME)
    async with borrow(pool) as conn:
        await insert_look(conn, share.key, digest(token), (address, program), expires)
    return OpenedShare(share, token, expires)
