"""What is told of a sharing link to who may make such links; its secret once."""

import asyncpg
import msgspec

from tracker.access.guard import require_caller
from tracker.access.sharing import find_shown, may_see_share
from tracker.access.sights import Sights
from tracker.errors import NotFound
from tracker.links.grid import measure_cell
from tracker.links.rooms import Rooms
from tracker.model.moment import format_ms, from_datetime
from tracker.model.share import Look
from tracker.store.shares import Made, select_share


class SharedDevice(msgspec.Struct, frozen=True):
    id: str
    alias: str
    name: str


class ShareAnswer(msgspec.Struct, frozen=True):
    """`url` is there when it was just made, and never again. `devices` are those it shows now; `viewers`: how many are
    looking just now. `blur` as it was rounded. `protected`: it asks for a password."""

    id: str
    name: str
    group: str | None
    devices: list[SharedDevice]
    from_: str = msgspec.field(name="from")
    until: str
    live: bool
    delay: float
    blur: int
    hide: list[str]
    trail: float | None
    stop: str | None
    protected: bool
    max_viewers: int
    frames: list[str] | None
    made: str
    viewers: int
    url: str | msgspec.UnsetType = msgspec.UNSET


class ShareList(msgspec.Struct, frozen=True):
    shares: list[ShareAnswer]


class LookAnswer(msgspec.Struct, frozen=True):
    """`program`: what the browser calls itself."""

    since: str
    seen: str
    address: str
    program: str


class LookList(msgspec.Struct, frozen=True):
    """Who opened a link, the newest first; 200 at most."""

    looks: list[LookAnswer]


async def find_share(conn: asyncpg.Connection, sights: Sights, id: str) -> Made:
    """NotFound for a link that is none, has ended, or is none of the caller's business."""
    await sights.refresh(conn)
    made = await select_share(conn, id)
    if made is None or not may_see_share(sights, require_caller(), made.share):
        raise NotFound(f"there is no link {id}")
    return made


def tell_share(sights: Sights, links: Rooms, made: Made, url: str | None = None) -> ShareAnswer:
    share, veil = made.share, made.share.veil
    return ShareAnswer(
        id=share.id,
        name=share.name,
        group=share.group_id,
        devices=[SharedDevice(each.id, each.alias, each.name) for each in find_shown(sights, made)],
        from_=format_ms(veil.since),
        until=format_ms(from_datetime(share.until)),
        live=veil.received is None,
        delay=veil.delay / 1e6,
        blur=0 if veil.level is None else measure_cell(veil.level),
        hide=list(share.hide),
        trail=None if veil.trail is None else veil.trail / 1000,
        stop=share.stop,
        protected=share.password is not None,
        max_viewers=share.max_viewers,
        frames=None if share.frames is None else list(share.frames),
        made=format_ms(from_datetime(share.made_at)),
        viewers=links.count_viewers(share.key),
        url=msgspec.UNSET if url is None else url,
    )


def tell_look(look: Look) -> LookAnswer:
    return LookAnswer(
        format_ms(from_datetime(look.began_at)), format_ms(from_datetime(look.seen_at)), look.address, look.program
    )
