"""What is said of a sharing link when it is made or changed, and what that makes of its veil."""

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

import asyncpg
import msgspec

from tracker.access.sharing import may_share, may_share_group
from tracker.access.sights import Sights
from tracker.api.edge import Name, Slug, clean_name, read_moment
from tracker.errors import Invalid, NotAllowed
from tracker.links.grid import find_level
from tracker.links.holes import make_hole
from tracker.model.moment import now_ms, now_us, to_datetime
from tracker.model.share import Hole, Share, Shared, Veil
from tracker.model.sight import Sight
from tracker.model.token import Token
from tracker.store.devices import select_devices_by_id
from tracker.store.holders import select_group_key
from tracker.store.installation import select_veil_key
from tracker.store.shapes import select_shapes

MOST_DEVICES: Final = 50
LONGEST: Final = timedelta(days=366)
LONGEST_OF_DEVICE: Final = timedelta(hours=24)  # a phone that was found must not show its person for ever
ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|\[[0-9a-f:]+\](:\d{1,5})?")
Seconds = Annotated[float, msgspec.Meta(ge=0, le=31 * 86_400)]
Metres = Annotated[int, msgspec.Meta(ge=0, le=256_000)]
Password = Annotated[str, msgspec.Meta(min_length=4, max_length=200)]
Origins = Annotated[list[Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=20)]
Zones = Annotated[list[Slug], msgspec.Meta(max_length=20)]
Viewers = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class NewShared(msgspec.Struct, frozen=True):
    """A device, and what the readers of the link know it by: `alias`, a bib number for one; its id, where none is
    given. `name`: what it is called; the alias, where none is given."""

    id: Slug
    alias: Slug | None = None
    name: Name | None = None


class NewShare(msgspec.Struct, frozen=True):
    """`devices`, or a `group`: who is in it, now and later. `until`: when it ends. `from`: nothing measured before is
    shown; null: from now on, and where each device is now. `live` false: only what had come when it was made.
    `delay` (s): what came is shown that much later. `blur` (m): rounded up to 250 x 2^n. `hide`: geofences in and near
    which nothing is shown. `trail` (s): how much of the past is beside the place. `stop`: a geofence; who arrives there
    is shown no more, and when all have, the link ends. `frames`: origins of pages that may frame it; null: any."""

    until: str
    devices: Annotated[list[NewShared], msgspec.Meta(min_length=1, max_length=MOST_DEVICES)] | None = None
    group: Slug | None = None
    name: Name | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    live: bool = True
    delay: Seconds = 0.0
    blur: Metres = 0
    hide: Zones = []
    trail: Seconds = 0.0
    stop: Slug | None = None
    password: Password | None = None
    max_viewers: Viewers = 100
    frames: Origins | None = None


class ShareChange(msgspec.Struct, frozen=True):
    """What is absent stays; an empty password and an empty `stop` take it away."""

    until: str | None = None
    name: Name | None = None
    delay: Seconds | None = None
    blur: Metres | None = None
    hide: Zones | None = None
    trail: Seconds | None = None
    stop: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")] | None = None
    password: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    max_viewers: Viewers | None = None
    frames: Origins | None = None


async def make_share(
    conn: asyncpg.Connection, sights: Sights, token: Token, new: NewShare, password: str | None
) -> Share:
    """What a caller asks for, if it may. `password` is the hash. Invalid, NotAllowed."""
    group, devices = await _find_shown(conn, sights, token, new)
    until, sight = read_until(new.until, token), sights.find(token)
    if new.stop is not None:
        await select_one_shape(conn, sight, new.stop, "stop")
    return Share(
        key=0,
        id=secrets.token_hex(6),
        name=clean_name(new.name, "name") if new.name else "",
        group=group,
        group_id=new.group,
        devices=devices,
        veil=await _make_veil(conn, sight, new, until),
        made_at=to_datetime(now_ms()),
        until=to_datetime(until),
        hide=tuple(new.hide),
        stop=new.stop,
        password=password,
        max_viewers=new.max_viewers,
        frames=read_frames(new.frames),
        by_person=token.person,
        by_token=(token.id or None) if token.person is None else None,
    )


async def change_share(
    conn: asyncpg.Connection, sight: Sight, token: Token, share: Share, change: ShareChange, password: str | None
) -> Share:
    """The link as it is to be. `password` is the hash of a new one."""
    veil, until = share.veil, share.until
    if change.until is not None:
        ends = read_until(change.until, token)
        veil, until = msgspec.structs.replace(veil, until=ends), to_datetime(ends)
    if change.delay is not None:
        veil = msgspec.structs.replace(veil, delay=round(change.delay * 1e6))
    if change.blur is not None:
        veil = msgspec.structs.replace(veil, level=find_level(change.blur) if change.blur else None)
    if change.hide is not None:
        veil = msgspec.structs.replace(veil, holes=await _make_holes(conn, sight, change.hide))
    if change.trail is not None:
        veil = msgspec.structs.replace(veil, trail=round(change.trail * 1000))
    if change.stop:
        await select_one_shape(conn, sight, change.stop, "stop")
    return msgspec.structs.replace(
        share,
        veil=veil,
        until=until,
        name=share.name if change.name is None else clean_name(change.name, "name"),
        hide=share.hide if change.hide is None else tuple(change.hide),
        stop=share.stop if change.stop is None else change.stop or None,
        password=share.password if change.password is None else password,
        max_viewers=change.max_viewers or share.max_viewers,
        frames=share.frames if change.frames is None else read_frames(change.frames),
    )


def read_until(text: str, token: Token) -> int:
    """In ms."""
    until, now = read_moment(text, "until"), now_ms()
    longest = LONGEST_OF_DEVICE if token.kind == "device" else LONGEST
    if not now < until <= now + longest.total_seconds() * 1000:
        raise Invalid(f"until: in the future, and within {longest.total_seconds() / 86_400:g} days", field="until")
    return until


def read_frames(origins: Sequence[str] | None) -> tuple[str, ...] | None:
    """They go into a header: nothing that is no origin."""
    for each in origins or ():
        if not ORIGIN.fullmatch(each):
            raise Invalid("frames: origins such as https://example.org", field="frames")
    return None if origins is None else tuple(origins)


async def _find_shown(
    conn: asyncpg.Connection, sights: Sights, token: Token, new: NewShare
) -> tuple[int | None, tuple[Shared, ...]]:
    if (new.devices is None) == (new.group is None):
        raise Invalid("devices: either devices or a group", field="devices")
    if new.group is not None:
        return await _find_group(conn, sights, token, new), ()
    return None, await _find_devices(conn, sights, token, new.devices or [])


async def _find_group(conn: asyncpg.Connection, sights: Sights, token: Token, new: NewShare) -> int:
    key, sight = await select_group_key(conn, new.group or ""), sights.find(token)
    if key is None or not (sight.everywhere or key in sight.groups):
        raise Invalid(f"group: there is no group {new.group}", field="group")
    if not may_share_group(sights, token, key):
        raise NotAllowed
    if new.stop is not None:
        raise Invalid("stop: of devices, not of a group", field="stop")
    return key


async def _find_devices(
    conn: asyncpg.Connection, sights: Sights, token: Token, given: Sequence[NewShared]
) -> tuple[Shared, ...]:
    known, sight, found = await select_devices_by_id(conn, [each.id for each in given]), sights.find(token), []
    for number, each in enumerate(given):
        device = known.get(each.id)
        is_seen = device is not None and (token.device == device.key or sight.sees(device.key))
        if device is None or not is_seen:
            raise Invalid(f"devices[{number}].id: there is no device {each.id}", field=f"devices[{number}].id")
        if not may_share(sights, token, device.key):
            raise NotAllowed
        alias = each.alias or each.id
        name = clean_name(each.name, f"devices[{number}].name") if each.name else alias
        found.append(Shared(device.key, device.id, alias, name))
    if len({each.alias for each in found}) < len(found) or len({each.key for each in found}) < len(found):
        raise Invalid("devices: each once, and each alias once", field="devices")
    return tuple(found)


async def _make_veil(conn: asyncpg.Connection, sight: Sight, new: NewShare, until: int) -> Veil:
    since = now_ms() if new.from_ is None else read_moment(new.from_, "from")
    if since >= until:
        raise Invalid("from: before until", field="from")
    return Veil(
        since=max(since, 0),
        until=until,
        opens=new.from_ is None and new.live,
        received=None if new.live else now_us(),
        delay=round(new.delay * 1e6),
        level=find_level(new.blur) if new.blur else None,
        holes=await _make_holes(conn, sight, new.hide),
        trail=round(new.trail * 1000) if new.live else None,
    )


async def _make_holes(conn: asyncpg.Connection, sight: Sight, zones: Sequence[str]) -> tuple[Hole, ...]:
    if not zones:
        return ()
    secret = await select_veil_key(conn)
    return tuple([make_hole(secret, each, await select_one_shape(conn, sight, each, "hide")) for each in zones])


async def select_one_shape(conn: asyncpg.Connection, sight: Sight, id: str, field: str) -> object:
    """Invalid with the field where the caller sees no such geofence."""
    shapes = await select_shapes(conn, sight, [id])
    if id not in shapes:
        raise Invalid(f"{field}: there is no geofence {id}", field=field)
    return shapes[id]
