"""Tables share and share_device: sharing links, what they show and who made them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from tracker.model.share import Share, Shared, Veil
from tracker.model.token import Token

MOST: Final = 1_000  # that work at the same time
OPERATOR: Final = Token(id=0, kind="admin", name="operator")
WORKS: Final = """s.ended_at is null and s.until > now()
    and (s.by_token is null or t.revoked_at is null and (t.expires_at is null or t.expires_at > now()))"""
SELECT: Final = f"""
    select s.key, s.id, s.name, s.in_group, g.id as group_id, s.veil, s.made_at, s.until, s.hide, s.stop, s.password,
           s.max_viewers, s.frames, s.by_person, s.by_token, t.kind, t.in_group as token_group,
           t.device as token_device,
           case when s.in_group is null
                then (select array_agg((d.key, d.id, h.alias, h.name, h.arrived_at is not null) order by h.alias)
                      from share_device h join device d on d.key = h.device where h.share = s.key)
                else (select array_agg((d.key, d.id, d.id, d.name, false) order by d.id)
                      from group_device h join device d on d.key = h.device where h.in_group = s.in_group)
           end as devices
    from share s left join token t on t.id = s.by_token left join rights_group g on g.key = s.in_group
    where {WORKS}"""


class Made(msgspec.Struct, frozen=True):
    """A link and the token of its maker, as of now."""

    share: Share
    maker: Token


async def insert_share(conn: asyncpg.Connection, share: Share, hash: bytes) -> None:
    """`hash`: of the code in the link. What of the share the database gives (key, made_at) is not looked at."""
    key = await conn.fetchval(
        """insert into share (id, hash, in_group, by_person, by_token, name, veil, hide, stop, password, max_viewers,
                              frames, until)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning key""",
        share.id,
        hash,
        share.group,
        share.by_person,
        share.by_token,
        *_find_changing(share),
    )
    await conn.executemany(
        "insert into share_device (share, device, alias, name) values ($1, $2, $3, $4)",
        [(key, each.key, each.alias, each.name) for each in share.devices],
    )


async def update_share(conn: asyncpg.Connection, share: Share) -> None:
    """All of it that may change."""
    await conn.execute(
        """update share set name = $2, veil = $3, hide = $4, stop = $5, password = $6, max_viewers = $7, frames = $8,
                            until = $9 where key = $1""",
        share.key,
        *_find_changing(share),
    )


def _find_changing(share: Share) -> tuple[object, ...]:
    """What of it may change, in the order of the columns above."""
    return (
        share.name,
        msgspec.json.encode(share.veil),
        list(share.hide),
        share.stop,
        share.password,
        share.max_viewers,
        None if share.frames is None else list(share.frames),
        share.until,
    )


async def select_shares(conn: asyncpg.Connection) -> list[Made]:
    """All that work, the newest first."""
    return [_read(row) for row in await conn.fetch(f"{SELECT} order by s.key desc limit {MOST}")]


async def select_shares_by_key(conn: asyncpg.Connection, keys: Collection[int]) -> dict[int, Made]:
    """Those of these that work."""
    rows = await conn.fetch(f"{SELECT} and s.key = any($1::integer[])", list(keys))
    return {row["key"]: _read(row) for row in rows}


async def select_share(conn: asyncpg.Connection, id: str) -> Made | None:
    row = await conn.fetchrow(f"{SELECT} and s.id = $1", id)
    return _read(row) if row else None


async def select_share_by_hash(conn: asyncpg.Connection, hash: bytes) -> Made | None:
    row = await conn.fetchrow(f"{SELECT} and s.hash = $1", hash)
    return _read(row) if row else None


async def select_frames(conn: asyncpg.Connection, id: str) -> Sequence[str] | None:
    """The origins of pages that may frame the link; None: any. Of one that is none: no page."""
    row = await conn.fetchrow("select frames from share where id = $1 and ended_at is null", id)
    frames: Sequence[str] | None = row["frames"] if row else ()
    return frames


async def count_shares(conn: asyncpg.Connection) -> int:
    count: int = await conn.fetchval("select count(*) from share where ended_at is null and until > now()")
    return count


async def end_share(conn: asyncpg.Connection, key: int) -> None:
    await conn.execute("update share set ended_at = now() where key = $1 and ended_at is null", key)


async def mark_arrivals(conn: asyncpg.Connection, shares: Collection[int], now: datetime) -> None:
    """Devices that came into the geofence at which their link ends, by what was known the link's delay ago; a link of
    which all have is over."""
    await conn.execute(
        """with arrived as (
               update share_device h set arrived_at = now() from share s
               where s.key = h.share and s.key = any($1::integer[]) and s.stop is not null and h.arrived_at is null
                 and exists (select from event e where e.device = h.device and e.type = 'enter' and e.geofence = s.stop
                             and e.private_of is null
                             and e.at >= s.made_at and e.detected_at + interval '1 microsecond'
                                 * (s.veil->>'delay')::bigint <= $2)
               returning h.share, h.device)
           update share s set ended_at = now() where s.key in (select share from arrived)
             and not exists (select from share_device h where h.share = s.key and h.arrived_at is null
                             and (h.share, h.device) not in (select share, device from arrived))""",
        list(shares),
        now,
    )


async def prune_shares(conn: asyncpg.Connection) -> None:
    """Links, and who looked at them, are kept for 90 days after their end."""
    await conn.execute("delete from share where least(until, coalesce(ended_at, until)) < now() - interval '90 days'")


def _read(row: asyncpg.Record) -> Made:
    devices = row["devices"] or ()
    share = Share(
        key=row["key"],
        id=row["id"],
        name=row["name"],
        group=row["in_group"],
        group_id=row["group_id"],
        devices=tuple(Shared(*each[:4]) for each in devices),
        veil=msgspec.json.decode(row["veil"], type=Veil),
        made_at=row["made_at"],
        until=row["until"],
        hide=tuple(row["hide"]),
        stop=row["stop"],
        password=row["password"],
        max_viewers=row["max_viewers"],
        frames=None if row["frames"] is None else tuple(row["frames"]),
        by_person=row["by_person"],
        by_token=row["by_token"],
        arrived=frozenset(each[0] for each in devices if each[4]),
    )
    return Made(share, _find_maker(row))


def _find_maker(row: asyncpg.Record) -> Token:
    if row["by_person"] is not None:
        return Token(0, "person", person=row["by_person"])
    if row["by_token"] is not None:
        return Token(row["by_token"], row["kind"], row["token_device"], group=row["token_group"])
    return OPERATOR
